package identityproviders_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph/identityproviders"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/userflow"
)

// start runs an admin API with the real services over providers and keys in memory.
func start(t *testing.T) (*msgraphtest.Graph, *userflow.Service, *keyset.Service) {
	t.Helper()
	flows, keys := msgraphtest.UserFlows(t), msgraphtest.OwnKeys(t)
	g := msgraphtest.New(t, &identityproviders.Handler{
		Flows: flows, Secrets: keys, Remove: keys,
		AppleSecret: func(_ context.Context, p *userflow.Provider, private []byte) (keyset.Key, error) {
			if p.KeyID == "lost" {
				return keyset.Key{}, errors.New("no such key")
			}
			return keyset.NewSecret("sig", append([]byte("made of "), private[:1]...)), nil
		},
	})
	return g, flows, keys
}

var (
	created    = msgraphtest.Twice("Create identity provider", "success")
	notCreated = msgraphtest.Twice("Create identity provider", "failure")
	updated    = msgraphtest.Twice("Update identity provider", "success")
	notUpdated = msgraphtest.Twice("Update identity provider", "failure")
	deleted    = msgraphtest.Twice("Delete identity provider", "success")
	notDeleted = msgraphtest.Twice("Delete identity provider", "failure")
)

const (
	list   = "/v1.0/identity/identityProviders"
	entity = `"@odata.context":"{base}/graph/v1.0/$metadata#identity/identityProviders/$entity"`
)

func secret(t *testing.T, keys *keyset.Service, p userflow.Provider) string {
	t.Helper()
	text, err := keys.Secret(t.Context(), p.SecretKey())
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestASocialProviderIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	g, flows, keys := start(t)
	g.Set("reader", g.Token(t, "IdentityProvider.Read.All"))
	const body = `{"@odata.type":"#microsoft.graph.socialIdentityProvider","identityProviderType":"facebook","clientId":"1234","clientSecret":"first"}`
	const shown = `"@odata.type":"#microsoft.graph.socialIdentityProvider","id":"Facebook-OAUTH","displayName":"Facebook","identityProviderType":"Facebook","clientSecret":"******","clientId":`
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: list, Body: body, Status: 201, Records: created, Header: "Location: {base}/graph/v1.0/identity/identityProviders/Facebook-OAUTH", Want: `{` + entity + `,` + shown + `"1234"}`},
		{Name: "made again", Method: "POST", Path: list, Body: body, Status: 409, Records: notCreated, Want: `{"error":{"code":"AADB2C","message":"Identity provider Facebook-OAUTH: exists already."}}`},
		{Name: "not by a reader", Method: "DELETE", Path: list + "/Facebook-OAUTH", Token: "{reader}", Status: 403, Records: "Delete identity provider: failure"},
		{Name: "filtered", Path: list + "?$filter=identityProviderType eq 'Facebook'", Token: "{reader}", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/identityProviders","value":[{` + shown + `"1234"}]}`},
		{Name: "no filter", Path: list + "?$filter=((", Status: 400},
		{Name: "changed", Method: "PATCH", Path: list + "/facebook-oauth", Body: `{"clientId":"5678","clientSecret":"******"}`, Status: 204, Records: updated},
		{Name: "read", Path: list + "/facebook-oauth", Want: `{` + entity + `,` + shown + `"5678"}`},
	})
	p, _ := flows.Tenant().Provider("Facebook-OAUTH")
	if got := secret(t, keys, p); got != "first" {
		t.Errorf("secret after it was sent back masked: got %q, want first", got)
	}
	g.Run(t, []msgraphtest.Step{{Name: "a new secret", Method: "PATCH", Path: list + "/Facebook-OAUTH", Body: `{"clientSecret":"second"}`, Status: 204, Records: updated}})
	if got := secret(t, keys, p); got != "second" {
		t.Errorf("secret after it was changed: got %q, want second", got)
	}
	if err := flows.Change(t.Context(), func(tenant *userflow.Tenant) error {
		f, err := userflow.NewFlow("One", userflow.SignUpOrSignIn, 3, []string{"Facebook-OAUTH"}, msgraphtest.Now())
		tenant.Flows = append(tenant.Flows, f)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	g.Run(t, []msgraphtest.Step{{Name: "in use", Method: "DELETE", Path: list + "/Facebook-OAUTH", Status: 400, Records: notDeleted, Want: "The user flow B2C_1_One uses this identity provider. Remove it there first."}})
	if err := flows.Change(t.Context(), func(tenant *userflow.Tenant) error {
		tenant.Flows = nil
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	g.Run(t, []msgraphtest.Step{
		{Name: "deleted", Method: "DELETE", Path: list + "/Facebook-OAUTH", Status: 204, Records: deleted},
		{Name: "gone", Method: "DELETE", Path: list + "/Facebook-OAUTH", Status: 404, Records: notDeleted, Want: `{"error":{"code":"AADB2C","message":"There is no identity provider with the id 'Facebook-OAUTH'."}}`},
		{Name: "nothing to read", Path: list + "/Facebook-OAUTH", Status: 404},
		{Name: "nothing to change", Method: "PATCH", Path: list + "/Facebook-OAUTH", Body: "{}", Status: 404, Records: notUpdated},
	})
	if keys.Exists(p.SecretKey()) {
		t.Error("the secret of a deleted provider is still there")
	}
}

func TestAnOpenIDConnectProviderIsMade(t *testing.T) {
	t.Parallel()
	g, _, _ := start(t)
	const body = `{"@odata.type":"microsoft.graph.openIdConnectIdentityProvider","displayName":"Contoso","clientId":"c","clientSecret":"s","metadataUrl":"https://login.example/.well-known/openid-configuration",
		"scope":"openid","responseType":"code","responseMode":"form_post","domainHint":"contoso","claimsMapping":{"userId":"sub","displayName":"name","givenName":"given_name","surname":"family_name","email":"email"}}`
	g.Run(t, []msgraphtest.Step{
		{
			Name: "made", Method: "POST", Path: list, Body: body, Status: 201, Records: created, Save: "id=id",
			Want: `{` + entity + `,"@odata.type":"#microsoft.graph.openIdConnectIdentityProvider","id":"*","displayName":"Contoso","clientId":"c","clientSecret":"******",
				"metadataUrl":"https://login.example/.well-known/openid-configuration","scope":"openid","responseType":"code","responseMode":"form_post","domainHint":"contoso",
				"claimsMapping":{"userId":"sub","displayName":"name","givenName":"given_name","surname":"family_name","email":"email"}}`,
		},
		{Name: "made worse", Method: "PATCH", Path: list + "/{id}", Body: `{"metadataUrl":"ftp://x"}`, Status: 400, Records: notUpdated, Want: `"code":"AADB2C"`},
		{Name: "of the wrong type", Method: "PATCH", Path: list + "/{id}", Body: `{"scope":1}`, Status: 400, Records: notUpdated},
	})
}

func TestSignInWithAppleKeepsAPrivateKey(t *testing.T) {
	t.Parallel()
	g, flows, keys := start(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	_, other := msgraphtest.Certificate(t, "rsa")
	rsa, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	g.Set("p8", strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "\n", `\n`))
	g.Set("base64", base64.StdEncoding.EncodeToString(der))
	g.Set("rsa", base64.StdEncoding.EncodeToString(rsa))
	made := func(members string) string {
		return `{"@odata.type":"microsoft.graph.appleManagedIdentityProvider","displayName":"Apple",` + members + `}`
	}
	g.Run(t, []msgraphtest.Step{
		{Name: "no ids", Method: "POST", Path: list, Body: made(`"certificateData":"{p8}"`), Status: 400, Records: notCreated, Want: "developerId, serviceId and keyId are required."},
		{Name: "no key", Method: "POST", Path: list, Body: made(`"developerId":"d","serviceId":"s","keyId":"k"`), Status: 400, Records: notCreated, Want: "The provider's secret is required."},
		{Name: "a key that is none", Method: "POST", Path: list, Body: made(`"developerId":"d","serviceId":"s","keyId":"k","certificateData":"x"`), Status: 400, Records: notCreated, Want: "the private key of Sign in with Apple"},
		{Name: "a key of another kind", Method: "POST", Path: list, Body: made(`"developerId":"d","serviceId":"s","keyId":"k","certificateData":"{rsa}"`), Status: 400, Records: notCreated, Want: "must be an elliptic curve key"},
		{Name: "a key that makes no secret", Method: "POST", Path: list, Body: made(`"developerId":"d","serviceId":"s","keyId":"lost","certificateData":"{p8}"`), Status: 500, Records: notCreated},
		{
			Name: "made", Method: "POST", Path: list, Body: made(`"developerId":"d","serviceId":"s","keyId":"k","certificateData":"{p8}"`), Status: 201, Records: created, Save: "id=id",
			Want: `{` + entity + `,"@odata.type":"#microsoft.graph.appleManagedIdentityProvider","id":"*","displayName":"Apple","developerId":"d","serviceId":"s","keyId":"k","certificateData":"******"}`,
		},
		{Name: "another key", Method: "PATCH", Path: list + "/{id}", Body: `{"keyId":"k2","certificateData":"{base64}"}`, Status: 204, Records: updated},
	})
	p, _ := flows.Tenant().Provider(g.Var("id"))
	if got := secret(t, keys, p); !strings.HasPrefix(got, "made of ") {
		t.Errorf("secret: got %q, want one that was made of the private key", got)
	}
}

func TestProvidersThatCantBeAreRefused(t *testing.T) {
	t.Parallel()
	g, _, _ := start(t)
	for _, tt := range []struct{ name, body, want string }{
		{"another type", `{"@odata.type":"microsoft.graph.samlIdentityProvider"}`, "@odata.type must be"},
		{"an unknown type", `{"identityProviderType":"Nobody"}`, "IdentityProviderType must be one of"},
		{"no client id", `{"identityProviderType":"Facebook","clientSecret":"s"}`, `"code":"AADB2C"`},
		{"no secret", `{"identityProviderType":"Facebook","clientId":"1"}`, "The provider's secret is required."},
		{"no object", `1`, "wrong type"},
	} {
		g.Run(t, []msgraphtest.Step{{Name: tt.name, Method: "POST", Path: list, Body: tt.body, Status: 400, Records: notCreated, Want: tt.want}})
	}
	g.Run(t, []msgraphtest.Step{
		{
			Name: "built in", Path: list + "/EmailPassword-OAUTH",
			Want: `{` + entity + `,"@odata.type":"#microsoft.graph.builtInIdentityProvider","id":"EmailPassword-OAUTH","displayName":"*","identityProviderType":"*"}`,
		},
		{Name: "built in, changed", Method: "PATCH", Path: list + "/EmailPassword-OAUTH", Body: "{}", Status: 400, Records: notUpdated, Want: "A built-in identity provider can't be changed."},
		{Name: "built in, deleted", Method: "DELETE", Path: list + "/EmailPassword-OAUTH", Status: 400, Records: notDeleted, Want: "A built-in identity provider can't be deleted."},
		{Name: "the types", Path: list + "/availableProviderTypes", Want: `"Facebook"`},
		{Name: "the types, as a function", Path: list + "/availableProviderTypes()", Want: `"@odata.context":"{base}/graph/v1.0/$metadata#Collection(Edm.String)"`},
	})
}
