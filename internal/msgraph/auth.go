package msgraph

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/token"
)

// graphAppID is Microsoft Graph's own application id, which registrations name.
const graphAppID = "00000003-0000-0000-c000-000000000000"

// keySet is our own key set with the key that admin tokens are signed with.
const keySet = "AdminTokens"

const tokenLifetime = time.Hour

// caller is who calls, and what it may.
type caller struct {
	all   bool // the static token
	appID string
	roles []string
}

func (c caller) hasAny(roles string) bool {
	if c.all {
		return true
	}
	for role := range strings.FieldsSeq(roles) {
		if slices.Contains(c.roles, role) {
			return true
		}
	}
	return false
}

// authenticate finds who calls. id is the request's.
func (s *Server) authenticate(r *http.Request, id string) (c caller, err error) {
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || text == "" {
		return caller{}, errors.New("Access token is empty.") //nolint:staticcheck // shown to people
	}
	err = s.attempt(r, text, func() error {
		c, err = s.bearer(r, text)
		return err
	}, func(reason string) { s.recordRefused(r, id, c.appID, reason) })
	return c, err
}

// bearer reads the bearer token: the static one, or one that we signed. With an error the
// caller is whom the token was for, if it was ours.
func (s *Server) bearer(r *http.Request, text string) (caller, error) {
	if s.AdminToken != "" {
		have, want := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(s.AdminToken))
		if subtle.ConstantTimeCompare(have[:], want[:]) == 1 {
			return caller{all: true}, nil
		}
	}
	bad := errors.New("Access token validation failure.") //nolint:staticcheck // shown to people
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return caller{}, bad
	}
	set, err := s.OwnKeys.PublicJWKS(r.Context(), keySet)
	if err != nil {
		return caller{}, bad
	}
	var standard jwt.Claims
	var own struct {
		AppID string `json:"appid"`
		KeyID string `json:"secret_id"`
	}
	if parsed.Claims(set, &standard, &own) != nil || standard.Expiry == nil ||
		standard.ValidateWithLeeway(jwt.Expected{Issuer: s.issuer(), AnyAudience: jwt.Audience{graphURL}, Time: s.Now()}, time.Minute) != nil {
		return caller{}, bad
	}
	// The roles are those that the application has now, not those of the token's time; and
	// a secret that was removed, or has ended, ends what was got with it.
	app, err := s.Apps.GetByAppID(r.Context(), own.AppID)
	if err != nil || !app.Enabled() || !app.SecretValid(own.KeyID, s.Now()) {
		return caller{appID: own.AppID}, bad
	}
	return caller{appID: own.AppID, roles: app.AdminRoles}, nil
}

const graphURL = "https://graph.microsoft.com"

func (s *Server) issuer() string { return "https://sts.windows.net/" + s.TenantID + "/" }

// ServeToken answers the tenant's own token endpoint: client credentials of
// applications that have admin roles.
func (s *Server) ServeToken(w http.ResponseWriter, r *http.Request, v1 bool) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	fail := func(status int, oauth, description string) {
		id := uuid.NewString()
		writeOAuth(w, status, map[string]any{"error": oauth, "error_description": description + " Trace ID: " + id + " Correlation ID: " + id + " Timestamp: " + s.Now().UTC().Format("2006-01-02 15:04:05Z"), "correlation_id": id, "trace_id": id})
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		fail(http.StatusBadRequest, "invalid_request", "AADSTS900561: The endpoint only accepts POST requests.")
		return
	}
	form := r.PostForm
	if form.Get("grant_type") != "client_credentials" {
		fail(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
		return
	}
	id, secret, ok := credentials(r, form)
	if !ok {
		fail(http.StatusBadRequest, "invalid_request", "AADSTS7000218: The request authenticates the client in two ways that differ.")
		return
	}
	target := form.Get("scope")
	if v1 {
		target = form.Get("resource")
	}
	if !v1 {
		// MSAL for Go and Java adds what it asks for users.
		target = strings.Join(slices.DeleteFunc(strings.Fields(target), func(scope string) bool { return slices.Contains(userScopes, scope) }), " ")
	}
	if target != graphURL+"/.default" && strings.TrimRight(target, "/") != graphURL && target != graphAppID && target != graphAppID+"/.default" {
		fail(http.StatusBadRequest, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
		return
	}
	if id == "" {
		id = application.ClientOfAssertion(form.Get("client_assertion"))
	}
	app, err := s.Apps.GetByAppID(r.Context(), id)
	if err != nil && !errors.Is(err, application.ErrNotFound) {
		s.Log.ErrorContext(r.Context(), "application can't be read", "err", err)
		fail(http.StatusInternalServerError, "server_error", "AADSTS90033: A transient error has occurred.")
		return
	}
	var keyID string
	unknown := errors.Is(err, application.ErrNotFound)
	credential := cmp.Or(secret, form.Get("client_assertion"))
	err = s.attempt(r, credential, func() (err error) {
		if unknown || !app.Enabled() {
			return refusal("AADSTS7000215: Invalid client secret provided.")
		}
		keyID, err = s.proven(r, app, secret)
		return err
	}, func(reason string) { s.recordRefused(r, uuid.NewString(), id, reason) })
	var tooMany *throttled
	var refused refusal
	switch {
	case errors.As(err, &tooMany):
		retryAfter(w, tooMany.wait)
		fail(http.StatusTooManyRequests, "temporarily_unavailable", "AADSTS50196: "+errTooMany.message)
		return
	case unknown:
		fail(http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+id+"' was not found in the directory '"+s.TenantName+"'.")
		return
	case errors.As(err, &refused):
		fail(http.StatusUnauthorized, "invalid_client", refused.Error())
		return
	case err != nil:
		s.Log.ErrorContext(r.Context(), "client can't be checked", "err", err)
		fail(http.StatusInternalServerError, "server_error", "AADSTS90033: A transient error has occurred.")
		return
	}
	text, err := s.sign(r.Context(), app, keyID)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "admin token can't be signed", "err", err)
		fail(http.StatusInternalServerError, "server_error", "AADSTS90033: A transient error has occurred.")
		return
	}
	seconds := int64(tokenLifetime.Seconds())
	body := map[string]any{"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": text}
	if v1 {
		now := s.Now().Unix()
		body = map[string]any{"token_type": "Bearer", "expires_in": itoa(seconds), "ext_expires_in": itoa(seconds), "expires_on": itoa(now + seconds), "not_before": itoa(now), "resource": graphURL, "access_token": text}
	}
	writeOAuth(w, http.StatusOK, body)
}

// userScopes ask for nothing that an application has.
var userScopes = []string{"openid", "offline_access", "profile", "email"}

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

func writeOAuth(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// sign makes an admin token that is good as long as the application's secret of a key id;
// the signing key is made when first needed.
func (s *Server) sign(ctx context.Context, app application.Application, keyID string) (string, error) {
	if !s.OwnKeys.Exists(keySet) {
		k, err := keyset.GenerateRSA("sig")
		if err != nil {
			return "", err
		}
		_, err = s.OwnKeys.Create(ctx, keySet, k)
		if errors.Is(err, keyset.ErrExists) {
			err = s.OwnKeys.Reload(ctx) // another node was first
		}
		if err != nil {
			return "", err
		}
	}
	key, err := s.OwnKeys.ActiveSigningKey(ctx, keySet)
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

// roleIDs are Graph's application roles (admin-surface §1.2).
var roleIDs = map[string]string{
	"246dd0d5-5bd0-4def-940b-0421030a5b68": "Policy.Read.All",
	"79a677f7-b79d-40d0-a36a-3e6f8688dd7a": "Policy.ReadWrite.TrustFramework",
	"fff194f1-7dce-4428-8301-1badb5518201": "TrustFrameworkKeySet.Read.All",
	"4a771c9a-1cf2-4609-b88e-3d3e02d539cd": "TrustFrameworkKeySet.ReadWrite.All",
	"1b0c317f-dd31-4305-9932-259a8b6e8099": "IdentityUserFlow.Read.All",
	"65319a09-a2be-469d-8782-f6b07debf789": "IdentityUserFlow.ReadWrite.All",
	"b86848a7-d5b1-41eb-a9b4-54a4e6306e97": "APIConnectors.Read.All",
	"1dfe531a-24a6-4f1b-80f4-7a0dc5a0a171": "APIConnectors.ReadWrite.All",
	"e321f0bb-e7f7-481e-bb28-e3b0b32d4bd0": "IdentityProvider.Read.All",
	"90db2b9a-d928-4d33-a4dd-8442ae3d41e4": "IdentityProvider.ReadWrite.All",
	"b0afded3-3588-46d8-8b3d-9842eff778da": "AuditLog.Read.All",
	"741f803b-c850-494e-b5df-cde7c675a1ca": "User.ReadWrite.All",
	"df021288-bdef-4463-88db-98f22de89214": "User.Read.All",
	"eccc023d-eccf-4e7b-9683-8813ab36cecc": "User.DeleteRestore.All",
	"9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
	"1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9": "Application.ReadWrite.All",
	"7ab1d382-f21e-4acd-a863-ba3e13f7da61": "Directory.Read.All",
	"19dbc75e-c2e2-444c-a770-ec69d8559fc7": "Directory.ReadWrite.All",
}
