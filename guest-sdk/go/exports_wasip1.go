package reweft

import "unsafe"

// What a module exports. The parameters are in the inbox. A result stays where the host can read it,
// because the host throws the guest away afterwards.

//go:wasmexport reweft:workflow/workflows@0.1.0#names
func workflowNames() unsafe.Pointer { return lendNames(workflows.names) }

//go:wasmexport reweft:workflow/activities@0.1.0#names
func activityNames() unsafe.Pointer { return lendNames(activities.names) }

//go:wasmexport reweft:workflow/workflows@0.1.0#run
func runWorkflow(name, input string) unsafe.Pointer {
	name, input = lend(name).take(), lend(input).take()
	ctx := newContext(moduleHost{})
	return lendResult(schedule(ctx.run, func() (string, *Failure) {
		return workflows.execute(name, ctx, input)
	}))
}

//go:wasmexport reweft:workflow/activities@0.1.0#execute
func executeActivity(name, input string) unsafe.Pointer {
	name, input = lend(name).take(), lend(input).take()
	ctx, release := newActivityContext(moduleActivityHost{})
	defer release()
	return lendResult(activities.execute(name, ctx, input))
}

// lent keeps alive what the host is given as a result.
var lent struct {
	names   []text
	list    text
	output  string
	failure *Failure
	result  resultLayout
}

func lendNames(names []string) unsafe.Pointer {
	for _, name := range names {
		lent.names = append(lent.names, lend(name))
	}
	start := unsafe.Pointer(unsafe.SliceData(lent.names))
	lent.list = text{address: uint32(uintptr(start)), length: uint32(len(names))}
	return unsafe.Pointer(&lent.list)
}

func lendResult(output string, failure *Failure) unsafe.Pointer {
	lent.output, lent.failure = output, failure
	if failure != nil {
		lent.result.isFailed = true
		lent.result.failure = lendFailure(failure)
	} else {
		*lent.result.text() = lend(output)
	}
	return unsafe.Pointer(&lent.result)
}
