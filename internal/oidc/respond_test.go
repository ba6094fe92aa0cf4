package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/session"
	"journeyman.dev/internal/token"
)

// members reads a token that the world signed.
func members(t *testing.T, text any) map[string]any {
	t.Helper()
	signed, _ := text.(string)
	parsed, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("%q: %v", signed, err)
	}
	got := make(map[string]any)
	if err := parsed.Claims(signingKeys()[0].Public(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAResponseCarriesWhatTheResponseTypeAsksFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		types, scope string
		want         []string
		activity     string
	}{
		{"code", "openid", []string{"code"}, audit.CodeIssued},
		{"id_token", "openid", []string{"id_token"}, audit.IDTokenIssued},
		{"token", "web", []string{"access_token", "token_type", "expires_in", "scope"}, audit.AccessTokenIssued},
		{"id_token token", "openid web", []string{"access_token", "token_type", "expires_in", "scope", "id_token"}, audit.IDTokenIssued},
		{"code id_token", "openid", []string{"code", "id_token"}, audit.CodeIssued},
		{"code id_token token", "openid web", []string{"code", "access_token", "token_type", "expires_in", "scope", "id_token"}, audit.CodeIssued},
	} {
		t.Run(c.types, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			target, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("response_type", c.types, "scope", c.scope, "client_info", "1")))
			in := "#"
			if c.types == "code" {
				in = "?"
			}
			if target != "https://app.example/in"+in {
				t.Errorf("goes to %q", target)
			}
			for _, name := range append(c.want, "client_info", "iss", "state") {
				if got.Get(name) == "" {
					t.Errorf("no %s", name)
				}
				got.Del(name)
			}
			if len(got) != 0 {
				t.Errorf("more than it should: %v", got)
			}
			if len(w.records) != 1 || w.records[0].Activity != c.activity {
				t.Errorf("%+v", w.records)
			}
		})
	}
}

func TestAnIDTokenVouchesForWhatComesWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("response_type", "code id_token token", "scope", "openid web")))
	id := members(t, got.Get("id_token"))
	want := map[string]any{
		"iss": base + "/" + tenantID + "/v2.0/", "aud": "web", "sub": user, "nonce": "n-1", "acr": "b2c_1a_signin", "ver": "1.0", "name": "Ada", "idp": "example.org",
		"exp": float64(start.Unix() + 3600), "nbf": float64(start.Unix()), "iat": float64(start.Unix()), "auth_time": float64(start.Unix()),
		"c_hash": token.HalfHash(got.Get("code")), "at_hash": token.HalfHash(got.Get("access_token")),
	}
	for name, value := range want {
		if id[name] != value {
			t.Errorf("%s is %v, want %v", name, id[name], value)
		}
	}
	if len(id) != len(want) {
		t.Errorf("%v", id)
	}
	if access := members(t, got.Get("access_token")); access["azp"] != "web" || access["aud"] != "web" || access["scp"] != nil {
		t.Errorf("%v", access)
	}
}

func TestAResponseGoesInTheModeThatWasAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target, _ := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("response_mode", "fragment")))
	if target != "https://app.example/in#" {
		t.Errorf("fragment: %q", target)
	}
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("redirect_uri", "https://app.example/in?tenant=1"))
	if got := rec.Header().Get("Location"); !strings.HasPrefix(got, "https://app.example/in?tenant=1&code=") {
		t.Errorf("query: %q", got)
	}
	if body := rec.Body.String(); !strings.Contains(body, "tenant=1&amp;code=") || strings.Contains(body, "iss=") {
		t.Errorf("body: %s", body)
	}
	if rec := w.do(t, http.MethodHead, "B2C_1A_signin"+authorize, asking()); rec.Body.Len() != 0 || rec.Code != http.StatusFound {
		t.Errorf("HEAD: %d %s", rec.Code, rec.Body)
	}
	rec = w.do(t, http.MethodPost, "B2C_1A_signin"+authorize, asking("response_mode", "form_post", "state", `<"'>`))
	body := rec.Body.String()
	for _, part := range []string{
		"<form id='auto' method='post' action='https://app.example/in'>", "<input type='hidden' name='code' id='code' value='",
		"name='state' id='state' value='&lt;&#34;&#39;&gt;'/>", "name='iss'",
	} {
		if !strings.Contains(body, part) {
			t.Errorf("form_post lacks %s: %s", part, body)
		}
	}
	if csp := rec.Header().Get("Content-Security-Policy"); rec.Code != 200 || !strings.Contains(csp, "script-src 'sha256-") {
		t.Errorf("form_post: %d %q", rec.Code, csp)
	}
	for _, header := range []string{"Cache-Control", "Referrer-Policy", "X-Frame-Options", "X-Content-Type-Options"} {
		if rec.Header().Get(header) == "" {
			t.Errorf("no %s", header)
		}
	}
}

func TestTheEndOfAJourneyIsDelivered(t *testing.T) {
	t.Parallel()
	exchange := &journey.Failure{Code: journey.CodeExchangeFailed, Public: "Nobody is called so.", Exchange: "Check", Profile: "REST-Check", Step: 3}
	reasoned := *exchange
	reasoned.Reason, reasoned.ReasonText = "409", "Conflict"
	silent := *exchange
	silent.Public = ""
	for _, c := range []struct {
		name          string
		failure       *journey.Failure
		oauth, begins string
	}{
		{"a cancelled journey", journey.Fail(journey.CodeCancelled, nil), "access_denied", "AADB2C90091: "},
		{"a failure of our own", journey.Fail(journey.CodeInternal, errDown), "server_error", "AADB2C90085: " + journey.CodeInternal.Text()},
		{"an error that the policy chose", &journey.Failure{Code: "AAD_Custom_7", Public: "No.", OAuth: "access_denied"}, "access_denied", "AAD_Custom_7: No.\r\n"},
		{"a failed exchange", exchange, "server_error", "AADB2C90075: The claims exchange 'REST-Check' specified in step '3' did not succeed: Nobody is called so.\r\n"},
		{"a failed exchange without a text", &silent, "server_error", "AADB2C90075: The claims exchange 'REST-Check' specified in step '3' did not succeed: none\r\n"},
		{"a failed exchange with a reason", &reasoned, "server_error", "AADB2C90075: The claims exchange 'REST-Check' specified in step '3' returned HTTP error response with Code '409' and Reason 'Conflict'.\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.outcome = failing(c.failure)
			_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking()))
			if got.Get("error") != c.oauth || !strings.HasPrefix(got.Get("error_description"), c.begins) || !strings.Contains(got.Get("error_description"), "Correlation ID: correlation\r\n") {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestAPolicyMayKeepErrorsOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = failing(journey.Fail(journey.CodeInternal, errDown))
	if rec := w.do(t, http.MethodGet, "B2C_1A_showing"+authorize, asking()); rec.Code != 400 || w.fault.Code != journey.CodeInternal || w.faultID != "correlation" {
		t.Errorf("status %d, %+v", rec.Code, w.fault)
	}
	// The application must know what the user chose, and what it asked for itself.
	for _, f := range []*journey.Failure{journey.Fail(journey.CodeCancelled, nil), {Code: "AAD_Custom_7", OAuth: "access_denied"}} {
		w.outcome = failing(f)
		if rec := w.do(t, http.MethodGet, "B2C_1A_showing"+authorize, asking()); rec.Code != http.StatusFound {
			t.Errorf("%s: status %d", f.Code, rec.Code)
		}
	}
}

func TestPagesAndSessionsGoToTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := &journey.ShowPage{}
	left := &session.Session{ID: "s"}
	w.outcome = func(journey.Begin) (journey.Ran, error) {
		return journey.Ran{Outcome: page, Session: left, SessionChanged: true}, nil
	}
	w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking())
	if w.shown.Outcome != page || w.setSession != left {
		t.Errorf("%+v", w.shown)
	}
}

// A journey that waited comes back with what the protocol gave it, and nothing else.
func TestAResumedJourneyIsDeliveredByItsOwnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = func(journey.Begin) (journey.Ran, error) { return journey.Ran{Outcome: &journey.ShowPage{}}, nil }
	w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("response_mode", "fragment"))
	deliver := func(ran journey.Ran) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		w.fault = nil
		w.Deliver(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+"/page", nil), ran)
		return rec
	}
	target, got := answered(t, deliver(finished(w.begun[0])))
	if target != "https://app.example/in#" || got.Get("code") == "" || got.Get("state") != "the state" {
		t.Errorf("%s %v", target, got)
	}
	lost := w.begun[0]
	lost.Protocol = json.RawMessage("{")
	if rec := deliver(finished(lost)); rec.Code != 500 || w.fault.Code != journey.CodeInternal || w.faultID != "correlation" {
		t.Errorf("finished: %d %+v", rec.Code, w.fault)
	}
	nobody := journey.Ran{Outcome: &journey.Failed{Failure: journey.Fail(journey.CodeStateLost, nil)}}
	if rec := deliver(nobody); rec.Code != 500 || w.fault.Code != journey.CodeStateLost {
		t.Errorf("failed: %d %+v", rec.Code, w.fault)
	}
}

func TestAPolicyThatIssuesADocumentAnswersTheBrowserWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do(t, http.MethodGet, "B2C_1A_document"+authorize, asking())
	if rec.Code != 200 || rec.Body.String() != `{"name":"Ada"}` || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	w.outcome = func(b journey.Begin) (journey.Ran, error) {
		ran := finished(b)
		ran.Outcome.(*journey.Finished).Issued = strange{}
		return ran, nil
	}
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking()))
	if !strings.HasPrefix(got.Get("error_description"), string(journey.CodeNoTokens)) {
		t.Errorf("%v", got)
	}
}

// strange is something issued that no protocol knows.
type strange struct{}

func (strange) AccountClaim() string       { return "" }
func (strange) RegistersApplication() bool { return false }

func TestAKeyThatIsMissingIsNamedByItsCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want journey.Code
	}{{errNoKey, journey.CodeNoActiveKey}, {errDown, journey.CodeInternal}} {
		w := newWorld(t)
		w.keysErr = c.err
		_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("response_type", "id_token")))
		if got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), string(c.want)+": "+c.want.Text()) {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// MSAL keys its accounts by client_info.
func TestClientInfoNamesTheAccountAndTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("client_info", "1")))
	if want := encoded(t, map[string]any{"uid": user + "-b2c_1a_signin", "utid": tenantID}); got.Get("client_info") != want {
		t.Errorf("%q, want %q", got.Get("client_info"), want)
	}
	if _, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking())); got.Has("client_info") {
		t.Error("client_info without being asked for")
	}
}
