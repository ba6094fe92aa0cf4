package apiconnectors

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/msgraph"
)

// shown is a connector as Graph shows it, without its secrets.
type shown struct {
	ID          string         `json:"id"`
	DisplayName string         `json:"displayName"`
	TargetURL   string         `json:"targetUrl"`
	Auth        authentication `json:"authenticationConfiguration"`
}

// authentication is Basic or by a client certificate; members of the other are absent.
type authentication struct {
	Type         string         `json:"@odata.type,omitempty"`
	Username     *string        `json:"username,omitempty"`
	Password     *string        `json:"password,omitempty"`
	Certificates *[]certificate `json:"certificateList,omitempty"`
}

type certificate struct {
	Thumbprint string `json:"thumbprint"`
	NotBefore  int64  `json:"notBefore"` // seconds since 1970, as the next
	NotAfter   int64  `json:"notAfter"`
	Active     bool   `json:"isActive"`
}

// Show is a connector as Graph shows it: for user flows, which show theirs.
func (h *Handler) Show(c connector.Connector) any { return show(c, h.Now()) }

func show(c connector.Connector, now time.Time) shown {
	out := shown{ID: c.ID, DisplayName: c.DisplayName, TargetURL: c.TargetURL}
	switch c.Auth.Kind {
	case connector.Basic:
		masked := msgraph.Masked
		out.Auth = authentication{Type: "#microsoft.graph.basicAuthentication", Username: &c.Auth.Username, Password: &masked}
	case connector.ClientCertificate:
		active, _ := c.Auth.Active(now)
		list := []certificate{}
		for i := range c.Auth.Certificates {
			one := &c.Auth.Certificates[i]
			list = append(list, certificate{Thumbprint: one.Thumbprint(), NotBefore: one.NotBefore.Unix(), NotAfter: one.NotAfter.Unix(), Active: one == active})
		}
		out.Auth = authentication{Type: "#microsoft.graph.clientCertificateAuthentication", Certificates: &list}
	}
	return out
}

// sentAuthentication is an authenticationConfiguration as callers send it.
type sentAuthentication struct {
	Type     string `json:"@odata.type"`
	Username string `json:"username"`
	Password string `json:"password"`
	PKCS12   string `json:"pkcs12Value"`
}

// authentication reads an authenticationConfiguration, which replaces the present one
// whole. A masked password, as a reader of the connector sends it back, stands for the
// present one.
func (h *Handler) authentication(raw json.RawMessage, had connector.Authentication) (connector.Authentication, error) {
	var in sentAuthentication
	if err := json.Unmarshal(raw, &in); err != nil {
		return connector.Authentication{}, msgraph.B2CBadRequest("authenticationConfiguration has members of the wrong type.")
	}
	switch strings.ToLower(strings.TrimPrefix(in.Type, "#")) {
	case "microsoft.graph.basicauthentication":
		if msgraph.IsMasked(in.Password) && had.Kind == connector.Basic {
			in.Password = had.Password
		}
		return connector.Authentication{Kind: connector.Basic, Username: in.Username, Password: in.Password}, nil
	case "microsoft.graph.pkcs12certificate":
		c, err := h.certificate(in.PKCS12, in.Password)
		return connector.Authentication{Kind: connector.ClientCertificate, Certificates: []connector.Certificate{c}}, err
	case "microsoft.graph.clientcertificateauthentication":
		if had.Kind == connector.ClientCertificate {
			return had, nil // it was read, and is sent back
		}
	}
	return connector.Authentication{}, msgraph.B2CBadRequest("authenticationConfiguration must have the @odata.type microsoft.graph.basicAuthentication or microsoft.graph.pkcs12Certificate.")
}

// certificate reads a PKCS #12 file in base64.
func (h *Handler) certificate(text, password string) (connector.Certificate, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(data) == 0 {
		return connector.Certificate{}, msgraph.B2CBadRequest("pkcs12Value must be a PKCS #12 file in base64.")
	}
	return h.Certificates.Certificate(data, password)
}

func (h *Handler) uploadCertificate(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	var in struct {
		PKCS12   string  `json:"pkcs12Value"`
		Password *string `json:"password"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.Password == nil {
		return msgraph.B2CBadRequest(`password is required; it is "" for a file without one.`)
	}
	target(q, &c)
	one, err := h.certificate(in.PKCS12, *in.Password)
	if err != nil {
		return err
	}
	if c, err = h.Certificates.AddCertificate(q.Context(), c.ID, one); err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/apiConnectors/$entity", show(c, h.Now()))
}
