package reweft

import (
	"encoding/json"
	"strings"
	"testing"
)

type order struct {
	Name     string `json:"name"`
	Quantity uint32 `json:"quantity"`
}

func TestValuesAreWrittenAsCompactJSON(t *testing.T) {
	cases := []struct {
		value any
		text  string
	}{
		{order{"a <b> & c", 2}, `{"name":"a <b> & c","quantity":2}`},
		{None(nil), "null"},
		{[]int{1, 2}, "[1,2]"},
		{7500.0, "7500"},
	}
	for _, c := range cases {
		text, failure := encode(c.value, typeInvalidOutput, "it")
		if failure != nil || text != c.text {
			t.Errorf("%#v became %s, %v", c.value, text, failure)
		}
	}
	_, failure := encode(func() {}, typeInvalidOutput, "the output")
	if failure == nil || failure.Type != "invalid-output" || !failure.NonRetriable {
		t.Errorf("a function became %+v", failure)
	}
}

func TestAnAbsentBodyIsNull(t *testing.T) {
	for _, text := range []string{"", "null"} {
		if value, failure := decode[None](text, typeInvalidInput, "it"); value != nil || failure != nil {
			t.Errorf("%q became %v, %v", text, value, failure)
		}
		if value, failure := decode[any](text, typeInvalidInput, "it"); value != nil || failure != nil {
			t.Errorf("%q became %v, %v", text, value, failure)
		}
		if value, failure := decode[*order](text, typeInvalidInput, "it"); value != nil || failure != nil {
			t.Errorf("%q became %v, %v", text, value, failure)
		}
		if _, failure := decode[order](text, typeInvalidInput, "it"); failure == nil {
			t.Errorf("%q was an order", text)
		}
	}
	if raw, failure := decode[json.RawMessage]("null", typeInvalidInput, "it"); failure != nil {
		t.Errorf("null is raw JSON as well: %s, %v", raw, failure)
	}
}

func TestAnErrorSaysWhatWasExpectedAndWhere(t *testing.T) {
	cases := []struct{ text, message string }{
		{"", "can't read the input as reweft.order (none was given): "},
		{"[1]", " of type reweft.order at line 1 column 1"},
		{"{\n \"quantity\": \"x\"}", " of type uint32 at line 2 column 16"},
		{"{\n]", "invalid character ']' looking for beginning of object key string at line 2 column 1"},
		{"{} {}", " after top-level value at line 1 column 4"},
	}
	for _, c := range cases {
		_, failure := decode[order](c.text, typeInvalidInput, "the input")
		if failure == nil || failure.Type != "invalid-input" || !failure.NonRetriable {
			t.Errorf("%q became %+v", c.text, failure)
		} else if !strings.Contains(failure.Message, c.message) {
			t.Errorf("%q: %s", c.text, failure.Message)
		}
	}
}
