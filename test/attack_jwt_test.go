package test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/keyset"
)

// segment is a part of a compact JWT.
func segment(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// signed makes a token with a key.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, header map[string]any, claims map[string]any) string {
	t.Helper()
	options := new(jose.SignerOptions)
	for name, value := range header {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var attackersKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// forgeries are tokens with these claims that whoever knows only the public key can
// make, and changes of a good one.
func forgeries(t *testing.T, public *rsa.PublicKey, kid, good string, claims map[string]any) map[string]string {
	t.Helper()
	own, err := attackersKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	payload := segment(t, claims)
	out := map[string]string{
		"another key under our kid":            signed(t, jose.RS256, own, map[string]any{"kid": kid}, claims),
		"another key without kid":              signed(t, jose.RS256, own, nil, claims),
		"a key that the token brings along":    signed(t, jose.RS256, own, map[string]any{"kid": kid, "jwk": jose.JSONWebKey{Key: own.Public(), KeyID: kid}}, claims),
		"a key set that the token points to":   signed(t, jose.RS256, own, map[string]any{"kid": kid, "jku": "https://127.0.0.1:1/keys", "x5u": "https://127.0.0.1:1/cert"}, claims),
		"an unknown critical header":           signed(t, jose.RS256, own, map[string]any{"kid": kid, "crit": []string{"x"}, "x": 1}, claims),
		"PS256 by another key":                 signed(t, jose.PS256, own, map[string]any{"kid": kid}, claims),
		"other claims under a good signature":  parts[0] + "." + segment(t, withMore(claims)) + "." + parts[2],
		"a good token without signature":       parts[0] + "." + parts[1] + ".",
		"a good token with half its signature": good[:len(good)-len(parts[2])/2],
		"a good token and something":           good + ".x",
		"a good token, header replaced":        segment(t, map[string]any{"alg": "RS256", "kid": kid, "typ": "x"}) + "." + parts[1] + "." + parts[2],
		"not a token":                          "a.b.c",
	}
	for _, alg := range []string{"none", "None", "nOnE", "NONE", ""} {
		header := segment(t, map[string]any{"alg": alg, "kid": kid, "typ": "JWT"})
		out["alg "+alg] = header + "." + payload + "."
		out["alg "+alg+" and a signature"] = header + "." + payload + "." + parts[2]
	}
	for name, secret := range map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "PKCS #1": x509.MarshalPKCS1PublicKey(public), "modulus": public.N.Bytes(), "JWK": jwk,
	} {
		out["HS256 with the public key as "+name] = signed(t, jose.HS256, secret, map[string]any{"kid": kid}, claims)
		out["HS256 with the public key as "+name+", no kid"] = signed(t, jose.HS256, secret, nil, claims)
	}
	return out
}

func withMore(claims map[string]any) map[string]any {
	more := maps.Clone(claims)
	more["more"] = true
	return more
}

// verificationKey is the public key of a key set.
func (e *env) verificationKey(name string) (*rsa.PublicKey, string) {
	e.t.Helper()
	set, err := e.srv.Keys.PublicJWKS(e.t.Context(), name)
	if err != nil || len(set.Keys) == 0 {
		e.t.Fatal(err)
	}
	return set.Keys[0].Key.(*rsa.PublicKey), set.Keys[0].KeyID
}

// providerKey makes the key set IdP, of a scripted identity provider, and returns its key.
func (e *env) providerKey() keyset.SigningKey {
	e.t.Helper()
	key, err := signingKey()
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.srv.Keys.Create(e.t.Context(), "IdP", key); err != nil {
		e.t.Fatal(err)
	}
	active, err := e.srv.Keys.ActiveSigningKey(e.t.Context(), "B2C_1A_IdP")
	if err != nil {
		e.t.Fatal(err)
	}
	return active
}

func TestForgedTokensAtLogout(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.own(`<BuildingBlocks />`, strings.Replace(relyingParty("SignUpOrSignIn", ""), `" />`, `" /><UserJourneyBehaviors><SingleSignOn Scope="Tenant" EnforceIdTokenHintOnLogout="true" /></UserJourneyBehaviors>`, 1))
	e.user().ownSignUp("ada@example.com")
	u := e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	good := u.redeem(policy).IDToken
	_, claims := decode(t, good)
	public, kid := e.verificationKey("TokenSigningKeyContainer")
	logout := func(hint string) bool {
		u.get(e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/logout?" + url.Values{"post_logout_redirect_uri": {spaRedirect}, "id_token_hint": {hint}}.Encode())
		return u.callback != nil
	}
	for name, text := range forgeries(t, public, kid, good, claims) {
		if logout(text) {
			t.Errorf("%s signed out and redirected", name)
		}
	}
	u.authorize(policy, map[string]string{"prompt": "none"})
	if u.result().Get("code") == "" {
		t.Error("a forged hint ended the session")
	}
	if !logout(good) {
		t.Error("the good hint was refused")
	}
}

func TestForgedAdminTokens(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	_, app := e.graph("admin-token", "POST", "v1.0/applications", object{"displayName": "pipeline", "requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000",
		"resourceAccess": []object{{"id": "741f803b-c850-494e-b5df-cde7c675a1ca", "type": "Role"}}}}})
	id, _ := app["id"].(string)
	_, secret := e.graph("admin-token", "POST", "v1.0/applications/"+id+"/addPassword", object{"passwordCredential": object{"displayName": "s"}})
	res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {fmt.Sprint(app["appId"])}, "client_secret": {fmt.Sprint(secret["secretText"])}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer tokens
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	good := answer.AccessToken
	_, claims := decode(t, good)
	call := func(token string) int {
		status, _ := e.graph(token, "GET", "v1.0/users", nil)
		return status
	}
	if got := call(good); got != 200 {
		t.Fatalf("the good token: %d", got)
	}
	set, err := e.srv.OwnKeys.PublicJWKS(t.Context(), "AdminTokens")
	if err != nil {
		t.Fatal(err)
	}
	public, kid := set.Keys[0].Key.(*rsa.PublicKey), set.Keys[0].KeyID
	for name, text := range forgeries(t, public, kid, good, claims) {
		if got := call(text); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
	// Tokens of users are none of administrators, although the server signed them.
	policy := e.own(`<BuildingBlocks />`, relyingParty("SignUpOrSignIn", ""))
	e.user().ownSignUp("ada@example.com")
	u := e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	if got := call(u.redeem(policy).IDToken); got != 401 {
		t.Errorf("a user's id token: %d", got)
	}
}

func TestForgedHintsAndFederatedTokens(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	active := e.providerKey()
	public, kid := e.verificationKey("IdP")
	issuer := e.api.server.URL
	var asked url.Values
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s/token","jwks_uri":"%[2]s/keys"}`, issuer, issuer)
		case "/keys":
			b, _ := json.Marshal(jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig"})
			fmt.Fprintf(w, `{"keys":[%s]}`, b)
		case "/authorize":
			asked = r.URL.Query()
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	})
	blocks := `<BuildingBlocks><ClaimsSchema><ClaimType Id="card"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>`
	metadata := `<Item Key="METADATA">` + issuer + `/.well-known/openid-configuration</Item>`
	output := `<OutputClaims><OutputClaim ClaimTypeReferenceId="card" /></OutputClaims>`
	extension := blocks + `<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>
	<TechnicalProfile Id="Hint"><DisplayName>h</DisplayName><Protocol Name="None" /><Metadata>` + metadata + `<Item Key="IdTokenAudience">journey</Item></Metadata>` + output + `</TechnicalProfile>
	<TechnicalProfile Id="IdP"><DisplayName>i</DisplayName><Protocol Name="OpenIdConnect" /><Metadata>` + metadata + `<Item Key="client_id">journey</Item><Item Key="response_types">id_token</Item><Item Key="response_mode">form_post</Item></Metadata>` + output + `</TechnicalProfile>
	</TechnicalProfiles></ClaimsProvider></ClaimsProviders><UserJourneys>
	<UserJourney Id="Hinted"><OrchestrationSteps><OrchestrationStep Order="1" Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Hint" /><OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney>
	<UserJourney Id="Federated"><OrchestrationSteps>` + step(1, "IdP", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	now := e.clock.now().Unix()
	claims := map[string]any{"iss": issuer, "aud": "journey", "sub": "u", "card": "gold", "iat": now, "nbf": now - 60, "exp": now + 3600}
	jwk := jose.JSONWebKey{Key: active.Key, KeyID: kid}

	policy := e.own(extension, relyingParty("Hinted", `<InputClaims><InputClaim ClaimTypeReferenceId="card" /></InputClaims>`, "card"))
	hinted := func(text string) *user {
		u := e.user()
		u.authorize(policy, map[string]string{"id_token_hint": text})
		return u
	}
	good := signed(t, jose.RS256, jwk, nil, claims)
	if _, payload := decode(t, hinted(good).redeem(policy).IDToken); payload["card"] != "gold" {
		t.Fatalf("the good hint: %v", payload)
	}
	for name, text := range forgeries(t, public, kid, good, claims) {
		if got := hinted(text).result(); got.Get("error") != "invalid_request" || got.Get("code") != "" {
			t.Errorf("hint, %s: %v", name, got)
		}
	}

	policy = e.own(extension, relyingParty("Federated", "", "card"))
	// federated comes back from the other site with a token that it is asked for.
	federated := func(token func(nonce string) string) url.Values {
		u := e.user()
		u.authorize(policy, nil)
		form := url.Values{"state": {asked.Get("state")}, "id_token": {token(asked.Get("nonce"))}}
		res, err := u.http.PostForm(asked.Get("redirect_uri"), form)
		if err != nil {
			t.Fatal(err)
		}
		if next := u.arrived(res); next != "" {
			u.get(next)
		}
		return u.result()
	}
	with := func(nonce string) map[string]any {
		c := maps.Clone(claims)
		c["nonce"] = nonce
		return c
	}
	if got := federated(func(nonce string) string { return signed(t, jose.RS256, jwk, nil, with(nonce)) }); got.Get("code") == "" {
		t.Fatalf("the good token: %v", got)
	}
	if got := federated(func(string) string { return signed(t, jose.RS256, jwk, nil, with("another")) }); got.Get("code") != "" {
		t.Error("a token with another nonce signed in")
	}
	for name := range forgeries(t, public, kid, good, claims) {
		got := federated(func(nonce string) string {
			c := with(nonce)
			return forgeries(t, public, kid, signed(t, jose.RS256, jwk, nil, c), c)[name]
		})
		if got.Get("error") != "server_error" || got.Get("code") != "" {
			t.Errorf("federation, %s: %v", name, got)
		}
	}
	for name, change := range map[string]map[string]any{
		"another issuer": {"iss": "https://evil.example"}, "another audience": {"aud": "someone"}, "expired": {"exp": now - 3600}, "not yet": {"nbf": now + 3600}, "no expiry": {"exp": nil},
	} {
		got := federated(func(nonce string) string {
			c := with(nonce)
			maps.Copy(c, change)
			return signed(t, jose.RS256, jwk, nil, c)
		})
		if got.Get("code") != "" {
			t.Errorf("federation, %s: %v", name, got)
		}
	}
}
