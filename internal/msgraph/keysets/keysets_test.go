package keysets_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph/keysets"
	"journeyman.dev/internal/msgraph/msgraphtest"
)

// policies use some keys.
type policies map[string]string // a policy by the key's name

func (p policies) RemoveKey(_ context.Context, keys []string, remove func() error) ([]string, error) {
	for _, k := range keys {
		if user, used := p[keyset.Name(k)]; used {
			return []string{user}, nil
		}
	}
	return nil, remove()
}

// conflicting is a service whose changes meet those of another node.
type conflicting struct{}

func (conflicting) Create(context.Context, string, ...keyset.Key) (*keyset.Set, error) {
	return nil, keyset.ErrConflict
}

func (conflicting) Replace(context.Context, string, []keyset.Key) (*keyset.Set, error) {
	return nil, keyset.ErrConflict
}

func (conflicting) Delete(context.Context, string) error { return keyset.ErrConflict }

// start runs an admin API with the real service over key sets in memory.
func start(t *testing.T, used policies) *msgraphtest.Graph {
	t.Helper()
	keys, err := keyset.NewService(t.Context(), &msgraphtest.KeySets{}, msgraphtest.Sealer(t), msgraphtest.Now)
	if err != nil {
		t.Fatal(err)
	}
	return msgraphtest.New(t, &keysets.Handler{Find: keys, Sets: keys, Backups: keys, Keys: keys, Policies: used, Now: msgraphtest.Now})
}

var (
	created    = msgraphtest.Twice("Create policy key", "success")
	notCreated = msgraphtest.Twice("Create policy key", "failure")
	updated    = msgraphtest.Twice("Update policy key", "success")
	notUpdated = msgraphtest.Twice("Update policy key", "failure")
	generated  = msgraphtest.Twice("Generate key", "success")
	deleted    = msgraphtest.Twice("Delete policy key", "success")
	notDeleted = msgraphtest.Twice("Delete policy key", "failure")
)

const sets = "/beta/trustFramework/keySets"

func TestAKeySetIsMadeReadAndDeleted(t *testing.T) {
	t.Parallel()
	g := start(t, policies{"B2C_1A_Used": "B2C_1A_SignIn"})
	g.Set("reader", g.Token(t, "TrustFrameworkKeySet.Read.All"))
	const context = `"@odata.context":"{base}/graph/beta/$metadata#trustFramework/keySets/$entity"`
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: sets, Body: `{"id":"Empty",}`, Status: 201, Records: created, Header: "Location: {base}/graph/beta/trustFramework/keySets('B2C_1A_Empty')", Want: `{` + context + `,"id":"B2C_1A_Empty","keys":[]}`},
		{Name: "made again", Method: "POST", Path: sets, Body: `{"id":"B2C_1A_empty"}`, Status: 400, Records: notCreated, Want: `{"error":{"code":"AADB2C95028","message":"*"}}`},
		{Name: "used", Method: "POST", Path: sets, Body: `{"id":"Used"}`, Status: 201, Records: created},
		{Name: "listed", Path: sets, Token: "{reader}", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/keySets","value":[{"id":"B2C_1A_Empty","keys":[]},{"id":"B2C_1A_Used","keys":[]}]}`},
		{Name: "read", Path: sets + "('b2c_1a_empty')", Want: `{` + context + `,"id":"B2C_1A_Empty","keys":[]}`},
		{Name: "not in v1.0", Path: "/v1.0/trustFramework/keySets", Status: 404, Want: "Resource not found for the segment"},
		{Name: "no key is active", Path: sets + "/Empty/getActiveKey", Status: 400, Want: "The key set has no active key."},
		{Name: "not by a reader", Method: "DELETE", Path: sets + "/Empty", Token: "{reader}", Status: 403, Records: "Delete policy key: failure", Want: "Authorization_RequestDenied"},
		{Name: "in use", Method: "DELETE", Path: sets + "/Used", Status: 400, Records: notDeleted, Want: "The key set 'B2C_1A_Used' is used by B2C_1A_SignIn. Remove it from these policies and user flows first."},
		{Name: "deleted", Method: "DELETE", Path: sets + "/Empty", Status: 204, Records: deleted},
		{Name: "gone", Method: "DELETE", Path: sets + "/Empty", Status: 400, Records: notDeleted, Want: `{"error":{"code":"AADB2C95024","message":"The key set 'B2C_1A_Empty' does not exist."}}`},
		{Name: "its copy", Path: sets + "/B2C_1A_Empty.bak", Want: `"id":"B2C_1A_Empty.bak"`},
		{Name: "restored", Method: "POST", Path: sets + "/B2C_1A_Empty.bak/restore", Records: msgraphtest.Twice("Restore policy key", "success"), Want: `"id":"B2C_1A_Empty"`},
		{Name: "nothing to restore", Method: "POST", Path: sets + "/B2C_1A_Empty.bak/restore", Status: 400, Records: msgraphtest.Twice("Restore policy key", "failure")},
		{Name: "no copy", Method: "POST", Path: sets + "/Used/restore", Status: 400, Records: msgraphtest.Twice("Restore policy key", "failure")},
		{Name: "read nowhere", Path: sets + "/x", Status: 400, Want: "AADB2C95024"},
		{Name: "keys of nothing", Path: sets + "/x/keys_v2", Status: 400},
		{Name: "active of nothing", Path: sets + "/x/getActiveKey", Status: 400},
	})
}

func TestKeysAreAddedAndDisabled(t *testing.T) {
	t.Parallel()
	g := start(t, policies{"B2C_1A_Secrets": "B2C_1A_SignIn"})
	const key = `"kid":"*","use":"sig","kty":"oct"`
	g.Run(t, []msgraphtest.Step{
		{Name: "a set", Method: "POST", Path: sets, Body: `{"id":"Secrets"}`, Status: 201, Records: created},
		{
			Name: "a secret with dates", Method: "POST", Path: sets + "/Secrets/uploadSecret", Body: `{"use":"sig","k":"secret","nbf":1767225600,"exp":"1798761600"}`,
			Records: msgraphtest.Twice("Upload secret into policy key", "success"), Save: "kid=kid",
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#microsoft.graph.trustFrameworkKey",` + key + `,"nbf":1767225600,"exp":1798761600}`,
		},
		{Name: "the active one", Path: sets + "/Secrets/getActiveKey", Want: `"kid":"{kid}"`},
		{Name: "listed", Path: sets + "/Secrets/keys_v2", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/keySets('B2C_1A_Secrets')/keys_v2","value":[{` + key + `,"nbf":1767225600,"exp":1798761600,"status":"enabled"}]}`},
		{Name: "disabled", Method: "PATCH", Path: sets + "/Secrets/keys_v2/{kid}", Body: `{"status":"Disabled"}`, Status: 204, Records: updated},
		{Name: "disabled already", Method: "PATCH", Path: sets + "/Secrets/keys_v2/{kid}", Body: `{}`, Status: 204, Records: updated},
		{Name: "read", Path: sets + "/Secrets/keys_v2/{kid}", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/keySets('B2C_1A_Secrets')/keys_v2/$entity",` + key + `,"nbf":1767225600,"exp":1798761600,"status":"disabled"}`},
		{Name: "enabled", Method: "PATCH", Path: sets + "/Secrets/keys_v2/{kid}", Body: `{"status":"enabled"}`, Status: 204, Records: updated},
		{Name: "neither", Method: "PATCH", Path: sets + "/Secrets/keys_v2/{kid}", Body: `{"status":"on"}`, Status: 400, Records: notUpdated, Want: "status must be enabled or disabled."},
		{Name: "no status of a type", Method: "PATCH", Path: sets + "/Secrets/keys_v2/{kid}", Body: `{"status":1}`, Status: 400, Records: notUpdated},
		{Name: "of nothing", Method: "PATCH", Path: sets + "/x/keys_v2/{kid}", Body: `{}`, Status: 400, Records: notUpdated},
		{Name: "an unknown key", Path: sets + "/Secrets/keys_v2/x", Status: 404, Want: "Resource 'x' does not exist"},
		{Name: "the last in use", Method: "DELETE", Path: sets + "/Secrets/keys_v2/{kid}", Status: 400, Records: notUpdated, Want: "is used by B2C_1A_SignIn"},
		{Name: "another", Method: "POST", Path: sets + "/Secrets/generateKey", Body: `{"use":"sig","kty":"oct"}`, Records: generated},
		{Name: "not the last", Method: "DELETE", Path: sets + "/Secrets/keys_v2/{kid}", Status: 204, Records: updated},
		{Name: "gone", Method: "DELETE", Path: sets + "/Secrets/keys_v2/{kid}", Status: 404, Records: notUpdated},
	})
}

func TestKeysThatCantBeAreRefused(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	g.Set("pfx", msgraphtest.PKCS12(t, "pfx", "secret"))
	g.Run(t, []msgraphtest.Step{{Name: "a set", Method: "POST", Path: sets, Body: `{"id":"Keys"}`, Status: 201, Records: created}})
	for _, tt := range []struct{ name, action, body, code string }{
		{"no use", "generateKey", `{"kty":"RSA"}`, "AADB2C95026"},
		{"no kty", "generateKey", `{"use":"sig"}`, "AADB2C95030"},
		{"an unknown kty", "generateKey", `{"use":"sig","kty":"EC"}`, "AADB2C95031"},
		{"a date that is none", "generateKey", `{"use":"sig","kty":"oct","nbf":"soon"}`, "AADB2C95026"},
		{"a date of another type", "generateKey", `{"use":"sig","kty":"oct","exp":true}`, "AADB2C95026"},
		{"no body", "generateKey", ``, "Request_BadRequest"},
		{"no secret", "uploadSecret", `{"use":"enc"}`, "AADB2C95029"},
		{"a secret for nothing", "uploadSecret", `{"k":"x"}`, "AADB2C95026"},
		{"a secret that is none", "uploadSecret", `{"k":1}`, "Request_BadRequest"},
		{"no certificate", "uploadCertificate", `{"key":"x"}`, "AADB2C"},
		{"a certificate that is none", "uploadCertificate", `[]`, "Request_BadRequest"},
		{"a file that isn't in base64", "uploadPkcs12", `{"key":"-"}`, "AADB2C95024"},
		{"a wrong password", "uploadPkcs12", `{"key":"{pfx}","password":"wrong"}`, "AADB2C"},
		{"a file that is none", "uploadPkcs12", `[]`, "Request_BadRequest"},
	} {
		activity := map[string]string{"generateKey": "Generate key", "uploadSecret": "Upload secret into policy key"}[tt.action]
		if activity == "" {
			activity = "Upload certificate to policy key"
		}
		g.Run(t, []msgraphtest.Step{{Name: tt.name, Method: "POST", Path: sets + "/Keys/" + tt.action, Body: tt.body, Status: 400, Records: msgraphtest.Twice(activity, "failure"), Want: tt.code}})
	}
	g.Run(t, []msgraphtest.Step{{Name: "of nothing", Method: "POST", Path: sets + "/x/generateKey", Body: `{"use":"sig","kty":"oct"}`, Status: 400, Records: msgraphtest.Twice("Generate key", "failure")}})
}

func TestCertificatesAreUploaded(t *testing.T) {
	t.Parallel()
	g := start(t, nil)
	made, _ := msgraphtest.Certificate(t, "token signing")
	g.Set("der", base64.StdEncoding.EncodeToString(made.Raw))
	g.Set("pem", strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Raw})), "\n", `\n`))
	g.Set("pfx", msgraphtest.PKCS12(t, "token signing", "secret"))
	const uploaded = "Upload certificate to policy key"
	g.Run(t, []msgraphtest.Step{
		{Name: "a set", Method: "POST", Path: sets, Body: `{"id":"Certificates"}`, Status: 201, Records: created},
		{Name: "DER", Method: "POST", Path: sets + "/Certificates/uploadCertificate", Body: `{"key":"{der}"}`, Records: msgraphtest.Twice(uploaded, "success"), Want: `"x5t"`},
		{Name: "PEM", Method: "POST", Path: sets + "/Certificates/uploadCertificate", Body: `{"key":"{pem}"}`, Records: msgraphtest.Twice(uploaded, "success"), Want: `"x5c"`},
		{Name: "PKCS #12", Method: "POST", Path: sets + "/Certificates/uploadPkcs12", Body: `{"key":"{pfx}","password":"secret"}`, Records: msgraphtest.Twice(uploaded, "success"), Want: `"kty":"RSA"`},
	})
}

func TestASetIsMadeOfWebKeys(t *testing.T) {
	t.Parallel()
	g := start(t, policies{"B2C_1A_One": "B2C_1A_SignIn"})
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: private, Use: "sig"})
	if err != nil {
		t.Fatal(err)
	}
	const one, two = `{"kty":"oct","use":"sig","k":"c2VjcmV0"}`, `{"kty":"OCT","use":"enc","k":"c2VjcmV0","nbf":""}`
	g.Run(t, []msgraphtest.Step{
		{Name: "secrets", Method: "POST", Path: sets, Body: `{"id":"One","keys":[` + one + `,` + two + `]}`, Status: 201, Records: created, Want: `"use":"enc"`},
		{Name: "an RSA key", Method: "POST", Path: sets, Body: `{"id":"Two","keys":[` + string(jwk) + `]}`, Status: 201, Records: created, Want: `"kty":"RSA"`},
		{Name: "other keys", Method: "PUT", Path: sets + "/One", Body: `{"keys":[` + two + `]}`, Records: updated, Want: `"use":"enc"`},
		{Name: "no keys, in use", Method: "PUT", Path: sets + "/One", Body: `{"keys":[]}`, Status: 400, Records: notUpdated, Want: "is used by B2C_1A_SignIn"},
		{Name: "no keys", Method: "PUT", Path: sets + "/B2C_1A_Two", Body: `{}`, Records: updated, Want: `"keys":[]`},
		{Name: "of nothing", Method: "PUT", Path: sets + "/x", Body: `{}`, Status: 400, Records: notUpdated, Want: "AADB2C95024"},
		{Name: "no body", Method: "PUT", Path: sets + "/One", Status: 400, Records: notUpdated},
		{Name: "a bad key", Method: "PUT", Path: sets + "/One", Body: `{"keys":[1]}`, Status: 400, Records: notUpdated, Want: "A key is no valid JSON Web Key."},
		{Name: "no body of a new one", Method: "POST", Path: sets, Status: 400, Records: notCreated},
	})
	for body, code := range map[string]string{
		one[:len(one)-1] + `,"kid":"mine"}`: "AADB2C95059", `{"use":"sig"}`: "AADB2C95030", `{"kty":"oct","k":"!"}`: "AADB2C95029", `{"kty":"oct"}`: "AADB2C95029", `{"kty":"EC"}`: "AADB2C95031",
		`{"kty":"RSA"}`: "AADB2C95026", one + `,` + string(jwk): "AADB2C95032", one[:len(one)-1] + `,"exp":"x"}`: "AADB2C95026",
	} {
		g.Run(t, []msgraphtest.Step{{Name: body[:min(40, len(body))], Method: "POST", Path: sets, Body: `{"id":"Bad","keys":[` + body + `]}`, Status: 400, Records: notCreated, Want: code}})
	}
}

func TestAChangeThatMeetsAnotherIsAConflict(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, &keysets.Handler{Sets: conflicting{}})
	g.Run(t, []msgraphtest.Step{{
		Name: "create", Method: "POST", Path: sets, Body: `{"id":"One"}`, Status: 409, Records: notCreated,
		Want: `{"error":{"code":"AADB2C","message":"Key set was changed by another request."}}`,
	}})
}
