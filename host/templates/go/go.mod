module {{identifier}}

go 1.27

require reweft.dev/reweft v0.0.0

// A copy of it is here.
replace reweft.dev/reweft => ./reweft
