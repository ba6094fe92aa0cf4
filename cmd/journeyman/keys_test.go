package main

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

func TestKeysReseal(t *testing.T) {
	data := t.TempDir()
	key := func(b byte) string { return base64.StdEncoding.EncodeToString(append([]byte{b}, make([]byte, 31)...)) }
	srv, err := server.New(t.Context(), server.Config{Server: settings.Server{
		Storage: settings.Storage{Data: data, MasterKey: key(1)}, Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", TLS: "auto", Tenant: "contoso.onmicrosoft.com",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.EnsureKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := srv.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, "keys", "reseal", "--data", data, "--master-key", key(2)); code != 1 || strings.Contains(errOut, key(2)) {
		t.Errorf("without the old key: %d %s", code, errOut)
	}
	code, out, errOut := command(t, "keys", "reseal", "--data", data, "--master-key", key(2)+","+key(1))
	if code != 0 || !strings.HasPrefix(out, "key sets: 2 of 2 ") {
		t.Errorf("by a flag: %d %s %s", code, out, errOut)
	}
	t.Setenv("JOURNEYMAN_MASTER_KEY", key(3)+","+key(2))
	if code, out, errOut := command(t, "keys", "reseal", "--data", data); code != 0 || !strings.HasPrefix(out, "key sets: 2 of 2 ") {
		t.Errorf("by a variable: %d %s %s", code, out, errOut)
	}
	t.Setenv("JOURNEYMAN_MASTER_KEY", "")
	if err := os.Unsetenv("JOURNEYMAN_MASTER_KEY"); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, []byte(`{"master_key": ["`+key(4)+`", "`+key(3)+`"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := command(t, "keys", "reseal", "--data", data, "--config", config); code != 0 || !strings.HasPrefix(out, "key sets: 2 of 2 ") {
		t.Errorf("by a configuration: %d %s %s", code, out, errOut)
	}
	if err := os.WriteFile(filepath.Join(data, "master.key"), []byte(key(5)+"\n"+key(4)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := command(t, "keys", "reseal", "--data", data); code != 0 || !strings.HasPrefix(out, "key sets: 2 of 2 ") {
		t.Errorf("by the file: %d %s %s", code, out, errOut)
	}
	if code, out, _ := command(t, "keys", "reseal", "--data", data); code != 0 || !strings.HasPrefix(out, "key sets: 0 of 2 ") {
		t.Errorf("again: %d %s", code, out)
	}
}
