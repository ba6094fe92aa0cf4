package federation_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/provider/providertest"
)

// elsewhere is a stage with an identity provider, whose clock is the stage's.
type elsewhere struct {
	*Stage
	idp    *providertest.IdentityProvider
	caller *providertest.Caller
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{idp: providertest.NewIdentityProvider(nil)}
	e.caller = &providertest.Caller{Handler: e.idp}
	keys := &providertest.Keys{Secrets: map[string]string{"B2C_1A_Client": "s3cret\r\n"}}
	e.Stage = New(t, oauth2(e.caller, keys), openID(e.caller, keys, nil), hint(e.caller, keys))
	e.idp.Now = e.Clock.Now
	return e
}

// policy signs in at the provider; metadata are pairs of key and value.
func policy(protocol string, outputs string, metadata ...string) Policy {
	m := append([]string{"client_id", "client"}, metadata...)
	if protocol == isOAuth2 {
		m = append(m, "authorization_endpoint", "https://idp.example/authorize", "AccessTokenEndpoint", "https://idp.example/token", "ClaimsEndpoint", "https://idp.example/userinfo")
	}
	key := secret
	if strings.Contains(strings.Join(metadata, " "), "private_key_jwt") {
		key = `<CryptographicKeys><Key Id="assertion_signing_key" StorageReferenceId="B2C_1A_Assertion" /></CryptographicKeys>`
	}
	return Policy{Claims: "sub1 name city token login", Profiles: ProfileOf("IdP", protocol, Metadata(m...)+key+outputs), Steps: []string{Run("IdP")}}
}

const document = "https://idp.example/.well-known/openid-configuration"

// signIn goes to the provider and comes back with a code, and more parameters.
func (e *elsewhere) signIn(t *testing.T, p Policy, back ...string) *User {
	t.Helper()
	u := e.User().Visit(e.Compile(p), "login_hint", "ada")
	e.idp.Authorize(t, u.Away())
	return u.Return(append([]string{"code", "c0de"}, back...)...)
}

// policy-engine §5.6: the authorization request, and what OAuth 2 adds to it.
func TestTheAuthorizationRequest(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	inputs := `<InputClaims><InputClaim ClaimTypeReferenceId="login" PartnerClaimType="login_hint" DefaultValue="{OIDC:LoginHint}" /><InputClaim ClaimTypeReferenceId="name" PartnerClaimType="client_id" DefaultValue="evil" /></InputClaims>`
	for _, c := range []struct {
		name     string
		p        Policy
		want     map[string]string
		lacks    []string
		redirect string
	}{
		{"OAuth 2", policy(isOAuth2, inputs, "scope", "profile", "AdditionalRequestQueryParameters", "?a=b&c=d", "ClientIdParamName", "appid"),
			map[string]string{"appid": "client", "response_type": "code", "scope": "profile", "a": "b", "c": "d", "login_hint": "ada", "code_challenge_method": "S256", "client_id": "evil"}, []string{"nonce", "response_mode"}, "https://login.example/contoso.onmicrosoft.com/oauth2/authresp"},
		{"OpenID Connect, the defaults", policy(isOpenID, inputs, "METADATA", document),
			map[string]string{"client_id": "client", "response_type": "id_token", "response_mode": "form_post", "scope": "openid"}, []string{"code_challenge"}, "https://login.example/contoso.onmicrosoft.com/oauth2/authresp"},
		{"a code in a fragment comes in the query", policy(isOpenID, inputs, "METADATA", document, "response_types", "code", "response_mode", "fragment", "UsePolicyInRedirectUri", "true"),
			map[string]string{"response_type": "code", "response_mode": "query"}, nil, "https://login.example/contoso.onmicrosoft.com/B2C_1A_Test/oauth2/authresp"},
		{"the profile's own endpoint", policy(isOpenID, inputs, "METADATA", document, "authorization_endpoint", "https://idp.example/{tenant}/authorize"), map[string]string{}, nil, "https://login.example/contoso.onmicrosoft.com/oauth2/authresp"},
	} {
		u := e.User().Visit(e.Compile(c.p), "login_hint", "ada")
		q := e.idp.Authorize(t, u.Away())
		for name, want := range c.want {
			if q.Get(name) != want {
				t.Errorf("%s: %s=%q", c.name, name, q.Get(name))
			}
		}
		for _, name := range c.lacks {
			if q.Has(name) {
				t.Errorf("%s: has %s", c.name, name)
			}
		}
		if q.Get("redirect_uri") != c.redirect || len(q.Get("state")) < 60 {
			t.Errorf("%s: %v", c.name, q)
		}
	}
}

// policy-engine §5.6: token and claims endpoint.
func TestAnOAuth2ProviderGivesClaims(t *testing.T) {
	t.Parallel()
	out := Outputs("sub1=id", "name", "city", "token={oauth2:access_token}")
	for _, c := range []struct {
		name     string
		metadata []string
		change   func(p *providertest.IdentityProvider)
		claims   string
		check    func(t *testing.T, p *providertest.IdentityProvider)
	}{
		{"as usual", nil, func(p *providertest.IdentityProvider) { p.User = map[string]any{"name": "Ada"} }, "name=Ada sub1=user token=access", func(t *testing.T, p *providertest.IdentityProvider) {
			f := p.Redeemed[0]
			if f.Get("client_secret") != "s3cret" || f.Get("code") != "c0de" || f.Get("grant_type") != "authorization_code" || f.Get("code_verifier") == "" || p.Asked[0].Get("access_token") != "access" {
				t.Errorf("%v, %v", f, p.Asked)
			}
		}},
		{"members of the token answer; the user's own win", nil, func(p *providertest.IdentityProvider) {
			p.Token, p.User = map[string]any{"name": "token's", "city": "Oslo"}, map[string]any{"name": "Ada"}
		}, "city=Oslo name=Ada sub1=user token=access", nil},
		{"basic authentication", []string{"token_endpoint_auth_method", "client_secret_basic"}, nil, "sub1=user token=access", func(t *testing.T, p *providertest.IdentityProvider) {
			if p.Heads[0].Get("Authorization") != "Basic Y2xpZW50OnMzY3JldA==" || p.Redeemed[0].Has("client_secret") {
				t.Errorf("%v, %v", p.Heads[0], p.Redeemed[0])
			}
		}},
		{"a signed assertion", []string{"token_endpoint_auth_method", "private_key_jwt"}, nil, "sub1=user token=access", func(t *testing.T, p *providertest.IdentityProvider) {
			if f := p.Redeemed[0]; strings.Count(f.Get("client_assertion"), ".") != 2 || f.Get("client_assertion_type") == "" || f.Has("client_secret") {
				t.Errorf("%v", f)
			}
		}},
		{"the token in a header, by GET", []string{"HttpBinding", "GET", "BearerTokenTransmissionMethod", "AuthorizationHeader", "UserAgentForClaimsExchange", "{policy} of {tenant}"}, nil, "sub1=user token=access", func(t *testing.T, p *providertest.IdentityProvider) {
			if p.Heads[1].Get("Authorization") != "Bearer access" || p.Asked[0].Has("access_token") || p.Heads[0].Get("User-Agent") != "B2C_1A_Test of "+Tenant {
				t.Errorf("%v", p.Heads)
			}
		}},
		{"other names", []string{"ClientSecretParamName", "secret", "ClaimsEndpointAccessTokenName", "oauth_token", "ClaimsEndpointFormatName", "format", "ClaimsEndpointFormat", "json", "ExtraParamsInClaimsEndpointRequest", "openid, fields=id%2Cname"},
			func(p *providertest.IdentityProvider) { p.Token = map[string]any{"openid": "o1"} }, "sub1=user token=access", func(t *testing.T, p *providertest.IdentityProvider) {
				if diff := cmp.Diff(url.Values{"oauth_token": {"access"}, "format": {"json"}, "openid": {"o1"}, "fields": {"id,name"}}, p.Asked[0]); diff != "" || p.Redeemed[0].Get("secret") != "s3cret" {
					t.Error(diff)
				}
			}},
		{"a form as answer", nil, func(p *providertest.IdentityProvider) { p.Form = true }, "sub1=user token=access", nil},
		{"JSON paths", []string{"ResolveJsonPathsInJsonTokens", "true"}, func(p *providertest.IdentityProvider) { p.User = map[string]any{"name": "Ada"} }, "name=Ada sub1=user token=access", nil},
		{"an id token for the right audience", []string{"IdTokenAudience", "client"}, nil, "sub1=user token=access", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newElsewhere(t)
			if c.change != nil {
				c.change(e.idp)
			}
			if got := e.signIn(t, policy(isOAuth2, out, c.metadata...)).Claims(); got != c.claims {
				t.Errorf("claims: %s", got)
			}
			if c.check != nil {
				c.check(t, e.idp)
			}
			if log := e.Log.String(); strings.Contains(log, "s3cret") || strings.Contains(log, "c0de") {
				t.Error("the log has a secret")
			}
		})
	}
}

// policy-engine §4.9: errors of the provider.
func TestAnOAuth2ProviderThatRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		metadata []string
		change   func(e *elsewhere)
		back     []string
		code     journey.Code
		public   string
	}{
		{"the user declined", nil, nil, []string{"error", "access_denied", "error_description", "No."}, journey.CodeProviderResponse, "An invalid response was received: 'Error: access_denied,Error Description: No.'"},
		{"a long description is cut", nil, nil, []string{"error", "x", "error_description", strings.Repeat("é", 300)}, journey.CodeProviderResponse, "An invalid response was received: 'Error: x,Error Description: " + strings.Repeat("é", 200) + "'"},
		{"no code", nil, nil, []string{"code", ""}, journey.CodeProviderResponse, ""},
		{"the token endpoint refuses", nil, func(e *elsewhere) { e.idp.TokenStatus = 400 }, nil, journey.CodeProviderResponse, ""},
		{"the token endpoint fails", []string{"MarkAsFailureOnStatusCode5xx", "true"}, func(e *elsewhere) { e.idp.TokenStatus = 503 }, nil, journey.CodeUnreachable, ""},
		{"no access token", nil, func(e *elsewhere) { e.idp.Token = map[string]any{"access_token": nil} }, nil, journey.CodeProviderResponse, ""},
		{"the claims endpoint refuses", nil, func(e *elsewhere) { e.idp.UserStatus = 401 }, nil, journey.CodeProviderResponse, ""},
		{"an error with status 200", []string{"ResponseErrorCodeParamName", "errcode"}, func(e *elsewhere) { e.idp.User = map[string]any{"errcode": 40001, "errmsg": "bad"} }, nil, journey.CodeProviderResponse, "An invalid response was received: 'Error: 40001,Error Description: bad'"},
		{"no error with status 200", []string{"ResponseErrorCodeParamName", "errcode"}, func(e *elsewhere) { e.idp.User = map[string]any{"errcode": 0} }, nil, "", ""},
		{"nobody answers", nil, func(e *elsewhere) { e.caller.Err = outbound.ErrTimeout }, nil, journey.CodeUnreachable, ""},
		{"an id token for another audience", []string{"IdTokenAudience", "other"}, nil, nil, journey.CodeProviderResponse, ""},
		{"an id token that is none", []string{"IdTokenAudience", "other"}, func(e *elsewhere) { e.idp.Token = map[string]any{"id_token": "x"} }, nil, journey.CodeProviderResponse, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newElsewhere(t)
			if c.change != nil {
				c.change(e)
			}
			u := e.signIn(t, policy(isOAuth2, Outputs("sub1=id"), c.metadata...), c.back...)
			if c.code == "" {
				u.Finished()
				return
			}
			if f := u.Failed(); f.Code != c.code || c.public != "" && f.Public != c.public || f.Cause == nil {
				t.Errorf("failure: %+v", f)
			}
			if records := e.Audits.Take(); len(records) != 1 {
				t.Errorf("%d records", len(records))
			}
		})
	}
}

// policy-engine §5.5; OpenID Connect Core §3.1.3.7: the checks of an id token.
func TestIDTokensAreChecked(t *testing.T) {
	t.Parallel()
	now := New(t).Clock.Now()
	for _, c := range []struct {
		name     string
		metadata []string
		token    map[string]any
		document map[string]any
		back     []string
		good     bool
	}{
		{"as it should be", nil, nil, nil, nil, true},
		{"no nonce", nil, map[string]any{"nonce": nil}, nil, nil, false},
		{"another nonce", nil, map[string]any{"nonce": "x"}, nil, nil, false},
		{"another issuer", nil, map[string]any{"iss": "https://evil.example"}, nil, nil, false},
		{"another audience", nil, map[string]any{"aud": "other"}, nil, nil, false},
		{"an audience of the profile's own", []string{"IdTokenAudience", "api"}, map[string]any{"aud": "api"}, nil, nil, true},
		{"several audiences without azp", nil, map[string]any{"aud": []string{"client", "x"}}, nil, nil, false},
		{"another client's", nil, map[string]any{"azp": "x"}, nil, nil, false},
		{"expired within five minutes", nil, map[string]any{"exp": now.Add(-4 * time.Minute).Unix()}, nil, nil, true},
		{"expired", nil, map[string]any{"exp": now.Add(-6 * time.Minute).Unix()}, nil, nil, false},
		{"no expiry", nil, map[string]any{"exp": nil}, nil, nil, false},
		{"the profile's own issuer", []string{"issuer", "https://own.example"}, map[string]any{"iss": "https://own.example"}, nil, nil, true},
		{"a tenant's issuer", nil, map[string]any{"iss": "https://idp.example/7f/v2", "tid": "7f"}, map[string]any{"issuer": "https://idp.example/{tenantid}/v2"}, nil, true},
		{"another tenant's", nil, map[string]any{"iss": "https://idp.example/8f/v2", "tid": "7f"}, map[string]any{"issuer": "https://idp.example/{tenantid}/v2"}, nil, false},
		{"a tenant that climbs", nil, map[string]any{"iss": "https://idp.example/a/b/v2", "tid": "a/b"}, map[string]any{"issuer": "https://idp.example/{tenantid}/v2"}, nil, false},
		{"a valid prefix", []string{"ValidTokenIssuerPrefixes", "https://x.example/, https://idp.example/"}, map[string]any{"iss": "https://idp.example/any"}, nil, nil, true},
		{"no valid prefix", []string{"ValidTokenIssuerPrefixes", "https://x.example/"}, nil, nil, nil, false},
		{"no key set", nil, nil, map[string]any{"jwks_uri": nil}, nil, false},
		{"the answer names its issuer", nil, nil, nil, []string{"iss", "https://idp.example"}, true},
		{"the answer is another's", nil, nil, nil, []string{"iss", "https://evil.example"}, false},
		{"the answer lacks a promised name", nil, nil, map[string]any{"authorization_response_iss_parameter_supported": true}, nil, false},
		{"the answer names a tenant, the token another", nil, map[string]any{"iss": "https://idp.example/7f/v2", "tid": "7f"}, map[string]any{"issuer": "https://idp.example/{tenantid}/v2"}, []string{"iss", "https://idp.example/8f/v2"}, false},
		{"an error in another's name", nil, nil, nil, []string{"iss", "https://evil.example", "error", "call this number"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newElsewhere(t)
			e.idp.IDToken, e.idp.Document = c.token, c.document
			u := e.signIn(t, policy(isOpenID, Outputs("sub1=sub"), append(c.metadata, "METADATA", document, "response_types", "code")...), c.back...)
			if c.good {
				if got := u.Claims(); got != "sub1=user" {
					t.Errorf("claims: %s", got)
				}
				return
			}
			if f := u.Failed(); f.Code != journey.CodeProviderResponse || strings.Contains(f.Public, "number") {
				t.Errorf("failure: %+v", f)
			}
		})
	}
}

// An id token that comes by the browser, and other ways through the protocol.
func TestWaysThroughOpenIDConnect(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	direct := policy(isOpenID, Outputs("sub1=sub", "name"), "METADATA", document)
	u := e.User().Visit(e.Compile(direct))
	e.idp.Authorize(t, u.Away())
	if got := u.Return("id_token", e.idp.IDTokenText(t)).Claims(); got != "sub1=user" {
		t.Errorf("by the browser: %s", got)
	}
	for _, bad := range []string{"", "x.y.z"} {
		u := e.User().Visit(e.Compile(direct))
		e.idp.Authorize(t, u.Away())
		if f := u.Return("id_token", bad).Failed(); f.Code != journey.CodeProviderResponse {
			t.Errorf("%q: %v", bad, f)
		}
	}
	// ClaimsEndpoint adds what the id token lacks, of the same user.
	e.idp.User = map[string]any{"name": "Ada"}
	with := policy(isOpenID, Outputs("sub1=sub", "name"), "METADATA", document, "response_types", "code", "ClaimsEndpoint", "https://idp.example/userinfo")
	if got := e.signIn(t, with).Claims(); got != "name=Ada sub1=user" {
		t.Errorf("with a claims endpoint: %s", got)
	}
	e.idp.User = map[string]any{"name": "Eve", "sub": "other"}
	if got := e.signIn(t, with).Claims(); got != "sub1=user" {
		t.Errorf("another user's claims: %s", got)
	}
	e.idp.UserStatus = 500
	if got := e.signIn(t, with).Claims(); got != "sub1=user" {
		t.Errorf("a claims endpoint that fails: %s", got)
	}
	e.idp.User, e.idp.UserStatus = nil, 0
	// Endpoints in place of METADATA; the issuer's own document has the keys.
	own := policy(isOpenID, Outputs("sub1=sub"), "authorization_endpoint", "https://idp.example/authorize", "AccessTokenEndpoint", "https://idp.example/token", "issuer", "https://idp.example", "response_types", "code")
	if got := e.signIn(t, own).Claims(); got != "sub1=user" {
		t.Errorf("the issuer's document: %s", got)
	}
	keys := policy(isOpenID, Outputs("sub1=sub"), "authorization_endpoint", "https://idp.example/authorize", "AccessTokenEndpoint", "https://idp.example/token", "JWKS", "https://idp.example/keys", "response_types", "code")
	if got := e.signIn(t, keys).Claims(); got != "sub1=user" {
		t.Errorf("a key set alone: %s", got)
	}
	// DiscoverMetadataByTokenIssuer.
	e.idp.IDToken = map[string]any{"iss": "https://idp.example/t1"}
	byIssuer := policy(isOpenID, Outputs("sub1=sub"), "METADATA", document, "response_types", "code", "DiscoverMetadataByTokenIssuer", "true", "ValidTokenIssuerPrefixes", "https://idp.example/")
	if f := e.signIn(t, byIssuer).Failed(); !strings.Contains(f.Error(), "is another's") {
		t.Errorf("a document of another issuer: %v", f)
	}
	e.idp.IDToken = map[string]any{"iss": "https://evil.example/t1"}
	if f := e.signIn(t, byIssuer).Failed(); !strings.Contains(f.Error(), "none of the valid prefixes") {
		t.Errorf("an issuer without valid prefix: %v", f)
	}
}

// Documents and keys are kept for an hour; a key that isn't known is looked for once a minute.
func TestDocumentsAreKept(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	p := policy(isOpenID, Outputs("sub1=sub"), "METADATA", document, "response_types", "code")
	count := func(word string) int {
		n := 0
		for _, c := range e.caller.Calls() {
			if strings.Contains(c.URL, word) {
				n++
			}
		}
		return n
	}
	for range 2 {
		e.signIn(t, p).Finished()
	}
	if count("openid-configuration") != 1 || count("/keys") != 1 {
		t.Errorf("asked %d and %d times", count("openid-configuration"), count("/keys"))
	}
	e.Clock.Advance(time.Hour)
	e.signIn(t, p).Finished()
	if count("openid-configuration") != 2 || count("/keys") != 2 {
		t.Errorf("after an hour: %d and %d times", count("openid-configuration"), count("/keys"))
	}
	// An old document is better than none; no document at all ends the journey.
	e.Clock.Advance(time.Hour)
	e.caller.Handler = providertest.Answers(500, "").Handler
	u := e.User().Visit(e.Compile(p))
	u.Away()
	fresh := newElsewhere(t)
	for _, answer := range []*providertest.Caller{providertest.Answers(500, ""), providertest.Answers(200, "<html>"), providertest.Refuses(outbound.ErrUnresolved)} {
		fresh.caller.Handler, fresh.caller.Err = answer.Handler, answer.Err
		if f := fresh.User().Visit(fresh.Compile(p)).Failed(); f.Code != journey.CodeUnreachable {
			t.Errorf("failure: %v", f)
		}
	}
}

// policy-engine §5.5: ReadBodyClaimsOnIdpRedirect; Apple posts the name once.
func TestTheFormThatComesBackIsRemembered(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	p := e.Compile(policy(isOpenID, Outputs("sub1=sub", "name=user.name.firstName"), "METADATA", document, "response_types", "code", "ReadBodyClaimsOnIdpRedirect", "user.name.firstName"))
	u := e.User()
	back := func(fields ...string) *User {
		u.Visit(p)
		e.idp.Authorize(t, u.Away())
		return u.Return(fields...)
	}
	if got := back("code", "c", "user", `{"name":{"firstName":"Ada"}}`).Claims(); got != "name=Ada sub1=user" {
		t.Errorf("claims: %s", got)
	}
	// The first answer is lost: the name is there the next time, for the same user alone.
	back("error", "server_error", "user", `{"name":{"firstName":"Ada"}}`).Failed()
	if got := back("code", "c").Claims(); got != "name=Ada sub1=user" {
		t.Errorf("remembered: %s", got)
	}
	if got := back("code", "c").Claims(); got != "sub1=user" {
		t.Errorf("after the end: %s", got)
	}
	back("error", "server_error", "user", `{"name":{"firstName":"Ada"}}`).Failed()
	e.Clock.Advance(25 * time.Hour)
	if got := back("code", "c").Claims(); got != "sub1=user" {
		t.Errorf("too old: %s", got)
	}
}

// protocol §6.2: signing out at the provider.
func TestTheAddressThatSignsOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, protocol string
		metadata       []string
		want           string
		fails          bool
	}{
		{"OAuth 2 without", isOAuth2, nil, "", false},
		{"OAuth 2", isOAuth2, []string{"end_session_endpoint", "https://idp.example/bye?p={policy}&t={tenant}"}, "https://idp.example/bye?p=B2C_1A_Test&t=" + Tenant, false},
		{"no address", isOAuth2, []string{"end_session_endpoint", "bye"}, "", true},
		{"of the metadata", isOpenID, []string{"METADATA", document}, "https://idp.example/logout", false},
		{"the profile's own", isOpenID, []string{"METADATA", document, "end_session_endpoint", "https://own.example/bye"}, "https://own.example/bye", false},
		{"switched off", isOpenID, []string{"METADATA", document, "SingleLogoutEnabled", "false"}, "", false},
	} {
		e := newElsewhere(t)
		p := e.Compile(policy(c.protocol, Outputs("sub1=sub"), c.metadata...))
		tp, _ := p.Profile("IdP")
		got, err := tp.Exchange().(journey.SignsOut).SignOutURL(t.Context(), p, e.Clock.Now())
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestSettingsThatAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		protocol string
		metadata []string
		want     string
	}{
		{isOpenID, []string{"METADATA", document, "JWKS", "idp.example/keys"}, "invalid address"},
		{isOpenID, []string{"METADATA", "http://idp.example/x"}, "http address"},
		{isOpenID, []string{"METADATA", document, "AdditionalRequestQueryParameters", "a=%zz"}, "AdditionalRequestQueryParameters"},
		{isOpenID, []string{"METADATA", document, "token_endpoint_auth_method", "client_secret_jwt"}, "legal: client_secret_post"},
		{isOpenID, []string{"authorization_endpoint", "https://idp.example/a", "response_types", "code"}, "names no token endpoint"},
		{isOpenID, []string{"authorization_endpoint", "https://idp.example/a"}, "names no key set"},
		{isOpenID, []string{"authorization_endpoint", "https://idp.example/a", "JWKS", "https://idp.example/k"}, "names no issuer"},
	} {
		e := newElsewhere(t)
		_, found := e.Findings(policy(c.protocol, Outputs("sub1=sub"), c.metadata...))
		if text := Text(found); !strings.Contains(text, c.want) {
			t.Errorf("%v: no %q in\n%s", c.metadata, c.want, text)
		}
	}
	e := newElsewhere(t)
	_, found := e.Findings(policy(isOAuth2, Outputs("sub1=a["), "ResolveJsonPathsInJsonTokens", "true"))
	if text := Text(found); !strings.Contains(text, "invalid JSON path") {
		t.Errorf("findings:\n%s", text)
	}
}

// policy-engine §5.8: id_token_hint.
func TestHintsAreChecked(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	policy := Policy{
		Claims: "name", Inputs: `<InputClaim ClaimTypeReferenceId="name" />`,
		Profiles: ProfileOf("Hint", `<Protocol Name="None" />`, Metadata("METADATA", document, "IdTokenAudience", "journeyman")+Outputs("name")),
		Steps:    []string{`<OrchestrationStep Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Hint" />`},
	}
	now := e.Clock.Now()
	for _, c := range []struct {
		name   string
		change map[string]any
		code   journey.Code
	}{
		{"as it should be", nil, ""},
		{"another issuer", map[string]any{"iss": "https://evil.example"}, journey.CodeHintIssuer},
		{"another audience", map[string]any{"aud": "x"}, journey.CodeHintAudience},
		{"expired", map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}, journey.CodeHintExpired},
		{"without nbf", map[string]any{"nbf": nil}, journey.CodeHintExpired},
	} {
		e.idp.IDToken = map[string]any{"aud": "journeyman", "name": "Ada"}
		for k, v := range c.change {
			e.idp.IDToken[k] = v
		}
		u := e.User().Visit(e.Compile(policy), "id_token_hint", e.idp.IDTokenText(t))
		if c.code == "" {
			if got := u.Claims(); got != "name=Ada" {
				t.Errorf("%s: %s", c.name, got)
			}
			continue
		}
		if f := u.Failed(); f.Code != c.code || f.OAuth != "invalid_request" {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	for text, code := range map[string]journey.Code{"x": journey.CodeHintInvalid, e.idp.IDTokenText(t) + "A": journey.CodeHintSignature} {
		if f := e.User().Visit(e.Compile(policy), "id_token_hint", text).Failed(); f.Code != code && f.Code != journey.CodeHintInvalid {
			t.Errorf("%q: %v", text, f)
		}
	}
	// A shared secret takes no signature by a key.
	policy.Profiles = ProfileOf("Hint", `<Protocol Name="None" />`, Metadata("issuer", "https://idp.example", "IdTokenAudience", "journeyman")+secret+Outputs("name"))
	if f := e.User().Visit(e.Compile(policy), "id_token_hint", e.idp.IDTokenText(t)).Failed(); f.Code != journey.CodeHintInvalid {
		t.Errorf("RS256 for a shared secret: %v", f)
	}
}

// policy-engine §5.4: login-NonInteractive.
func TestLocalPasswords(t *testing.T) {
	t.Parallel()
	user := directory.User{ID: "u1", UPN: "ada@" + Tenant}
	user.SetAttribute("displayName", claims.Text("Ada"))
	expired := user
	expired.ForceChange = true
	locked := &limit.Locked{Repeated: true}
	for _, c := range []struct {
		name     string
		accounts *accounts
		inputs   string
		owner    bool
		claims   string
		code     journey.Code
		records  int
	}{
		{"right", &accounts{user: user}, "", false, "name=Ada oid=u1 tid=" + TenantID + " upn=ada@" + Tenant, "", 1},
		{"unknown user", &accounts{err: directory.ErrNotFound}, "", false, "", journey.CodeUserNotFound, 1},
		{"wrong password", &accounts{err: directory.ErrWrongPassword}, "", false, "", journey.CodeWrongPassword, 1},
		{"a token request isn't told which", &accounts{err: directory.ErrWrongPassword}, "", true, "", journey.CodeInvalidCredentials, 1},
		{"disabled", &accounts{err: directory.ErrDisabled}, "", false, "", journey.CodeAccountDisabled, 1},
		{"locked", &accounts{err: directory.ErrLocked}, "", false, "", journey.CodeAccountLocked, 1},
		{"locked, over and over", &accounts{err: fmt.Errorf("%w: %w", directory.ErrLocked, locked)}, "", false, "", journey.CodeAccountLocked, 0},
		{"too many at once", &accounts{err: directory.ErrBusy}, "", false, "", journey.CodeThrottled, 0},
		{"two accounts of a name", &accounts{err: directory.ErrAmbiguous}, "", false, "", journey.CodeAccountLocked, 1},
		{"expired", &accounts{user: expired}, "", false, "", journey.CodeWrongPassword, 1},
		{"expired, at a token request", &accounts{user: expired}, "", true, "", journey.CodeInvalidCredentials, 1},
		{"expired, and the policy goes on", &accounts{user: expired}, `<InputClaim ClaimTypeReferenceId="name" PartnerClaimType="continueOnPasswordExpiration" DefaultValue="true" />`, false, "expired=True name=true tid=password", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := New(t, openID(caller(providertest.Good), new(providertest.Keys), c.accounts))
			p := s.Compile(Policy{
				Claims: "login pass oid tid upn name expired:boolean", Outputs: `<OutputClaim ClaimTypeReferenceId="oid" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="tid" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="upn" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="name" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="expired" DefaultValue="" />`,
				Profiles: ProfileOf("Login", isOpenID, Metadata("ProviderName", "https://sts.windows.net/")+`<InputClaims><InputClaim ClaimTypeReferenceId="login" PartnerClaimType="username" DefaultValue="ada" /><InputClaim ClaimTypeReferenceId="pass" PartnerClaimType="password" DefaultValue="p" /><InputClaim ClaimTypeReferenceId="tid" PartnerClaimType="grant_type" DefaultValue="password" />`+c.inputs+`</InputClaims>`+
					Outputs("oid", "tid", "upn", "name", "expired=passwordExpired")),
				Steps: []string{Run("Login")},
			})
			var mode journey.Mode = new(journey.Browser)
			if c.owner {
				mode = new(journey.ResourceOwner)
			}
			s.Records.SetAccount("u1", directory.Standing{})
			u := s.User().Run(p, mode)
			if got := len(s.Audits.Take()); got != c.records {
				t.Errorf("%d records", got)
			}
			if c.code != "" {
				if f := u.Failed(); f.Code != c.code || f.Public == "" {
					t.Errorf("failure: %+v", f)
				}
				return
			}
			if got := u.Claims(); got != c.claims {
				t.Errorf("claims: %s", got)
			}
		})
	}
}
