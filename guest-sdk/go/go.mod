module reweft.dev/reweft

go 1.27
