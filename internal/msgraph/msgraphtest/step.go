package msgraphtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/audit"
)

// Step is a request and its expected answer. {name} in Path, Body, Token and Want stands
// for a text that an earlier step saved.
type Step struct {
	Name string
	// Method; "": GET.
	Method string
	Path   string // with the version: /v1.0/users
	Body   string
	Type   string // of the body; "": application/json
	// Token is the bearer token; "": AdminToken.
	Token string

	// Status of the answer; 0: 200.
	Status int
	// Want is the answer's body: as JSON, without innerError, where it begins with a brace,
	// and "*" is any value; else a part of it. "" for any.
	Want string
	// Header of the answer, as name: value; "" for any.
	Header string
	// Records are the audit records that the request leaves, by semicolon, each as
	// "activity: result". B2C's own resources leave two for a change.
	Records string
	// Save keeps members of the answer under names, by blank: app=id.
	Save string
}

// Run runs steps one after another.
func (g *Graph) Run(t *testing.T, steps []Step) {
	t.Helper()
	for _, s := range steps {
		t.Run(s.Name, func(t *testing.T) { g.step(t, s) })
	}
}

func (g *Graph) step(t *testing.T, s Step) {
	w := g.Do(t, s)
	if want := max(s.Status, http.StatusOK); w.Code != want {
		t.Errorf("status: got %d, want %d: %s", w.Code, want, w.Body)
	}
	want := g.fill(s.Want)
	switch {
	case strings.HasPrefix(want, "{"):
		got, expected := decode(t, w.Body.Bytes()), decode(t, []byte(want))
		if failure, ok := got["error"].(map[string]any); ok {
			delete(failure, "innerError")
		}
		anything(got, expected)
		if diff := cmp.Diff(any(expected), any(got)); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
	case !strings.Contains(w.Body.String(), want):
		t.Errorf("body: got %s, want a part %s", w.Body, want)
	}
	if name, value, ok := strings.Cut(g.fill(s.Header), ": "); ok && w.Header().Get(name) != value {
		t.Errorf("%s: got %q, want %q", name, w.Header().Get(name), value)
	}
	var written []string
	for _, r := range g.NewRecords(t) {
		written = append(written, r.Activity+": "+r.Result)
	}
	if got := strings.Join(written, "; "); got != s.Records {
		t.Errorf("audit records: got %q, want %q", got, s.Records)
	}
	for save := range strings.FieldsSeq(s.Save) {
		name, member, _ := strings.Cut(save, "=")
		text, ok := decode(t, w.Body.Bytes())[member].(string)
		if !ok {
			t.Errorf("the answer has no text %s: %s", member, w.Body)
		}
		g.vars[name] = text
	}
}

// Do sends the request of a step.
func (g *Graph) Do(t testing.TB, s Step) *httptest.ResponseRecorder {
	t.Helper()
	method := s.Method
	if method == "" {
		method = http.MethodGet
	}
	token := AdminToken
	if s.Token != "" {
		token = g.fill(s.Token)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, strings.ReplaceAll(g.fill(s.Path), " ", "%20"), strings.NewReader(g.fill(s.Body)))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if s.Type != "" {
		r.Header.Set("Content-Type", s.Type)
	}
	w := httptest.NewRecorder()
	g.Server.ServeHTTP(w, r)
	return w
}

// Set keeps a text under a name for later steps.
func (g *Graph) Set(name, text string) { g.vars[name] = text }

// Var is the text that was kept under a name.
func (g *Graph) Var(name string) string { return g.vars[name] }

// NewRecords are the audit records since the last time that it was asked.
func (g *Graph) NewRecords(t testing.TB) []audit.Record {
	t.Helper()
	if err := g.Server.Audit.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := g.Audits.All()
	list := all[g.seen:]
	g.seen = len(all)
	return list
}

func (g *Graph) fill(text string) string {
	for name, value := range g.vars {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func decode(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&members); err != nil {
		t.Fatalf("the body is no JSON object: %v: %s", err, body)
	}
	return members
}

// anything makes members equal where any value is expected.
func anything(got, want any) {
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for name, v := range want {
			if _, there := have[name]; there && v == "*" {
				have[name] = "*"
			}
			anything(have[name], v)
		}
	case []any:
		have, _ := got.([]any)
		for i := range min(len(want), len(have)) {
			if want[i] == "*" {
				have[i] = "*"
			}
			anything(have[i], want[i])
		}
	}
}

// Names are the names of an object's members, in their order.
func Names(t testing.TB, object []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(object))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
	}
	return slices.Clip(names)
}
