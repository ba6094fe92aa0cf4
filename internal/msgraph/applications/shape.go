package applications

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph"
)

// registration is an application as the API shows it. Members that are only kept stand
// beside these.
type registration struct {
	ID             string          `json:"id"`
	AppID          string          `json:"appId"`
	DisplayName    string          `json:"displayName"`
	Created        msgraph.Time    `json:"createdDateTime"`
	SignInAudience *string         `json:"signInAudience"`
	IdentifierURIs []string        `json:"identifierUris"`
	FallbackPublic bool            `json:"isFallbackPublicClient"`
	Web            web             `json:"web"`
	SPA            platform        `json:"spa"`
	PublicClient   platform        `json:"publicClient"`
	PKCE           pkce            `json:"pkce"`
	Passwords      []password      `json:"passwordCredentials"`
	Certificates   []keyCredential `json:"keyCredentials"`

	kept map[string]any
}

// MarshalJSON implements json.Marshaler.
func (r registration) MarshalJSON() ([]byte, error) {
	type known registration
	return msgraph.MarshalOpen(known(r), r.kept)
}

// web is the platform of web applications, with the members that are only kept.
type web struct {
	RedirectURIs []string `json:"redirectUris"`
	LogoutURL    *string  `json:"logoutUrl"`
	Implicit     implicit `json:"implicitGrantSettings"`

	kept map[string]any
}

// MarshalJSON implements json.Marshaler.
func (w web) MarshalJSON() ([]byte, error) {
	type known web
	return msgraph.MarshalOpen(known(w), w.kept)
}

type implicit struct {
	IDToken     bool `json:"enableIdTokenIssuance"`
	AccessToken bool `json:"enableAccessTokenIssuance"`
}

// platform is that of single-page or native applications, with the members that are only
// kept.
type platform struct {
	RedirectURIs []string `json:"redirectUris"`

	kept map[string]any
}

// MarshalJSON implements json.Marshaler.
func (p platform) MarshalJSON() ([]byte, error) {
	type known platform
	return msgraph.MarshalOpen(known(p), p.kept)
}

// pkce is a member of our own; null follows the tenant.
type pkce struct {
	Required   *bool `json:"required"`
	AllowPlain *bool `json:"allowPlain"`
}

type password struct {
	KeyID       string       `json:"keyId"`
	DisplayName *string      `json:"displayName"`
	Hint        string       `json:"hint"`
	Text        *string      `json:"secretText"` // once, when it is made
	Start       msgraph.Time `json:"startDateTime"`
	End         msgraph.Time `json:"endDateTime"`
	Identifier  *string      `json:"customKeyIdentifier"` // always null
}

// keyCredential is a certificate.
type keyCredential struct {
	KeyID       string       `json:"keyId"`
	DisplayName *string      `json:"displayName"`
	Identifier  *string      `json:"customKeyIdentifier"` // hexadecimal
	Key         *string      `json:"key"`                 // base64; null unless asked for
	Type        string       `json:"type"`
	Usage       string       `json:"usage"`
	Start       msgraph.Time `json:"startDateTime"`
	End         msgraph.Time `json:"endDateTime"`
}

// show is a registration as the API shows it; withKeys adds the certificates themselves.
func show(a application.Application, withKeys bool) registration {
	kept := make(map[string]any)
	for name, raw := range a.Extra {
		kept[name] = msgraph.Exact(raw)
	}
	out := registration{
		ID: a.ID, AppID: a.AppID, DisplayName: a.DisplayName, Created: msgraph.Time(a.Created), SignInAudience: msgraph.OrNull(a.SignInAudience),
		IdentifierURIs: msgraph.OrEmpty(a.IdentifierURIs), FallbackPublic: a.FallbackPublic,
		Web: web{
			RedirectURIs: msgraph.OrEmpty(a.WebRedirects), LogoutURL: msgraph.OrNull(a.LogoutURL), Implicit: implicit{a.ImplicitIDToken, a.ImplicitAccessToken},
			kept: members(kept["web"]),
		},
		SPA:          platform{RedirectURIs: msgraph.OrEmpty(a.SPARedirects), kept: members(kept["spa"])},
		PublicClient: platform{RedirectURIs: msgraph.OrEmpty(a.NativeRedirects), kept: members(kept["publicClient"])},
		PKCE:         showPKCE(a.PKCE), Passwords: []password{}, Certificates: []keyCredential{},
		kept: kept,
	}
	for _, s := range a.Secrets {
		out.Passwords = append(out.Passwords, showSecret(s))
	}
	for _, c := range a.Certificates {
		out.Certificates = append(out.Certificates, showCertificate(c, withKeys))
	}
	if _, ok := kept["requiredResourceAccess"]; !ok {
		kept["requiredResourceAccess"] = []any{}
	}
	return out
}

// members are those of an object, nil for anything else.
func members(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// showPKCE shows the permissions of an application from before there was a choice as if
// they had been chosen, so that sending them back changes nothing.
func showPKCE(p *application.PKCE) pkce {
	if p == nil {
		plain := true
		return pkce{AllowPlain: &plain}
	}
	return pkce{Required: p.Required, AllowPlain: p.AllowPlain}
}

func showSecret(s application.Secret) password {
	return password{KeyID: s.KeyID, DisplayName: msgraph.OrNull(s.DisplayName), Hint: s.Hint, Start: msgraph.Time(s.Start), End: msgraph.Time(s.End)}
}

func showCertificate(c application.Certificate, withKey bool) keyCredential {
	out := keyCredential{
		KeyID: c.KeyID, DisplayName: msgraph.OrNull(c.DisplayName), Type: "AsymmetricX509Cert", Usage: "Verify", Start: msgraph.Time(c.Start), End: msgraph.Time(c.End),
		Identifier: msgraph.OrNull(strings.ToUpper(hex.EncodeToString(c.Identifier))),
	}
	if withKey {
		key := base64.StdEncoding.EncodeToString(c.DER)
		out.Key = &key
	}
	return out
}
