package outbound_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"journeyman.dev/internal/localca"
	"journeyman.dev/internal/outbound"
)

func TestAuthoritiesOfFilesAreBesideTheSystems(t *testing.T) {
	t.Parallel()
	if pool, err := outbound.Authorities(); pool != nil || err != nil {
		t.Errorf("without files: %v, %v", pool, err)
	}
	folder := t.TempDir()
	ca, err := localca.Load(folder, []string{"localhost"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if pool, err := outbound.Authorities(ca.File, ca.File); pool == nil || err != nil {
		t.Errorf("a file: %v, %v", pool, err)
	}
	empty := filepath.Join(folder, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, filepath.Join(folder, "none.pem")} {
		if _, err := outbound.Authorities(ca.File, file); err == nil {
			t.Errorf("%s was taken", file)
		}
	}
}
