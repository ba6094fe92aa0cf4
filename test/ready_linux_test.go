package test

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// A disk that is really full: the server isn't ready, and it is again once there is room.
func TestAFullDiskIsNotReady(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		t.Skip("a small file system can't be mounted: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	e := start(t, func(c *server.Config) { c.Database = "sqlite:" + filepath.Join(disk, "journeyman.db") })
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	e.user().signUp(signUpSignIn, "emily@example.com")
	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 4096); ; {
		if _, err := f.Write(chunk); err != nil {
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Logf("the filler: %v", err)
	}
	// What is there of the log is used up first.
	signIn := func() int {
		res, err := e.client(nil).Get(e.authorizeURL(signUpSignIn, "en"))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for range 3000 {
		if signIn() != http.StatusOK {
			break
		}
	}
	e.clock.advance(time.Minute)
	if r := e.ready(t); r.code != http.StatusServiceUnavailable || !r.has("database", "") {
		t.Errorf("sign-ins fail, and the server says: %+v", r)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	e.clock.advance(time.Minute)
	if r := e.ready(t); r.code != http.StatusOK {
		t.Errorf("with room again: %+v", r)
	}
	if got := signIn(); got != http.StatusOK {
		t.Errorf("a sign-in with room again: %d", got)
	}
}
