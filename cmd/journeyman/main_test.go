package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journeyman.dev/internal/needtest"
)

// command runs journeyman and returns its exit code and output.
func command(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{&o, &e})
	return code, o.String(), e.String()
}

// starter copies our own starter policies to a folder, with a change.
func starter(t *testing.T, change func(name, text string) string) string {
	t.Helper()
	folder := t.TempDir()
	files, err := filepath.Glob(filepath.Join("..", "..", "policies", "LocalAccounts", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no starter policies")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(change(name, string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestLintOfGoodPolicies(t *testing.T) {
	t.Parallel()
	folder := starter(t, func(_, text string) string { return text })
	code, out, errOut := command(t, "policy", "lint", folder)
	if code != 0 || out != "5 files, 0 errors, 0 warnings\n" || errOut != "" {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	if code, out, _ := command(t, "policy", "lint", "--json", folder); code != 0 || out != "" {
		t.Errorf("--json: %d %s", code, out)
	}
}

func TestLintTellsFileLineAndHint(t *testing.T) {
	t.Parallel()
	folder := starter(t, func(name, text string) string {
		if name == "SignUpOrSignIn.xml" {
			text = strings.Replace(text, `ClaimTypeReferenceId="balance"`, `ClaimTypeReferenceId="balanse"`, 1)
		}
		return text
	})
	code, out, _ := command(t, "policy", "lint", folder, "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 1 || len(lines) != 1 {
		t.Fatalf("%d\n%s", code, out)
	}
	var d map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &d); err != nil {
		t.Fatal(err)
	}
	file, _ := d["file"].(string)
	if filepath.Base(file) != "SignUpOrSignIn.xml" || d["line"] != 24.0 || d["column"] != 22.0 || d["severity"] != "error" || d["code"] != "JM2101" ||
		d["policyId"] != "B2C_1A_SignUpOrSignIn" || d["hint"] != `did you mean "balance"?` || d["message"] == "" {
		t.Errorf("%s", lines[0])
	}
	code, out, _ = command(t, "policy", "lint", filepath.Join(folder, "SignUpOrSignIn.xml"))
	if code != 1 || !strings.Contains(out, "SignUpOrSignIn.xml:7:15: error JM2001: ") || !strings.HasSuffix(out, "1 files, 1 errors, 0 warnings\n") {
		t.Errorf("without its base: %d %s", code, out)
	}
}

func TestLintPassesOverOtherXML(t *testing.T) {
	t.Parallel()
	folder := starter(t, func(_, text string) string { return text })
	other := filepath.Join(folder, "web.xml")
	if err := os.WriteFile(other, []byte("<configuration/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command(t, "policy", "lint", folder); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := command(t, "policy", "lint", other); code != 1 || !strings.Contains(out, "JM1004") {
		t.Errorf("named itself: %d %s", code, out)
	}
}

func TestCompilePrintsTheWholePolicy(t *testing.T) {
	t.Parallel()
	folder := starter(t, func(_, text string) string { return text })
	code, out, errOut := command(t, "policy", "compile", folder, "--policy", "b2c_1a_signuporsignin")
	if code != 0 || errOut != "" {
		t.Fatalf("%d %s", code, errOut)
	}
	whole := filepath.Join(t.TempDir(), "whole.xml")
	if err := os.WriteFile(whole, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command(t, "policy", "lint", whole); code != 0 {
		t.Errorf("the printed policy: %s", out)
	}
	for _, part := range []string{`Id="REST-GetProfile"`, `Id="Page-SignIn"`, `<OrchestrationStep Order="5" Type="SendClaims"`} {
		if !strings.Contains(out, part) {
			t.Errorf("the printed policy lacks %s", part)
		}
	}
	if code, _, errOut := command(t, "policy", "compile", folder, "--policy", "B2C_1A_Nothing"); code != 1 || !strings.Contains(errOut, "no policy") {
		t.Errorf("an unknown policy: %d %s", code, errOut)
	}
}

func TestWrongUseOfTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"nonsense"}, {"policy", "lint"}, {"policy", "lint", "/does/not/exist"}, {"serve"}, {"serve", "--tenant", "x", "--config", "/does/not/exist"},
		{"serve", "--tenant", "x.onmicrosoft.com", "--data", t.TempDir(), "--database", "oracle:x", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
		{"serve", "--tenant", "x.onmicrosoft.com", "--data", t.TempDir(), "--tls", "nonsense", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
		{"serve", "--tenant", "x.onmicrosoft.com", "--data", t.TempDir(), "--master-key", "short", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
		{"serve", "--tenant", "x.onmicrosoft.com", "--data", t.TempDir(), "--smtp-url", "http://x", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
	} {
		if code, _, errOut := command(t, args...); code == 0 || !strings.HasPrefix(errOut, "journeyman: ") && !strings.Contains(errOut, "journeyman: ") && !strings.Contains(errOut, "Usage") {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
	if code, out, _ := command(t, "--help"); code != 0 || !strings.Contains(out, "policy lint") {
		t.Errorf("--help: %d %s", code, out)
	}
}

func TestSettingsComeFromFileAndFlag(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"tenant": "x.onmicrosoft.com", "database": "oracle:x", "data": "`+t.TempDir()+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	// The tenant is required, and the database is refused: both were read from the file.
	if code, _, errOut := command(t, "serve", "--config", file); code != 1 || !strings.Contains(errOut, `database "oracle" is not supported`) {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := command(t, "serve", "--config", file, "--database", "mysql:x"); code != 1 || !strings.Contains(errOut, `database "mysql" is not supported`) {
		t.Errorf("a flag wins: %d %s", code, errOut)
	}
}

func TestTheWholeStarterPackLintsWithoutError(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "shared", "corpus", "starterpack")
	needtest.Folder(t, needtest.Corpus, folder)
	code, out, _ := command(t, "policy", "lint", folder)
	if code != 0 || !strings.Contains(out, "57 files, 0 errors") {
		t.Errorf("%d %s", code, out)
	}
}

func TestTheProxyOfTheMachineCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set, upper, lower, want string
	}{
		{"", "", "", ""},
		{"", "http://machine:1", "http://other:1", "http://machine:1"},
		{"", "", "http://lower:1", "http://lower:1"},
		{"http://own:1", "http://machine:1", "", "http://own:1"},
		{"none", "http://machine:1", "", ""},
	} {
		getenv := func(name string) string {
			return map[string]string{"HTTPS_PROXY": c.upper, "https_proxy": c.lower}[name]
		}
		if got := outboundProxy(c.set, getenv); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
