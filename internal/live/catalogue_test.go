package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/program"
)

// memory is a store in memory.
type memory map[string]live.Policy

func (m memory) List(context.Context) (list []live.Policy, err error) {
	for _, p := range m {
		list = append(list, p)
	}
	return list, nil
}

func (m memory) Put(_ context.Context, list []live.Policy, _ live.Serving) error {
	for _, p := range list {
		m[p.ID] = p
	}
	return nil
}

func (m memory) Delete(_ context.Context, id string) error {
	delete(m, id)
	return nil
}

func (memory) Program(context.Context, string) ([][]byte, error) {
	return nil, live.ErrNoProgram
}

func (memory) Versions(context.Context, string) ([]live.Policy, error) { return nil, nil }

func (memory) Served(context.Context) (map[string]live.Served, error) { return nil, nil }

func (memory) KeepPrograms(context.Context, live.Serving, time.Time) error { return nil }

// upload uploads files to contoso, which lacks one policy key and has no API connector.
func upload(t *testing.T, files []string) diag.List {
	t.Helper()
	l := &live.Policies{
		Store: memory{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Options: program.Options{
			Kinds: kinds.Offline(), TenantName: "contoso.onmicrosoft.com",
			KeyExists: func(id string) bool { return id != "B2C_1A_Missing" }, ConnectorExists: func(string) bool { return false },
		},
	}
	if err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var list diag.List
	for _, src := range files {
		found, err := l.Put(t.Context(), live.Policy{XML: []byte(src)})
		if err != nil && !errors.Is(err, live.ErrInvalid) || found.HasErrors() != (err != nil) {
			t.Fatalf("%v: %v", err, found)
		}
		list = append(list, found...)
	}
	return list
}

func linted(files []string) diag.List {
	var list []lint.File
	for i, src := range files {
		list = append(list, lint.File{Path: fmt.Sprintf("%d.xml", i+1), Source: []byte(src)})
	}
	return lint.Check(list, kinds.Offline())
}

func TestEveryCodeHasABadExampleThatGivesItAlone(t *testing.T) {
	t.Parallel()
	if list := linted([]string{diag.ExampleBase}); len(list) > 0 {
		t.Fatalf("the examples' base: %v", list)
	}
	for _, code := range diag.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			entry := code.Entry()
			if entry.Example.Policy == "" && entry.Example.Whole == "" {
				t.Fatal("no example")
			}
			list := upload(t, entry.Example.Files())
			if !entry.Example.Upload {
				list = linted(entry.Example.Files())
			}
			told := 0
			for _, d := range list {
				if d.Code == code {
					told++
				} else if d.Severity == diag.Error {
					t.Errorf("also %v", d)
				}
				if d.Severity != d.Code.Entry().Severity || d.Position.Line < 1 || d.Hint == "" || strings.HasSuffix(d.Message, ".") {
					t.Errorf("%+v", d)
				}
			}
			if told != 1 {
				t.Errorf("told %d times: %v", told, list)
			}
		})
	}
}
