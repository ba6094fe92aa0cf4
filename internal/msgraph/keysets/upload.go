package keysets

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph"
)

// add appends a key to the request's set.
func (h *Handler) add(q *msgraph.Request, k keyset.Key, d dates) error {
	if _, err := h.set(q); err != nil {
		return err
	}
	if err := d.apply(&k); err != nil {
		return err
	}
	added, err := h.Keys.Add(q.Context(), q.Arg(0), k)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "microsoft.graph.trustFrameworkKey", added.JWK())
}

func checkUse(use string) error {
	if use != "sig" && use != "enc" {
		return &keyset.Fault{Code: "AADB2C95026", Text: "use must be sig or enc."}
	}
	return nil
}

func (h *Handler) generateKey(q *msgraph.Request) error {
	var in struct {
		Use string `json:"use"`
		Kty string `json:"kty"`
		dates
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if err := checkUse(in.Use); err != nil {
		return err
	}
	switch strings.ToUpper(in.Kty) {
	case "RSA":
		k, err := keyset.GenerateRSA(in.Use)
		if err != nil {
			return err
		}
		return h.add(q, k, in.dates)
	case "OCT":
		return h.add(q, keyset.NewSecret(in.Use, nil), in.dates)
	case "":
		return &keyset.Fault{Code: "AADB2C95030", Text: "The key has no kty."}
	}
	return &keyset.Fault{Code: "AADB2C95031", Text: "kty must be RSA or oct."}
}

func (h *Handler) uploadSecret(q *msgraph.Request) error {
	var in struct {
		Use string `json:"use"`
		K   string `json:"k"`
		dates
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if err := checkUse(in.Use); err != nil {
		return err
	}
	if in.K == "" {
		return &keyset.Fault{Code: "AADB2C95029", Text: "k has no value."}
	}
	return h.add(q, keyset.NewSecret(in.Use, []byte(in.K)), in.dates)
}

func (h *Handler) uploadCertificate(q *msgraph.Request) error {
	var in struct {
		Key string `json:"key"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Key))
	if err != nil {
		der = []byte(in.Key)
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	k, err := keyset.FromCertificate(der)
	if err != nil {
		return err
	}
	return h.add(q, k, dates{})
}

func (h *Handler) uploadPKCS12(q *msgraph.Request) error {
	var in struct {
		Key      string `json:"key"`
		Password string `json:"password"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Key))
	if err != nil {
		return &keyset.Fault{Code: "AADB2C95024", Text: "The PKCS #12 file is not in base64."}
	}
	k, err := keyset.FromPKCS12(data, in.Password)
	if err != nil {
		return err
	}
	return h.add(q, k, dates{})
}
