package reweft

import (
	"runtime"
	"runtime/metrics"
)

// schedule runs a workflow in a goroutine, and asks the host for the next result whenever no goroutine
// can go on without one. This goroutine is the only one that ever waits for the host, which makes the
// whole module wait.
func schedule(run *run, workflow func() (string, *Failure)) (output string, failure *Failure) {
	ended := false
	failure = &Failure{Type: typePanic, Message: "the workflow has called runtime.Goexit"}
	go func() {
		defer func() { ended = true }()
		output, failure = workflow()
	}()
	var alarm alarm
	for settle(&ended); !ended; settle(&ended) {
		alarm.set(run.host)
		if len(run.waiting) == 0 && !alarm.isSet() {
			return "", deadlock()
		}
		if number := contextSelectAny(); !alarm.rings(number, run.host) {
			run.deliver(number)
		}
	}
	return output, failure
}

// settle lets all other goroutines run until each of them waits, or until the workflow has ended.
//
// A goroutine runs until it waits or yields: there is one thread, and no goroutine is interrupted. So
// while this one runs, any other either is in a queue of those that can run, or waits. It waits for
// another goroutine, and then can't go on before that one; or for a timer, but those that are due were
// looked at when this one was chosen to run; or for the garbage collector, but that has the right of
// way, and with a clock that stands still has done all it can before this one is chosen.
func settle(ended *bool) {
	for !*ended {
		runtime.Gosched()
		metrics.Read(runnable)
		if runnable[0].Value.Uint64() == 0 {
			return
		}
	}
}

var runnable = []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}

func deadlock() *Failure {
	stacks := make([]byte, 64*1024)
	return &Failure{
		Type: typeDeadlock,
		Message: "all goroutines wait, but none for what the host could give: an activity or a child, " +
			"a timer or an event",
		StackTrace: string(stacks[:runtime.Stack(stacks, true)]),
	}
}
