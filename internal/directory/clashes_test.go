package directory_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"journeyman.dev/internal/directory"
)

// clashing is a store in which two accounts share a name.
type clashing struct {
	directory.Store
	err error
}

func (c clashing) Clashes(context.Context) ([]directory.Clash, error) {
	return []directory.Clash{{Scope: "contoso.onmicrosoft.com", Users: []string{"first", "second"}}}, c.err
}

func TestAccountsThatShareANameAreLogged(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, errors.New("no database")} {
		var log strings.Builder
		d := &directory.Directory{Store: clashing{err: want}}
		if err := d.ReportClashes(t.Context(), slog.New(slog.NewTextHandler(&log, nil))); !errors.Is(err, want) {
			t.Error(err)
		}
		if text := log.String(); !strings.Contains(text, "first second") || !strings.Contains(text, "share a sign-in name") {
			t.Error(text)
		}
	}
}
