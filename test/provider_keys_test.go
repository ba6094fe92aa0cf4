package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
)

// scriptedProvider is an OpenID Connect and OAuth 2 provider beside the API. Its authorization
// endpoint notes the request and lets the browser go; the test sends it back.
type scriptedProvider struct {
	e   *env
	key keyset.SigningKey
	url string

	mu     sync.Mutex
	asked  url.Values     // the last authorization request
	token  url.Values     // the last request of the token endpoint
	claims map[string]any // of the id token, beside the protocol's
	status int            // of the token endpoint; 0 is 200
	answer string         // of the token endpoint; "" is an id token
	user   string         // of the claims endpoint
	header http.Header    // of its last request
	query  url.Values     // of its last request
}

func newProvider(t *testing.T, e *env) *scriptedProvider {
	t.Helper()
	e.trustAPI()
	active := e.providerKey()
	p := &scriptedProvider{e: e, key: active, url: e.api.server.URL}
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s/token","jwks_uri":"%[2]s/keys","end_session_endpoint":"%[2]s/logout"}`, p.url, p.url)
		case "/keys":
			set, _ := e.srv.Keys.PublicJWKS(r.Context(), "B2C_1A_IdP")
			b, _ := set.Keys[0].MarshalJSON()
			fmt.Fprintf(w, `{"keys":[%s]}`, b)
		case "/authorize":
			p.asked = r.URL.Query()
			http.Redirect(w, r, "https://app.example/away", http.StatusFound)
		case "/token":
			_ = r.ParseForm()
			p.token, p.header = r.Form, r.Header.Clone()
			if p.status != 0 {
				w.WriteHeader(p.status)
				return
			}
			if p.answer != "" {
				_, _ = io.WriteString(w, p.answer)
				return
			}
			fmt.Fprintf(w, `{"id_token":%q,"access_token":"upstream","token_type":"Bearer"}`, p.idToken(t))
		case "/tenant1/v2.0/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":"%[1]s/tenant1/v2.0","jwks_uri":"%[1]s/keys"}`, p.url)
		case "/user":
			p.query, p.header = r.URL.Query(), r.Header.Clone()
			_, _ = io.WriteString(w, p.user)
		}
	})
	return p
}

func (p *scriptedProvider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *scriptedProvider) idToken(t *testing.T) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key.Key, KeyID: p.key.KID}}, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	all := map[string]any{"iss": p.url, "aud": "cid", "nonce": p.asked.Get("nonce"), "iat": p.e.clock.now().Unix(), "exp": p.e.clock.now().Unix() + 600}
	for k, v := range p.claims {
		all[k] = v
	}
	text, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		t.Error(err)
	}
	return text
}

// back sends the browser back from the provider, by a form that other sites post.
func (p *scriptedProvider) back(u *user, more url.Values) {
	u.t.Helper()
	form := url.Values{"state": {p.asked.Get("state")}, "code": {"c"}}
	for k, v := range more {
		form[k] = v
	}
	u.callback = nil
	res, err := u.http.PostForm(p.asked.Get("redirect_uri"), form)
	if err != nil {
		u.t.Fatal(err)
	}
	if next := u.arrived(res); next != "" {
		u.get(next)
	}
}

// federated is a policy whose journey signs in at the provider and then shows a page.
func (p *scriptedProvider) federated(protocol, metadata, keys, outputs string) string {
	p.e.t.Helper()
	if keys == "" {
		keys = `<Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" />`
	}
	extension := `<BuildingBlocks><ClaimsSchema><ClaimType Id="issuerUserId"><DisplayName>i</DisplayName><DataType>string</DataType></ClaimType><ClaimType Id="extra"><DisplayName>x</DisplayName><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><Domain>idp.example</Domain><DisplayName>p</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="Idp"><DisplayName>Idp</DisplayName><Protocol Name="` + protocol + `" /><Metadata><Item Key="client_id">cid</Item>` + metadata + `</Metadata><CryptographicKeys>` + keys + `</CryptographicKeys>
<OutputClaims>` + outputs + `</OutputClaims><UseTechnicalProfileForSessionManagement ReferenceId="SM-Idp" /></TechnicalProfile>
<TechnicalProfile Id="SM-Idp"><DisplayName>s</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.SSO.ExternalLoginSSOSessionProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><Metadata><Item Key="AlwaysFetchClaimsFromProvider">true</Item></Metadata><PersistedClaims><PersistedClaim ClaimTypeReferenceId="issuerUserId" /></PersistedClaims></TechnicalProfile>
<TechnicalProfile Id="Names"><DisplayName>n</DisplayName>` + selfAsserted + `<Metadata><Item Key="ContentDefinitionReferenceId">api.profile</Item></Metadata><InputClaims><InputClaim ClaimTypeReferenceId="givenName" /><InputClaim ClaimTypeReferenceId="surname" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="givenName" /><OutputClaim ClaimTypeReferenceId="surname" /></OutputClaims></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "Idp", "") + step(2, "Names", "") + `<OrchestrationStep Order="3" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	return p.e.own(extension, relyingParty("J", "", "issuerUserId", "givenName", "surname", "email", "extra"))
}

func (p *scriptedProvider) openID(metadata, keys string) string {
	return p.federated("OpenIdConnect", `<Item Key="METADATA">`+p.url+`/.well-known/openid-configuration</Item><Item Key="response_types">code</Item><Item Key="response_mode">form_post</Item>`+metadata, keys,
		`<OutputClaim ClaimTypeReferenceId="issuerUserId" PartnerClaimType="sub" /><OutputClaim ClaimTypeReferenceId="givenName" PartnerClaimType="user.name.firstName" /><OutputClaim ClaimTypeReferenceId="surname" PartnerClaimType="user.name.lastName" /><OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="extra" />`)
}

func (p *scriptedProvider) oauth2(metadata string) string {
	return p.federated("OAuth2", `<Item Key="authorization_endpoint">`+p.url+`/authorize</Item><Item Key="AccessTokenEndpoint">`+p.url+`/token</Item><Item Key="ClaimsEndpoint">`+p.url+`/user</Item><Item Key="HttpBinding">POST</Item>`+metadata, "",
		`<OutputClaim ClaimTypeReferenceId="issuerUserId" PartnerClaimType="id" /><OutputClaim ClaimTypeReferenceId="givenName" PartnerClaimType="first" /><OutputClaim ClaimTypeReferenceId="email" /><OutputClaim ClaimTypeReferenceId="extra" PartnerClaimType="openid" />`)
}

const applePosts = `{"name":{"firstName":"Ann","lastName":"Apple"},"email":"forged@example.com"}`

// TestWhatAProviderPostsOnceIsNotLost: Apple sends the name with the first answer and never
// again; a failed answer or a page that the user leaves must not cost it.
func TestWhatAProviderPostsOnceIsNotLost(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{"the paths": "user.name.firstName user.name.lastName user.email", "everything": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			p := newProvider(t, e)
			p.claims = map[string]any{"sub": "apple1", "email": "ann@example.com"}
			policy := p.openID(`<Item Key="ReadBodyClaimsOnIdpRedirect">`+keys+`</Item>`, "")
			shows := func(what string, u *user, first string) {
				t.Helper()
				if want := `value="` + first + `"`; !strings.Contains(u.page, `id="givenName"`) || strings.Contains(u.page, `value="Ann"`) != (first == "Ann") {
					t.Fatalf("%s: the page lacks %s:\n%s", what, want, excerpt(u.page))
				}
			}
			u := e.user()

			// The token endpoint is down when the name comes.
			p.set(func() { p.status = http.StatusServiceUnavailable })
			u.authorize(policy, nil)
			p.back(u, url.Values{"user": {applePosts}})
			if got := u.result().Get("error"); got != "server_error" {
				t.Fatalf("%v", u.result())
			}
			// The next try has no name, and the user leaves the page.
			p.set(func() { p.status = 0 })
			u.authorize(policy, nil)
			p.back(u, nil)
			shows("after an error", u, "Ann")
			// A week later again, up to the end.
			e.clock.advance(7 * 24 * 60 * 60e9)
			u.authorize(policy, nil)
			p.back(u, nil)
			shows("after leaving the page", u, "Ann")
			u.pass(map[string]string{"givenName": "Ann", "surname": "Apple"})
			_, payload := decode(t, u.redeem(policy).IDToken)
			for name, want := range map[string]string{"issuerUserId": "apple1", "email": "ann@example.com", "given_name": "Ann", "family_name": "Apple"} {
				if payload[name] != want {
					t.Errorf("%s is %v, want %s", name, payload[name], want)
				}
			}
			// A journey has finished with it: the browser forgets.
			u.authorize(policy, nil)
			p.back(u, nil)
			shows("afterwards", u, "")
		})
	}
}

func TestAPostedNameIsItsUsersAlone(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	p := newProvider(t, e)
	policy := p.openID(`<Item Key="ReadBodyClaimsOnIdpRedirect">user.name.firstName sub iss</Item>`, "")
	p.claims = map[string]any{"sub": "apple1"}
	u := e.user()
	u.authorize(policy, nil)
	p.back(u, url.Values{"user": {applePosts}, "sub": {"somebody-else"}, "iss": {p.url}})
	if !strings.Contains(u.page, `value="Ann"`) {
		t.Fatalf("no name:\n%s", excerpt(u.page))
	}
	// Another user of the same browser.
	p.set(func() { p.claims = map[string]any{"sub": "apple2"} })
	u.authorize(policy, nil)
	p.back(u, nil)
	if strings.Contains(u.page, `value="Ann"`) {
		t.Error("the second user has the first one's name")
	}
	u.pass(map[string]string{"givenName": "Bob"})
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["issuerUserId"] != "apple2" {
		t.Errorf("what the browser posts took the place of the token's: %v", payload["issuerUserId"])
	}
}

func TestAnOAuth2ProvidersKeys(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	p := newProvider(t, e)
	p.user = `callback( {"id":"qq-1","first":"Qi"} );`
	p.answer = `callback({"access_token":"at","openid":"open-7","expires_in":100,"errcode":0});`
	policy := p.oauth2(`<Item Key="UserAgentForClaimsExchange">CPIM-Basic/{tenant}/{policy}</Item><Item Key="ResponseErrorCodeParamName">errcode</Item><Item Key="AccessTokenResponseFormat">JsonP</Item><Item Key="ClaimsResponseFormat">JsonP</Item>
<Item Key="ClientIdParamName">appid</Item><Item Key="ClientSecretParamName">secret</Item><Item Key="ExtraParamsInAccessTokenEndpointResponse">openid</Item><Item Key="ExtraParamsInClaimsEndpointRequest">openid,lang=en</Item>`)
	u := e.user()
	u.authorize(policy, nil)
	if p.asked.Get("appid") != "cid" || p.asked.Has("client_id") {
		t.Errorf("authorization request: %v", p.asked)
	}
	p.back(u, nil)
	if p.token.Get("appid") != "cid" || p.token.Get("secret") != "facebook-secret" || p.token.Has("client_secret") {
		t.Errorf("token request: %v", p.token)
	}
	if p.query.Get("openid") != "open-7" || p.query.Get("lang") != "en" || p.query.Get("access_token") != "at" {
		t.Errorf("claims request: %v", p.query)
	}
	if got, want := p.header.Get("User-Agent"), "CPIM-Basic/"+tenant+"/"+policy; got != want {
		t.Errorf("User-Agent %q, want %q", got, want)
	}
	u.pass(map[string]string{"givenName": "Qi"})
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["issuerUserId"] != "qq-1" || payload["extra"] != "open-7" {
		t.Errorf("%v", payload)
	}
	for name, change := range map[string]func(){
		"of the token endpoint":  func() { p.answer = `{"errcode":40029,"errmsg":"invalid code"}` },
		"of the claims endpoint": func() { p.answer, p.user = `{"access_token":"at"}`, `{"errcode":"40029","errmsg":"invalid code"}` },
	} {
		p.set(change)
		u := e.user()
		u.authorize(policy, nil)
		p.back(u, nil)
		if got := u.result().Get("error_description"); !strings.HasPrefix(got, "AADB2C90273: An invalid response was received: 'Error: 40029,Error Description: invalid code'") {
			t.Errorf("an error %s with status 200: %v", name, got)
		}
	}
}

func TestAFailedServiceIsAFailureIfThePolicyMarksIt(t *testing.T) {
	t.Parallel()
	for mark, code := range map[string]string{"": "AADB2C90273", `<Item Key="MarkAsFailureOnStatusCode5xx">true</Item>`: "AADB2C90289"} {
		e := start(t, nil)
		p := newProvider(t, e)
		p.status = http.StatusBadGateway
		policy := p.openID(mark, "")
		u := e.user()
		u.authorize(policy, nil)
		p.back(u, nil)
		if got := u.result().Get("error_description"); !strings.HasPrefix(got, code+": ") {
			t.Errorf("%q: %v", mark, got)
		}
	}
}

// TestMetadataIsDiscoveredByTheTokensIssuer, where the policy says so and the issuer has one of
// the valid prefixes.
func TestMetadataIsDiscoveredByTheTokensIssuer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		discover, prefixes, issuer string
		good                       bool
	}{
		"another tenant's document": {"true", "HOST/", "HOST/tenant1/v2.0", true},
		"an issuer without one":     {"true", "HOST/", "HOST/tenant2/v2.0", false},
		"no prefix":                 {"true", "https://other.example/", "HOST/tenant1/v2.0", false},
		"no prefixes at all":        {"true", "", "HOST/tenant1/v2.0", false},
		"the metadata's own":        {"true", "HOST", "HOST", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			p := newProvider(t, e)
			p.claims = map[string]any{"sub": "u-7", "iss": strings.ReplaceAll(c.issuer, "HOST", p.url)}
			policy := p.openID(`<Item Key="DiscoverMetadataByTokenIssuer">`+c.discover+`</Item><Item Key="ValidTokenIssuerPrefixes">`+strings.ReplaceAll(c.prefixes, "HOST", p.url)+`</Item>`, "")
			u := e.user()
			u.authorize(policy, nil)
			p.back(u, nil)
			if good := u.callback == nil && strings.Contains(u.page, `id="givenName"`); good != c.good {
				t.Errorf("taken: %v; %v", good, u.callback)
			}
		})
	}
}

// TestAnOpenIDConnectProfilesClaimsEndpointAddsWhatTheTokenLacks of the same user.
func TestAnOpenIDConnectProfilesClaimsEndpointAddsWhatTheTokenLacks(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"sub":"u-7","extra":"more","email":"other@example.com"}`: "more", `{"sub":"u-8","extra":"more"}`: "", `{"extra":"more"}`: "", `oops`: "",
	} {
		e := start(t, nil)
		p := newProvider(t, e)
		p.claims, p.user = map[string]any{"sub": "u-7", "email": "ora@example.com"}, body
		policy := p.openID(`<Item Key="ClaimsEndpoint">`+p.url+`/user</Item>`, "")
		u := e.user()
		u.authorize(policy, nil)
		p.back(u, nil)
		u.pass(map[string]string{"givenName": "Ora"})
		_, payload := decode(t, u.redeem(policy).IDToken)
		if extra, _ := payload["extra"].(string); extra != want || payload["email"] != "ora@example.com" {
			t.Errorf("%s: %v", body, payload)
		}
	}
}

func TestPrivateKeyJWTProvesTheClientAtTheProvider(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]jose.SignatureAlgorithm{"": jose.RS256, `<Item Key="token_signing_algorithm">RS512</Item>`: jose.RS512} {
		e := start(t, nil)
		p := newProvider(t, e)
		p.claims = map[string]any{"sub": "u-7"}
		policy := p.openID(`<Item Key="token_endpoint_auth_method">private_key_jwt</Item>`+item, `<Key Id="assertion_signing_key" StorageReferenceId="B2C_1A_IdP" />`)
		u := e.user()
		u.authorize(policy, nil)
		p.back(u, nil)
		if p.token.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || p.token.Has("client_secret") {
			t.Fatalf("token request: %v", p.token)
		}
		parsed, err := jwt.ParseSigned(p.token.Get("client_assertion"), []jose.SignatureAlgorithm{want})
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		var c jwt.Claims
		if err := parsed.Claims(p.key.Key.Public(), &c); err != nil {
			t.Fatal(err)
		}
		now := e.clock.now()
		if err := c.Validate(jwt.Expected{Issuer: "cid", Subject: "cid", AnyAudience: jwt.Audience{p.url + "/token"}, Time: now}); err != nil || c.ID == "" || c.Expiry == nil || c.Expiry.Time().Sub(now) > 10*60e9 {
			t.Errorf("%v: %+v", err, c)
		}
	}
}

// TestSigningOutSignsOutAtTheProvider before the applications (protocol §5.2).
func TestSigningOutSignsOutAtTheProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ metadata, want string }{
		"by its metadata":       {"", "/logout"},
		"by the profile":        {`<Item Key="end_session_endpoint">IDP/other?t={tenant}</Item>`, "/other?t=" + tenant},
		"not if it is switched": {`<Item Key="SingleLogoutEnabled">false</Item>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			p := newProvider(t, e)
			p.claims = map[string]any{"sub": "u-7"}
			policy := p.openID(strings.ReplaceAll(c.metadata, "IDP", p.url), "")
			u := e.user()
			u.authorize(policy, nil)
			p.back(u, nil)
			u.pass(map[string]string{"givenName": "Ora"})
			u.redeem(policy)
			for i, want := range []string{c.want, ""} { // the second time nobody is signed in
				u.page = ""
				u.get(e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/logout?post_logout_redirect_uri=" + url.QueryEscape(spaRedirect))
				if frame := `<iframe src="` + p.url + want + `"`; want != "" && (!strings.Contains(u.page, frame) || !strings.Contains(u.page, `content="2;url=`+spaRedirect)) {
					t.Errorf("sign-out %d lacks %s and the way back:\n%s", i, frame, u.page)
				}
				if want == "" && (u.callback == nil || u.callback.String() != spaRedirect) {
					t.Errorf("sign-out %d doesn't go to the application at once: %v\n%s", i, u.callback, u.page)
				}
			}
		})
	}
}

func TestAnOAuth2ProviderIsSignedOutByItsProfile(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	p := newProvider(t, e)
	p.answer, p.user = `{"access_token":"at"}`, `{"id":"1"}`
	policy := p.oauth2(`<Item Key="end_session_endpoint">` + p.url + `/bye</Item>`)
	u := e.user()
	u.authorize(policy, nil)
	p.back(u, nil)
	u.pass(map[string]string{"givenName": "Ora"})
	u.redeem(policy)
	u.get(e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/logout")
	if !strings.Contains(u.page, `<iframe src="`+p.url+`/bye"`) {
		t.Errorf("no frame:\n%s", u.page)
	}
}
