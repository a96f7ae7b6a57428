package reweft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// None is an input or an output that there isn't: null, as JSON.
//
//	func notify(ctx *reweft.ActivityContext, message string) (reweft.None, error) {
//		return nil, nil
//	}
type None = *struct{}

// encode returns the JSON text of a value, which is what, for example `the input of "Charge"`.
func encode(value any, failureType, what string) (string, *Failure) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		message := fmt.Sprintf("can't write %s as JSON: %v", what, err)
		return "", &Failure{Type: failureType, Message: message, NonRetriable: true}
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// decode returns the value of a JSON text, which is what. An empty text, which stands for a body that
// was not given, is read as null.
func decode[T any](text, failureType, what string) (T, *Failure) {
	var value T
	given := text
	if text == "" {
		given = "null"
	}
	err := json.Unmarshal([]byte(given), &value)
	if err == nil && given == "null" && !acceptsNull(&value) {
		err = errors.New("null is none")
	}
	if err == nil {
		return value, nil
	}
	hint := ""
	if text == "" {
		hint = " (none was given)"
	}
	expected := reflect.TypeFor[T]()
	message := fmt.Sprintf("can't read %s as %s%s: %v%s", what, expected, hint, err, place(given, err))
	return value, &Failure{Type: failureType, Message: message, NonRetriable: true}
}

// acceptsNull returns whether null is a value of the type that this points to. Go reads null into any
// other as well, and leaves it as it is.
func acceptsNull(pointer any) bool {
	if _, ok := pointer.(json.Unmarshaler); ok {
		return true
	}
	switch reflect.TypeOf(pointer).Elem().Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice:
		return true
	default:
		return false
	}
}

// place says where in a text an error is, as far as the error knows.
func place(text string, err error) string {
	var offset int64
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &mismatch):
		offset = mismatch.Offset
	default:
		return ""
	}
	before := text[:min(int(offset), len(text))]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndex(before, "\n") - 1
	return fmt.Sprintf(" at line %d column %d", line, column)
}
