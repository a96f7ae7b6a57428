//go:build !wasip1

package reweft

import "testing"

func TestAModuleHasEachNameOnce(t *testing.T) {
	defer func() {
		if cause := recover(); cause != `there are two of workflow "greet"` {
			t.Error(cause)
		}
	}()
	Workflow("greet", func(*Context, string) (string, error) { return "", nil })
}

func TestAModuleRunsWhatItHas(t *testing.T) {
	ctx := NewTest("instance").Context()
	output, failure := workflows.execute("greet", ctx, `"Ada"`)
	if output != `"Hello, Ada, from instance"` || failure != nil {
		t.Errorf("%s, %v", output, failure)
	}
	_, failure = workflows.execute("greet", ctx, "1")
	if failure == nil || failure.Type != "invalid-input" {
		t.Errorf("%+v", failure)
	}
	_, failure = workflows.execute("goodbye", ctx, `"Ada"`)
	if failure == nil || failure.Type != "workflow-not-found" || !failure.NonRetriable {
		t.Errorf("%+v", failure)
	}
}
