package test

import (
	"context"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/store"
)

// Clients that prove themselves by a certificate (RFC 7523, private_key_jwt).

// signer makes the assertions of an application.
type signer struct {
	t    *testing.T
	e    *env
	app  string
	cert *x509.Certificate
	key  *rsa.PrivateKey
	// header are the members that name the certificate; nil: x5t.
	header map[string]any
	alg    jose.SignatureAlgorithm
}

// certified is a client with a web redirect and a certificate, registered over the admin API.
func (e *env) certified(t *testing.T, more object) (application.Application, *signer) {
	t.Helper()
	cert, key := madeCertificate(t, "client", e.clock.now().Add(-time.Hour), e.clock.now().Add(24*time.Hour), "")
	body := object{"displayName": "Certified", "web": object{"redirectUris": []string{webRedirect}}, "keyCredentials": []object{keyCredential(cert)}}
	maps.Copy(body, more)
	app := e.registered(body)
	return app, &signer{t: t, e: e, app: app.AppID, cert: cert, key: key, alg: jose.PS256}
}

func keyCredential(cert *x509.Certificate) object {
	return object{"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "ci", "key": base64.StdEncoding.EncodeToString(cert.Raw)}
}

func (s *signer) sign(claims map[string]any) string {
	s.t.Helper()
	header := s.header
	if header == nil {
		sum := sha256.Sum256(s.cert.Raw)
		header = map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.key}, options)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

// claims are those of a good assertion for the public token endpoint.
func (s *signer) claims(change map[string]any) map[string]any {
	now := s.e.clock.now()
	c := map[string]any{
		"iss": s.app, "sub": s.app, "aud": s.e.base + "/" + tenant + "/" + strings.ToLower(ownSignIn) + "/oauth2/v2.0/token",
		"jti": uuid.NewString(), "nbf": now.Unix(), "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	for name, value := range change {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// with puts an assertion into a form.
func with(form url.Values, assertion string) url.Values {
	form = maps.Clone(form)
	form.Set("client_assertion_type", application.AssertionType)
	form.Set("client_assertion", assertion)
	return form
}

// service is a client that acts for itself, and its token request.
func service(t *testing.T) (*env, *signer, url.Values) {
	e := ownPolicies(t)
	api := e.ordersAPI()
	app, s := e.certified(t, object{"requiredResourceAccess": requires(api, "Role", readRole)})
	return e, s, url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "scope": {apiURI + "/.default"}}
}

func TestAClientProvesItselfByACertificate(t *testing.T) {
	t.Parallel()
	e, s, form := service(t)
	issuer := e.base + "/" + e.srv.TenantID + "/v2.0/"
	sha := sha1.Sum(s.cert.Raw)
	for name, change := range map[string]func(s *signer, claims map[string]any){
		"PS256, x5t#S256": func(*signer, map[string]any) {},
		"RS256, x5t": func(s *signer, _ map[string]any) {
			s.alg, s.header = jose.RS256, map[string]any{"x5t": base64.RawURLEncoding.EncodeToString(sha[:])}
		},
		"kid is the thumbprint in hex": func(s *signer, _ map[string]any) {
			s.header = map[string]any{"kid": strings.ToUpper(hex.EncodeToString(sha[:]))}
		},
		"no name":                    func(s *signer, _ map[string]any) { s.header = map[string]any{} },
		"the audience is the issuer": func(_ *signer, c map[string]any) { c["aud"] = issuer },
		"one of several audiences":   func(_ *signer, c map[string]any) { c["aud"] = []string{"https://other.example/", issuer} },
		"the tenant by its id": func(_ *signer, c map[string]any) {
			c["aud"] = e.base + "/" + e.srv.TenantID + "/" + ownSignIn + "/oauth2/v2.0/token"
		},
		"the policy as a parameter": func(_ *signer, c map[string]any) {
			c["aud"] = e.base + "/" + tenant + "/oauth2/v2.0/token?p=" + ownSignIn
		},
		"a clock that is behind":    func(_ *signer, c map[string]any) { c["exp"] = e.clock.now().Add(-4 * time.Minute).Unix() },
		"a clock that is ahead":     func(_ *signer, c map[string]any) { c["nbf"] = e.clock.now().Add(4 * time.Minute).Unix() },
		"the client id in capitals": func(s *signer, c map[string]any) { c["iss"], c["sub"] = strings.ToUpper(s.app), strings.ToUpper(s.app) },
	} {
		own := *s
		claims := own.claims(nil)
		change(&own, claims)
		if got := e.token(ownSignIn, with(form, own.sign(claims))); got.status != http.StatusOK || got.AccessToken == "" {
			t.Errorf("%s: %+v", name, got.raw)
		}
	}
	// RFC 7521 §4.2: the assertion may be the only one that names the client.
	form.Del("client_id")
	res, err := e.client(nil).PostForm(e.base+"/"+tenant+"/"+ownSignIn+"/oauth2/v2.0/token", with(form, s.sign(s.claims(nil))))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("without client_id: %d", res.StatusCode)
	}
}

func TestABadAssertionIsRefused(t *testing.T) {
	t.Parallel()
	e, s, form := service(t)
	other, key := madeCertificate(t, "another", time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "")
	refused := func(name, code, text string, form url.Values) {
		t.Helper()
		got := e.token(ownSignIn, form)
		if got.status != http.StatusBadRequest || got.Error != "invalid_client" || !strings.HasPrefix(got.Description, code) || !strings.Contains(got.Description, text) {
			t.Errorf("%s: %+v, want %s … %s", name, got.raw, code, text)
		}
	}
	for _, c := range []struct {
		name, text string
		change     map[string]any
	}{
		{"another issuer", "iss and sub", map[string]any{"iss": e.web.AppID}},
		{"another subject", "iss and sub", map[string]any{"sub": "someone"}},
		{"another server", "aud must be", map[string]any{"aud": "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token"}},
		{"another policy", "aud must be", map[string]any{"aud": e.base + "/" + tenant + "/b2c_1a_passwordreset/oauth2/v2.0/token"}},
		{"another endpoint", "aud must be", map[string]any{"aud": e.base + "/" + tenant + "/" + ownSignIn + "/oauth2/v2.0/authorize"}},
		{"no audience", "aud must be", map[string]any{"aud": nil}},
		{"expired", "expired", map[string]any{"exp": e.clock.now().Add(-6 * time.Minute).Unix()}},
		{"no end", "no exp", map[string]any{"exp": nil}},
		{"a day", "an hour", map[string]any{"exp": e.clock.now().Add(24 * time.Hour).Unix()}},
		{"to come", "not valid yet", map[string]any{"nbf": e.clock.now().Add(6 * time.Minute).Unix()}},
		{"no jti", "jti", map[string]any{"jti": nil}},
		{"a long jti", "jti", map[string]any{"jti": strings.Repeat("x", 300)}},
	} {
		refused(c.name, "AADB2C90017", c.text, with(form, s.sign(s.claims(c.change))))
	}
	stranger := *s
	stranger.cert, stranger.key = other, key
	refused("an unknown certificate", "AADB2C90017", "not registered", with(form, stranger.sign(s.claims(nil))))
	forger := *s
	forger.key = key
	refused("another's key", "AADB2C90017", "signature", with(form, forger.sign(s.claims(nil))))
	refused("no JWT", "AADB2C90017", "one JWT", with(form, "x.y.z"))
	unsigned := "eyJhbGciOiJub25lIn0." + strings.Split(s.sign(s.claims(nil)), ".")[1] + "."
	refused("unsigned", "AADB2C90017", "one JWT", with(form, unsigned))
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: s.cert.Raw}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(hmac).Claims(s.claims(nil)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	refused("the certificate as a secret", "AADB2C90017", "one JWT", with(form, text))
	wrong := with(form, s.sign(s.claims(nil)))
	wrong.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
	refused("a SAML assertion", "AADB2C90016", application.AssertionType, wrong)
	two := with(form, s.sign(s.claims(nil)))
	two.Set("client_secret", e.secret)
	refused("two proofs", "AADB2C90081", "both", two)
	// A single-page application has nothing to prove itself with.
	e.clock.advance(25 * time.Hour)
	refused("an expired certificate", "AADB2C90017", "expired", with(form, s.sign(s.claims(nil))))
}

// An assertion is good for one request, on whichever node; one that names its certificate
// by thumbprint, as Microsoft's libraries do, is sent again until it expires.
func TestAnAssertionIsUsedOnce(t *testing.T) {
	t.Parallel()
	e, s, form := service(t)
	s.header = map[string]any{"kid": e.keyID(t, s.app)}
	once := s.sign(s.claims(map[string]any{"exp": e.clock.now().Add(time.Minute).Unix()}))
	if got := e.token(ownSignIn, with(form, once)); got.status != http.StatusOK {
		t.Fatalf("the first use: %+v", got.raw)
	}
	if got := e.token(ownSignIn, with(form, once)); got.status != http.StatusBadRequest || !strings.Contains(got.Description, "used before") {
		t.Errorf("the second use: %+v", got.raw)
	}
	e.clock.advance(5 * time.Minute) // still within the leeway for clocks
	if got := e.token(ownSignIn, with(form, once)); got.status != http.StatusBadRequest || !strings.Contains(got.Description, "used before") {
		t.Errorf("the second use, late: %+v", got.raw)
	}
	s.header = nil
	kept := s.sign(s.claims(nil))
	for range 2 {
		if got := e.token(ownSignIn, with(form, kept)); got.status != http.StatusOK {
			t.Errorf("a kept assertion: %+v", got.raw)
		}
	}
}

// keyID is the keyId of an application's certificate.
func (e *env) keyID(t *testing.T, appID string) string {
	t.Helper()
	app, err := e.srv.Apps.GetByAppID(context.Background(), appID)
	if err != nil || len(app.Certificates) == 0 {
		t.Fatalf("%v %v", app, err)
	}
	return app.Certificates[0].KeyID
}

func TestACertificateRedeemsCodesAndRefreshTokens(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	app, s := e.certified(t, nil)
	u := e.user()
	u.authorize(ownSignIn, map[string]string{"client_id": app.AppID, "redirect_uri": webRedirect})
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "ada@example.com")
	u.pass(map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Ada"})
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {app.AppID}, "code": {u.result().Get("code")}, "redirect_uri": {webRedirect}, "code_verifier": {u.verifier}}
	if got := e.token(ownSignIn, form); got.status != http.StatusBadRequest || !strings.HasPrefix(got.Description, "AADB2C90079") {
		t.Errorf("without a proof: %+v", got.raw)
	}
	got := e.token(ownSignIn, with(form, s.sign(s.claims(nil))))
	if got.status != http.StatusOK {
		t.Fatalf("code: %+v", got.raw)
	}
	form = url.Values{"grant_type": {"refresh_token"}, "client_id": {app.AppID}, "refresh_token": {got.RefreshToken}}
	if got = e.token(ownSignIn, with(form, s.sign(s.claims(nil)))); got.status != http.StatusOK {
		t.Errorf("refresh: %+v", got.raw)
	}
	// A certificate that was taken away proves nothing more.
	e.must(204, "PATCH", "v1.0/applications/"+app.ID, object{"keyCredentials": []object{}})
	form.Set("refresh_token", got.RefreshToken)
	if got = e.token(ownSignIn, with(form, s.sign(s.claims(nil)))); got.status != http.StatusBadRequest || !strings.Contains(got.Description, "not registered") {
		t.Errorf("after removal: %+v", got.raw)
	}
}

func TestAPublicClientSendsNoAssertion(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	app, s := e.certified(t, object{"spa": object{"redirectUris": []string{spaRedirect}}})
	u := e.user()
	u.authorize(ownSignIn, map[string]string{"client_id": app.AppID})
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "ada@example.com")
	u.pass(map[string]string{"email": "ada@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Ada"})
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {app.AppID}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}}
	if got := e.token(ownSignIn, with(form, s.sign(s.claims(nil)))); got.status != http.StatusBadRequest || !strings.HasPrefix(got.Description, "AADB2C90084") {
		t.Errorf("got %+v", got.raw)
	}
}

func TestAPipelineProvesItselfByACertificate(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	app, s := e.certified(t, object{"requiredResourceAccess": []object{{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []object{{"id": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "type": "Role"}}}}})
	endpoint := e.srv.AdminURL() + "/" + tenant + "/oauth2/v2.0/token"
	ask := func(form url.Values) tokens {
		t.Helper()
		return e.postToken(t, endpoint, form)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "scope": {"https://graph.microsoft.com/.default"}}
	s.header = map[string]any{"kid": e.keyID(t, app.AppID)}
	good := with(form, s.sign(s.claims(map[string]any{"aud": endpoint})))
	got := ask(good)
	if got.status != http.StatusOK {
		t.Fatalf("got %+v", got.raw)
	}
	if status, _ := e.graph(got.AccessToken, "GET", "v1.0/applications", nil); status != http.StatusOK {
		t.Errorf("the token isn't accepted: %d", status)
	}
	for name, c := range map[string]struct {
		form url.Values
		code string
	}{
		"used before":        {good, "AADSTS50013"},
		"for the public one": {with(form, s.sign(s.claims(nil))), "AADSTS700023"},
		"expired":            {with(form, s.sign(s.claims(map[string]any{"aud": endpoint, "exp": e.clock.now().Add(-time.Hour).Unix()}))), "AADSTS700024"},
		"another client's":   {with(form, s.sign(s.claims(map[string]any{"aud": endpoint, "iss": e.web.AppID}))), "AADSTS700021"},
		"no JWT":             {with(form, "x"), "AADSTS50027"},
		"no proof":           {form, "AADSTS7000215"},
	} {
		if got := ask(c.form); got.status != http.StatusUnauthorized || got.Error != "invalid_client" || !strings.HasPrefix(got.Description, c.code) {
			t.Errorf("%s: %+v, want %s", name, got.raw, c.code)
		}
	}
}

// Graph's addKey and removeKey ask for a proof that the caller holds a key already.
func TestCertificatesRollOver(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	app, s := e.certified(t, nil)
	path := "v1.0/applications/" + app.ID
	proof := func(change map[string]any) string {
		now := e.clock.now()
		claims := map[string]any{"iss": app.ID, "aud": "00000002-0000-0000-c000-000000000000", "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()}
		maps.Copy(claims, change)
		return s.sign(claims)
	}
	next, nextKey := madeCertificate(t, "next", time.Now().Add(-time.Hour), time.Now().Add(48*time.Hour), "")
	for name, p := range map[string]string{
		"none": "", "another audience": proof(map[string]any{"aud": "https://graph.microsoft.com"}), "another application": proof(map[string]any{"iss": app.AppID}),
		"too long": proof(map[string]any{"exp": e.clock.now().Add(time.Hour).Unix()}), "no end": proof(map[string]any{"exp": nil}),
	} {
		if status, body := e.graph("admin-token", "POST", path+"/addKey", object{"keyCredential": keyCredential(next), "passwordCredential": nil, "proof": p}); status != http.StatusForbidden {
			t.Errorf("proof with %s: %d %v", name, status, body)
		}
	}
	made := e.must(200, "POST", path+"/addKey", object{"keyCredential": keyCredential(next), "passwordCredential": nil, "proof": proof(nil)})
	if made["type"] != "AsymmetricX509Cert" || made["key"] != nil || made["keyId"] == "" {
		t.Errorf("addKey: %v", made)
	}
	e.must(204, "POST", path+"/removeKey", object{"keyId": e.keyID(t, app.AppID), "proof": proof(nil)})
	s.cert, s.key = next, nextKey
	if id := e.keyID(t, app.AppID); id != made["keyId"] {
		t.Errorf("what is left is %s, want %s", id, made["keyId"])
	}
	// A list of PATCH keeps those that it names by keyId; the certificate is shown on request.
	e.must(204, "PATCH", path, object{"keyCredentials": []object{{"keyId": made["keyId"], "type": "AsymmetricX509Cert", "usage": "Verify"}}})
	shown := e.must(200, "GET", path+"?$select=keyCredentials", nil)["keyCredentials"].([]any)
	if len(shown) != 1 || shown[0].(map[string]any)["key"] != base64.StdEncoding.EncodeToString(next.Raw) {
		t.Errorf("shown: %v", shown)
	}
	if all := e.must(200, "GET", path, nil)["keyCredentials"].([]any); all[0].(map[string]any)["key"] != nil {
		t.Errorf("shown without being asked for: %v", all)
	}
	private, err := x509.MarshalPKCS8PrivateKey(nextKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"no base64": "?", "no certificate": base64.StdEncoding.EncodeToString([]byte("x")), "a private key": base64.StdEncoding.EncodeToString(private),
		"a private key in PEM": base64.StdEncoding.EncodeToString([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
	} {
		bad := keyCredential(next)
		bad["key"] = key
		if status, body := e.graph("admin-token", "PATCH", path, object{"keyCredentials": []object{bad}}); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

// postToken asks a token endpoint of any address.
func (e *env) postToken(t *testing.T, address string, form url.Values) tokens {
	t.Helper()
	res, err := e.client(nil).PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	return readTokens(t, res)
}

var _ application.Assertions = (*store.DB)(nil)

// What one node took or revoked, no other takes.
func TestAssertionsAndRevocationsOnTwoNodes(t *testing.T) {
	t.Parallel()
	list := nodes(t, 2)
	first, second := list[0], list[1]
	blocks, _ := trailBlocks("A")
	first.own(blocks, relyingParty("SignUpOrSignIn", "", "trail"))
	api := first.ordersAPI()
	app, s := first.certified(t, object{"requiredResourceAccess": requires(api, "Role", readRole)})
	if err := second.srv.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.header = map[string]any{"kid": first.keyID(t, app.AppID)}
	path := "/" + tenant + "/" + ownSignIn + "/oauth2/v2.0/token"
	form := with(url.Values{"grant_type": {"client_credentials"}, "client_id": {app.AppID}, "scope": {apiURI + "/.default"}},
		s.sign(s.claims(map[string]any{"aud": []string{first.base + path, second.base + path}})))
	if got := first.token(ownSignIn, form); got.status != http.StatusOK {
		t.Fatalf("the first node: %+v", got.raw)
	}
	if got := second.token(ownSignIn, form); got.status != http.StatusBadRequest || !strings.Contains(got.Description, "used before") {
		t.Errorf("the second node: %+v", got.raw)
	}

	u := first.user()
	u.ownSignUp("ada@example.com")
	u.authorize(ownSignIn, nil)
	token := u.redeem(ownSignIn).RefreshToken
	if got := second.revoke(t, url.Values{"client_id": {first.spa.AppID}, "token": {token}}); got.status != http.StatusOK {
		t.Errorf("revocation at the second node: %d %+v", got.status, got.raw)
	}
	if got := first.token(ownSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}); got.Error != "invalid_grant" {
		t.Errorf("a refresh at the first node: %+v", got.raw)
	}
}
