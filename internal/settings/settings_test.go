package settings_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/settings"
)

// fields calls see with every field that is a setting.
func fields(set reflect.Type, see func(f reflect.StructField)) {
	for i := range set.NumField() {
		f := set.Field(i)
		switch {
		case f.Anonymous:
			fields(f.Type, see)
		case f.Tag.Get("kong") != "-":
			see(f)
		}
	}
}

func TestEachSettingHasANameAndASentenceOfHelp(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	fields(reflect.TypeFor[settings.Server](), func(f reflect.StructField) {
		name, help := f.Tag.Get("name"), f.Tag.Get("help")
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(name) || seen[name] {
			t.Errorf("%s: the name %q", f.Name, name)
		}
		seen[name] = true
		if !strings.HasSuffix(help, ".") {
			t.Errorf("%s: the help %q", f.Name, help)
		}
		switch f.Tag.Get("secret") {
		case "", "whole", "url":
		default:
			t.Errorf("%s: the secret %q", f.Name, f.Tag.Get("secret"))
		}
		if strings.Contains(help, "password@") && f.Tag.Get("secret") == "" {
			t.Errorf("%s holds a password and is shown", f.Name)
		}
	})
	if len(seen) < 30 {
		t.Errorf("only %d settings", len(seen))
	}
}

// good returns accepted settings.
func good(t *testing.T) settings.Server {
	t.Helper()
	return settings.Server{Tenant: "contoso.onmicrosoft.com", Listen: "127.0.0.1:8443", AdminListen: "127.0.0.1:8444", Storage: settings.Storage{Data: t.TempDir()}}
}

func TestSettingsThatCanBeMeantAreTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *settings.Server){
		"as they are":          func(*settings.Server) {},
		"no admin listener":    func(s *settings.Server) { s.AdminListen = "" },
		"any port, twice":      func(s *settings.Server) { s.Listen, s.AdminListen = "127.0.0.1:0", "127.0.0.1:0" },
		"a public address":     func(s *settings.Server) { s.PublicURL = "https://login.contoso.com/" },
		"a port by name":       func(s *settings.Server) { s.Listen = "127.0.0.1:https" },
		"a short token in dev": func(s *settings.Server) { s.AdminToken, s.Development = "short", true },
		"a folder to be made":  func(s *settings.Server) { s.Data += "/new" },
		"PostgreSQL":           func(s *settings.Server) { s.Database = "postgres://u:p@db.example/j" },
	} {
		s := good(t)
		change(&s)
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEverythingThatIsWrongIsReported(t *testing.T) {
	t.Parallel()
	s := good(t)
	s.Tenant, s.TenantID, s.AdminToken = "a/b", "x", "short"
	s.Listen, s.AdminListen, s.TLS, s.PublicURL = "localhost", "nowhere:none", "nonsense", "contoso.com"
	s.Database, s.MasterKey, s.SMTP = "oracle:x", "short", "http://x"
	s.OutboundProxy, s.OutboundCA = "ftp://x", s.Data+"/none.pem"
	s.ShutdownDelay, s.RESTTimeout = -time.Second, -time.Hour
	err := s.Check()
	if err == nil {
		t.Fatal("all was taken")
	}
	for _, want := range []string{
		"tenant: ", "tenant-id: ", "the admin token has fewer than", `listen: "localhost"`, `admin-listen: "nowhere:none"`, "tls must be", "public-url must be",
		"oracle", "master key: ", "SMTP address", "outbound-proxy: ", "outbound-ca: ", "shutdown-delay: -1s is less than nothing", "rest-timeout: -1h0m0s is less than nothing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
}

func TestLevelsAreReadInAnyCase(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"DEBUG": "debug", "warn": "warn", "Info": "info"} {
		var l settings.Level
		if err := l.UnmarshalText([]byte(text)); err != nil || l.String() != want {
			t.Errorf("%s: %s, %v", text, l, err)
		}
	}
	if err := new(settings.Level).UnmarshalText([]byte("loud")); err == nil {
		t.Error("loud is a level")
	}
}

func TestTheVaultHasWhatWasSet(t *testing.T) {
	t.Parallel()
	s := settings.Server{Storage: settings.Storage{Data: "d", Database: "sqlite:x", MasterKey: "k"}, Init: true}
	if v := s.Vault(); v.Data != "d" || v.Address() != "sqlite:x" || v.MasterKey != "k" || !v.Init {
		t.Errorf("%+v", v)
	}
	if v := s.Storage.Vault(); v.Init {
		t.Errorf("%+v", v)
	}
}

func TestListenersThatTakeEachOthersAddressAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, admin string
		refused       bool
	}{
		{"127.0.0.1:8443", "127.0.0.1:8443", true},
		{"localhost:8443", "127.0.0.1:8443", true},
		{":8443", "127.0.0.1:8443", true},
		{"127.0.0.1:8443", "0.0.0.0:8443", true},
		{"[::]:8443", "10.0.0.1:8443", true},
		{"[::1]:443", "[0:0::1]:https", true},
		{"127.0.0.1:8443", "10.0.0.1:8443", false},
		{"[::1]:8443", "127.0.0.1:8443", false},
		{":8443", ":8444", false},
		{":0", ":0", false},
	} {
		s := good(t)
		s.Listen, s.AdminListen = c.public, c.admin
		if err := s.Check(); (err != nil) != c.refused {
			t.Errorf("%s and %s: %v", c.public, c.admin, err)
		}
	}
}

func TestAPublicAddressIsSchemeAndHostAlone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://x.example/?a=b", "https://x.example?", "https://x.example/#a", "https://u:p@x.example", "https://x.example/y", "ftp://x.example", "https://"} {
		s := good(t)
		s.PublicURL = address
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "public-url") || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestBreachedPasswordsMustBeThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for where, refused := range map[string]bool{
		t.TempDir(): false, "https://api.example.com/range/": false,
		"/does/not/exist": true, file: true, "https://api.example.com/range?x=": true, "http://api.example.com/": true,
	} {
		s := good(t)
		s.BreachedPasswords = where
		if err := s.Check(); (err != nil) != refused {
			t.Errorf("%s: %v", where, err)
		}
	}
	s := good(t)
	s.BreachedPasswords, s.Outbound = "http://localhost:1/", "development"
	if err := s.Check(); err != nil {
		t.Errorf("a developer's own service: %v", err)
	}
}
