package applications

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph"
)

// sentCredential is a certificate as callers send it; absent members are nil or "".
type sentCredential struct {
	KeyID       string     `json:"keyId"`
	DisplayName *string    `json:"displayName"`
	Identifier  *string    `json:"customKeyIdentifier"`
	Key         *string    `json:"key"`
	Type        string     `json:"type"`
	Usage       string     `json:"usage"`
	Start       *time.Time `json:"startDateTime"`
	End         *time.Time `json:"endDateTime"`
}

// replaceCertificates takes keyCredentials as a whole, as Graph does: a certificate that
// isn't in the list is gone, and one that is there already may be named by its keyId alone.
func replaceCertificates(a *application.Application, raw json.RawMessage) error {
	var list []sentCredential
	if json.Unmarshal(raw, &list) != nil {
		return msgraph.BadRequest("Invalid value specified for property 'keyCredentials' of resource 'Application'.")
	}
	made := make([]application.Certificate, 0, len(list))
	for _, in := range list {
		if in.Key == nil || *in.Key == "" {
			i := slices.IndexFunc(a.Certificates, func(have application.Certificate) bool { return strings.EqualFold(have.KeyID, in.KeyID) })
			if i < 0 {
				return msgraph.BadRequest("A key credential has no 'key', and its keyId is not that of one that the application has.")
			}
			made = append(made, a.Certificates[i])
			continue
		}
		c, err := in.certificate()
		if err != nil {
			return err
		}
		made = append(made, c)
	}
	a.Certificates = made
	return nil
}

// certificate reads a key credential that has its certificate.
func (in *sentCredential) certificate() (application.Certificate, error) {
	if in.Type != "AsymmetricX509Cert" || in.Usage != "Verify" {
		return application.Certificate{}, msgraph.BadRequest("A key credential must be of the type AsymmetricX509Cert and the usage Verify: only certificates are kept, never private keys.")
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(*in.Key))
	if err != nil {
		return application.Certificate{}, msgraph.BadRequest("The 'key' of a key credential must be a certificate in base64.")
	}
	c, err := application.NewCertificate("", data)
	if err != nil {
		return c, err
	}
	if in.DisplayName != nil {
		c.DisplayName = *in.DisplayName
	} else if parsed, err := x509.ParseCertificate(c.DER); err == nil {
		c.DisplayName = parsed.Subject.String()
	}
	if in.KeyID != "" {
		if uuid.Validate(in.KeyID) != nil {
			return c, msgraph.BadRequest("The keyId of a key credential must be a GUID.")
		}
		c.KeyID = strings.ToLower(in.KeyID)
	}
	if in.Identifier != nil && *in.Identifier != "" {
		if c.Identifier, err = identifier(*in.Identifier); err != nil {
			return c, err
		}
	}
	// A credential may be shorter than its certificate, never longer.
	if in.Start != nil && in.Start.After(c.Start) {
		c.Start = in.Start.UTC()
	}
	if in.End != nil && in.End.Before(c.End) {
		c.End = in.End.UTC()
	}
	if !c.End.After(c.Start) {
		return c, msgraph.BadRequest("Key credential end date is invalid.")
	}
	return c, nil
}

// identifier reads a customKeyIdentifier: Graph shows it in hexadecimal and takes base64, too.
func identifier(text string) ([]byte, error) {
	if b, err := hex.DecodeString(text); err == nil && len(b) <= 40 {
		return b, nil
	}
	if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) <= 40 {
		return b, nil
	}
	return nil, msgraph.BadRequest("The customKeyIdentifier of a key credential must be at most 40 bytes, in base64 or hexadecimal.")
}

// addKey adds a certificate; the caller proves that it holds the key of one that the
// application has already, as Graph asks. The first is put there by PATCH. Rights and
// proof are asked of what is stored, within the change.
func (h *Handler) addKey(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	var in struct {
		Credential *sentCredential `json:"keyCredential"`
		Proof      string          `json:"proof"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.Credential == nil || in.Credential.Key == nil {
		return msgraph.BadRequest("The request is missing the required parameter: keyCredential.")
	}
	c, err := in.Credential.certificate()
	if err != nil {
		return err
	}
	if _, err := h.Change.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := errors.Join(mayChange(q.Caller, a), h.possession(a, in.Proof)); err != nil {
			return err
		}
		a.Certificates = append(a.Certificates, c)
		return a.Check()
	}); err != nil {
		return err
	}
	return q.Write(http.StatusOK, "microsoft.graph.keyCredential", showCertificate(c, false))
}

func (h *Handler) removeKey(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	var in struct {
		KeyID string `json:"keyId"`
		Proof string `json:"proof"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	found := false
	if _, err := h.Change.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := errors.Join(mayChange(q.Caller, a), h.possession(a, in.Proof)); err != nil {
			return err
		}
		found = false
		a.Certificates = slices.DeleteFunc(a.Certificates, func(c application.Certificate) bool {
			found = found || strings.EqualFold(c.KeyID, in.KeyID)
			return strings.EqualFold(c.KeyID, in.KeyID)
		})
		return nil
	}); err != nil {
		return err
	}
	if !found {
		return msgraph.BadRequest("No key credential found with keyId.")
	}
	return q.WriteNothing()
}

// proofAudience is who a proof of possession is for: the directory, as Graph documents it.
const proofAudience = "00000002-0000-0000-c000-000000000000"

// possession checks a proof: a JWT that the application's own key signed, about the
// application, for ten minutes at most.
func (h *Handler) possession(a *application.Application, proof string) error {
	bad := msgraph.NewError(http.StatusForbidden, "Authentication_MissingOrMalformed", "The proof of possession is not valid: it must be a JWT that a certificate of the application signed, with the application's object id as iss, "+
		proofAudience+" as aud, and at most ten minutes long.")
	parsed, err := jwt.ParseSigned(proof, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil {
		return bad
	}
	now := h.Now()
	for _, c := range a.Certificates {
		certificate, err := x509.ParseCertificate(c.DER)
		if err != nil || !c.Valid(now) {
			continue
		}
		var got jwt.Claims
		if parsed.Claims(certificate.PublicKey, &got) != nil {
			continue
		}
		// Validate compares the times with a minute of leeway.
		if err := got.ValidateWithLeeway(jwt.Expected{Issuer: a.ID, AnyAudience: jwt.Audience{proofAudience}, Time: now}, time.Minute); err != nil {
			return bad
		}
		if got.Expiry == nil || got.NotBefore == nil || got.Expiry.Time().Sub(got.NotBefore.Time()) > 10*time.Minute {
			return bad
		}
		return nil
	}
	return bad
}
