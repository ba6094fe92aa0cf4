package applications_test

import (
	"crypto/rsa"
	"encoding/base64"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/msgraph/msgraphtest"
)

const (
	changed = "Update application – Certificates and secrets management: success"
	refused = "Update application – Certificates and secrets management: failure"
)

func TestASecretIsShownOnce(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.Run(t, []msgraphtest.Step{
		{
			Name: "made", Method: "POST", Path: "/v1.0/applications/{id}/addPassword", Body: `{"passwordCredential":{"displayName":"One"}}`, Records: changed, Save: "key=keyId",
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#microsoft.graph.passwordCredential","keyId":"*","displayName":"One","hint":"*","secretText":"*",
				"startDateTime":"2026-01-02T03:04:05Z","endDateTime":"2028-01-02T03:04:05Z","customKeyIdentifier":null}`,
		},
		{Name: "made without a word", Method: "POST", Path: "/v1.0/applications/{id}/addPassword", Records: changed, Want: `"displayName":null`},
		{Name: "not shown again", Path: "/v1.0/applications/{id}?$select=passwordCredentials", Want: `"secretText":null`},
		{Name: "an end before its start", Method: "POST", Path: "/v1.0/applications/{id}/addPassword", Body: `{"passwordCredential":{"endDateTime":"2020-01-01T00:00:00Z"}}`, Status: 400, Records: refused, Want: "not after its start"},
		{Name: "a time that is none", Method: "POST", Path: "/v1.0/applications/{id}/addPassword", Body: `{"passwordCredential":1}`, Status: 400, Records: refused, Want: "The member 'passwordCredential' has a value of the wrong type."},
		{Name: "removed", Method: "POST", Path: "/v1.0/applications/{id}/removePassword", Body: `{"keyId":"{key}"}`, Status: 204, Records: changed},
		{Name: "removed already", Method: "POST", Path: "/v1.0/applications/{id}/removePassword", Body: `{"keyId":"{key}"}`, Status: 400, Records: refused, Want: "No password credential found with keyId."},
		{Name: "of no application", Method: "POST", Path: "/v1.0/applications/x/addPassword", Status: 404, Records: refused},
		{Name: "removed without a body", Method: "POST", Path: "/v1.0/applications/{id}/removePassword", Status: 400, Records: refused},
	})
}

func TestCertificatesAreReplacedAsAList(t *testing.T) {
	t.Parallel()
	g := start(t)
	made, _ := msgraphtest.Certificate(t, "client")
	g.Set("der", base64.StdEncoding.EncodeToString(made.Raw))
	const key = "44444444-0000-4000-8000-000000000000"
	put := func(members string) string { return `{"keyCredentials":[{` + members + `}]}` }
	g.Run(t, []msgraphtest.Step{
		{
			Name: "a certificate", Method: "PATCH", Path: "/v1.0/applications/{id}", Status: 204, Records: updated,
			Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"{der}","keyId":"` + key + `","customKeyIdentifier":"abcd","startDateTime":"2026-01-02T04:00:00Z","endDateTime":"2026-02-02T04:00:00Z"`),
		},
		{
			Name: "shown without itself", Path: "/v1.0/applications/{id}",
			Want: `"keyCredentials":[{"keyId":"` + key + `","displayName":"CN=client","customKeyIdentifier":"ABCD","key":null,"type":"AsymmetricX509Cert","usage":"Verify","startDateTime":"2026-01-02T04:00:00Z","endDateTime":"2026-02-02T04:00:00Z"}]`,
		},
		{Name: "shown to who names it", Path: "/v1.0/applications/{id}?$select=keyCredentials", Want: `"key":"{der}"`},
		{Name: "named by its keyId alone", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"keyId":"` + key + `"`), Status: 204, Records: updated},
		{Name: "an identifier in base64", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"{der}","displayName":"D","customKeyIdentifier":"/+8="`), Status: 204, Records: updated},
		{Name: "an unknown keyId alone", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"keyId":"x"`), Status: 400, Records: failed, Want: "has no 'key'"},
		{Name: "a private key's type", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"X509CertAndPassword","usage":"Sign","key":"{der}"`), Status: 400, Records: failed, Want: "only certificates are kept"},
		{Name: "no base64", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"-"`), Status: 400, Records: failed, Want: "certificate in base64"},
		{Name: "no certificate", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"aaaa"`), Status: 400, Records: failed, Want: "no X.509 certificate"},
		{Name: "a keyId that is no GUID", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"{der}","keyId":"x"`), Status: 400, Records: failed, Want: "must be a GUID"},
		{Name: "a long identifier", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"{der}","customKeyIdentifier":"!"`), Status: 400, Records: failed, Want: "at most 40 bytes"},
		{Name: "an end in the past", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: put(`"type":"AsymmetricX509Cert","usage":"Verify","key":"{der}","endDateTime":"2020-01-01T00:00:00Z"`), Status: 400, Records: failed, Want: "end date is invalid"},
		{Name: "none", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: `{"keyCredentials":[]}`, Status: 204, Records: updated},
	})
}

func TestACertificateRollsOverByAProofOfPossession(t *testing.T) {
	t.Parallel()
	g := start(t)
	first, private := msgraphtest.Certificate(t, "first")
	second, _ := msgraphtest.Certificate(t, "the second")
	g.Set("first", base64.StdEncoding.EncodeToString(first.Raw))
	g.Set("second", base64.StdEncoding.EncodeToString(second.Raw))
	const id = "11111111-0000-4000-8000-000000000000"
	g.Set("proof", proof(t, private, id, msgraphtest.Now(), 10*time.Minute))
	g.Set("long", proof(t, private, id, msgraphtest.Now(), time.Hour))
	g.Set("old", proof(t, private, id, msgraphtest.Now().Add(-time.Hour), 10*time.Minute))
	g.Set("others", proof(t, private, "another", msgraphtest.Now(), 10*time.Minute))
	const addition = `{"keyCredential":{"type":"AsymmetricX509Cert","usage":"Verify","key":"{second}"},"proof":`
	g.Run(t, []msgraphtest.Step{
		{Name: "nothing proves it yet", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `"{proof}"}`, Status: 403, Records: refused, Want: "Authentication_MissingOrMalformed"},
		{Name: "the first", Method: "PATCH", Path: "/v1.0/applications/{id}", Body: `{"keyCredentials":[{"type":"AsymmetricX509Cert","usage":"Verify","key":"{first}"}]}`, Status: 204, Records: updated},
		{Name: "no proof", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `""}`, Status: 403, Records: refused},
		{Name: "a proof for long", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `"{long}"}`, Status: 403, Records: refused},
		{Name: "an old proof", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `"{old}"}`, Status: 403, Records: refused},
		{Name: "another's proof", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `"{others}"}`, Status: 403, Records: refused},
		{Name: "no certificate", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: `{"proof":"{proof}"}`, Status: 400, Records: refused, Want: "missing the required parameter: keyCredential"},
		{Name: "the second", Method: "POST", Path: "/v1.0/applications/{id}/addKey", Body: addition + `"{proof}"}`, Records: changed, Want: `"displayName":"CN=the second"`, Save: "key=keyId"},
		{Name: "removed", Method: "POST", Path: "/v1.0/applications/{id}/removeKey", Body: `{"keyId":"{key}","proof":"{proof}"}`, Status: 204, Records: changed},
		{Name: "removed already", Method: "POST", Path: "/v1.0/applications/{id}/removeKey", Body: `{"keyId":"{key}","proof":"{proof}"}`, Status: 400, Records: refused, Want: "No key credential found with keyId."},
	})
}

// proof is a JWT by which an application proves that it holds a key.
func proof(t *testing.T, key *rsa.PrivateKey, issuer string, from time.Time, lifetime time.Duration) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: issuer, Audience: jwt.Audience{"00000002-0000-0000-c000-000000000000"}, NotBefore: jwt.NewNumericDate(from), Expiry: jwt.NewNumericDate(from.Add(lifetime)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
