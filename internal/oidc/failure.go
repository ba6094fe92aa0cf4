package oidc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"journeyman.dev/internal/journey"
)

// failure is an error for an application: OAuth error, AADB2C code, text.
type failure struct {
	code  journey.Code // "" writes no code
	oauth string
	text  string
}

// page is the failure as the error page shows it.
func (f *failure) page() *journey.Failure {
	return &journey.Failure{Code: f.code, Public: f.text}
}

// fromJourney brings a journey's failure into the application's form. A failed
// claims exchange names itself, its step, code and reason, as applications and
// their logs know it (rest-and-connectors §2.6).
func fromJourney(f *journey.Failure) *failure {
	out := &failure{code: f.Code, oauth: f.OAuth, text: f.Public}
	if out.oauth == "" {
		out.oauth = f.Code.OAuth()
	}
	if f.Code != journey.CodeExchangeFailed || f.Exchange == "" {
		return out
	}
	// Clients compare B2C's text (rest-and-connectors §2.6 [D][E]).
	where := fmt.Sprintf("The claims exchange '%s' specified in step '%d' ", cmp.Or(f.Profile, f.Exchange), f.Step)
	if f.Reason == "" {
		out.text = where + "did not succeed: " + orNone(f.Public)
		return out
	}
	out.text = where + fmt.Sprintf("returned HTTP error response with Code '%s' and Reason '%s'.", f.Reason, orNone(cmp.Or(f.ReasonText, f.Public)))
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// describe is B2C's error_description: code and text, correlation id, time stamp,
// on three lines that each end in CR LF (protocol §2.4).
func (s *Server) describe(f *failure, correlationID string) string {
	head := f.text
	if f.code != "" {
		head = string(f.code) + ": " + f.text
	}
	return fmt.Sprintf("%s\r\nCorrelation ID: %s\r\nTimestamp: %s\r\n", oneLine(head), correlationID, s.Now().UTC().Format("2006-01-02 15:04:05Z"))
}

// oneLine keeps texts from elsewhere (an API's message) from faking lines.
func oneLine(s string) string {
	const most = 1000
	out := []rune(s)
	if len(out) > most {
		out = out[:most]
	}
	for i, r := range out {
		if r < ' ' || r == 0x7f {
			out[i] = ' '
		}
	}
	return string(out)
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// tokenError answers the token endpoint: 400 with exactly two members, except when
// throttled (protocol §3.1, §7).
func (s *Server) tokenError(w http.ResponseWriter, r *http.Request, f *failure) {
	id := s.Engine.NewID()
	s.Log.InfoContext(r.Context(), "token request refused", "correlationId", id, "code", f.code, "oauthError", f.oauth)
	status := http.StatusBadRequest
	if f.code == journey.CodeThrottled {
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "5")
	}
	s.json(w, status, errorBody{Error: f.oauth, Description: s.describe(f, id)})
}

// writeJSON writes a body without HTML escaping.
func writeJSON(b *bytes.Buffer, body any) error {
	if own, ok := body.(interface{ WriteJSON(b *bytes.Buffer) error }); ok {
		return own.WriteJSON(b)
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(body)
}

// json writes a body without HTML escaping, never cached.
func (s *Server) json(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	if err := writeJSON(&b, body); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
	}
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimRight(b.Bytes(), "\n"))
}
