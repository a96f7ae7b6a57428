package main

import (
	"testing"
	"testing/synctest"

	"reweft.dev/reweft"
)

func TestADayPassesInNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		test := reweft.NewTest("first")
		result, err := hello(test.Context(), "Ada")
		if err != nil || result == "" {
			t.Error(result, err)
		}
	})
}
