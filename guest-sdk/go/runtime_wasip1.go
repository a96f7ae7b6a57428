package reweft

import (
	"reflect"
	"runtime"
	"unsafe"
)

// Two functions of Go's runtime are needed that only the runtime may call by their names: a go:linkname
// is refused unless the author of each module links with -checklinkname=0. So they are looked up in the
// table of functions that every program has for its stack traces. If a version of Go lacks one, no
// module that is built with it can be uploaded.
var (
	// nextTimer returns when the next of Go's timers is due on the clock of nanotime, or the end of time if
	// there is none. One that was stopped may still count, which costs a needless timer of the host.
	nextTimer = runtimeFunction[func() int64]("runtime.timeSleepUntil")

	// reserve returns memory outside of Go's heap, which is never given back. It counts it in statistic.
	reserve = runtimeFunction[func(size, align uintptr, statistic *uint64) unsafe.Pointer](
		"runtime.persistentalloc")
)

// runtimeFunction returns a function of the runtime.
func runtimeFunction[F any](name string) F {
	closure := &struct{ code uintptr }{lookUp(name)}
	return *(*F)(unsafe.Pointer(&closure))
}

// lookUp returns the address of a function, which it looks for before and behind one that it knows.
// WebAssembly numbers its functions; an address has the number above its 16 lower bits.
func lookUp(name string) uintptr {
	const step, reach = 1 << 16, 1 << 14
	known := reflect.ValueOf(runtime.Gosched).Pointer()
	for distance := uintptr(0); distance < reach*step; distance += step {
		for _, address := range []uintptr{known + distance, known - distance} {
			if function := runtime.FuncForPC(address); function != nil && function.Name() == name {
				return function.Entry()
			}
		}
	}
	panic("this version of package reweft does not know " + runtime.Version() + ": it has no " + name)
}
