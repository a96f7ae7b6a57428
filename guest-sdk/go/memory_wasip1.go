package reweft

import (
	"math"
	"strings"
	"structs"
	"unsafe"
)

// The host asks for memory while Go waits for it to answer, and then the component model lets no
// function of the host be called. Go's heap may do that: it looks at the clock, for one. So what the
// host writes arrives in memory of its own, and the functions that give it have no stack that could
// grow. An address has 32 bits for the host, but 64 for Go.

// nowhere is an address that no memory has: the host says so.
const nowhere = math.MaxUint32

// inbox is where the host puts texts, one behind the other, until all have been taken.
var inbox struct {
	start, size, used uint32
	untaken           uint32
	// What reserve counts.
	reserved uint64
}

// inboxSizeMin is enough for nearly all.
const inboxSizeMin = 64 * 1024

// realloc is where the host gets memory for a text.
//
//go:wasmexport cabi_realloc
//go:nosplit
func realloc(old, oldSize, align, size uint32) uint32 {
	if oldSize != 0 || size > math.MaxInt32 {
		return nowhere
	}
	if size > inbox.size-inbox.used {
		// Texts that have not been taken stay where they are.
		inbox.size = max(size, 2*inbox.size, inboxSizeMin)
		inbox.start = uint32(uintptr(reserve(uintptr(inbox.size), 8, &inbox.reserved)))
		inbox.used = 0
	}
	address := inbox.start + inbox.used
	if size > 0 {
		inbox.used += size
		inbox.untaken++
	}
	return address
}

// adapterMemory is what the host's adapter for WASI preview 1 lives in: a page for its state, and one
// for its stack. The adapter begins to live when Go's runtime starts, before there is a heap; and if it
// made the memory grow instead, Go would take the new pages for its own.
var adapterMemory struct {
	space [2 * 64 * 1024 / 8]uint64
	used  uint32
}

// reallocForAdapter is where the adapter gets its memory.
//
//go:wasmexport cabi_realloc_adapter
//go:nosplit
func reallocForAdapter(old, oldSize, align, size uint32) uint32 {
	start := (adapterMemory.used + align - 1) &^ (align - 1)
	if oldSize != 0 || start+size > uint32(unsafe.Sizeof(adapterMemory.space)) {
		return nowhere
	}
	adapterMemory.used = start + size
	return uint32(uintptr(unsafe.Pointer(&adapterMemory.space))) + start
}

// text is a string as the canonical ABI has it.
type text struct {
	_       structs.HostLayout
	address uint32
	length  uint32
}

// take takes what the host has written out of the inbox.
func (t text) take() string {
	if t.length == 0 {
		return ""
	}
	written := (*byte)(unsafe.Add(nil, t.address))
	taken := strings.Clone(unsafe.String(written, t.length))
	inbox.untaken--
	if inbox.untaken == 0 {
		inbox.used = 0
	}
	return taken
}

// lend makes a string readable for the host. Whoever lends it has to keep it.
func lend(s string) text {
	return text{address: uint32(uintptr(unsafe.Pointer(unsafe.StringData(s)))), length: uint32(len(s))}
}

type optionalText struct {
	_       structs.HostLayout
	isThere bool
	text    text
}

func (t optionalText) take() (string, bool) {
	if !t.isThere {
		return "", false
	}
	return t.text.take(), true
}

type failureLayout struct {
	_            structs.HostLayout
	failureType  text
	message      text
	stackTrace   optionalText
	nonRetriable bool
}

func (f failureLayout) take() *Failure {
	stackTrace, _ := f.stackTrace.take()
	return &Failure{
		Type:         f.failureType.take(),
		Message:      f.message.take(),
		StackTrace:   stackTrace,
		NonRetriable: f.nonRetriable,
	}
}

// lendFailure makes a failure readable for the host.
func lendFailure(f *Failure) failureLayout {
	return failureLayout{
		failureType:  lend(f.Type),
		message:      lend(f.Message),
		stackTrace:   optionalText{isThere: f.StackTrace != "", text: lend(f.StackTrace)},
		nonRetriable: f.NonRetriable,
	}
}

// resultLayout is a text or, as the cases of a result share their place, a failure.
type resultLayout struct {
	_        structs.HostLayout
	isFailed bool
	failure  failureLayout
}

func (r *resultLayout) text() *text { return &r.failure.failureType }

type outcome struct {
	_       structs.HostLayout
	isThere bool
	result  resultLayout
}

func (o *outcome) take() (string, *Failure) {
	if o.result.isFailed {
		return "", o.result.failure.take()
	}
	return o.result.text().take(), nil
}

type instanceInfo struct {
	_                structs.HostLayout
	instanceID       text
	workflowName     text
	moduleName       text
	moduleDigest     text
	startedAt        uint64
	parentInstanceID optionalText
	replaying        bool
}

type activityInfo struct {
	_              structs.HostLayout
	instanceID     text
	activityName   text
	attempt        uint32
	idempotencyKey text
	deadline       uint64
}
