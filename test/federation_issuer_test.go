package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/keyset"
)

// namedProvider is an OpenID Connect provider whose answers a test writes.
type namedProvider struct {
	e      *env
	issuer string
	// answer is what the authorization response has beside code and state; token is what
	// the id token has beside what every one has; nil takes a member away.
	answer url.Values
	token  map[string]any
	nonce  string
	// redeemed counts token requests.
	redeemed int
}

func newNamedProvider(t *testing.T, e *env) *namedProvider {
	t.Helper()
	p := &namedProvider{e: e, issuer: e.api.server.URL}
	e.trustAPI()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]keyset.Key{"IdP": key, "IdPSecret": keyset.NewSecret("sig", []byte("s"))} {
		if _, err := e.srv.Keys.Create(t.Context(), name, k); err != nil {
			t.Fatal(err)
		}
	}
	active, err := e.srv.Keys.ActiveSigningKey(t.Context(), "IdP")
	if err != nil {
		t.Fatal(err)
	}
	public, kid := e.verificationKey("IdP")
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		endpoints := fmt.Sprintf(`"authorization_endpoint":"%[1]s/authorize","token_endpoint":"%[1]s/token","jwks_uri":"%[1]s/keys"`, p.issuer)
		switch r.URL.Path {
		case "/silent":
			fmt.Fprintf(w, `{"issuer":%q,%s}`, p.issuer, endpoints)
		case "/naming":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_response_iss_parameter_supported":true,%s}`, p.issuer, endpoints)
		case "/tenants":
			fmt.Fprintf(w, `{"issuer":%q,%s}`, p.issuer+"/{tenantid}/v2.0", endpoints)
		case "/keys":
			b, _ := jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig"}.MarshalJSON()
			fmt.Fprintf(w, `{"keys":[%s]}`, b)
		case "/authorize":
			q := r.URL.Query()
			p.nonce = q.Get("nonce")
			back := url.Values{"state": {q.Get("state")}, "code": {"c"}}
			for name, values := range p.answer {
				back[name] = values
			}
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
		case "/token":
			p.redeemed++
			claims := map[string]any{"iss": p.issuer, "aud": "client", "sub": "u", "nonce": p.nonce, "iat": e.clock.now().Unix(), "exp": e.clock.now().Unix() + 600}
			for name, v := range p.token {
				claims[name] = v
			}
			fmt.Fprintf(w, `{"id_token":%q,"token_type":"Bearer"}`, signed(t, jose.RS256, jose.JSONWebKey{Key: active.Key, KeyID: kid}, nil, claims))
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	})
	return p
}

// policy signs in at the provider by one of its documents.
func (p *namedProvider) policy(document, metadata string) string {
	return p.e.own(`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>
	<TechnicalProfile Id="IdP"><DisplayName>i</DisplayName><Protocol Name="OpenIdConnect" /><Metadata><Item Key="METADATA">`+p.issuer+document+`</Item><Item Key="client_id">client</Item><Item Key="response_types">code</Item><Item Key="response_mode">query</Item>`+metadata+`</Metadata>
	<CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_IdPSecret" /></CryptographicKeys>
	<OutputClaims><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="sub" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
	<UserJourneys><UserJourney Id="Federated"><OrchestrationSteps>`+step(1, "IdP", "")+`<OrchestrationStep Order="2" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`,
		relyingParty("Federated", ""))
}

// signIn goes through the provider; "" is success, else the code of the error.
func (p *namedProvider) signIn(policy string) (code, description string) {
	u := p.e.user()
	u.authorize(policy, nil)
	description = u.result().Get("error_description")
	code, _, _ = strings.Cut(description, ":")
	return code, description
}

func TestTheIssuerOfAProvidersAnswerIsCompared(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	p := newNamedProvider(t, e)
	tenants := p.issuer + "/7f3e/v2.0"
	const refused = "AADB2C90273"
	for _, tt := range []struct {
		name, document, metadata string
		answer                   url.Values
		token                    map[string]any
		want                     string
	}{
		{"no issuer, none promised", "/silent", "", nil, nil, ""},
		{"the right one, none promised", "/silent", "", url.Values{"iss": {p.issuer}}, nil, ""},
		{"another one, none promised", "/silent", "", url.Values{"iss": {"https://evil.example"}}, nil, refused},
		{"an empty one", "/silent", "", url.Values{"iss": {""}}, nil, refused},
		{"one with a slash more", "/silent", "", url.Values{"iss": {p.issuer + "/"}}, nil, refused},
		{"the right one, as promised", "/naming", "", url.Values{"iss": {p.issuer}}, nil, ""},
		{"none, although promised", "/naming", "", nil, nil, refused},
		{"another one, although promised", "/naming", "", url.Values{"iss": {"https://evil.example"}}, nil, refused},
		{"a tenant's own", "/tenants", "", url.Values{"iss": {tenants}}, map[string]any{"iss": tenants, "tid": "7f3e"}, ""},
		{"another tenant's than the token's", "/tenants", "", url.Values{"iss": {p.issuer + "/other/v2.0"}}, map[string]any{"iss": tenants, "tid": "7f3e"}, refused},
		{"a path in place of a tenant", "/tenants", "", url.Values{"iss": {p.issuer + "/a/7f3e/v2.0"}}, map[string]any{"iss": tenants, "tid": "7f3e"}, refused},
		{"one with a valid prefix", "/tenants", `<Item Key="ValidTokenIssuerPrefixes">` + p.issuer + `/</Item>`, url.Values{"iss": {tenants}}, map[string]any{"iss": tenants}, ""},
		{"the profile's own", "/silent", `<Item Key="issuer">https://own.example</Item>`, url.Values{"iss": {"https://own.example"}}, map[string]any{"iss": "https://own.example"}, ""},
		{"the document's beside the profile's own", "/silent", `<Item Key="issuer">https://own.example</Item>`, url.Values{"iss": {p.issuer}}, map[string]any{"iss": "https://own.example"}, ""},
	} {
		policy := p.policy(tt.document, tt.metadata)
		p.answer, p.token, p.redeemed = tt.answer, tt.token, 0
		if got, description := p.signIn(policy); got != tt.want {
			t.Errorf("%s: %q (%s), want %q", tt.name, got, description, tt.want)
		}
		if wrong := tt.answer.Has("iss") && tt.want != "" && tt.document != "/tenants"; wrong && p.redeemed > 0 {
			t.Errorf("%s: the code went to the token endpoint", tt.name)
		}
	}
	// What another provider says in the place of this one isn't shown.
	p.answer = url.Values{"iss": {"https://evil.example"}, "error": {"access_denied"}, "error_description": {"call this number"}}
	if got, description := p.signIn(p.policy("/silent", "")); got != refused || strings.Contains(description, "number") {
		t.Errorf("another provider's error: %s", description)
	}
}

func TestTheAuthorizedPartyOfAnIDTokenIsCompared(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	p := newNamedProvider(t, e)
	const refused = "AADB2C90273"
	for name, tt := range map[string]struct {
		metadata string
		token    map[string]any
		want     string
	}{
		"one audience":                           {"", nil, ""},
		"one audience in a list":                 {"", map[string]any{"aud": []string{"client"}}, ""},
		"ours":                                   {"", map[string]any{"azp": "client"}, ""},
		"another client's":                       {"", map[string]any{"azp": "other"}, refused},
		"no text":                                {"", map[string]any{"azp": []string{"client"}}, refused},
		"null":                                   {"", map[string]any{"azp": nil}, refused},
		"two audiences without":                  {"", map[string]any{"aud": []string{"client", "api"}}, refused},
		"two audiences, ours":                    {"", map[string]any{"aud": []string{"client", "api"}, "azp": "client"}, ""},
		"two audiences, another client's":        {"", map[string]any{"aud": []string{"client", "api"}, "azp": "api"}, refused},
		"an audience of the profile's own, ours": {`<Item Key="IdTokenAudience">api</Item>`, map[string]any{"aud": "api", "azp": "client"}, ""},
		"an audience of the profile's own, another's": {`<Item Key="IdTokenAudience">api</Item>`, map[string]any{"aud": "api", "azp": "api"}, refused},
	} {
		p.token = tt.token
		if got, description := p.signIn(p.policy("/silent", tt.metadata)); got != tt.want {
			t.Errorf("%s: %q (%s), want %q", name, got, description, tt.want)
		}
	}
}
