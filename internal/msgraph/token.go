package msgraph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/token"
)

// adminKeys is our own key set with the key that signs admin tokens.
const adminKeys = "AdminTokens"

const tokenLifetime = time.Hour

const graphURL = "https://graph.microsoft.com"

func (s *Server) issuer() string { return "https://sts.windows.net/" + s.TenantID + "/" }

// tokenAnswer is the answer of the v2 endpoint.
type tokenAnswer struct {
	Type       string `json:"token_type"`
	ExpiresIn  int64  `json:"expires_in"` // seconds, as the next
	ExtExpires int64  `json:"ext_expires_in"`
	Token      string `json:"access_token"`
}

// tokenAnswerV1 is the answer of the v1 endpoint: numbers are texts.
type tokenAnswerV1 struct {
	Type       string `json:"token_type"`
	ExpiresIn  string `json:"expires_in"`
	ExtExpires string `json:"ext_expires_in"`
	ExpiresOn  string `json:"expires_on"` // seconds since 1970, as the next
	NotBefore  string `json:"not_before"`
	Resource   string `json:"resource"`
	Token      string `json:"access_token"`
}

// tokenError is a refusal of the token endpoint, in Entra's words.
type tokenError struct {
	status      int
	code        string // of OAuth
	description string
	wait        time.Duration
}

// Error implements error.
func (e *tokenError) Error() string { return e.code + ": " + e.description }

// tokenFailure is the body of a refusal.
type tokenFailure struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	CorrelationID string `json:"correlation_id"`
	TraceID       string `json:"trace_id"`
}

// ServeToken answers the tenant's own token endpoint: client credentials of
// applications that have admin roles. v1 says that the request came to the v1 endpoint.
func (s *Server) ServeToken(w http.ResponseWriter, r *http.Request, v1 bool) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	text, err := s.issue(r, v1)
	if err != nil {
		s.refuseToken(w, r, err)
		return
	}
	seconds := int64(tokenLifetime.Seconds())
	if !v1 {
		writeOAuth(w, http.StatusOK, tokenAnswer{Type: "Bearer", ExpiresIn: seconds, ExtExpires: seconds, Token: text})
		return
	}
	now := s.Now().Unix()
	lifetime := strconv.FormatInt(seconds, 10)
	writeOAuth(w, http.StatusOK, tokenAnswerV1{
		Type: "Bearer", ExpiresIn: lifetime, ExtExpires: lifetime, ExpiresOn: strconv.FormatInt(now+seconds, 10), NotBefore: strconv.FormatInt(now, 10),
		Resource: graphURL, Token: text,
	})
}

// refuseToken answers with an error. One that isn't a refusal is logged.
func (s *Server) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	var e *tokenError
	if !errors.As(err, &e) {
		s.Log.ErrorContext(r.Context(), "admin token can't be issued", "err", err)
		e = &tokenError{status: http.StatusInternalServerError, code: "server_error", description: "AADSTS90033: A transient error has occurred."}
	}
	if e.wait > 0 {
		retryAfter(w, e.wait)
	}
	id := uuid.NewString()
	writeOAuth(w, e.status, tokenFailure{
		Error:         e.code,
		Description:   e.description + " Trace ID: " + id + " Correlation ID: " + id + " Timestamp: " + s.Now().UTC().Format("2006-01-02 15:04:05Z"),
		CorrelationID: id, TraceID: id,
	})
}

// issue checks a request and makes the token. The error is a *tokenError, or internal.
func (s *Server) issue(r *http.Request, v1 bool) (string, error) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return "", &tokenError{status: http.StatusBadRequest, code: "invalid_request", description: "AADSTS900561: The endpoint only accepts POST requests."}
	}
	form := r.PostForm
	if form.Get("grant_type") != "client_credentials" {
		return "", &tokenError{status: http.StatusBadRequest, code: "unsupported_grant_type", description: "AADSTS70003: The app requested an unsupported grant type."}
	}
	id, secret, ok := credentials(r, form)
	if !ok {
		return "", &tokenError{status: http.StatusBadRequest, code: "invalid_request", description: "AADSTS7000218: The request authenticates the client in two ways that differ."}
	}
	if !asksForGraph(form, v1) {
		return "", &tokenError{status: http.StatusBadRequest, code: "invalid_scope", description: "AADSTS70011: The provided value for the input parameter 'scope' is not valid."}
	}
	if id == "" {
		id = application.ClientOfAssertion(form.Get("client_assertion"))
	}
	app, keyID, err := s.client(r, id, secret)
	if err != nil {
		return "", err
	}
	text, err := s.sign(r.Context(), app, keyID)
	if err != nil {
		return "", fmt.Errorf("signing: %w", err)
	}
	return text, nil
}

// asksForGraph reports whether a request is for a token of the admin API.
func asksForGraph(form url.Values, v1 bool) bool {
	target := form.Get("resource")
	if !v1 {
		// MSAL for Go and Java adds the scopes that it asks for users.
		target = strings.Join(slices.DeleteFunc(strings.Fields(form.Get("scope")), func(scope string) bool { return slices.Contains(userScopes, scope) }), " ")
	}
	return target == graphURL+"/.default" || strings.TrimRight(target, "/") == graphURL || target == GraphAppID || target == GraphAppID+"/.default"
}

// userScopes ask for nothing that an application has.
var userScopes = []string{"openid", "offline_access", "profile", "email"}

// client authenticates the application of a client id; keyID is that of the secret or
// certificate which proved it.
func (s *Server) client(r *http.Request, id, secret string) (app application.Application, keyID string, err error) {
	app, err = s.Apps.GetByAppID(r.Context(), id)
	unknown := errors.Is(err, application.ErrNotFound)
	if err != nil && !unknown {
		return app, "", fmt.Errorf("application: %w", err)
	}
	credential := cmp.Or(secret, r.PostForm.Get("client_assertion"))
	err = s.attempt(r, credential, func() (err error) {
		if unknown || !app.Enabled() {
			return refusedText("AADSTS7000215: Invalid client secret provided.")
		}
		keyID, err = s.proven(r, app, secret)
		return err
	}, func(reason string) { s.recordRefused(r, uuid.NewString(), id, reason) })
	var tooMany *throttled
	var refused refusedText
	switch {
	case errors.As(err, &tooMany):
		err = &tokenError{status: http.StatusTooManyRequests, code: "temporarily_unavailable", description: "AADSTS50196: " + errTooMany.Message, wait: tooMany.wait}
	case unknown:
		err = &tokenError{status: http.StatusBadRequest, code: "unauthorized_client", description: "AADSTS700016: Application with identifier '" + id + "' was not found in the directory '" + s.TenantName + "'."}
	case errors.As(err, &refused):
		err = &tokenError{status: http.StatusUnauthorized, code: "invalid_client", description: string(refused)}
	}
	return app, keyID, err
}

// credentials are a client's id and secret, from the form or the header; ok is false if
// both are there and differ.
func credentials(r *http.Request, form url.Values) (id, secret string, ok bool) {
	id, secret = form.Get("client_id"), form.Get("client_secret")
	if user, pass, basic := r.BasicAuth(); basic {
		if u, err := url.QueryUnescape(user); err == nil {
			user = u
		}
		if p, err := url.QueryUnescape(pass); err == nil {
			pass = p
		}
		if id != "" && id != user || secret != "" && secret != pass {
			return "", "", false
		}
		return user, pass, true
	}
	return id, secret, true
}

func writeOAuth(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// sign makes an admin token that is good as long as the application's secret of a key id;
// the signing key is made when first needed.
func (s *Server) sign(ctx context.Context, app application.Application, keyID string) (string, error) {
	if !s.OwnKeys.Exists(adminKeys) {
		k, err := keyset.GenerateRSA("sig")
		if err != nil {
			return "", err
		}
		_, err = s.OwnKeys.Create(ctx, adminKeys, k)
		if errors.Is(err, keyset.ErrExists) {
			err = s.OwnKeys.Reload(ctx) // another node was first
		}
		if err != nil {
			return "", err
		}
	}
	key, err := s.OwnKeys.ActiveSigningKey(ctx, adminKeys)
	if err != nil {
		return "", err
	}
	now := s.Now().Unix()
	c := new(token.Claims)
	c.Set("aud", graphURL)
	c.Set("iss", s.issuer())
	c.Set("iat", now)
	c.Set("nbf", now)
	c.Set("exp", now+int64(tokenLifetime.Seconds()))
	c.Set("appid", app.AppID)
	c.Set("azp", app.AppID)
	c.Set("app_displayname", app.DisplayName)
	c.Set("idtyp", "app")
	c.Set("oid", app.ID)
	c.Set("sub", app.ID)
	c.Set("tid", s.TenantID)
	c.Set("secret_id", keyID)
	roles := app.AdminRoles
	if roles == nil {
		roles = []string{}
	}
	c.Set("roles", roles)
	c.Set("ver", "1.0")
	return token.Sign(key.Key, key.KID, c, nil)
}
