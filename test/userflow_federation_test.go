package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/userflow"
)

// identityProvider is a scripted OpenID Connect provider beside the API; paths that
// aren't its own are the connector's, which answers with what then returns.
func (e *env) identityProvider(user map[string]any, then func(w http.ResponseWriter, r *http.Request)) {
	e.t.Helper()
	e.trustAPI()
	active := e.providerKey()
	issuer := e.api.server.URL
	nonces := make(chan string, 100)
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s/token","jwks_uri":"%[2]s/keys"}`, issuer, issuer)
		case "/keys":
			set, _ := e.srv.Keys.PublicJWKS(r.Context(), "B2C_1A_IdP")
			b, _ := set.Keys[0].MarshalJSON()
			fmt.Fprintf(w, `{"keys":[%s]}`, b)
		case "/authorize":
			q := r.URL.Query()
			nonces <- q.Get("nonce")
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"state": {q.Get("state")}, "code": {"c"}}.Encode(), http.StatusFound)
		case "/token":
			if err := r.ParseForm(); err != nil || r.PostForm.Get("client_secret") != "idp-secret" {
				e.t.Errorf("token request: %v", r.PostForm)
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: active.Key, KeyID: active.KID}}, nil)
			if err != nil {
				e.t.Error(err)
			}
			payload := map[string]any{"iss": issuer, "aud": "idp-client", "nonce": <-nonces, "iat": e.clock.now().Unix(), "exp": e.clock.now().Unix() + 600}
			for k, v := range user {
				payload[k] = v
			}
			text, err := jwt.Signed(signer).Claims(payload).Serialize()
			if err != nil {
				e.t.Error(err)
			}
			fmt.Fprintf(w, `{"id_token":%q,"access_token":"upstream","token_type":"Bearer"}`, text)
		default:
			then(w, r)
		}
	})
}

// openIDConnect registers the scripted provider with the tenant.
func (e *env) openIDConnect() string {
	e.t.Helper()
	return e.must(201, "POST", "beta/identity/identityProviders", object{
		"@odata.type": "microsoft.graph.openIdConnectIdentityProvider", "displayName": "Contoso", "clientId": "idp-client", "clientSecret": "idp-secret",
		"metadataUrl": e.api.server.URL + "/.well-known/openid-configuration", "scope": "openid profile", "responseType": "code", "responseMode": "query", "domainHint": "contoso.com",
		"claimsMapping": object{"userId": "sub", "displayName": "name", "givenName": "given_name", "surname": "family_name", "email": "email"},
	})["id"].(string)
}

func TestConnectorsOfAFederatedSignUp(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	var bodies []map[string]any
	answers := map[string]string{}
	e.identityProvider(map[string]any{"sub": "u-7", "name": "Ora Id", "email": "ora@example.com"}, func(w http.ResponseWriter, r *http.Request) {
		calls := e.api.take()
		body := bodyOf(t, calls[len(calls)-1])
		bodies = append(bodies, body)
		_, _ = w.Write([]byte(answers[body["step"].(string)]))
	})
	idp := e.openIDConnect()
	flow := e.flow("susi", "signUpOrSignIn")
	e.must(204, "POST", flows+"/"+flow+"/userflowIdentityProviders/$ref", object{"@odata.id": "https://graph.microsoft.com/beta/identity/identityProviders/" + idp})
	e.settings(flow, object{"applicationClaims": []string{"DisplayName", "City", "emails", "identityProvider", "newUser", "objectId"}})
	e.assign(flow, "DisplayName", nil)
	e.assign(flow, "City", nil)
	id := e.connector(e.api.server.URL + "/connector")
	for _, step := range []string{"postFederationSignup", "postAttributeCollection", "preTokenIssuance"} {
		e.bind(flow, step, id)
	}
	answers["PostFederationSignup"] = continuing(object{"city": "Suggested", "displayName": nil})
	answers["PostAttributeCollection"] = continuing(nil)
	answers["PreTokenIssuance"] = continuing(nil)
	exchange := "OIDC_V1_Contoso_" + idp[strings.LastIndex(idp, "-")+1:] + "Exchange"

	u := e.user()
	u.authorize(flow, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=" + exchange)
	if !strings.Contains(u.page, `value="Ora Id"`) || !strings.Contains(u.page, `value="Suggested"`) {
		t.Fatalf("the page isn't filled in:\n%s", excerpt(u.page))
	}
	u.pass(map[string]string{"displayName": "Ora", "city": "Typed"})
	first := u.claims(flow)
	if first["name"] != "Ora" || first["city"] != "Typed" || first["idp"] != "contoso.com" || first["newUser"] != true {
		t.Errorf("token: %v", first)
	}
	federated := []any{map[string]any{"signInType": "federated", "issuer": "contoso.com", "issuerAssignedId": "u-7"}}
	common := map[string]any{"client_id": e.spa.AppID, "ui_locales": "en-US", "email": "ora@example.com", "identities": federated}
	want := []map[string]any{{"step": "PostFederationSignup", "displayName": "Ora Id"}, {"step": "PostAttributeCollection", "displayName": "Ora", "city": "Typed"},
		{"step": "PreTokenIssuance", "displayName": "Ora", "city": "Typed", "objectId": first["sub"]}}
	for _, w := range want {
		for k, v := range common {
			w[k] = v
		}
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("calls: %s", diff)
	}
	// The second time the account is known: only PreTokenIssuance is called.
	bodies = nil
	v := e.user()
	v.authorize(flow, map[string]string{"domain_hint": "contoso.com"})
	if again := v.claims(flow); again["sub"] != first["sub"] || again["newUser"] != nil {
		t.Errorf("again: %v", again)
	}
	if len(bodies) != 1 || bodies[0]["step"] != "PreTokenIssuance" {
		t.Errorf("calls: %v", bodies)
	}
	e.audits("Federate with an identity provider", 2)
}

func TestAFederatedSignUpWithNothingToAsk(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	var steps []string
	answer := continuing(nil)
	e.identityProvider(map[string]any{"sub": "u-8", "name": "Ora Id"}, func(w http.ResponseWriter, _ *http.Request) {
		calls := e.api.take()
		steps = append(steps, bodyOf(t, calls[len(calls)-1])["step"].(string))
		_, _ = w.Write([]byte(answer))
	})
	idp := e.openIDConnect()
	flow := e.must(201, "POST", flows, object{"id": "social", "userFlowType": "signUpOrSignIn", "userFlowTypeVersion": 3, "identityProviders": []object{{"id": idp}},
		"apiConnectorConfiguration": object{"postAttributeCollection": object{"@odata.id": "x/apiConnectors/" + e.connector(e.api.server.URL+"/connector")}}})["id"].(string)
	answer = `{"version":"1.0.0","action":"ShowBlockPage","userMessage":"Not you."}`
	u := e.user()
	u.authorize(flow, nil)
	if u.callback != nil || !strings.Contains(u.page, "Not you.") {
		t.Fatalf("no block page: %s", excerpt(u.page))
	}
	if users := e.must(200, "GET", "v1.0/users", nil)["value"].([]any); len(users) != 0 {
		t.Errorf("there is an account: %v", users)
	}
	answer = continuing(nil)
	u = e.user()
	u.authorize(flow, nil)
	u.claims(flow)
	if diff := cmp.Diff([]string{"PostAttributeCollection", "PostAttributeCollection"}, steps); diff != "" {
		t.Errorf("calls: %s", diff)
	}
}

func TestIdentityProvidersAreData(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for _, kind := range userflow.ProviderTypes() {
		body := object{"@odata.type": "microsoft.graph.socialIdentityProvider", "displayName": "My " + kind, "identityProviderType": kind, "clientId": "c-" + kind, "clientSecret": "s-" + kind}
		switch kind {
		case userflow.TypeOpenIDConnect:
			continue
		case userflow.TypeApple:
			body = object{"@odata.type": "#microsoft.graph.appleManagedIdentityProvider", "displayName": "Apple", "developerId": "TEAM", "serviceId": "com.contoso", "keyId": "KEY", "certificateData": appleKey()}
		}
		made := e.must(201, "POST", "beta/identity/identityProviders", body)
		id := made["id"].(string)
		got := e.must(200, "GET", "beta/identity/identityProviders/"+strings.ToLower(id), nil)
		for _, secret := range []string{"s-" + kind, appleKey()} {
			if strings.Contains(fmt.Sprint(made, got), secret) {
				t.Errorf("%s: the secret is shown", kind)
			}
		}
		flow := e.must(201, "POST", flows, object{"id": kind, "userFlowType": "signUpOrSignIn", "identityProviders": []object{{"id": id}}})["id"].(string)
		u := e.user()
		// OAuth 2 providers' addresses are known; the others' would be fetched.
		u.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if kind == "Facebook" || kind == "Google" || kind == "GitHub" {
			res, err := u.http.Get(e.base + "/" + tenant + "/" + flow + "/oauth2/v2.0/authorize?" + url.Values{"client_id": {e.spa.AppID}, "redirect_uri": {spaRedirect},
				"response_type": {"code"}, "scope": {"openid"}, "code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}.Encode())
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			to, err := res.Location()
			if err != nil || to.Query().Get("client_id") != "c-"+kind || !strings.HasSuffix(to.Host, strings.ToLower(kind)+".com") {
				t.Errorf("%s: %v %v", kind, to, err)
			}
		}
		e.must(400, "DELETE", "beta/identity/identityProviders/"+id, nil)
		e.must(204, "DELETE", flows+"/"+flow, nil)
		e.must(204, "DELETE", "beta/identity/identityProviders/"+id, nil)
	}
	if status, body := e.graph(admin, "POST", "beta/identity/identityProviders", object{"@odata.type": "microsoft.graph.socialIdentityProvider", "identityProviderType": "Weibo", "clientId": "c", "clientSecret": "s"}); status != 400 || !strings.Contains(message(body), "not supported yet") {
		t.Errorf("Weibo: %d %v", status, body)
	}
	for _, set := range e.must(200, "GET", "beta/trustFramework/keySets", nil)["value"].([]any) {
		if strings.Contains(fmt.Sprint(set), "IdentityProvider") {
			t.Errorf("a provider's secret is among the policy keys: %v", set)
		}
	}
}

// appleKey is a private key in the form in which Apple gives it.
var appleKey = sync.OnceValue(func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// tlsAPI is an API with a certificate or protocol that isn't good; ca is trusted.
func tlsAPI(t *testing.T, change func(*tls.Config)) (address, ca string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(continuing(nil))) }))
	srv.TLS = new(tls.Config)
	change(srv.TLS)
	srv.Config.ErrorLog = nil
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return srv.URL, ca
}

func TestConnectorsAskForGoodTransport(t *testing.T) {
	t.Parallel()
	old, oldCA := tlsAPI(t, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 })
	expired, expiredCA := tlsAPI(t, func(c *tls.Config) {
		c.Certificates = []tls.Certificate{selfSigned(t, time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour), "127.0.0.1")}
	})
	wrong, wrongCA := tlsAPI(t, func(c *tls.Config) {
		c.Certificates = []tls.Certificate{selfSigned(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "192.0.2.1")}
	})
	unknown, _ := tlsAPI(t, func(c *tls.Config) {
		c.Certificates = []tls.Certificate{selfSigned(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "127.0.0.1")}
	})
	for _, test := range []struct{ name, address, ca, outbound string }{
		{"TLS 1.1", old, oldCA, "development"}, {"an expired certificate", expired, expiredCA, "development"}, {"another host's certificate", wrong, wrongCA, "development"},
		{"an unknown authority", unknown, "", "development"}, {"a loopback address in production", old, oldCA, "strict"}, {"a metadata address", "https://169.254.169.254/", "", "development"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(c *server.Config) {
				c.Outbound = test.outbound
				if test.ca != "" {
					c.OutboundCA = test.ca
				}
			})
			flow := e.flow("susi", "signUpOrSignIn")
			e.bind(flow, "preTokenIssuance", e.connector(test.address))
			u := e.user()
			u.register(flow, "ada@example.com", nil)
			if got := u.result(); got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90275: ") || !strings.Contains(got.Get("error_description"), "Correlation ID: ") {
				t.Errorf("%v", got)
			}
			if r := e.audits(connectorCalled, 1)[0]; r["result"] != "failure" {
				t.Errorf("record: %v", r)
			}
		})
	}
}

func TestClientCertificatesOfConnectors(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.respond(200, continuing(nil))
	flow := e.flow("susi", "signUpOrSignIn")
	pfx := func(name string) string { return base64.StdEncoding.EncodeToString(clientPKCS12(t, name, "pass")) }
	made := e.must(201, "POST", "v1.0/identity/apiConnectors", object{"displayName": "Mutual", "targetUrl": e.api.server.URL,
		"authenticationConfiguration": object{"@odata.type": "#microsoft.graph.pkcs12Certificate", "pkcs12Value": pfx("first"), "password": "pass"}})
	id := made["id"].(string)
	list := func(c map[string]any) []any {
		auth := c["authenticationConfiguration"].(map[string]any)
		if auth["@odata.type"] != "#microsoft.graph.clientCertificateAuthentication" {
			t.Errorf("%v", auth)
		}
		return auth["certificateList"].([]any)
	}
	one := list(made)[0].(map[string]any)
	if one["isActive"] != true || len(one["thumbprint"].(string)) != 40 || one["notBefore"].(float64) >= one["notAfter"].(float64) {
		t.Errorf("%v", one)
	}
	e.bind(flow, "preTokenIssuance", id)
	u := e.user()
	u.register(flow, "ada@example.com", nil)
	u.claims(flow)
	if calls := e.api.take(); len(calls) != 1 || calls[0].Certificate != "first" || calls[0].Header.Get("Authorization") != "" {
		t.Errorf("%+v", calls)
	}
	if status, body := e.graph(admin, "POST", "beta/identity/apiConnectors/"+id+"/uploadClientCertificate", object{"pkcs12Value": pfx("second"), "password": "wrong"}); status != 400 {
		t.Errorf("wrong password: %d %v", status, body)
	}
	got := e.must(200, "POST", "beta/identity/apiConnectors/"+id+"/uploadClientCertificate", object{"pkcs12Value": pfx("second"), "password": "pass"})
	if certificates := list(got); len(certificates) != 2 || certificates[0].(map[string]any)["isActive"] != false || certificates[1].(map[string]any)["isActive"] != true {
		t.Errorf("%v", got)
	}
	u.authorize(flow, nil)
	u.claims(flow)
	if calls := e.api.take(); len(calls) != 1 || calls[0].Certificate != "second" {
		t.Errorf("%+v", calls)
	}
	// A new configuration replaces the certificates.
	e.must(204, "PATCH", "beta/identity/apiConnectors/"+id, object{"authenticationConfiguration": object{"@odata.type": "microsoft.graph.pkcs12Certificate", "pkcs12Value": pfx("third"), "password": "pass"}})
	if certificates := list(e.must(200, "GET", "beta/identity/apiConnectors/"+id, nil)); len(certificates) != 1 {
		t.Errorf("%v", certificates)
	}
	e.must(400, "DELETE", "beta/identity/apiConnectors/"+id, nil) // the flow calls it
	e.must(204, "PUT", flows+"/"+flow+"/apiConnectorConfiguration/preTokenIssuance/$ref", object{})
	e.must(204, "DELETE", "beta/identity/apiConnectors/"+id, nil)
}
