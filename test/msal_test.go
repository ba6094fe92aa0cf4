package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/directory"
)

// TestMSALForNode signs in with Microsoft's own client, over HTTPS with the local
// authority. scripts/test.sh installs the client from npm.
func TestMSALForNode(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node.js on this machine")
	}
	if _, err := os.Stat(filepath.Join("msal", "node_modules", "@azure", "msal-node")); err != nil {
		t.Skip("MSAL isn't installed: run npm ci in test/msal")
	}
	e := ownPolicies(t)
	e.user().ownSignUp("ada@example.com")
	settings, err := json.Marshal(map[string]string{
		"base": e.srv.URL(), "tenant": tenant, "policy": ownSignIn, "clientId": e.web.AppID, "secret": e.secret, "redirectUri": webRedirect,
		"user": "ada@example.com", "password": password, "newPassword": "Another-word.2", "admin": e.srv.AdminURL(), "resetPolicy": "B2C_1A_PasswordReset",
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "client.js", string(settings))
	cmd.Dir = "msal"
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+e.srv.CAFile)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if ok := asExit(err, &exit); ok {
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

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}
