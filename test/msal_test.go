package test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/needtest"
)

// TestMSALForNode signs in with Microsoft's own client, over HTTPS with the local
// authority. scripts/test.sh installs the client from npm.
func TestMSALForNode(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		needtest.Missing(t, needtest.NPM, "no Node.js on this machine")
	}
	if _, err := os.Stat(filepath.Join("msal", "node_modules", "@azure", "msal-node")); err != nil {
		needtest.Missing(t, needtest.NPM, "MSAL isn't installed: run npm ci in test/msal")
	}
	t.Run("with a secret", func(t *testing.T) {
		t.Parallel()
		e := ownPolicies(t)
		e.msal(t, node, map[string]string{"clientId": e.web.AppID, "secret": e.secret})
	})
	t.Run("with a certificate", func(t *testing.T) {
		t.Parallel()
		e := ownPolicies(t)
		app, s := e.certified(t, nil)
		private, err := x509.MarshalPKCS8PrivateKey(s.key)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(s.cert.Raw)
		e.msal(t, node, map[string]string{
			"clientId": app.AppID, "thumbprint": hex.EncodeToString(sum[:]), "privateKey": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		})
	})
}

// msal runs the client, which is registered with the web redirect URI.
func (e *env) msal(t *testing.T, node string, settings map[string]string) {
	t.Helper()
	e.user().ownSignUp("ada@example.com")
	maps.Copy(settings, map[string]string{
		"base": e.srv.URL(), "tenant": tenant, "policy": ownSignIn, "redirectUri": webRedirect,
		"user": "ada@example.com", "password": password, "newPassword": "Another-word.2", "admin": e.srv.AdminURL(), "resetPolicy": "B2C_1A_PasswordReset",
	})
	argument, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "client.js", string(argument))
	cmd.Dir = "msal"
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+e.srv.CAFile)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	users, err := e.srv.Users.Store.FindUser(t.Context(), directory.NameKey("ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"balance": "760.50", "account": fmt.Sprintf("%s-%s.%s", users.ID, strings.ToLower(ownSignIn), e.srv.TenantID), "accessToken": true,
		"refreshed": "760.50", "forgot": "access_denied AADB2C90118", "reset": "b2c_1a_passwordreset", "sameUser": true, "again": "760.50",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
