// Package enrichmentapi is a sample of the REST API that a policy calls just before the token is issued. It
// stores a balance for each user.
//
//	POST /api/GetProfile {"objectId": "…", "lang": "1033"}
//	200 {"balance": "760.50"}            a user it knows
//	200 {"balance": "50.00"}             a new one, registered with 50.00
//	409 {"version", "status", "userMessage"}   a request that it refuses
//	POST /api/connector                        the same as the API of an API connector
package enrichmentapi

import (
	_ "embed" // for go:embed
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// welcome is a new user's balance.
const welcome = "50.00"

// API stores balances in a JSON file.
type API struct {
	file  string
	basic Basic

	mu       sync.Mutex
	balances map[string]string // by object id
	latest   string            // the last requested user since the start
}

// New reads the balances from a file, if it exists. basic contains the credentials of API connectors.
func New(file string, basic Basic) (*API, error) {
	a := &API{file: file, basic: basic, balances: make(map[string]string)}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &a.balances); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return a, nil
}

// Handler serves the API. GET and PUT /api/balances/{objectId} read and change a balance, to test its effect
// on a token; "latest" is the user of the last request. Browsers get a page that explains the API.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/api/GetProfile", "/api/connector"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
			_, _ = io.WriteString(w, about)
		})
	}
	mux.HandleFunc("POST /api/GetProfile", a.profile)
	mux.HandleFunc("POST /api/connector", a.connector)
	mux.HandleFunc("GET /api/balances/{objectId}", func(w http.ResponseWriter, r *http.Request) {
		id := a.user(r)
		a.mu.Lock()
		balance, ok := a.balances[id]
		a.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		answer(w, http.StatusOK, map[string]string{"balance": balance})
	})
	mux.HandleFunc("PUT /api/balances/{objectId}", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Balance string `json:"balance"`
		}
		if json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in) != nil || in.Balance == "" {
			http.Error(w, `send {"balance": "760.50"}`, http.StatusBadRequest)
			return
		}
		id := a.user(r)
		if id == "" {
			http.Error(w, "nobody has signed in yet", http.StatusNotFound)
			return
		}
		if err := a.set(id, in.Balance); err != nil {
			http.Error(w, "the balance could not be kept", http.StatusInternalServerError)
			return
		}
		answer(w, http.StatusOK, in)
	})
	return mux
}

// about is the page for browsers.
//
//go:embed about.html
var about string

// user returns the user in the address.
func (a *API) user(r *http.Request) string {
	id := r.PathValue("objectId")
	if id == "latest" {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.latest
	}
	return id
}

// messages are for the user, by the policy's language number.
var messages = map[string]string{
	"1031": "Das Konto ist nicht bekannt.",
	"1036": "Le compte est inconnu.",
}

func (a *API) profile(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ObjectID string `json:"objectId"`
		Language string `json:"lang"`
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in) != nil || in.ObjectID == "" {
		text, ok := messages[in.Language]
		if !ok {
			text = "The account is not known."
		}
		answer(w, http.StatusConflict, map[string]any{"version": "1.0.0", "status": 409, "userMessage": text})
		return
	}
	balance, err := a.balance(in.ObjectID)
	if err != nil {
		http.Error(w, "the balance could not be kept", http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, map[string]string{"balance": balance})
}

// balance returns a user's balance. It registers a new user.
func (a *API) balance(id string) (string, error) {
	a.mu.Lock()
	balance, ok := a.balances[id]
	a.latest = id
	a.mu.Unlock()
	if ok {
		return balance, nil
	}
	return welcome, a.set(id, welcome)
}

// set stores a balance. It writes a new file and replaces the old one in one step.
func (a *API) set(id, balance string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balances[id] = balance
	b, err := json.MarshalIndent(a.balances, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(a.file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(a.file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(a.file+".new", a.file)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
