package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/session"
)

const authorize = "/oauth2/v2.0/authorize"

// challenge is the S256 challenge of verifier (RFC 7636, appendix B).
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// asking is a good request of the web application for a code.
func asking(change ...string) url.Values {
	q := url.Values{
		"client_id": {"web"}, "redirect_uri": {"https://app.example/in"}, "response_type": {"code"}, "scope": {"openid"}, "state": {"the state"}, "nonce": {"n-1"},
	}
	return with(q, change...)
}

// with sets parameters; the value "-" removes one.
func with(q url.Values, change ...string) url.Values {
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == "-" {
			q.Del(change[i])
			continue
		}
		q.Set(change[i], change[i+1])
	}
	return q
}

// answered reads the parameters of an authorization response from its redirect.
func answered(t *testing.T, rec *httptest.ResponseRecorder) (target string, values url.Values) {
	t.Helper()
	location := rec.Header().Get("Location")
	if rec.Code != http.StatusFound || location == "" {
		t.Fatalf("status %d, Location %q: %s", rec.Code, location, rec.Body)
	}
	at := strings.LastIndexAny(location, "?#&")
	if i := strings.IndexAny(location, "?#"); i >= 0 {
		at = i
	}
	values, err := url.ParseQuery(location[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	return location[:at+1], values
}

func TestARequestWhoseClientOrAddressIsWrongEndsOnTheErrorPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		query  url.Values
		want   journey.Code
		status int
	}{
		{"no client", asking("client_id", "-"), journey.CodeNoClientID, 400},
		{"an unknown client", asking("client_id", "nobody"), journey.CodeUnknownClient, 400},
		{"a disabled client", asking("client_id", "disabled"), journey.CodeClientDisabled, 400},
		{"a client without addresses", asking("client_id", "nowhere"), journey.CodeNoRedirectURIs, 400},
		{"no redirect URI", asking("redirect_uri", "-"), journey.CodeRedirectURI, 400},
		{"another redirect URI", asking("redirect_uri", "https://app.example/in/"), journey.CodeRedirectURI, 400},
		{"a redirect URI in another case", asking("redirect_uri", "https://app.example/IN"), journey.CodeRedirectURI, 400},
		{"another client's redirect URI", asking("redirect_uri", "https://spa.example/in"), journey.CodeRedirectURI, 400},
		{"a parameter twice", url.Values{"client_id": {"web", "web"}}, journey.CodeMissingParameter, 400},
		{"a long parameter", asking("state", strings.Repeat("x", 16<<10+1)), journey.CodeUnreadable, 400},
		{"a zero byte", asking("state", "a\x00b"), journey.CodeUnreadable, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rec := w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, c.query)
			if w.fault == nil || w.fault.Code != c.want || w.fault.Public == "" || rec.Code != c.status {
				t.Errorf("status %d, %+v, want %s", rec.Code, w.fault, c.want)
			}
			if len(w.begun) != 0 || rec.Header().Get("Location") != "" {
				t.Error("the request went on")
			}
		})
	}
	t.Run("an unreadable request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+"/contoso.onmicrosoft.com/B2C_1A_signin"+authorize+"?state=%zz", nil)
		if rec := w.serve(t, r); rec.Code != 400 || w.fault.Code != journey.CodeUnreadable {
			t.Errorf("status %d, %+v", rec.Code, w.fault)
		}
	})
	t.Run("a database that doesn't answer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.appsErr = errDown
		rec := w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking())
		if rec.Code != 503 || rec.Header().Get("Retry-After") == "" || w.fault.Code != journey.CodeInternal || w.fault.Public != journey.CodeInternal.Text() {
			t.Errorf("status %d, %+v", rec.Code, w.fault)
		}
	})
}

// The rest of protocol §2.4 goes to the application.
func TestAnythingElseThatIsWrongIsReportedToTheApplication(t *testing.T) {
	t.Parallel()
	spa := func(change ...string) url.Values {
		return with(asking("client_id", "spa", "redirect_uri", "https://spa.example/in", "code_challenge", challenge, "code_challenge_method", "S256"), change...)
	}
	strict := func(change ...string) url.Values {
		return with(asking("client_id", "code", "redirect_uri", "https://code.example/in"), change...)
	}
	for _, c := range []struct {
		name  string
		query url.Values
		want  journey.Code
		oauth string
		in    string // what separates the address from the parameters
	}{
		{"no response type", asking("response_type", "-"), journey.CodeResponseType, "unsupported_response_type", "?"},
		{"an unknown response type", asking("response_type", "code magic"), journey.CodeResponseType, "unsupported_response_type", "?"},
		{"an unknown response type with a mode", asking("response_type", "magic", "response_mode", "fragment"), journey.CodeResponseType, "unsupported_response_type", "#"},
		{"an unknown response mode", asking("response_mode", "pigeon"), journey.CodeResponseMode, "invalid_request", "?"},
		{"a token in the query", asking("response_type", "id_token", "response_mode", "query"), journey.CodeResponseMode, "invalid_request", "#"},
		{"a public client without a challenge", spa("code_challenge", "-", "code_challenge_method", "-"), journey.CodeNoChallenge, "invalid_request", "?"},
		{"an id token for a client without implicit flow", spa("response_type", "id_token"), journey.CodeImplicitOff, "unauthorized_client", "#"},
		{"a token for a client without implicit flow", spa("response_type", "token"), journey.CodeImplicitOff, "unauthorized_client", "#"},
		{"no scope", asking("scope", " "), journey.CodeNoScope, "invalid_request", "?"},
		{"a scope with a quote", asking("scope", `openid a"b`), journey.CodeBadScope, "invalid_request", "?"},
		{"a scope beyond ASCII", asking("scope", "openid é"), journey.CodeBadScope, "invalid_request", "?"},
		{"an unknown scope", asking("scope", "openid photos"), journey.CodeUnknownScope, "invalid_request", "?"},
		{"a scope of an unknown API", asking("scope", "openid https://nobody.example/api/read"), journey.CodeUnknownScope, "invalid_request", "?"},
		{"a scope that ends in a slash", asking("scope", "https://contoso.example/api/"), journey.CodeUnknownScope, "invalid_request", "?"},
		{"scopes of two APIs", asking("scope", "https://contoso.example/api/read https://contoso.example/other/read"), journey.CodeSeveralResources, "invalid_request", "?"},
		{"only scopes that weren't granted", asking("scope", "openid https://contoso.example/api/admin"), journey.CodePermissions, "invalid_request", "?"},
		{"an id token without openid", asking("response_type", "id_token", "scope", "web"), journey.CodeScopeWithoutOpenID, "invalid_request", "#"},
		{"a code for nothing", asking("scope", "offline_access"), journey.CodeScopeForCode, "invalid_request", "?"},
		{"a token for nothing", asking("response_type", "token"), journey.CodeNoResource, "invalid_request", "#"},
		{"a challenge method without a challenge", asking("code_challenge_method", "S256"), journey.CodeChallengeMethod, "invalid_request", "?"},
		{"an unknown challenge method", asking("code_challenge", challenge, "code_challenge_method", "S512"), journey.CodeChallengeMethod, "invalid_request", "?"},
		{"a plain challenge that isn't allowed", strict("code_challenge", challenge, "code_challenge_method", "plain"), journey.CodeChallengeMethod, "invalid_request", "?"},
		{"a challenge without method that isn't allowed", strict("code_challenge", challenge), journey.CodeChallengeMethod, "invalid_request", "?"},
		{"a short challenge", asking("code_challenge", "short", "code_challenge_method", "S256"), journey.CodeChallenge, "invalid_request", "?"},
		{"a long challenge", asking("code_challenge", strings.Repeat("x", 129), "code_challenge_method", "S256"), journey.CodeChallenge, "invalid_request", "?"},
		{"an id token without nonce", asking("response_type", "id_token", "nonce", "-"), journey.CodeMissingParameter, "invalid_request", "#"},
		{"an unknown prompt", asking("prompt", "login dance"), journey.CodePrompt, "invalid_request", "?"},
		{"a max_age that is no number", asking("max_age", "old"), journey.CodeMaxAge, "invalid_request", "?"},
		{"a negative max_age", asking("max_age", "-1"), journey.CodeMaxAge, "invalid_request", "?"},
		{"long parameters altogether", asking("state", strings.Repeat("x", 16<<10), "nonce", strings.Repeat("x", 16<<10), "code_challenge", challenge,
			"code_challenge_method", "S256", "scope", strings.TrimSpace(strings.Repeat("openid ", 2000))), journey.CodeUnreadable, "invalid_request", "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			target, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, c.query))
			if want := c.query.Get("redirect_uri") + c.in; target != want {
				t.Errorf("goes to %q, want %q", target, want)
			}
			if got.Get("error") != c.oauth || !strings.HasPrefix(got.Get("error_description"), string(c.want)+": ") {
				t.Errorf("%v, want %s and %s", got, c.oauth, c.want)
			}
			if got.Get("state") != c.query.Get("state") || got.Get("iss") != base+"/"+tenantID+"/v2.0/" {
				t.Errorf("state %q, iss %q", got.Get("state"), got.Get("iss"))
			}
			if len(w.begun) != 0 {
				t.Error("a journey began")
			}
		})
	}
}

func TestAnErrorDescriptionHasCodeCorrelationIDAndTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("prompt", "dance", "state", "-")))
	want := "AADB2C90043: The prompt included in the request contains invalid values.\r\nCorrelation ID: id-1\r\nTimestamp: 2026-03-01 12:00:00Z\r\n"
	if got.Get("error_description") != want {
		t.Errorf("%q, want %q", got.Get("error_description"), want)
	}
	if got.Has("state") {
		t.Error("the answer has a state that the request hasn't")
	}
	// A text from elsewhere fakes no line and has an end.
	w.outcome = failing(&journey.Failure{Code: journey.CodeExchangeFailed, Public: "one\r\ntwo" + strings.Repeat("x", 2000)})
	_, got = answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking()))
	lines := strings.Split(got.Get("error_description"), "\r\n")
	if len(lines) != 4 || len(lines[0]) != 1000 || lines[1] != "Correlation ID: correlation" {
		t.Errorf("%q", lines)
	}
}

func TestTheTenantMayAskEveryClientForAChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.RequirePKCE = true
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking()))
	if !strings.HasPrefix(got.Get("error_description"), string(journey.CodeNoChallenge)) {
		t.Errorf("%v", got)
	}
	w.AllowPlainPKCE = true
	_, got = answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("client_id", "code", "redirect_uri", "https://code.example/in", "code_challenge", challenge)))
	if got.Get("code") == "" {
		t.Errorf("%v", got)
	}
}

func TestApplicationsThatCannotBeListedAreAnInternalError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Applications = unlisted{registrations{w}}
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("scope", "https://contoso.example/api/read")))
	if got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), string(journey.CodeInternal)) {
		t.Errorf("%v", got)
	}
}

func TestAGoodRequestStartsAJourneyOfTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.session = &session.Session{ID: "s"}
	q := asking("ui_locales", "de", "prompt", "login", "username", "ada", "password", "never kept", "unread", "x", "campaign", "spring")
	rec := w.do(t, http.MethodGet, "B2C_1A_password"+authorize, q, "Accept-Language", "fr", "User-Agent", "Straw/1")
	if _, got := answered(t, rec); got.Get("code") == "" {
		t.Fatalf("%v", got)
	}
	if len(w.begun) != 1 {
		t.Fatalf("%d journeys", len(w.begun))
	}
	b := w.begun[0]
	mode, ok := b.Mode.(*journey.Browser)
	if !ok || mode.Session != w.session || !mode.Fresh || mode.NoPages || mode.LogoutURL != "https://app.example/out" || mode.Asserted != nil {
		t.Errorf("%+v", b.Mode)
	}
	if b.Request.AcceptLanguage != "fr" || b.Request.UserAgent != "Straw/1" || b.Request.RemoteIP != "192.0.2.1" || b.Request.BaseURL != base || b.Request.Tenant != "contoso.onmicrosoft.com" {
		t.Errorf("%+v", b.Request)
	}
	if got := b.Request.Parameters; got["username"] != "ada" || got["campaign"] != "spring" || got["password"] != "" || got["unread"] != "" {
		t.Errorf("%v", got)
	}
}

func TestPromptAndMaxAgeDecideAboutPagesAndTheSession(t *testing.T) {
	t.Parallel()
	proved := func(ago time.Duration) *session.Session {
		return &session.Session{Partitions: map[string]*session.Partition{"tenant": {Credentials: start.Add(-ago), Expires: start.Add(time.Hour)}}}
	}
	for _, c := range []struct {
		name           string
		query          url.Values
		session        *session.Session
		fresh, noPages bool
	}{
		{"neither", asking(), proved(time.Hour), false, false},
		{"none", asking("prompt", "none"), proved(time.Hour), false, true},
		{"login", asking("prompt", "login"), proved(time.Hour), true, false},
		{"consent and select_account", asking("prompt", "consent select_account"), proved(time.Hour), false, false},
		{"a younger session", asking("max_age", "3600"), proved(time.Hour), false, false},
		{"an older session", asking("max_age", "3599"), proved(time.Hour), true, false},
		{"no session", asking("max_age", "0"), nil, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.session = c.session
			w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, c.query)
			if mode := w.begun[0].Mode.(*journey.Browser); mode.Fresh != c.fresh || mode.NoPages != c.noPages {
				t.Errorf("fresh %v, no pages %v", mode.Fresh, mode.NoPages)
			}
		})
	}
}

func TestAJourneyThatCannotBeginIsNobodysSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = func(journey.Begin) (journey.Ran, error) {
		return journey.Ran{}, fmt.Errorf("start: %w", journey.ErrTooMany)
	}
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking())
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || w.fault.Code != journey.CodeThrottled || w.faultID == "" {
		t.Errorf("status %d, %+v", rec.Code, w.fault)
	}
	w.outcome = func(journey.Begin) (journey.Ran, error) { return journey.Ran{}, errDown }
	_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking()))
	if got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90085: "+journey.CodeInternal.Text()) {
		t.Errorf("%v", got)
	}
}

func TestScopesAreWhatTheClientWasGranted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, scope, want string }{
		{"protocol scopes", "openid profile email offline_access", "openid profile email offline_access"},
		{"the client itself", "openid web", "openid web"},
		{"one permission", "openid https://contoso.example/api/read", "openid https://contoso.example/api/read"},
		{"a final slash of the API", "https://contoso.example/api//read", "https://contoso.example/api/read"},
		{"one granted of two", "https://contoso.example/api/admin https://contoso.example/api/READ", "https://contoso.example/api/read"},
		{"all of an API", "https://contoso.example/api/.default https://contoso.example/api/read", "https://contoso.example/api/read https://contoso.example/api/write"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, got := answered(t, w.do(t, http.MethodGet, "B2C_1A_signin"+authorize, asking("scope", c.scope)))
			body := w.redeem(t, got.Get("code"))
			if body["scope"] != c.want {
				t.Errorf("scope %v, want %q", body["scope"], c.want)
			}
		})
	}
}

// unlisted can find an application and not list them.
type unlisted struct{ registrations }

func (unlisted) List(ctx context.Context) ([]application.Application, error) {
	return nil, errors.Join(errDown, ctx.Err())
}
