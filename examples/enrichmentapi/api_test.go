package enrichmentapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"journeyman.dev/examples/enrichmentapi"
)

func TestANewUserIsRegisteredWithFifty(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "balances.json")
	call := func(method, path, body string) (int, string) {
		api, err := enrichmentapi.New(file, enrichmentapi.Basic{Username: "u", Password: "p"}) // a new API each time: the balance must be stored
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		api.Handler().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		b, _ := io.ReadAll(w.Result().Body)
		return w.Code, strings.TrimSpace(string(b))
	}
	steps := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/api/GetProfile", `{"objectId":"a","lang":"1033"}`, http.StatusOK, `{"balance":"50.00"}`},
		{"PUT", "/api/balances/a", `{"balance":"760.50"}`, http.StatusOK, `{"balance":"760.50"}`},
		{"POST", "/api/GetProfile", `{"objectId":"a","lang":"1033"}`, http.StatusOK, `{"balance":"760.50"}`},
		{"POST", "/api/GetProfile", `{"objectId":"b"}`, http.StatusOK, `{"balance":"50.00"}`},
		{"POST", "/api/GetProfile", `{"lang":"1031"}`, http.StatusConflict, `{"status":409,"userMessage":"Das Konto ist nicht bekannt.","version":"1.0.0"}`},
		{"POST", "/api/GetProfile", `nonsense`, http.StatusConflict, `{"status":409,"userMessage":"The account is not known.","version":"1.0.0"}`},
	}
	for _, s := range steps {
		if status, got := call(s.method, s.path, s.body); status != s.status || got != s.want {
			t.Errorf("%s %s %s: %d %s, want %d %s", s.method, s.path, s.body, status, got, s.status, s.want)
		}
	}
}
