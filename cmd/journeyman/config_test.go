package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fileOf writes a configuration file.
func fileOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// inForce runs config check and returns value and origin of a setting.
func inForce(t *testing.T, setting string, args ...string) (value, from string) {
	t.Helper()
	code, out, errOut := command(t, append([]string{"config", "check"}, args...)...)
	m := regexp.MustCompile(`(?m)^` + setting + ` {2,}(\S+) {2,}(.+)$`).FindStringSubmatch(out)
	if code != 0 || m == nil {
		t.Fatalf("%d %s %s", code, out, errOut)
	}
	return m[1], m[2]
}

func TestOfFlagVariableFileAndDefaultTheNearestWins(t *testing.T) {
	file := fileOf(t, `{"tenant": "file.onmicrosoft.com", "audit_keep": "1h", "rest-attempts": 7, "connectorAttempts": 8, "require_pkce": true, "log_level": "error", "journeys_per_client": 5000000}`)
	check := func(setting, value, from string, args ...string) {
		t.Helper()
		gotValue, gotFrom := inForce(t, setting, args...)
		if gotValue != value || gotFrom != from {
			t.Errorf("%s %v: %s from %s, want %s from %s", setting, args, gotValue, gotFrom, value, from)
		}
	}
	check("audit-keep", "168h0m0s", "default", "--tenant", "x.onmicrosoft.com")
	check("audit-keep", "1h0m0s", "file "+file, "--config", file)
	check("rest-attempts", "7", "file "+file, "--config="+file)
	check("connector-attempts", "8", "file "+file, "--config", file)
	check("journeys-per-client", "5000000", "file "+file, "--config", file)
	check("require-pkce", "true", "file "+file, "--config", file)
	check("log-level", "error", "file "+file, "--config", file)
	check("audit-keep", "3h0m0s", "flag --audit-keep", "--config", file, "--audit-keep", "3h")
	t.Setenv("JOURNEYMAN_AUDIT_KEEP", "2h")
	t.Setenv("JOURNEYMAN_REQUIRE_PKCE", "false")
	t.Setenv("JOURNEYMAN_TENANT", "variable.onmicrosoft.com")
	check("audit-keep", "2h0m0s", "variable JOURNEYMAN_AUDIT_KEEP", "--config", file)
	check("require-pkce", "false", "variable JOURNEYMAN_REQUIRE_PKCE", "--config", file)
	check("tenant", "variable.onmicrosoft.com", "variable JOURNEYMAN_TENANT", "--config", file)
	check("audit-keep", "3h0m0s", "flag --audit-keep", "--config", file, "--audit-keep", "3h")
	t.Setenv("JOURNEYMAN_CONFIG", fileOf(t, `{"rest_attempts": 9}`))
	check("rest-attempts", "9", "file "+os.Getenv("JOURNEYMAN_CONFIG"))
	check("rest-attempts", "7", "file "+file, "--config", file)
}

func TestSettingsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		args       []string
		want       string
	}{
		{"an unknown member", `{"tenant": "x", "admin_listn": ":1"}`, nil, `there is no setting "admin_listn"; did you mean "admin_listen"?`},
		{"a member twice", `{"tenant": "x", "admin_listen": ":1", "admin-listen": ":2"}`, nil, `the setting "admin-listen" is there twice`},
		{"a duration without a unit", `{"tenant": "x", "rest_timeout": 30}`, nil, `--rest-timeout: "30" is no duration with a unit: write 500ms, 30s, 5m or 24h`},
		{"one as text", `{"tenant": "x", "rest_timeout": "30"}`, nil, `"30" is no duration with a unit`},
		{"one as a flag", "", []string{"--tenant", "x", "--audit-keep", "7"}, `--audit-keep: "7" is no duration with a unit`},
		{"a negative duration", "", []string{"--tenant", "x", "--audit-keep=-7h"}, `audit-keep: -7h0m0s is less than nothing`},
		{"an unknown level", `{"tenant": "x", "log_level": "loud"}`, nil, `the level "loud" isn't known: use debug, info, warn or error`},
		{"an object", `{"tenant": {"name": "x"}}`, nil, `member "tenant": the value must be a string`},
		{"no object", `["tenant"]`, nil, "the file must be one JSON object"},
		{"more than an object", `{"tenant": "x"} {}`, nil, "something follows"},
		{"half an object", `{"tenant": "x"`, nil, "config "},
		{"no tenant", `{}`, nil, "missing flags: --tenant"},
		{"a short admin token", `{"tenant": "x", "admin_token": "short"}`, nil, "the admin token has fewer than 32 characters"},
		{"a database of another kind", `{"tenant": "x", "database": "oracle:x"}`, nil, `database "oracle" is not supported`},
		{"a listener without a port", `{"tenant": "x", "listen": "localhost"}`, nil, `listen: "localhost" is no address`},
		{"a mail server by http", `{"tenant": "x", "smtp_url": "http://x"}`, nil, "the SMTP address must look like"},
		{"a public address with a query", `{"tenant": "x", "public_url": "https://x/?y=z"}`, nil, "public-url must be scheme and host"},
		{"two listeners on one address", `{"tenant": "x", "listen": "127.0.0.1:9", "admin_listen": "127.0.0.1:9"}`, nil, "listen and admin-listen are both at port 9"},
		{"breached passwords that aren't there", `{"tenant": "x", "breached_passwords": "/does/not/exist"}`, nil, "breached-passwords: "},
		{"no master key but a comma", "", []string{"--tenant", "x", "--master-key", ","}, "master key: "},
		{"a public address with a path", `{"tenant": "x", "public_url": "https://x/y"}`, nil, "public-url must be scheme and host"},
	}
	for _, tt := range tests {
		args := append([]string{"config", "check"}, tt.args...)
		if tt.file != "" {
			args = append(args, "--config", fileOf(t, tt.file))
		}
		if code, _, errOut := command(t, args...); code == 0 || !strings.Contains(errOut, tt.want) {
			t.Errorf("%s: %d %s, want %q", tt.name, code, errOut, tt.want)
		}
	}
}

func TestOneFileServesSeveralCommands(t *testing.T) {
	t.Parallel()
	file := fileOf(t, "\xef\xbb\xbf"+`{"tenant": "x.onmicrosoft.com", "api_listen": "127.0.0.1:1", "shutdown_delay": "1s", "Log-Level": "DEBUG", "master_key": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}`)
	if value, from := inForce(t, "log-level", "--config", file); value != "debug" || from != "file "+file {
		t.Errorf("%s from %s", value, from)
	}
}

func TestConfigCheckShowsNoSecrets(t *testing.T) {
	settings := map[string]string{
		"tenant": "x.onmicrosoft.com", "admin_token": "hidden-hidden-hidden-hidden-hidden-hidden", "smtp_url": "smtp://user:hidden@mail.example:25?from=a@b.example",
		"database": "postgres://u:hidden@db.example/j?sslmode=require&password=hidden", "outbound_proxy": "http://u:hidden@proxy.example:1",
		"master_key": "aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVuaGk=",
	}
	b, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errOut := command(t, "config", "check", "--config", fileOf(t, string(b)))
	if code != 0 || strings.Contains(out+errOut, "hidden") || strings.Contains(out+errOut, "aGlk") {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	for _, want := range []string{"smtp://user:******@mail.example:25?from=a%40b.example", "postgres://u:******@db.example/j?", "sslmode=require", "The settings are good."} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestConfigCheckNamesVariablesThatAreNoSettings(t *testing.T) {
	t.Setenv("JOURNEYMAN_ADMIN_LISTN", "127.0.0.1:1")
	_, _, errOut := command(t, "config", "check", "--tenant", "x.onmicrosoft.com")
	if !strings.Contains(errOut, "the variable JOURNEYMAN_ADMIN_LISTN is no setting; did you mean JOURNEYMAN_ADMIN_LISTEN?") || !strings.Contains(errOut, "no mail server is set") {
		t.Error(errOut)
	}
}

func TestAVariableNamesAFileForTheCommandsThatTakeOne(t *testing.T) {
	t.Setenv("JOURNEYMAN_CONFIG", filepath.Join(t.TempDir(), "none.json"))
	if code, _, errOut := command(t, "config", "check", "--tenant", "x"); code != 2 || !strings.Contains(errOut, "none.json") {
		t.Errorf("a missing file: %d %s", code, errOut)
	}
	if code, out, errOut := command(t, "policy", "lint", filepath.Join("..", "..", "policies")); code != 0 {
		t.Errorf("a command without settings: %d %s %s", code, out, errOut)
	}
	t.Setenv("JOURNEYMAN_CONFIG", "")
	if _, from := inForce(t, "audit-keep", "--tenant", "x.onmicrosoft.com"); from != "default" {
		t.Errorf("a blank name: from %s", from)
	}
	t.Setenv("JOURNEYMAN_CONFIG", fileOf(t, `{"admin_token": "of-the-file"}`))
	if code, _, errOut := command(t, "userflow", "list", "--admin-url", "https://127.0.0.1:1", "--data", t.TempDir()); code != 1 || strings.Contains(errOut, "give --admin-token") {
		t.Errorf("a client of the admin API: %d %s", code, errOut)
	}
}

func TestSeveralMasterKeysAreOneSetting(t *testing.T) {
	t.Parallel()
	one := strings.Repeat("A", 43) + "="
	for name, args := range map[string][]string{
		"with a comma": {"--master-key", one + "," + one},
		"repeated":     {"--master-key", one, "--master-key", one},
		"as a list":    {"--config", fileOf(t, `{"master_key": ["`+one+`", "`+one+`"]}`)},
	} {
		parser, err := newParser(new(cli), streams{io.Discard, io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		k, err := parser.Parse(append([]string{"keys", "reseal"}, args...))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range k.Flags() {
			if f.Name == "master-key" && f.Target.String() != one+","+one {
				t.Errorf("%s: %s", name, f.Target)
			}
		}
	}
}

func TestDevHasDefaultsOfItsOwn(t *testing.T) {
	t.Parallel()
	var c cli
	parser, err := newParser(&c, streams{io.Discard, io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"dev"}); err != nil {
		t.Fatal(err)
	}
	if d := c.Dev; d.Tenant != "contoso.onmicrosoft.com" || d.Outbound != "development" || d.LogLevel.String() != "warn" || d.ShutdownDelay != 0 || d.DatabaseTimeout != 5*time.Second {
		t.Errorf("%+v", d.Server)
	}
	if _, err := parser.Parse([]string{"dev", "--shutdown-delay", "1s"}); err == nil {
		t.Error("dev takes --shutdown-delay")
	}
}
