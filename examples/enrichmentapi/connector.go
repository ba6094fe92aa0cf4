package enrichmentapi

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
)

// Basic contains the credentials of an API connector for POST /api/connector.
type Basic struct{ Username, Password string }

// connectorRequest is the used part of a connector's request.
type connectorRequest struct {
	Step        string `json:"step"`
	ObjectID    string `json:"objectId"`
	Email       string `json:"email"`
	DisplayName string `json:"displayName"`
}

// connector is the API of an API connector, one for all steps:
//
//	PostAttributeCollection  a name that begins with Admin is refused; blocked.example is blocked
//	PreTokenIssuance         extension_Balance is the user's balance
func (a *API) connector(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || !equal(user, a.basic.Username) || !equal(password, a.basic.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="sample"`)
		answer(w, http.StatusUnauthorized, map[string]any{"version": "1.0.0", "status": 401})
		return
	}
	var in connectorRequest
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in) != nil {
		answer(w, http.StatusBadRequest, map[string]any{"version": "1.0.0"})
		return
	}
	switch {
	case in.Step == "PostAttributeCollection" && strings.HasPrefix(strings.ToLower(in.DisplayName), "admin"):
		answer(w, http.StatusBadRequest, map[string]any{"version": "1.0.0", "status": 400, "action": "ValidationError", "userMessage": "This name is reserved. Please choose another one."})
	case in.Step == "PostAttributeCollection" && strings.HasSuffix(strings.ToLower(in.Email), "@blocked.example"):
		answer(w, http.StatusOK, map[string]any{"version": "1.0.0", "action": "ShowBlockPage", "userMessage": "Your organisation can't sign up here."})
	case in.Step == "PreTokenIssuance" && in.ObjectID != "":
		balance, err := a.balance(in.ObjectID)
		if err != nil {
			http.Error(w, "the balance could not be kept", http.StatusInternalServerError)
			return
		}
		answer(w, http.StatusOK, map[string]any{"version": "1.0.0", "action": "Continue", "extension_Balance": balance})
	default:
		answer(w, http.StatusOK, map[string]any{"version": "1.0.0", "action": "Continue"})
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
