// Package refusal carries a text for the person whose change a service refuses, apart from the
// error for the log: the admin API shows the text, and no other words of an error.
package refusal

import (
	"errors"
	"fmt"
)

// Refusal is an error with a text for people. The zero value is not useful.
type Refusal struct {
	// Kind is the error that callers compare with errors.Is.
	Kind error
	// Text says what is wrong, in the words of the API: without capital and full stop.
	Text string
}

// Because makes a refusal of a kind. The text is for people: its arguments are what they sent,
// never another error.
func Because(kind error, format string, args ...any) error {
	return &Refusal{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// Error is the kind with the text.
func (r *Refusal) Error() string { return r.Kind.Error() + ": " + r.Text }

// Unwrap gives the kind.
func (r *Refusal) Unwrap() error { return r.Kind }

// Text finds the text of a refusal in an error; otherwise "".
func Text(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Text
	}
	return ""
}

// About puts what a refusal is about in front of its text, such as "user flow B2C_1_x". Other
// errors are wrapped.
func About(what string, err error) error {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return &Refusal{Kind: r.Kind, Text: what + ": " + r.Text}
	}
	return fmt.Errorf("%s: %w", what, err)
}
