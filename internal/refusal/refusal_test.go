package refusal_test

import (
	"errors"
	"fmt"
	"testing"

	"journeyman.dev/internal/refusal"
)

var errInvalid = errors.New("invalid thing")

func TestTheTextOfARefusalIsFoundWhateverWrapsIt(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("row 7 at /var/lib: %w", refusal.Because(errInvalid, "%q has more than %d letters", "ada", 2))
	if got, want := refusal.Text(err), `"ada" has more than 2 letters`; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	if !errors.Is(err, errInvalid) {
		t.Errorf("%v is not of its kind", err)
	}
	about := refusal.About("user flow x", err)
	if got, want := refusal.Text(about), `user flow x: "ada" has more than 2 letters`; got != want || !errors.Is(about, errInvalid) {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestAnyOtherErrorHasNoText(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errInvalid, fmt.Errorf("x: %w", errInvalid), refusal.About("x", errInvalid)} {
		if got := refusal.Text(err); got != "" {
			t.Errorf("text of %v = %q, want none", err, got)
		}
	}
}
