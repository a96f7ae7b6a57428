package reweft

import (
	"math"
	"time"
	_ "unsafe" // for go:linkname
)

// alarm is the host's timer for the earliest of Go's own, those of package time: Go's runtime looks at
// them whenever it chooses a goroutine to run, but can't while the host is waited for.
type alarm struct {
	due    int64
	timer  taskHandle
	number uint32
}

// never is when the next timer is due if there is none.
const never = math.MaxInt64

func (a *alarm) isSet() bool { return a.number != 0 }

// set makes the alarm ring when the next of Go's timers is due, or before: a program that starts and
// stops a timer at each step needs no more than one alarm, which is then set anew. If Go has no timer,
// there is no alarm.
func (a *alarm) set(host workflowHost) {
	due := nextTimer()
	if a.isSet() {
		if a.due <= due && due != never {
			return
		}
		host.cancel(a.timer)
		host.drop(a.timer)
		*a = alarm{}
	}
	if due != never {
		delay := time.Duration(due - nanotime())
		a.due, a.timer = due, host.startTimer(wholeMilliseconds(delay))
		a.number = host.number(a.timer)
	}
}

// rings returns whether a task is the alarm, which then is set no more.
func (a *alarm) rings(number uint32, host workflowHost) bool {
	if number != a.number {
		return false
	}
	host.drop(a.timer)
	*a = alarm{}
	return true
}

//go:linkname nanotime runtime.nanotime
func nanotime() int64
