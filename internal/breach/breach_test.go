package breach_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journeyman.dev/internal/breach"
	"journeyman.dev/internal/outbound"
)

// script answers like a service and records its requests.
type script struct {
	answer outbound.Response
	err    error
	asked  []outbound.Request
}

func (s *script) Do(_ context.Context, r outbound.Request) (outbound.Response, error) {
	s.asked = append(s.asked, r)
	return s.answer, s.err
}

func digits(password string) (prefix, rest string) {
	sum := sha1.Sum([]byte(password))
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	return text[:5], text[5:]
}

func TestCommonPasswordsAreKnownInAnyCase(t *testing.T) {
	t.Parallel()
	l := &breach.Lists{}
	for password, want := range map[string]bool{"password1": true, "Password1": true, "P@ssw0rd": true, "WELCOME1": true, "1qaz2wsx": true, "Pass-word.1": false, "": false} {
		if got := l.Known(t.Context(), password); got != want {
			t.Errorf("%q: %v", password, got)
		}
	}
}

func TestAServiceSeesFiveDigitsAlone(t *testing.T) {
	t.Parallel()
	const password = "Blue-Giraffe.77"
	prefix, rest := digits(password)
	for _, c := range []struct {
		name   string
		answer outbound.Response
		err    error
		want   bool
		logged bool
	}{
		{"seen", outbound.Response{Status: 200, Body: []byte("0000000000000000000000000000000000A:3\r\n" + rest + ":12\r\n")}, nil, true, false},
		{"seen, in lower case", outbound.Response{Status: 200, Body: []byte(strings.ToLower(rest) + ":1")}, nil, true, false},
		{"not seen", outbound.Response{Status: 200, Body: []byte("0000000000000000000000000000000000A:3\r\n")}, nil, false, false},
		{"padding", outbound.Response{Status: 200, Body: []byte(rest + ":0\r\n")}, nil, false, false},
		{"no answer", outbound.Response{}, outbound.ErrTimeout, false, true},
		{"an error page", outbound.Response{Status: 503, Body: []byte(rest + ":1")}, nil, false, true},
		{"one long line", outbound.Response{Status: 200, Body: bytes.Repeat([]byte("A"), 1<<17)}, nil, false, true},
	} {
		s := &script{answer: c.answer, err: c.err}
		ranges, err := breach.Open("https://breached.example/range", s)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		l := &breach.Lists{Ranges: ranges, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if got := l.Known(t.Context(), password); got != c.want || (log.Len() > 0) != c.logged {
			t.Errorf("%s: %v, log %s", c.name, got, &log)
		}
		if len(s.asked) != 1 || s.asked[0].URL != "https://breached.example/range/"+prefix || s.asked[0].Header.Get("Add-Padding") != "true" || s.asked[0].Timeout == 0 || len(s.asked[0].Body) > 0 {
			t.Errorf("%s: asked %+v", c.name, s.asked)
		}
		if strings.Contains(log.String(), password) || strings.Contains(log.String(), prefix) || strings.Contains(log.String(), rest) {
			t.Errorf("%s: the log tells of the password: %s", c.name, &log)
		}
	}
	// Already known passwords cause no request.
	s := &script{err: errors.New("asked")}
	ranges, err := breach.Open("https://breached.example/range/", s)
	if err != nil {
		t.Fatal(err)
	}
	if l := (&breach.Lists{Ranges: ranges}); !l.Known(t.Context(), "Password1") || len(s.asked) != 0 {
		t.Errorf("a common password was asked for: %v", s.asked)
	}
}

func TestAFolderOfRanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, password := range []string{"Blue-Giraffe.77", "Red-Giraffe.77", "Old-Giraffe.77"} {
		prefix, rest := digits(password)
		name := []string{prefix + ".txt", strings.ToLower(prefix), prefix}[i]
		if err := os.WriteFile(filepath.Join(dir, name), []byte("0000000000000000000000000000000000A:3\n"+rest+":4\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ranges, err := breach.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l := &breach.Lists{Ranges: ranges, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, password := range []string{"Blue-Giraffe.77", "Red-Giraffe.77", "Old-Giraffe.77"} {
		if !l.Known(t.Context(), password) {
			t.Errorf("%s isn't known", password)
		}
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", &log)
	}
	if l.Known(t.Context(), "New-Giraffe.77") || !strings.Contains(log.String(), "complete") {
		t.Errorf("a prefix without file: log %s", &log)
	}
}

func TestWhereRangesCanNotBe(t *testing.T) {
	t.Parallel()
	client, err := outbound.New(outbound.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"http://breached.example/range/", "https://breached.example/?prefix=", "https://user:word@breached.example/", filepath.Join(t.TempDir(), "missing")} {
		if _, err := breach.Open(where, client); err == nil {
			t.Errorf("%s was accepted", where)
		}
		if err := breach.Check(where, client); err == nil {
			t.Errorf("%s passed the check", where)
		}
		if _, err := breach.Load(where, client, nil); err == nil {
			t.Errorf("%s was loaded", where)
		}
	}
	for where, ranges := range map[string]bool{"": false, t.TempDir(): true, "https://api.example/range/": true} {
		if l, err := breach.Load(where, client, nil); err != nil || (l.Ranges != nil) != ranges {
			t.Errorf("%q: %+v, %v", where, l, err)
		}
		if where != "" && breach.Check(where, client) != nil {
			t.Errorf("%q didn't pass the check", where)
		}
	}
	if _, err := breach.Open("https://api.example/range/", client); err != nil {
		t.Error(err)
	}
}

var _ breach.Caller = (*outbound.Client)(nil)

func BenchmarkKnown(b *testing.B) {
	l := &breach.Lists{}
	for b.Loop() {
		l.Known(b.Context(), "Pass-word.1")
	}
}

// For any answer of a service, only a line with the password's own hash makes it known.
func FuzzRange(f *testing.F) {
	const password = "Blue-Giraffe.77"
	_, rest := digits(password)
	for _, body := range []string{"", rest + ":1", rest + ":0", rest, ":" + rest, rest + ":-1", "\r\n" + rest + ":2\r\n", rest + ":x", rest[1:] + ":1", strings.ToLower(rest) + ":1 "} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ranges, err := breach.Open("https://breached.example/", &script{answer: outbound.Response{Status: 200, Body: body}})
		if err != nil {
			t.Fatal(err)
		}
		if (&breach.Lists{Ranges: ranges}).Known(t.Context(), password) && !strings.Contains(strings.ToUpper(string(body)), rest+":") {
			t.Errorf("known by %q", body)
		}
	})
}
