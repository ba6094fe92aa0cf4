package msgraph_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/msgraph/msgraphtest"
)

// ask posts a form to the token endpoint.
func ask(g *msgraphtest.Graph, form url.Values, v1 bool, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/contoso.example/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	g.Server.ServeToken(w, r, v1)
	return w
}

func TestTheTokenEndpointAnswersApplications(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	app, secret := g.Register(t, "User.Read.All")
	form := func(pairs ...string) url.Values {
		f := url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}, "client_id": {app.AppID}, "client_secret": {secret}}
		for i := 0; i < len(pairs); i += 2 {
			if f.Del(pairs[i]); pairs[i+1] != "" {
				f.Set(pairs[i], pairs[i+1])
			}
		}
		return f
	}
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		v1     bool
		change func(*http.Request)
		status int
		want   string
	}{
		{"v2", form(), false, nil, 200, `"expires_in":3600,"ext_expires_in":3600`},
		{"v1", form("scope", "", "resource", "https://graph.microsoft.com/"), true, nil, 200, `"expires_in":"3600","ext_expires_in":"3600","expires_on":"1767326645","not_before":"1767323045","resource":"https://graph.microsoft.com"`},
		{"scopes that MSAL adds", form("scope", "openid offline_access profile https://graph.microsoft.com/.default"), false, nil, 200, "access_token"},
		{"Graph's id", form("scope", msgraph.GraphAppID), false, nil, 200, "access_token"},
		{"Graph's id and all scopes", form("scope", msgraph.GraphAppID+"/.default"), false, nil, 200, "access_token"},
		{"Basic", form("client_id", "", "client_secret", ""), false, basic(app.AppID, secret), 200, "access_token"},
		{"Basic and the same in the form", form(), false, basic(app.AppID, secret), 200, "access_token"},
		{"Basic and another in the form", form(), false, basic(app.AppID, "x"), 400, "in two ways that differ"},
		{"another method", form(), false, func(r *http.Request) { r.Method = http.MethodGet }, 400, "AADSTS900561"},
		{"another grant", form("grant_type", "password"), false, nil, 400, "unsupported_grant_type"},
		{"another API", form("scope", "https://api.example/.default"), false, nil, 400, "invalid_scope"},
		{"an unknown application", form("client_id", "x"), false, nil, 400, `AADSTS700016: Application with identifier 'x' was not found in the directory 'contoso.example'.`},
		{"a wrong secret", form("client_secret", "x"), false, nil, 401, "AADSTS7000215: Invalid client secret provided."},
		{"no secret", form("client_secret", ""), false, nil, 401, "AADSTS7000215"},
		{"a secret and an assertion", form("client_assertion", "x"), false, nil, 401, "by both a secret and an assertion"},
		{"an assertion of another type", form("client_secret", "", "client_assertion", "x", "client_assertion_type", "y"), false, nil, 401, "AADSTS70002"},
		{"an assertion that is none", form("client_secret", "", "client_assertion", "x", "client_assertion_type", application.AssertionType), false, nil, 401, "AADSTS50027"},
	} {
		w := ask(g, tt.form, tt.v1, tt.change)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
	}
	failures := 0
	for _, r := range g.NewRecords(t) {
		if r.Activity == "Authenticate to the admin API" && r.Result == "failure" {
			failures++
		}
	}
	if want := 6; failures != want {
		t.Errorf("records of failures: got %d, want %d", failures, want)
	}
}

func TestAnAssertionProvesAnApplication(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	made, private := msgraphtest.Certificate(t, "client")
	kept, err := application.NewCertificate("client", made.Raw)
	if err != nil {
		t.Fatal(err)
	}
	app := application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "Tool", AdminRoles: []string{"User.Read.All"}, Certificates: []application.Certificate{kept}}
	if err := g.Apps.Create(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	assertion := func(audience string) string {
		sum := sha256.Sum256(made.Raw)
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: private}, (&jose.SignerOptions{}).WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(sum[:])))
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: app.AppID, Subject: app.AppID, Audience: jwt.Audience{audience}, ID: uuid.NewString(), Expiry: jwt.NewNumericDate(msgraphtest.Now().Add(time.Minute)),
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for audience, want := range map[string]int{
		msgraphtest.Base + "/" + msgraphtest.Tenant + "/oauth2/v2.0/token": 200, msgraphtest.Base + "/" + msgraphtest.TenantID + "/v2.0": 200,
		"https://sts.windows.net/" + msgraphtest.TenantID + "/": 200, "https://other.example/token": 401,
	} {
		w := ask(g, url.Values{
			"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}, "client_assertion_type": {application.AssertionType}, "client_assertion": {assertion(audience)},
		}, false, nil)
		if w.Code != want {
			t.Errorf("%s: got %d %s, want %d", audience, w.Code, w.Body, want)
		}
	}
}

func TestTokensAreGoodAsLongAsTheirSecret(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	token := g.Token(t, "User.Read.All")
	call := func(header string) int {
		r := httptest.NewRequest(http.MethodGet, "/v1.0/things", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		g.Server.ServeHTTP(w, r)
		if challenge := w.Header().Get("WWW-Authenticate"); (w.Code == http.StatusUnauthorized) != (challenge != "") {
			t.Errorf("%d: WWW-Authenticate: got %q", w.Code, challenge)
		}
		return w.Code
	}
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"a token", "bearer " + token, 200}, {"the static token", "Bearer " + msgraphtest.AdminToken, 200}, {"nothing", "", 401}, {"another scheme", "Basic " + token, 401},
		{"no token", "Bearer x", 401}, {"a changed token", "Bearer " + token[:len(token)-4] + "AAAA", 401},
	} {
		if got := call(tt.header); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
	apps, err := g.Apps.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Apps.Update(t.Context(), apps[0].ID, func(a *application.Application) error {
		a.Secrets = nil
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := call("Bearer " + token); got != 401 {
		t.Errorf("a token whose secret was removed: got %d, want 401", got)
	}
}

func TestWhoGuessesIsSlowedDown(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	app, secret := g.Register(t, "User.Read.All")
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}, "client_id": {app.AppID}, "client_secret": {"guess"}}
	last := 0
	for range 70 {
		last = ask(g, form, false, nil).Code
	}
	if last != 429 {
		t.Errorf("after many guesses: got %d, want 429", last)
	}
	form.Set("client_secret", secret)
	if got := ask(g, form, false, nil); got.Code != 200 {
		t.Errorf("a secret that can't be guessed: got %d %s, want 200", got.Code, got.Body)
	}
	for token, want := range map[string]int{"guess": 429, strings.Repeat("x", 40): 429, msgraphtest.AdminToken: 200} {
		r := httptest.NewRequest(http.MethodGet, "/v1.0/things", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		g.Server.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("token %s: got %d, want %d", token, w.Code, want)
		}
	}
	// Another address has failures of its own.
	g.Server.RemoteIP = func(*http.Request) string { return "198.51.100.7" }
	form.Set("client_secret", "guess")
	if got := ask(g, form, false, nil).Code; got != 401 {
		t.Errorf("another client: got %d, want 401", got)
	}
}

// broken is a store of applications that fails.
type broken struct{}

func (broken) GetByAppID(context.Context, string) (application.Application, error) {
	return application.Application{}, errors.New("the disk is gone")
}

func TestAFaultOfTheTokenEndpointIsNotExplained(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	g.Server.Apps = broken{}
	w := ask(g, url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}, "client_id": {"x"}, "client_secret": {"y"}}, false, nil)
	if w.Code != 500 || !strings.Contains(w.Body.String(), "AADSTS90033: A transient error has occurred.") || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("got %d %s, want 500 without a reason", w.Code, w.Body)
	}
}

func TestTheSigningKeyIsMadeWhenFirstNeeded(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	if err := g.Server.OwnKeys.Delete(t.Context(), "AdminTokens"); err != nil {
		t.Fatal(err)
	}
	g.Run(t, []msgraphtest.Step{{Name: "call", Path: "/v1.0/things", Token: g.Token(t, "User.Read.All")}})
}

func TestPermissionsHaveGraphsIDs(t *testing.T) {
	t.Parallel()
	if got, ok := msgraph.Permission("DF021288-bdef-4463-88db-98f22de89214"); !ok || got != "User.Read.All" {
		t.Errorf("got %s, %t, want User.Read.All", got, ok)
	}
	if got, ok := msgraph.Permission("x"); ok {
		t.Errorf("got %s, want none", got)
	}
}
