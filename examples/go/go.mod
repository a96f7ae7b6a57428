module orders

go 1.27

require reweft.dev/reweft v0.0.0

replace reweft.dev/reweft => ../../guest-sdk/go
