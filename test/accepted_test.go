package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/needtest"
)

// What B2C takes isn't refused at the door, and runs.

const restProtocol = `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`

// providers wraps technical profiles.
func providers(profiles string) string {
	return `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>` + profiles + `</TechnicalProfiles></ClaimsProvider></ClaimsProviders>`
}

func journeyJ(steps string) string {
	return `<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + steps + `</OrchestrationSteps></UserJourney></UserJourneys>`
}

func claimTypes(ids ...string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(`<ClaimType Id="` + id + `"><DisplayName>` + id + `</DisplayName><DataType>string</DataType></ClaimType>`)
	}
	return `<BuildingBlocks><ClaimsSchema>` + b.String() + `</ClaimsSchema></BuildingBlocks>`
}

func TestStepsBehindSendClaimsNeitherChangeNorDelayNorFailTheToken(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	come, going := make(chan string, 10), make(chan struct{})
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		come <- r.URL.Path + " " + string(body)
		<-going
		w.WriteHeader(http.StatusInternalServerError)
	})
	counter := func(id, path string) string {
		return `<TechnicalProfile Id="` + id + `"><DisplayName>c</DisplayName>` + restProtocol + `<Metadata><Item Key="ServiceUrl">` + e.api.server.URL + path + `</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item><Item Key="SendClaimsIn">Body</Item></Metadata>
<InputClaims><InputClaim ClaimTypeReferenceId="mood" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="mood" DefaultValue="changed" AlwaysUseDefaultValue="true" /></OutputClaims></TechnicalProfile>`
	}
	setMood := `<TechnicalProfile Id="Mood"><DisplayName>m</DisplayName>` + transformation + `<OutputClaims><OutputClaim ClaimTypeReferenceId="mood" DefaultValue="glad" /></OutputClaims></TechnicalProfile>`
	policy := e.own(claimTypes("mood")+providers(setMood+counter("Count", "/count")+counter("Skipped", "/skipped"))+
		journeyJ(step(1, "Mood", "")+`<OrchestrationStep Order="2" `+sendClaims+step(3, "Count", "")+
			step(4, "Skipped", `<Preconditions><Precondition Type="ClaimEquals" ExecuteActionsIf="true"><Value>mood</Value><Value>glad</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions>`)+
			step(5, "Page-Profile", "")), relyingParty("J", "", "mood"))
	u := e.user()
	u.authorize(policy, nil)
	// The API hasn't answered yet.
	if _, payload := decode(t, u.redeem(policy).IDToken); payload["mood"] != "glad" {
		t.Errorf("payload = %v", payload)
	}
	if got := <-come; got != `/count {"mood":"glad"}` {
		t.Errorf("behind: %s", got)
	}
	close(going)
	e.stop() // waits for what is under way
	close(come)
	for got := range come {
		if !strings.HasPrefix(got, "/count") {
			t.Errorf("also %s", got)
		}
	}
}

func TestAnEarlierSendClaimsStepEndsTheJourneyWhereItStands(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(claimTypes("mood")+providers(`<TechnicalProfile Id="Count"><DisplayName>c</DisplayName>`+restProtocol+`<Metadata><Item Key="ServiceUrl">`+e.api.server.URL+`/count</Item><Item Key="AuthenticationType">None</Item><Item Key="AllowInsecureAuthInProduction">true</Item></Metadata>
<OutputClaims><OutputClaim ClaimTypeReferenceId="mood" /></OutputClaims></TechnicalProfile>`)+
		journeyJ(`<OrchestrationStep Order="1" `+sendClaims+step(2, "Count", "")+`<OrchestrationStep Order="3" `+sendClaims), relyingParty("J", "", "mood"))
	u := e.user()
	u.authorize(policy, nil)
	u.redeem(policy)
	e.stop()
	if calls := e.api.take(); len(calls) != 0 {
		t.Errorf("%v", calls)
	}
}

// openIDProvider is a scripted provider that posts an id token back, or a code.
type openIDProvider struct {
	e      *env
	signer jose.Signer
	jwk    []byte
	claims map[string]any // over the usual ones

	mu    sync.Mutex
	asked url.Values
}

func newOpenIDProvider(t *testing.T, e *env) *openIDProvider {
	t.Helper()
	active := e.providerKey()
	if _, err := e.srv.Keys.Create(t.Context(), "IdPSecret", keyset.NewSecret("sig", []byte("secret"))); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: active.Key, KeyID: active.KID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &openIDProvider{e: e, signer: signer}
	set, err := e.srv.Keys.PublicJWKS(t.Context(), "B2C_1A_IdP")
	if err != nil {
		t.Fatal(err)
	}
	if p.jwk, err = set.Keys[0].MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	e.api.handle(p.serve)
	return p
}

func (p *openIDProvider) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/authorize":
		p.mu.Lock()
		p.asked = r.URL.Query()
		p.mu.Unlock()
	case "/keys":
		fmt.Fprintf(w, `{"keys":[%s]}`, p.jwk)
	case "/issuer/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer":"%[1]s/issuer","authorization_endpoint":"%[1]s/elsewhere","jwks_uri":"%[1]s/keys"}`, p.e.api.server.URL)
	case "/token":
		fmt.Fprintf(w, `{"id_token":%q,"access_token":"a","token_type":"Bearer"}`, p.token())
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *openIDProvider) token() string {
	p.mu.Lock()
	nonce := p.asked.Get("nonce")
	p.mu.Unlock()
	now := p.e.clock.now().Unix()
	claims := map[string]any{"iss": p.e.api.server.URL + "/issuer", "aud": "app", "sub": "u-1", "email": "una@example.com", "nonce": nonce, "iat": now, "exp": now + 600}
	for name, value := range p.claims {
		claims[name] = value
	}
	text, err := jwt.Signed(p.signer).Claims(claims).Serialize()
	if err != nil {
		p.e.t.Error(err)
	}
	return text
}

// answer posts what the provider's page would post by itself.
func (p *openIDProvider) answer(u *user, fields url.Values) {
	u.t.Helper()
	p.mu.Lock()
	asked := p.asked
	p.mu.Unlock()
	if asked == nil {
		u.t.Fatalf("the provider wasn't asked; at %s", u.pageURL)
	}
	fields.Set("state", asked.Get("state"))
	res, err := u.http.PostForm(asked.Get("redirect_uri"), fields)
	if err != nil {
		u.t.Fatal(err)
	}
	if next := u.arrived(res); next != "" {
		u.get(next)
	}
}

// federating is a policy with one OpenID Connect profile of the given metadata.
func (e *env) federating(metadata string) string {
	e.t.Helper()
	profile := `<TechnicalProfile Id="OP"><DisplayName>op</DisplayName><Protocol Name="OpenIdConnect" /><Metadata><Item Key="client_id">app</Item>` + strings.ReplaceAll(metadata, "OP:", e.api.server.URL) + `</Metadata>
<CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_IdPSecret" /></CryptographicKeys><OutputClaims><OutputClaim ClaimTypeReferenceId="who" PartnerClaimType="sub" /><OutputClaim ClaimTypeReferenceId="mail" PartnerClaimType="email" /></OutputClaims></TechnicalProfile>`
	return e.own(claimTypes("who", "mail")+providers(profile)+journeyJ(step(1, "OP", "")+`<OrchestrationStep Order="2" `+sendClaims), relyingParty("J", "", "who", "mail"))
}

func TestAnOpenIDConnectProfileRunsWithEndpointsInPlaceOfMetadata(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	p := newOpenIDProvider(t, e)
	item := func(key, value string) string { return `<Item Key="` + key + `">` + value + `</Item>` }
	endpoint := item("authorization_endpoint", "OP:/authorize")
	for name, test := range map[string]struct {
		metadata string
		claims   map[string]any
		code     bool // the provider answers with a code
		refused  bool
	}{
		"key set and issuer":                       {metadata: endpoint + item("JWKS", "OP:/keys") + item("issuer", "OP:/issuer")},
		"keys in another spelling":                 {metadata: endpoint + item("jwks", "OP:/keys") + item("Issuer", "OP:/issuer") + item("Response_Types", "id_token")},
		"the key set by its other name":            {metadata: endpoint + item("jwks_uri", "OP:/keys") + item("issuer", "OP:/issuer")},
		"a code":                                   {metadata: endpoint + item("AccessTokenEndpoint", "OP:/token") + item("JWKS", "OP:/keys") + item("issuer", "OP:/issuer") + item("response_types", "code") + item("response_mode", "form_post"), code: true},
		"another issuer":                           {metadata: endpoint + item("JWKS", "OP:/keys") + item("issuer", "OP:/issuer"), claims: map[string]any{"iss": "https://evil.example"}, refused: true},
		"the issuer alone, whose document is read": {metadata: endpoint + item("issuer", "OP:/issuer")},
		"the key set alone":                        {metadata: endpoint + item("JWKS", "OP:/keys"), claims: map[string]any{"iss": "https://any.example"}},
		"the key set alone, another audience":      {metadata: endpoint + item("JWKS", "OP:/keys"), claims: map[string]any{"aud": "another"}, refused: true},
		"the key set alone, another nonce":         {metadata: endpoint + item("JWKS", "OP:/keys"), claims: map[string]any{"nonce": "another"}, refused: true},
		"the authorization endpoint alone":         {metadata: endpoint, refused: true},
	} {
		policy := e.federating(test.metadata)
		u := e.user()
		u.authorize(policy, nil)
		p.claims = test.claims
		if q := p.asked; q.Get("client_id") != "app" || q.Get("response_mode") != "form_post" || q.Get("nonce") == "" {
			t.Fatalf("%s: the provider was asked for %v", name, q)
		}
		if test.code {
			p.answer(u, url.Values{"code": {"c"}})
		} else {
			p.answer(u, url.Values{"id_token": {p.token()}})
		}
		if test.refused {
			if got := u.result(); got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90273: ") {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if _, payload := decode(t, u.redeem(policy).IDToken); payload["who"] != "u-1" || payload["mail"] != "una@example.com" {
			t.Errorf("%s: %v", name, payload)
		}
	}
}

func TestASelectionOfOneProviderWithoutPageGoesStraightOn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	p := newOpenIDProvider(t, e)
	for _, kind := range []string{"CombinedSignInAndSignUp", "ClaimsProviderSelection"} {
		p.asked = nil
		profile := `<TechnicalProfile Id="OP"><DisplayName>op</DisplayName><Protocol Name="OpenIdConnect" /><Metadata><Item Key="client_id">app</Item><Item Key="authorization_endpoint">` + e.api.server.URL + `/authorize</Item><Item Key="JWKS">` + e.api.server.URL + `/keys</Item></Metadata><OutputClaims><OutputClaim ClaimTypeReferenceId="who" PartnerClaimType="sub" /></OutputClaims></TechnicalProfile>`
		policy := e.own(claimTypes("who")+providers(profile)+journeyJ(`<OrchestrationStep Order="1" Type="`+kind+`"><ClaimsProviderSelections><ClaimsProviderSelection TargetClaimsExchangeId="OPExchange" /></ClaimsProviderSelections></OrchestrationStep>
<OrchestrationStep Order="2" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="OPExchange" TechnicalProfileReferenceId="OP" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="3" `+sendClaims), relyingParty("J", "", "who"))
		u := e.user()
		u.authorize(policy, nil)
		p.answer(u, url.Values{"id_token": {p.token()}})
		if _, payload := decode(t, u.redeem(policy).IDToken); payload["who"] != "u-1" {
			t.Errorf("%s: %v", kind, payload)
		}
	}
}

// The cases beside the project: each is a policy on top of the starter pack.
func TestTheCasesThatB2CAcceptsRun(t *testing.T) {
	t.Parallel()
	folder := needtest.Folder(t, needtest.Corpus, filepath.Join("..", "..", "shared", "cases"))
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(folder, name, "policy.xml"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), "yourtenant.onmicrosoft.com", tenant)
	}
	e := start(t, nil)
	e.upload(starterPack(t), "TrustFrameworkBase", "TrustFrameworkLocalization", "TrustFrameworkExtensions")
	for name, id := range map[string]string{
		"abstract-selfasserted-profile": "B2C_1A_AbstractSA", "apple-walkthrough": "B2C_1A_ap", "appinsights-step-after-sendclaims": "B2C_1A_AiAfterSend",
		"combined-step-single-provider-no-page": "B2C_1A_OneIdp", "stray-input-parameter": "B2C_1A_StrayPar",
	} {
		e.put(read(name))
		u := e.user()
		switch name {
		case "appinsights-step-after-sendclaims":
			u.authorize(id, nil)
			u.redeem(id)
		case "stray-input-parameter":
			u.authorize(id, nil)
			if _, payload := decode(t, u.redeem(id).IDToken); payload["numText"] != "4711" {
				t.Errorf("%s: %v", name, payload)
			}
		case "combined-step-single-provider-no-page", "apple-walkthrough":
			res, err := u.http.Get(e.authorizeURL(id, "en"))
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if to := res.Header.Get("Location"); res.StatusCode != http.StatusFound || strings.HasPrefix(to, e.base) {
				t.Errorf("%s: %d to %s", name, res.StatusCode, to)
			}
		}
	}
}
