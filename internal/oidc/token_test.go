package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/token"
)

const tokenPath = "/oauth2/v2.0/token"

// errGone is the error of a grant whose account was deleted.
var errGone = fmt.Errorf("redeem: %w", token.ErrNoAccount)

// errNoKey is the error of a key set without a key in use.
var errNoKey = fmt.Errorf("B2C_1A_Signing: %w", keyset.ErrNoActive)

// encoded is the JSON of a value in the form of client_info.
func encoded(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// code signs in and returns the code.
func (w *world) code(t *testing.T, policy string, query url.Values) string {
	t.Helper()
	_, got := answered(t, w.do(t, http.MethodGet, policy+authorize, query))
	if got.Get("code") == "" {
		t.Fatalf("no code: %v", got)
	}
	return got.Get("code")
}

// redeeming is the web application's request for the tokens of a code.
func redeeming(code string, change ...string) url.Values {
	return with(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"web"}, "client_secret": {secret}, "code": {code}, "redirect_uri": {"https://app.example/in"},
	}, change...)
}

// renewing is the web application's request for the tokens of a refresh token.
func renewing(text string, change ...string) url.Values {
	return with(url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "client_secret": {secret}, "refresh_token": {text}}, change...)
}

// body reads a JSON answer.
func body(t *testing.T, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	got := make(map[string]any)
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatalf("status %d, %q: %v", rec.Code, rec.Body, err)
	}
	return got
}

// redeem redeems a code of the web application at B2C_1A_signin.
func (w *world) redeem(t *testing.T, code string, change ...string) map[string]any {
	t.Helper()
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, redeeming(code, change...))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return body(t, rec)
}

// refused checks an error of the token endpoint.
func refused(t *testing.T, rec *httptest.ResponseRecorder, oauth string, code journey.Code) {
	t.Helper()
	got := body(t, rec)
	description, _ := got["error_description"].(string)
	if rec.Code != http.StatusBadRequest || got["error"] != oauth || !strings.HasPrefix(description, string(code)+": ") || len(got) != 2 {
		t.Errorf("status %d: %s, want %s and %s", rec.Code, rec.Body, oauth, code)
	}
	if !strings.Contains(description, "\r\nCorrelation ID: id-") || !strings.HasSuffix(description, "Z\r\n") {
		t.Errorf("description %q", description)
	}
}

func TestTheClientOfATokenRequestProvesItself(t *testing.T) {
	t.Parallel()
	basic := func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	for _, c := range []struct {
		name   string
		change []string
		header string // Authorization
		oauth  string // "": it is accepted
		want   journey.Code
	}{
		{"a secret in the body", nil, "", "", ""},
		{"a secret by Basic", []string{"client_id", "-", "client_secret", "-"}, basic("web", secret), "", ""},
		{"an encoded secret by Basic", []string{"client_id", "-", "client_secret", "-"}, basic("web", url.QueryEscape(secret)), "", ""},
		{"the same secret in both", nil, basic("web", secret), "", ""},
		{"two clients", nil, basic("code", secret), "invalid_client", journey.CodeClientSecret},
		{"two secrets", nil, basic("web", "another"), "invalid_client", journey.CodeClientSecret},
		{"a secret and an assertion", []string{"client_assertion", "a.b.c"}, "", "invalid_client", journey.CodeClientSecret},
		{"no client", []string{"client_id", "-"}, "", "unauthorized_client", journey.CodeNoClientID},
		{"an assertion of nobody", []string{"client_id", "-", "client_secret", "-", "client_assertion", "a.b.c"}, "", "unauthorized_client", journey.CodeNoClientID},
		{"an unknown client", []string{"client_id", "nobody"}, "", "unauthorized_client", journey.CodeUnknownClient},
		{"a client id that is no text", []string{"client_id", "web\xff"}, "", "unauthorized_client", journey.CodeUnknownClient},
		{"a client id with a zero byte", []string{"client_id", "web\x00"}, "", "unauthorized_client", journey.CodeUnknownClient},
		{"a disabled client", []string{"client_id", "disabled"}, "", "unauthorized_client", journey.CodeClientDisabled},
		{"no secret", []string{"client_secret", "-"}, "", "invalid_request", journey.CodeSecretMissing},
		{"a wrong secret", []string{"client_secret", "guessed"}, "", "invalid_client", journey.CodeClientSecret},
		{"an expired secret", []string{"client_secret", "old " + secret}, "", "invalid_client", journey.CodeClientSecret},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form := redeeming(w.code(t, "B2C_1A_signin", asking()), c.change...)
			var header []string
			if c.header != "" {
				header = []string{"Authorization", c.header}
			}
			rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form, header...)
			if c.oauth != "" {
				refused(t, rec, c.oauth, c.want)
				if len(w.redeemed) != 0 {
					t.Error("the code was spent")
				}
				return
			}
			if got := body(t, rec); got["id_token"] == nil {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestATokenRequestIsAFormOfSingleParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(kind, text string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, base+"/contoso/B2C_1A_signin"+tokenPath, strings.NewReader(text))
		r.Header.Set("Content-Type", kind)
		return w.serve(t, r)
	}
	const form = "application/x-www-form-urlencoded"
	refused(t, post("application/json", "{}"), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "code=%zz"), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "code="+strings.Repeat("x", 256<<10)), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "client_id=web&client_id=web"), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "client_id=web"), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "client_id=web&grant_type=magic"), "unsupported_grant_type", journey.CodeGrantType)
	refused(t, post(form, "client_id=web&grant_type=authorization_code"), "invalid_request", journey.CodeMissingParameter)
	refused(t, post(form, "client_id=web&grant_type=refresh_token"), "invalid_request", journey.CodeMissingParameter)
	refused(t, w.do(t, http.MethodPost, "B2C_1A_document"+tokenPath, redeeming("c")), "server_error", journey.CodeNoTokens)
	refused(t, w.do(t, http.MethodPost, "B2C_1A_nothing"+tokenPath, redeeming("c")), "invalid_request", journey.CodeUnknownPolicy)
	rec := w.do(t, http.MethodGet, "B2C_1A_signin"+tokenPath, nil)
	refused(t, rec, "invalid_request", journey.CodePostOnly)
	if rec.Header().Get("Allow") != "POST, OPTIONS" {
		t.Errorf("Allow %q", rec.Header().Get("Allow"))
	}
	w.appsErr = errDown
	refused(t, post(form, "client_id=web"), "server_error", journey.CodeInternal)
}

func TestACodeIsGoodForItsOwnRequestAlone(t *testing.T) {
	t.Parallel()
	proving := []string{"code_challenge", challenge, "code_challenge_method", "S256"}
	for _, c := range []struct {
		name   string
		query  url.Values
		policy string
		after  time.Duration
		change []string
		oauth  string
		want   journey.Code
	}{
		{"it is good", asking(), "B2C_1A_signin", 10*time.Minute - time.Second, nil, "", ""},
		{"it has expired", asking(), "B2C_1A_signin", 10 * time.Minute, nil, "invalid_grant", journey.CodeGrantExpired},
		{"another policy", asking(), "B2C_1A_full", 0, nil, "invalid_grant", journey.CodeOtherPolicy},
		{"another client", asking(), "B2C_1A_signin", 0, []string{"client_id", "code"}, "invalid_grant", journey.CodeOtherClient},
		{"it is no code", asking(), "B2C_1A_signin", 0, []string{"code", "nonsense"}, "invalid_grant", journey.CodeGrantMalformed},
		{"no redirect URI", asking(), "B2C_1A_signin", 0, []string{"redirect_uri", "-"}, "invalid_request", journey.CodeMissingParameter},
		{"another redirect URI", asking(), "B2C_1A_signin", 0, []string{"redirect_uri", "https://app.example/in?tenant=1"}, "invalid_grant", journey.CodeRedirectURI},
		{"a good verifier", asking(proving...), "B2C_1A_signin", 0, []string{"code_verifier", verifier}, "", ""},
		{"a good verifier without redirect URI", asking(proving...), "B2C_1A_signin", 0, []string{"code_verifier", verifier, "redirect_uri", "-"}, "", ""},
		{"a plain verifier", asking("code_challenge", verifier), "B2C_1A_signin", 0, []string{"code_verifier", verifier}, "", ""},
		{"a wrong verifier", asking(proving...), "B2C_1A_signin", 0, []string{"code_verifier", challenge}, "invalid_grant", journey.CodeVerifierMismatch},
		{"a wrong plain verifier", asking("code_challenge", challenge), "B2C_1A_signin", 0, []string{"code_verifier", verifier}, "invalid_grant", journey.CodeVerifierMismatch},
		{"no verifier", asking(proving...), "B2C_1A_signin", 0, nil, "invalid_grant", journey.CodeChallenge},
		{"a short verifier", asking(proving...), "B2C_1A_signin", 0, []string{"code_verifier", "short"}, "invalid_grant", journey.CodeChallenge},
		{"a verifier without challenge", asking(), "B2C_1A_signin", 0, []string{"code_verifier", verifier}, "invalid_grant", journey.CodeVerifierMismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form := redeeming(w.code(t, "B2C_1A_signin", c.query), c.change...)
			w.clock = start.Add(c.after)
			rec := w.do(t, http.MethodPost, c.policy+tokenPath, form)
			if c.oauth == "" {
				if got := body(t, rec); rec.Code != http.StatusOK || got["id_token"] == nil {
					t.Errorf("%v", got)
				}
				return
			}
			refused(t, rec, c.oauth, c.want)
		})
	}
}

func TestRedeemingTwiceRevokesTheFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access"))
	got := w.redeem(t, code)
	// The server remembers it, and the store revokes the family.
	refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, redeeming(code)), "invalid_grant", journey.CodeGrantRevoked)
	refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(got["refresh_token"].(string))), "invalid_grant", journey.CodeGrantRevoked)

	for _, c := range []struct {
		name  string
		err   error
		oauth string
		want  journey.Code
	}{
		{"account deleted", errGone, "invalid_grant", journey.CodeAccountDeleted},
		{"store down", errDown, "server_error", journey.CodeInternal},
	} {
		w := newWorld(t)
		code := w.code(t, "B2C_1A_signin", asking())
		w.grantsErr = c.err
		refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, redeeming(code)), c.oauth, c.want)
		if w.grantsErr = nil; c.oauth == "server_error" {
			w.redeem(t, code) // our own fault spends no code
		}
	}
}

func TestAPublicClientSendsNoSecret(t *testing.T) {
	t.Parallel()
	for id, uri := range map[string]string{"spa": "https://spa.example/in", "native": "http://localhost:7777/in"} {
		w := newWorld(t)
		code := w.code(t, "B2C_1A_signin", asking("client_id", id, "redirect_uri", uri, "code_challenge", challenge, "code_challenge_method", "S256"))
		form := redeeming(code, "client_id", id, "redirect_uri", uri, "code_verifier", verifier)
		refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form), "invalid_request", journey.CodePublicSecret)
		if rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, with(form, "client_secret", "-")); rec.Code != 200 {
			t.Errorf("%s: %s", id, rec.Body)
		}
	}
}

func TestTheTokenAnswerKeepsB2CsOrderAndForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := asking("scope", "openid offline_access https://contoso.example/api/read")
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, redeeming(w.code(t, "B2C_1A_signin", query), "client_info", "1"))
	order := []string{"access_token", "id_token", "token_type", "not_before", "expires_in", "expires_on", "resource", "id_token_expires_in", "profile_info", "scope", "client_info", "refresh_token", "refresh_token_expires_in"}
	at := -1
	for _, name := range order {
		next := strings.Index(rec.Body.String(), `"`+name+`":`)
		if next <= at {
			t.Errorf("%s isn't in its place: %s", name, rec.Body)
		}
		at = next
	}
	got := body(t, rec)
	if len(got) != len(order) || got["expires_in"] != 3600.0 || got["resource"] != "api" || got["not_before"] != float64(start.Unix()) {
		t.Errorf("%v", got)
	}
	if want := `{"ver":"1.0","tid":"` + tenantID + `","sub":null,"name":"Ada","preferred_username":null,"idp":"example.org"}`; got["profile_info"] != base64.RawURLEncoding.EncodeToString([]byte(want)) {
		t.Errorf("profile_info %v", got["profile_info"])
	}
	access := members(t, got["access_token"])
	if access["aud"] != "api" || access["azp"] != "web" || access["scp"] != "read" {
		t.Errorf("%v", access)
	}
	for header, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json; charset=utf-8"} {
		if rec.Header().Get(header) != want {
			t.Errorf("%s: %q", header, rec.Header().Get(header))
		}
	}

	// The issuer's metadata make texts of numbers, and change the issuer and acr.
	rec = w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, redeeming(w.code(t, "B2C_1A_full", asking("scope", "openid web"))))
	got = body(t, rec)
	if got["expires_in"] != "3600" || got["refresh_token"] != nil {
		t.Errorf("%v", got)
	}
	if id := members(t, got["id_token"]); id["iss"] != base+"/tfp/"+tenantID+"/b2c_1a_full/v2.0/" || id["acr"] != nil {
		t.Errorf("%v", id)
	}
}

func TestATokenRequestMayDropOfflineAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access")), "scope", "openid"); got["refresh_token"] != nil || got["scope"] != "openid" {
		t.Errorf("%v", got)
	}
}

func TestAnAccountThatTheJourneyClosedGetsNoRefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = func(b journey.Begin) (journey.Ran, error) {
		ran := finished(b)
		ran.Outcome.(*journey.Finished).Account.Closed = true
		return ran, nil
	}
	if got := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access"))); got["refresh_token"] != nil {
		t.Errorf("%v", got)
	}
}

func TestASubjectThatTheJourneyHasNotIsTheAccount(t *testing.T) {
	t.Parallel()
	for kept, want := range map[bool]string{true: user, false: "Not supported currently. Use oid claim."} {
		w := newWorld(t)
		w.outcome = func(b journey.Begin) (journey.Ran, error) {
			ran := finished(b)
			out := ran.Outcome.(*journey.Finished)
			if out.Subject = ""; !kept {
				out.Kept.Delete("objectId")
			}
			return ran, nil
		}
		if got := members(t, w.redeem(t, w.code(t, "B2C_1A_signin", asking()))["id_token"]); got["sub"] != want {
			t.Errorf("sub %v, want %s", got["sub"], want)
		}
	}
}

func TestOnlyTheClientsOwnPagesReadTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for origin, want := range map[string]string{"https://spa.example": "https://spa.example", "https://evil.example": "", "": ""} {
		rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, url.Values{"client_id": {"spa"}}, "Origin", origin)
		if got := rec.Header().Get("Access-Control-Allow-Origin"); got != want || rec.Header().Get("Vary") != "Origin" {
			t.Errorf("%q: %q", origin, got)
		}
	}
	for _, path := range []string{tokenPath, "/oauth2/v2.0/revoke"} {
		rec := w.do(t, http.MethodOptions, "B2C_1A_signin"+path, nil, "Origin", "https://spa.example")
		if rec.Code != http.StatusNoContent || rec.Header().Get("Access-Control-Allow-Methods") != "POST, OPTIONS" {
			t.Errorf("%s: %d %v", path, rec.Code, rec.Header())
		}
	}
}

func TestARefreshTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access")))["refresh_token"].(string)
	w.clock = start.Add(time.Hour)
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(first))
	got := body(t, rec)
	if rec.Code != 200 || got["refresh_token"] == nil || got["refresh_token"] == first {
		t.Fatalf("%v", got)
	}
	if id := members(t, got["id_token"]); id["auth_time"] != float64(start.Unix()) || id["iat"] != float64(start.Unix()+3600) || id["name"] != "Ada" {
		t.Errorf("%v", id)
	}
	if len(w.begun) != 1 {
		t.Error("a policy without a refresh journey ran one")
	}
	if last := w.records[len(w.records)-1]; last.Activity != audit.TokenExchanged || last.Targets[0].ID != user {
		t.Errorf("%+v", last)
	}
	refused(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(first)), "invalid_grant", journey.CodeGrantRevoked)
}

func TestARefreshTokenThatIsNoGoodIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy string
		change []string
		spoil  func(w *world)
		oauth  string
		want   journey.Code
	}{
		{"it is none", "B2C_1A_signin", []string{"refresh_token", "nonsense"}, nil, "invalid_grant", journey.CodeGrantMalformed},
		{"another policy", "B2C_1A_full", nil, nil, "invalid_grant", journey.CodeOtherPolicy},
		{"another client", "B2C_1A_signin", []string{"client_id", "code"}, nil, "invalid_grant", journey.CodeOtherClient},
		{"a wrong secret", "B2C_1A_signin", []string{"client_secret", "guessed"}, nil, "invalid_client", journey.CodeClientSecret},
		{"it has expired", "B2C_1A_signin", nil, func(w *world) { w.clock = start.Add(14 * 24 * time.Hour) }, "invalid_grant", journey.CodeGrantExpired},
		{"the account is gone", "B2C_1A_signin", nil, func(w *world) { w.standingErr = directory.ErrNotFound }, "invalid_grant", journey.CodeAccountDeleted},
		{"the account's grants were ended", "B2C_1A_signin", nil, func(w *world) { w.standing.Epoch = 2 }, "invalid_grant", journey.CodeGrantRevoked},
		{"the directory is down", "B2C_1A_signin", nil, func(w *world) { w.standingErr = errDown }, "server_error", journey.CodeInternal},
		{"the key is gone", "B2C_1A_signin", nil, func(w *world) { w.keysErr = errNoKey }, "server_error", journey.CodeNoActiveKey},
		{"an unknown scope", "B2C_1A_signin", []string{"scope", "photos"}, nil, "invalid_request", journey.CodeUnknownScope},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			text := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access")))["refresh_token"].(string)
			if c.spoil != nil {
				c.spoil(w)
			}
			refused(t, w.do(t, http.MethodPost, c.policy+tokenPath, renewing(text, c.change...)), c.oauth, c.want)
		})
	}
}

func TestARefreshNarrowsTheScopesOrChangesTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ scope, want, resource string }{
		{"", "openid offline_access https://contoso.example/api/read", "api"},
		{"openid", "openid", ""},
		{"offline_access https://contoso.example/other/read profile", "offline_access https://contoso.example/other/read", "other"},
	} {
		text := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access https://contoso.example/api/read")))["refresh_token"].(string)
		got := body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(text, "scope", c.scope)))
		resource, _ := got["resource"].(string)
		if got["scope"] != c.want || resource != c.resource {
			t.Errorf("%q: %v", c.scope, got)
		}
	}
}

func TestASinglePageApplicationsRefreshTokensEndADayAfterTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	query := asking("client_id", "spa", "redirect_uri", "https://spa.example/in", "code_challenge", challenge, "code_challenge_method", "S256", "scope", "openid offline_access")
	form := redeeming(w.code(t, "B2C_1A_signin", query), "client_id", "spa", "client_secret", "-", "redirect_uri", "https://spa.example/in", "code_verifier", verifier)
	got := body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, form))
	if got["refresh_token_expires_in"] != 86400.0 {
		t.Fatalf("%v", got)
	}
	w.clock = start.Add(20 * time.Hour)
	got = body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(got["refresh_token"].(string), "client_id", "spa", "client_secret", "-")))
	if got["refresh_token_expires_in"] != 4*3600.0 {
		t.Errorf("%v", got)
	}
}

func TestTheRollingWindowEndsAFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.redeem(t, w.code(t, "B2C_1A_signin", asking("scope", "openid offline_access")))
	for day := 13; day <= 78; day += 13 {
		w.clock = start.Add(time.Duration(day) * 24 * time.Hour)
		got = body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, renewing(got["refresh_token"].(string))))
	}
	if got["refresh_token_expires_in"] != 12*86400.0 { // of 90 days
		t.Errorf("%v", got)
	}
}

func TestARefreshJourneyDecidesAboutTheNextTokens(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*world, string) {
		w := newWorld(t)
		form := redeeming(w.code(t, "B2C_1A_full", asking("scope", "openid offline_access")))
		return w, body(t, w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, form))["refresh_token"].(string)
	}
	w, text := begin(t)
	w.outcome = func(b journey.Begin) (journey.Ran, error) {
		ran := finished(b)
		ran.Outcome.(*journey.Finished).Claims = ran.Outcome.(*journey.Finished).Claims[1:]
		return ran, nil
	}
	got := body(t, w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, renewing(text, "campaign", "spring")))
	if id := members(t, got["id_token"]); id["name"] != nil || id["idp"] != "example.org" {
		t.Errorf("%v", id)
	}
	b := w.begun[len(w.begun)-1]
	mode, ok := b.Mode.(*journey.Renewal)
	if !ok || mode.Claims.Get("objectId").String() != user || !mode.IssuedAt.Equal(start) {
		t.Errorf("%+v", b.Mode)
	}
	if b.Request.Parameters["refresh_token"] != "" || b.Request.Parameters["client_secret"] != "" || b.Request.Parameters["client_id"] != "web" {
		t.Errorf("%v", b.Request.Parameters)
	}
	for _, c := range []struct {
		name    string
		outcome func(journey.Begin) (journey.Ran, error)
		oauth   string
		want    journey.Code
	}{
		{"not valid any more", failing(journey.Fail(journey.CodeNotValid, nil)), "invalid_grant", journey.CodeGrantRevoked},
		{"disabled", failing(journey.Fail(journey.CodeAccountDisabled, nil)), "invalid_grant", journey.CodeGrantRevoked},
		{"no such user", failing(journey.Fail(journey.CodeUserNotFound, nil)), "invalid_grant", journey.CodeAccountDeleted},
		{"another failure", failing(journey.Fail(journey.CodeInternal, errDown)), "server_error", journey.CodeInternal},
		{"an error", func(journey.Begin) (journey.Ran, error) { return journey.Ran{}, errDown }, "server_error", journey.CodeInternal},
		{"a page", func(journey.Begin) (journey.Ran, error) { return journey.Ran{Outcome: &journey.ShowPage{}}, nil }, "interaction_required", journey.CodeInteractionRequired},
		{"a document", func(b journey.Begin) (journey.Ran, error) {
			return journey.Ran{Outcome: &journey.Finished{Journey: journeyOf(b), Program: b.Program, Issued: new(journey.Document)}}, nil
		}, "server_error", journey.CodeNoTokens},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, text := begin(t)
			w.outcome = c.outcome
			refused(t, w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, renewing(text)), c.oauth, c.want)
			if len(w.redeemed) != 1 {
				t.Error("the refresh token was spent")
			}
		})
	}
}

func TestThrottlingHasAStatusOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.outcome = failing(journey.Fail(journey.CodeThrottled, nil))
	rec := w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"web"}, "client_secret": {secret}, "scope": {"https://contoso.example/api/.default"},
	})
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") != "5" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}
