package reweft

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAnErrorBecomesAFailure(t *testing.T) {
	declined := &Failure{Type: "declined", Message: "no money", StackTrace: "there", NonRetriable: true}
	cases := []struct {
		err     error
		failure Failure
	}{
		{errors.New("plain"), Failure{Type: "error", Message: "plain"}},
		{declined, *declined},
		{fmt.Errorf("paying: %w", declined), Failure{"declined", "paying: no money", "there", true}},
		{ErrCancelled, Failure{Type: "cancelled", Message: "the attempt is no longer wanted"}},
	}
	for _, c := range cases {
		if failure := failureOf(c.err); *failure != c.failure {
			t.Errorf("%v became %+v", c.err, failure)
		}
	}
}

func explode(reason any) { panic(reason) }

func TestAPanicBecomesAFailure(t *testing.T) {
	text, failure := guard(func() (string, *Failure) {
		explode("boom")
		return "never", nil
	})
	if text != "" || failure.Type != "panic" || failure.Message != "boom" || failure.NonRetriable {
		t.Errorf("%q, %+v", text, failure)
	}
	lines := strings.Split(failure.StackTrace, "\n")
	if !strings.HasPrefix(lines[0], "goroutine ") || !strings.Contains(lines[1], "reweft.explode(") {
		t.Errorf("it happened elsewhere: %s", failure.StackTrace)
	}

	_, failure = guard(func() (string, *Failure) {
		var nobody *order
		return nobody.Name, nil
	})
	if failure.Type != "panic" || !strings.Contains(failure.Message, "nil pointer dereference") {
		t.Errorf("%+v", failure)
	}

	_, failure = guard(func() (string, *Failure) {
		explode(&Failure{Type: "mine", Message: "thrown"})
		return "", nil
	})
	if failure.Type != "mine" || failure.Message != "thrown" {
		t.Errorf("%+v", failure)
	}
}
