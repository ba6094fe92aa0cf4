package oidc_test

import (
	"net/http"
	"net/url"
	"testing"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/journey"
)

// acting is the web application's request for a token of its own.
func acting(change ...string) url.Values {
	return with(url.Values{"grant_type": {"client_credentials"}, "client_id": {"web"}, "client_secret": {secret}, "scope": {"https://contoso.example/api/.default"}}, change...)
}

func TestAnApplicationActsForItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, acting("scope", "openid https://contoso.example/api/.default"))
	got := body(t, rec)
	if len(got) != 6 || got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["resource"] != "api" || got["expires_on"] != float64(start.Unix()+3600) {
		t.Errorf("%v", got)
	}
	access := members(t, got["access_token"])
	if access["aud"] != "api" || access["azp"] != "web" || access["scp"] != "Work.All" || access["sub"] != "object of web" || access["auth_time"] != nil {
		t.Errorf("%v", access)
	}
	if len(w.begun) != 0 || len(w.records) != 1 || w.records[0].Activity != audit.AccessTokenIssued {
		t.Errorf("%d journeys, %+v", len(w.begun), w.records)
	}

	// The journey that the issuer names adds its claims.
	access = members(t, body(t, w.do(t, http.MethodPost, "B2C_1A_full"+tokenPath, acting()))["access_token"])
	if access["name"] != "Ada" || len(w.begun) != 1 {
		t.Errorf("%v", access)
	}
	if _, ok := w.begun[0].Mode.(*journey.Application); !ok {
		t.Errorf("%+v", w.begun[0].Mode)
	}

	// An API gives itself tokens without roles.
	access = members(t, body(t, w.do(t, http.MethodPost, "B2C_1A_signin"+tokenPath, acting("client_id", "api")))["access_token"])
	if access["aud"] != "api" || access["scp"] != nil {
		t.Errorf("%v", access)
	}
}

func TestAnApplicationThatMayNotActForItselfIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy string
		change []string
		spoil  func(w *world)
		oauth  string
		want   journey.Code
	}{
		{"no secret", "B2C_1A_signin", []string{"client_secret", "-"}, nil, "invalid_request", journey.CodeSecretMissing},
		{"no scope", "B2C_1A_signin", []string{"scope", "-"}, nil, "invalid_request", journey.CodeNoScope},
		{"only a user's scope", "B2C_1A_signin", []string{"scope", "openid"}, nil, "invalid_request", journey.CodeUnknownScope},
		{"a permission of users", "B2C_1A_signin", []string{"scope", "https://contoso.example/api/read"}, nil, "invalid_request", journey.CodeUnknownScope},
		{"an unknown API", "B2C_1A_signin", []string{"scope", "https://nobody.example/.default"}, nil, "invalid_request", journey.CodeUnknownScope},
		{"two APIs", "B2C_1A_signin", []string{"scope", "https://contoso.example/api/.default https://contoso.example/other/.default"}, nil, "invalid_request", journey.CodeSeveralResources},
		{"no roles", "B2C_1A_signin", []string{"client_id", "code"}, nil, "invalid_request", journey.CodePermissions},
		{"no key", "B2C_1A_signin", nil, func(w *world) { w.keysErr = errNoKey }, "server_error", journey.CodeNoActiveKey},
		{"a failed journey", "B2C_1A_full", nil, func(w *world) { w.outcome = failing(journey.Fail(journey.CodeInternal, errDown)) }, "server_error", journey.CodeInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.spoil != nil {
				c.spoil(w)
			}
			refused(t, w.do(t, http.MethodPost, c.policy+tokenPath, acting(c.change...)), c.oauth, c.want)
		})
	}
}

// typed is a request with a user's name and password.
func typed(change ...string) url.Values {
	return with(url.Values{"grant_type": {"password"}, "client_id": {"spa"}, "username": {"ada"}, "password": {"p"}, "scope": {"openid spa offline_access"}}, change...)
}

func TestAnApplicationThatHasThePasswordGetsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := body(t, w.do(t, http.MethodPost, "B2C_1A_password"+tokenPath, typed("nonce", "n-2", "ui_locales", "de")))
	if id := members(t, got["id_token"]); id["sub"] != user || id["nonce"] != "n-2" {
		t.Errorf("%v", id)
	}
	mode, ok := w.begun[0].Mode.(*journey.ResourceOwner)
	if !ok || mode.Password != "p" || w.begun[0].Request.Parameters["password"] != "" || w.begun[0].Request.Parameters["username"] != "ada" {
		t.Errorf("%+v", w.begun[0])
	}
	if len(w.records) != 1 || w.records[0].Activity != audit.AccessTokenIssued {
		t.Errorf("%+v", w.records)
	}
	// Its refresh tokens need no secret, and one that is sent isn't looked at.
	next := renewing(got["refresh_token"].(string), "client_id", "spa", "client_secret", "anything")
	if rec := w.do(t, http.MethodPost, "B2C_1A_password"+tokenPath, next); rec.Code != http.StatusOK {
		t.Errorf("%d: %s", rec.Code, rec.Body)
	}
	w.do(t, http.MethodPost, "B2C_1A_password"+tokenPath, typed("scope", "openid"))
	if last := w.records[len(w.records)-1]; last.Activity != audit.IDTokenIssued {
		t.Errorf("%+v", last)
	}
}

func TestAPasswordRequestThatIsNoGoodIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy string
		change []string
		spoil  func(w *world)
		oauth  string
		want   journey.Code
	}{
		{"a client that may not", "B2C_1A_password", []string{"client_id", "native"}, nil, "unauthorized_client", journey.CodePasswordGrantOff},
		{"no user name", "B2C_1A_password", []string{"username", "-"}, nil, "invalid_request", journey.CodeMissingParameter},
		{"no password", "B2C_1A_password", []string{"password", "-"}, nil, "invalid_request", journey.CodeMissingParameter},
		{"no scope", "B2C_1A_password", []string{"scope", "-"}, nil, "invalid_request", journey.CodeNoScope},
		{"a policy that reads no password", "B2C_1A_signin", nil, nil, "server_error", journey.CodeNoPasswordInput},
		{"a wrong password", "B2C_1A_password", nil, func(w *world) { w.outcome = failing(journey.Fail(journey.CodeInvalidCredentials, nil)) }, "access_denied", journey.CodeInvalidCredentials},
		{"no key", "B2C_1A_password", nil, func(w *world) { w.keysErr = errNoKey }, "server_error", journey.CodeNoActiveKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.spoil != nil {
				c.spoil(w)
			}
			refused(t, w.do(t, http.MethodPost, c.policy+tokenPath, typed(c.change...)), c.oauth, c.want)
		})
	}
}
