package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a piece of shell in the README, indented or not.
var block = regexp.MustCompile("(?ms)^ *```sh( no-test)?\n(.*?)^ *```$")

// TestTheBlocksOfTheReadmeCanBePasted runs them, in their order and in one shell, against a
// server as the README starts it; the test changes ports and folder alone.
func TestTheBlocksOfTheReadmeCanBePasted(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this machine")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl on this machine")
	}
	source, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join("..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "policies"), filepath.Join(work, "policies")); err != nil {
		t.Fatal(err)
	}
	d := runDev(t, filepath.Join(work, "data"))
	// The sample API's latest user is one who signed in.
	if res, err := d.client().Post(d.found[4], "application/json", strings.NewReader(`{"objectId":"00000000-0000-0000-0000-000000000001","lang":"1033"}`)); err != nil || res.StatusCode != 200 {
		t.Fatalf("the sample API: %v %v", res, err)
	}
	replace := strings.NewReplacer(
		"https://localhost:8443", d.at(3), "https://localhost:8444", d.at(1), "https://localhost:8445", d.at(4), "https://localhost:8446", d.at(0),
		"go run ./cmd/journeyman", `"$JOURNEYMAN"`)
	script := "set -e\n"
	ran := 0
	for _, m := range block.FindAllStringSubmatch(string(source), -1) {
		switch {
		case m[1] != "":
		case strings.HasPrefix(m[2], "make "):
			for _, target := range regexp.MustCompile(`(?m)^make (\w+)`).FindAllStringSubmatch(m[2], -1) {
				if !strings.Contains(string(makefile), "\n"+target[1]+":") {
					t.Errorf("there is no make %s", target[1])
				}
			}
		default:
			ran++
			script += replace.Replace(m[2]) + "\n"
		}
	}
	if ran < 5 {
		t.Fatalf("%d blocks were found", ran)
	}
	cmd := exec.Command(sh, "-c", script)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "JOURNEYMAN="+d.binary, "JOURNEYMAN_ADMIN_URL="+d.at(1))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`{"balance":"760.50"}`, "the connector is ", `"action": "Continue"`, "5 files, 0 errors", "5 files: 0 created"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	answer, err := os.ReadFile(filepath.Join(work, "answer.xml"))
	if err != nil || !strings.Contains(string(answer), "<TrustFrameworkPolicy") {
		t.Errorf("the upload's answer: %v %s", err, answer)
	}
}
