// Package demoapp is a small application that signs users in: a web application with a client secret and
// PKCE, built on x/oauth2 and go-oidc like any other. It shows its token.
package demoapp

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

//go:embed head.html list.html page.html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "*.html"))

// Config contains the data of an application's registration.
type Config struct {
	Authority    string // https://host/tenant
	Policies     Policies
	ClientID     string
	ClientSecret string
	URL          string // of the application
	HTTP         *http.Client
	// List returns the content of the page of all policies; nil: there is no such page.
	List func() []Listed
}

// Listed is a policy or user flow on the page of all policies.
type Listed struct {
	ID, Kind string
	State    string // in words
	Good     bool   // it serves the latest upload
	Runs     bool   // it can be run from here
	Problems []string
}

// Policies names the policies of the application's links.
type Policies struct{ SignIn, Edit, Reset, Flow string }

// App keeps its sessions in memory.
type App struct {
	c Config

	mu       sync.Mutex
	sessions map[string]*session
}

// session is a browser's session.
type session struct {
	policy, state, nonce, verifier string
	run                            bool // from the page of all policies
	token                          *oauth2.Token
	idToken                        string
	message                        string
}

const cookie = "demo-session"

// New makes the application.
func New(c Config) *App { return &App{c: c, sessions: make(map[string]*session)} }

// Handler serves it.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /signin", func(w http.ResponseWriter, r *http.Request) { a.begin(w, r, a.c.Policies.SignIn) })
	mux.HandleFunc("GET /flow", func(w http.ResponseWriter, r *http.Request) { a.begin(w, r, a.flow(r)) })
	mux.HandleFunc("GET /edit", func(w http.ResponseWriter, r *http.Request) { a.begin(w, r, a.c.Policies.Edit) })
	mux.HandleFunc("GET /reset", func(w http.ResponseWriter, r *http.Request) { a.begin(w, r, a.c.Policies.Reset) })
	if a.c.List != nil {
		mux.HandleFunc("GET /policies", a.policies)
		mux.HandleFunc("GET /run", a.run)
	}
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("GET /signout", a.signOut)
	return mux
}

// flow returns the user flow in the address, else the sample's: /flow?id=B2C_1_mine runs any flow of the
// tenant.
func (a *App) flow(r *http.Request) string {
	if id := r.URL.Query().Get("id"); flowID.MatchString(id) {
		return id
	}
	return a.c.Policies.Flow
}

var flowID = regexp.MustCompile(`^(?i:B2C_1_)[A-Za-z0-9_-]{1,64}$`)

func random() string {
	var b [24]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// session finds or makes the browser's session. The caller holds the lock.
func (a *App) session(w http.ResponseWriter, r *http.Request) *session {
	if c, err := r.Cookie(cookie); err == nil {
		if s := a.sessions[c.Value]; s != nil {
			return s
		}
	}
	id, s := random(), new(session)
	a.sessions[id] = s
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", HttpOnly: true, Secure: strings.HasPrefix(a.c.URL, "https:"), SameSite: http.SameSiteLaxMode})
	return s
}

func (a *App) authority(policy string) string { return a.c.Authority + "/" + policy }

// client discovers a policy's endpoints. In B2C's documents the issuer isn't the document's address, so the
// issuer is read from the document.
func (a *App) client(ctx context.Context, policy string) (*oidc.Provider, *oauth2.Config, error) {
	ctx = oidc.ClientContext(ctx, a.c.HTTP)
	address := a.authority(policy) + "/v2.0"
	issuer, err := a.issuer(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	provider, err := oidc.NewProvider(oidc.InsecureIssuerURLContext(ctx, issuer), address)
	if err != nil {
		return nil, nil, err
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return provider, &oauth2.Config{
		ClientID: a.c.ClientID, ClientSecret: a.c.ClientSecret, RedirectURL: a.c.URL + "/callback", Endpoint: endpoint,
		// The application's own id requests an access token, which x/oauth2 requires.
		Scopes: []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess, a.c.ClientID},
	}, nil
}

func (a *App) issuer(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/.well-known/openid-configuration", nil)
	if err != nil {
		return "", err
	}
	res, err := a.c.HTTP.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var doc struct {
		Issuer string `json:"issuer"`
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("discovery of %s answered %d", address, res.StatusCode)
	}
	return doc.Issuer, nil
}

func (a *App) begin(w http.ResponseWriter, r *http.Request, policy string, more ...oauth2.AuthCodeOption) {
	_, client, err := a.client(r.Context(), policy)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.session(w, r)
	s.policy, s.state, s.nonce, s.verifier, s.run = policy, random(), random(), oauth2.GenerateVerifier(), len(more) > 0
	if s.run {
		s.token, s.idToken, s.message = nil, "", "" // otherwise a failed run would show another run's token
	}
	options := append([]oauth2.AuthCodeOption{oidc.Nonce(s.nonce), oauth2.S256ChallengeOption(s.verifier)}, more...)
	if locale := r.URL.Query().Get("ui_locales"); locale != "" {
		options = append(options, oauth2.SetAuthURLParam("ui_locales", locale))
	}
	http.Redirect(w, r, client.AuthCodeURL(s.state, options...), http.StatusFound)
}

func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.session(w, r)
	q := r.URL.Query()
	if s.state == "" || q.Get("state") != s.state {
		s.message = "The answer belongs to another request."
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	s.state, s.message = "", ""
	if description := q.Get("error_description"); q.Get("error") != "" {
		if strings.HasPrefix(description, "AADB2C90118") && !s.run {
			http.Redirect(w, r, "/reset", http.StatusFound) // the user forgot the password
			return
		}
		s.message = q.Get("error") + ": " + description
		http.Redirect(w, r, "/", http.StatusFound)
		return
	}
	if err := a.redeem(r.Context(), s, q.Get("code")); err != nil {
		s.message = err.Error()
	}
	http.Redirect(w, r, "/", http.StatusFound)
}

func (a *App) redeem(ctx context.Context, s *session, code string) error {
	provider, client, err := a.client(ctx, s.policy)
	if err != nil {
		return err
	}
	ctx = oidc.ClientContext(ctx, a.c.HTTP)
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(s.verifier))
	if err != nil {
		return err
	}
	return a.keep(ctx, provider, s, token, s.nonce)
}

// keep verifies the id token before it uses it.
func (a *App) keep(ctx context.Context, provider *oidc.Provider, s *session, token *oauth2.Token, nonce string) error {
	raw, _ := token.Extra("id_token").(string)
	verified, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: a.c.ClientID}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if nonce != "" && verified.Nonce != nonce {
		return fmt.Errorf("the id token has another nonce")
	}
	s.token, s.idToken = token, raw
	return nil
}

func (a *App) refresh(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.session(w, r)
	s.message = ""
	if s.token != nil {
		provider, client, err := a.client(r.Context(), s.policy)
		if err == nil {
			ctx := oidc.ClientContext(r.Context(), a.c.HTTP)
			var token *oauth2.Token
			if token, err = client.TokenSource(ctx, &oauth2.Token{RefreshToken: s.token.RefreshToken}).Token(); err == nil {
				err = a.keep(ctx, provider, s, token, "")
			}
		}
		if err != nil {
			s.message = err.Error()
		} else {
			s.message = "The token was refreshed; the API was not called again."
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) signOut(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.session(w, r)
	hint := s.idToken
	*s = session{}
	http.Redirect(w, r, a.authority(a.c.Policies.SignIn)+"/oauth2/v2.0/logout?"+url.Values{"post_logout_redirect_uri": {a.c.URL + "/"}, "id_token_hint": {hint}}.Encode(), http.StatusFound)
}

func (a *App) home(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.session(w, r)
	view := struct {
		SignedIn bool
		Lists    bool
		Ran      string // the policy that ran from the page of all policies
		Message  string
		Name     string
		Balance  string
		Token    string
	}{SignedIn: s.idToken != "", Message: s.message, Lists: a.c.List != nil}
	if s.run {
		view.Ran = s.policy
	}
	if view.SignedIn {
		var claims map[string]any
		parts := strings.Split(s.idToken, ".")
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(payload, &claims) == nil {
			pretty, _ := json.MarshalIndent(claims, "", "  ")
			view.Token = string(pretty)
			view.Name, _ = claims["name"].(string)
			view.Balance, _ = claims["balance"].(string)
			if balance, ok := claims["extension_Balance"].(string); ok {
				view.Balance = balance
			}
		}
	}
	show(w, "page.html", view)
}

func show(w http.ResponseWriter, page string, view any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	// Forms redirect to the sign-in server.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'")
	_ = pages.ExecuteTemplate(w, page, view)
}

// run runs a policy of the list like a new user: it asks for sign-in even with a session.
func (a *App) run(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	for _, one := range a.c.List() {
		if one.Runs && strings.EqualFold(one.ID, id) {
			a.begin(w, r, one.ID, oauth2.SetAuthURLParam("prompt", "login"))
			return
		}
	}
	http.Error(w, "There is no such policy that can be run.", http.StatusNotFound)
}

func (a *App) policies(w http.ResponseWriter, _ *http.Request) {
	show(w, "list.html", a.c.List())
}
