package signpost

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyTheBareAddressIsAsked(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{"GET /": true, "HEAD /": true, "POST /": false, "GET /?a=b": false, "GET /x": false} {
		method, path, _ := strings.Cut(target, " ")
		if got := Asked(httptest.NewRequest(method, path, nil)); got != want {
			t.Errorf("%s: %t", target, got)
		}
	}
}

func TestThePageEscapesAndRunsNothing(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Write(w, View{Title: "Sign-in <service>", Text: "Here.", Links: []Link{{Name: "/readyz", Href: "/readyz", Text: "is it ready"}, {Name: "/graph", Text: "the API"}}})
	for _, want := range []string{"<h1>Sign-in &lt;service&gt;</h1>", `<a href="/readyz">/readyz</a>: is it ready`, "<code>/graph</code>: the API"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is missing in %s", want, w.Body)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestThePublicPageSaysNothingOfTheServer(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Write(w, Public())
	if text := strings.ToLower(w.Body.String()); strings.Contains(text, "journeyman") || strings.Contains(text, "readyz") {
		t.Error(text)
	}
}

func TestTheAdminPageShowsAnOutboxWhereThereIsOne(t *testing.T) {
	t.Parallel()
	for _, outbox := range []bool{true, false} {
		w := httptest.NewRecorder()
		Write(w, Admin(outbox))
		if text := w.Body.String(); strings.Contains(text, `href="/outbox"`) != outbox || !strings.Contains(text, `href="/readyz"`) {
			t.Errorf("outbox %t: %s", outbox, text)
		}
	}
}
