package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLintOfNothingIsAnError(t *testing.T) {
	t.Parallel()
	empty, other, good := t.TempDir(), t.TempDir(), starter(t, func(_, text string) string { return text })
	write(t, other, "web.xml", "<configuration/>")
	for _, args := range [][]string{{empty}, {other}, {filepath.Join(empty, "missing")}, {good, empty}, {good, "--base", empty}} {
		if code, _, errOut := command(t, append([]string{"policy", "lint"}, args...)...); code == 0 || errOut == "" {
			t.Errorf("%v: %d %s", args, code, errOut)
		}
	}
}

// slip misspells a flag, which gives a warning, on a line with a tab and letters of two bytes.
func slip(name, text string) string {
	if name == "Extensions.xml" {
		return strings.Replace(text, "<ClaimsProviders>", "<ClaimsProviders>\n\t<!-- äöü --><ClaimsProvider><DisplayName>ä</DisplayName><TechnicalProfiles><TechnicalProfile Id=\"Token-JWT\"><Metadata><Item Key=\"allow_infinite_rolling_refresh_token\">maybe</Item></Metadata></TechnicalProfile></TechnicalProfiles></ClaimsProvider>", 1)
	}
	return text
}

func TestStrictMakesWarningsErrors(t *testing.T) {
	t.Parallel()
	folder := starter(t, slip)
	if code, out, _ := command(t, "policy", "lint", folder); code != 0 || !strings.Contains(out, ": warning JM4013: ") || !strings.HasSuffix(out, " 0 errors, 1 warnings\n") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := command(t, "policy", "lint", "--strict", folder); code != 1 || !strings.Contains(out, ": error JM4013: ") || !strings.HasSuffix(out, " 1 errors, 0 warnings\n") {
		t.Errorf("strict: %d %s", code, out)
	}
	code, out, _ := command(t, "policy", "lint", "--strict", "--json", folder)
	var d map[string]any
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != 1 || d["severity"] != "error" || d["line"] == nil {
		t.Errorf("strict --json: %d %s %v", code, out, err)
	}
	good := starter(t, func(_, text string) string { return text })
	if code, out, _ := command(t, "policy", "lint", "--strict", good); code != 0 {
		t.Errorf("nothing to warn of: %d %s", code, out)
	}
}

func TestEachDiagnosticHasItsLineWithACaret(t *testing.T) {
	t.Parallel()
	folder := starter(t, slip)
	_, out, _ := command(t, "policy", "lint", folder)
	lines := strings.Split(out, "\n")
	if len(lines) < 3 {
		t.Fatalf("%s", out)
	}
	caret := strings.Index(lines[2], "^")
	source := []rune(lines[1])
	if at := len([]rune(lines[2][:caret])); !strings.HasPrefix(string(source[at:]), "maybe</Item>") || !strings.Contains(lines[1], " | ") {
		t.Errorf("\n%s\n%s", lines[1], lines[2])
	}
	// Tabs before the place stay, so that the caret has the right column in a terminal.
	folder = starter(t, func(name, text string) string {
		if name == "SignUpOrSignIn.xml" {
			text = strings.Replace(text, `ClaimTypeReferenceId="balance"`, "\tClaimTypeReferenceId=\"balanse\"", 1)
		}
		return text
	})
	_, out, _ = command(t, "policy", "lint", folder)
	if lines = strings.Split(out, "\n"); !strings.Contains(lines[1], "\tClaimTypeReferenceId") || !strings.Contains(lines[2], "\t") || !strings.HasSuffix(lines[2], "^") {
		t.Errorf("%s", out)
	}
	// Output for programs contains no excerpts.
	if _, out, _ = command(t, "policy", "lint", "--json", folder); strings.Count(out, "\n") != 1 {
		t.Errorf("%s", out)
	}
}

const appSettings = `{"Environments": [
 {"Name": "Production", "Production": true, "Tenant": "contoso.onmicrosoft.com", "PolicySettings": {"Api": "https://api.contoso.example", "Days": 30}},
 {"Name": "Development", "Production": false, "Tenant": "contosodev.onmicrosoft.com", "PolicySettings": {"Api": "{Settings:Host}/v1", "Host": "https://dev.contoso.example", "Days": 7, "Flag": true}}
]}`

func TestLintFillsInSettings(t *testing.T) {
	t.Parallel()
	folder := starter(t, func(name, text string) string {
		return strings.NewReplacer("{Settings:ApiUrl}", "{Settings:Api}/{Settings:Filename}", "TenantId=\"{Settings:Tenant}\"", "TenantId=\"{settings:tenant}\"").Replace(text)
	})
	write(t, folder, "appsettings.json", "\ufeff"+appSettings)
	// Policies that the extension built before are no sources.
	write(t, folder, "Environments/Development/broken.xml", "<TrustFrameworkPolicy>")
	file := filepath.Join(folder, "appsettings.json")
	for _, from := range []string{file, file + ":Development", file + ":production"} {
		if code, out, errOut := command(t, "policy", "lint", folder, "--settings", from); code != 0 || !strings.Contains(out, " 0 errors, 0 warnings") {
			t.Errorf("%s: %d %s %s", from, code, out, errOut)
		}
	}
	code, out, errOut := command(t, "policy", "compile", folder, "--policy", "B2C_1A_SignUpOrSignIn", "--settings", file)
	if code != 0 || !strings.Contains(out, `TenantId="contosodev.onmicrosoft.com"`) || !strings.Contains(out, "https://dev.contoso.example/v1/Extensions<") {
		t.Errorf("%d %s %s", code, errOut, out[:min(len(out), 500)])
	}
	if code, out, _ := command(t, "policy", "lint", folder, "--settings", file+":Production"); code != 0 || strings.Contains(out, "JM1112") {
		t.Errorf("%d %s", code, out)
	}
	// A missing setting is reported at its place.
	write(t, folder, "Extensions.xml", strings.Replace(read(t, folder, "Extensions.xml"), "{Settings:Api}", "https://api.example/{Settings:Missing}", 1))
	if code, out, _ := command(t, "policy", "lint", folder, "--settings", file); code != 0 || !strings.Contains(out, "warning JM1112: the placeholder {Settings:Missing}") || strings.Count(out, "JM1112") != 1 {
		t.Errorf("%d %s", code, out)
	}
	for _, from := range []string{file + ":Test", filepath.Join(folder, "missing.json"), filepath.Join(folder, "SignUpOrSignIn.xml")} {
		if code, _, errOut := command(t, "policy", "lint", folder, "--settings", from); code != 1 || !strings.Contains(errOut, "settings") {
			t.Errorf("%s: %d %s", from, code, errOut)
		}
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
