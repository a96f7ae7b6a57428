package reweft

import (
	"math"
	"testing"
	"time"
)

func TestMillisecondsRoundUp(t *testing.T) {
	cases := []struct {
		duration     time.Duration
		milliseconds uint64
	}{
		{-time.Hour, 0},
		{0, 0},
		{1, 1},
		{7 * time.Millisecond, 7},
		{7001 * time.Microsecond, 8},
		{math.MaxInt64, 9223372036855},
	}
	for _, c := range cases {
		if milliseconds := wholeMilliseconds(c.duration); milliseconds != c.milliseconds {
			t.Errorf("%v has %d ms", c.duration, milliseconds)
		}
	}
}

func TestAPolicyIsThereIfItIsGiven(t *testing.T) {
	var options callOptions
	if options.retry.isGiven() {
		t.Error("nobody has given one")
	}
	Retry{MaxAttempts: 3, FirstInterval: time.Second}.applyToCall(&options)
	Timeout(time.Minute).applyToCall(&options)
	if !options.retry.isGiven() || options.retry.Backoff != 1 || options.timeout != time.Minute {
		t.Errorf("%+v", options)
	}
}
