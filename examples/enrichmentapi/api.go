// Package enrichmentapi is a sample of the REST API that a policy calls just before the
// token is issued: it knows a balance for each user.
//
//	POST /api/GetProfile {"objectId": "…", "lang": "1033"}
//	200 {"balance": "760.50"}            a user it knows
//	200 {"balance": "50.00"}             a new one, registered with 50.00
//	409 {"version", "status", "userMessage"}   a request that it refuses
//	POST /api/connector                        the same as the API of an API connector
package enrichmentapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// welcome is what a new user gets.
const welcome = "50.00"

// API keeps balances in a JSON file.
type API struct {
	file  string
	basic Basic

	mu       sync.Mutex
	balances map[string]string // by object id
}

// New reads the balances from a file, if it is there. basic is what API connectors send.
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

// Handler serves the API. GET and PUT /api/balances/{objectId} look at a balance and
// change it, to try what a token shows then.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/GetProfile", a.profile)
	mux.HandleFunc("POST /api/connector", a.connector)
	mux.HandleFunc("GET /api/balances/{objectId}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		balance, ok := a.balances[r.PathValue("objectId")]
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
		if err := a.set(r.PathValue("objectId"), in.Balance); err != nil {
			http.Error(w, "the balance could not be kept", http.StatusInternalServerError)
			return
		}
		answer(w, http.StatusOK, in)
	})
	return mux
}

// messages are for the user, in the language whose number the policy sends.
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

// balance is a user's; a new one is registered.
func (a *API) balance(id string) (string, error) {
	a.mu.Lock()
	balance, ok := a.balances[id]
	a.mu.Unlock()
	if ok {
		return balance, nil
	}
	return welcome, a.set(id, welcome)
}

// set keeps a balance: the file is written anew and put in place at once.
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
