package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// devServer is a running `journeyman dev`.
type devServer struct {
	t     *testing.T
	data  string
	lines chan string
	admin string
}

// startDev runs dev on free ports and waits for its addresses.
func startDev(t *testing.T, args ...string) *devServer {
	t.Helper()
	d := &devServer{t: t, data: t.TempDir(), lines: make(chan string, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	in, out := io.Pipe()
	done := make(chan int, 1)
	args = append([]string{"dev", "--data", d.data, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0", "--demo-listen", "127.0.0.1:0"}, args...)
	var errOut bytes.Buffer
	go func() { done <- run(ctx, args, streams{out, &errOut}); _ = out.Close() }()
	go func() {
		defer close(d.lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			d.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("dev ended with %d: %s", code, errOut.String())
		}
	})
	line := d.until("admin listener;")
	d.admin = regexp.MustCompile(`https://localhost:\d+`).FindString(line[len(line)-1])
	return d
}

// until reads the output of dev, up to a line with a text.
func (d *devServer) until(text string) []string {
	d.t.Helper()
	var all []string
	for {
		select {
		case line, ok := <-d.lines:
			all = append(all, line)
			if !ok || strings.Contains(line, text) {
				if !ok {
					d.t.Fatalf("dev ended without %q:\n%s", text, strings.Join(all, "\n"))
				}
				return all
			}
		case <-time.After(time.Minute):
			d.t.Fatalf("dev doesn't print %q:\n%s", text, strings.Join(all, "\n"))
		}
	}
}

// ours returns our starter policies with all settings but the tenant's name.
func ours(t *testing.T) string {
	t.Helper()
	return starter(t, func(_, text string) string {
		return strings.NewReplacer("{Settings:ApiUrl}", "https://api.example", "{Settings:Tenant}", "yourtenant.onmicrosoft.com").Replace(text)
	})
}

// save changes a file like an editor.
func save(t *testing.T, file, old, replacement string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s lacks %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(b), old, replacement)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDevUploadsAtTheStartAndAtEachSave(t *testing.T) {
	t.Parallel()
	folder := ours(t)
	d := startDev(t, "--policies", folder)
	first := strings.Join(d.until("watching for changes"), "\n")
	if !strings.Contains(first, "created B2C_1A_SignUpOrSignIn from") || !strings.Contains(first, "5 files: 5 created, 0 updated, 0 unchanged") {
		t.Error(first)
	}
	rely := filepath.Join(folder, "SignUpOrSignIn.xml")
	begun := time.Now()
	save(t, rely, `ClaimTypeReferenceId="balance"`, `ClaimTypeReferenceId="balanse"`)
	refused := strings.Join(d.until("nothing was uploaded"), "\n")
	t.Logf("from the save to the diagnostics: %s", time.Since(begun))
	for _, want := range []string{"SignUpOrSignIn.xml:24:22: error JM2101:", `did you mean "balance"?`, "^", "5 files, 1 errors"} {
		if !strings.Contains(refused, want) {
			t.Errorf("%q is missing in\n%s", want, refused)
		}
	}
	begun = time.Now()
	save(t, rely, `ClaimTypeReferenceId="balanse"`, `ClaimTypeReferenceId="balance" PartnerClaimType="credit"`)
	if good := strings.Join(d.until("5 files:"), "\n"); !strings.Contains(good, "updated B2C_1A_SignUpOrSignIn") || !strings.Contains(good, "4 unchanged") {
		t.Error(good)
	}
	t.Logf("from the save to the upload: %s", time.Since(begun))
}

func TestPolicyUploadFillsSettingsAndReportsEverything(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	folder := starter(t, func(_, text string) string { return text })
	settings := filepath.Join(t.TempDir(), "appsettings.json")
	if err := os.WriteFile(settings, []byte(`{"Environments": [{"Name": "Test", "Tenant": "fabrikam.onmicrosoft.com", "PolicySettings": {"ApiUrl": "https://api.example/x"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	upload := func(args ...string) (int, string) {
		t.Helper()
		code, out, errOut := command(t, append([]string{"policy", "upload", folder, "--admin-url", d.admin, "--data", d.data, "--settings", settings + ":Test"}, args...)...)
		return code, out + errOut
	}
	// Another tenant's name is refused in every file, and replaced by --tenant.
	if code, out := upload(); code != 1 || strings.Count(out, "error JM") != 5 || !strings.Contains(out, "nothing was uploaded") {
		t.Errorf("%d %s", code, out)
	}
	if code, out := upload("--tenant", "contoso.onmicrosoft.com"); code != 0 || !strings.Contains(out, "updated B2C_1A_Extensions from") || !strings.Contains(out, " warnings (") {
		t.Errorf("%d %s", code, out)
	}
	if code, out := upload("--tenant", "contoso.onmicrosoft.com"); code != 0 || !strings.Contains(out, "5 files: 0 created, 0 updated, 5 unchanged") {
		t.Errorf("again: %d %s", code, out)
	}
	if code, out := upload("--tenant", "contoso.onmicrosoft.com", "--admin-token", "wrong"); code != 1 || out == "" {
		t.Errorf("a wrong token: %d %s", code, out)
	}
	if code, _, errOut := command(t, "policy", "upload", t.TempDir(), "--admin-url", d.admin, "--data", d.data); code != 1 || errOut == "" {
		t.Errorf("an empty folder: %d %s", code, errOut)
	}
}

func TestATokenFileIsWrittenOnlyByAServerThatRuns(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	if b, err := os.ReadFile(filepath.Join(d.data, adminTokenFile)); err != nil || len(b) < 20 {
		t.Errorf("%v %q", err, b)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(d.admin, "https://"), ":")
	data := t.TempDir()
	for _, flag := range []string{"--listen", "--admin-listen", "--api-listen", "--demo-listen"} {
		args := []string{"dev", "--data", data}
		for _, other := range []string{"--listen", "--admin-listen", "--api-listen", "--demo-listen"} {
			address := "127.0.0.1:0"
			if other == flag {
				address = "127.0.0.1:" + port
			}
			args = append(args, other, address)
		}
		code, _, errOut := command(t, args...)
		if code != 1 || !strings.Contains(errOut, "port "+port+" is taken by another program; choose another with "+flag) {
			t.Errorf("%s: %d %s", flag, code, errOut)
		}
		if _, err := os.Stat(filepath.Join(data, adminTokenFile)); err == nil {
			t.Errorf("%s: a token was written for a server that doesn't run", flag)
		}
	}
}

func TestDevSaysWhichTokenCounts(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--admin-token", "mine", "--log-level", "info")
	if _, err := os.Stat(filepath.Join(d.data, adminTokenFile)); err == nil {
		t.Error("a token that was given is in the file")
	}
}

func TestFilesAreUploadedOnceTheyAreLeftAlone(t *testing.T) {
	t.Parallel()
	files := func(sizes ...int64) map[string]stamp {
		m := make(map[string]stamp)
		for i, size := range sizes {
			m[string(rune('a'+i))] = stamp{size: size}
		}
		return m
	}
	s := saves{tried: files(1, 1), last: files(1, 1)}
	look := func(what string, now map[string]stamp, want bool) {
		t.Helper()
		if got := s.due(now); got != want {
			t.Errorf("%s: due = %v", what, got)
		}
	}
	look("nothing was saved", files(1, 1), false)
	look("a file was saved", files(2, 1), false)
	look("it was written on", files(3, 1), false)
	look("another was saved", files(3, 2), false)
	look("both are left alone", files(3, 2), true)
	look("nothing more", files(3, 2), false)
	look("saved and taken back", files(4, 2), false)
	look("as it was", files(3, 2), false)
	look("still", files(3, 2), false)
	look("one is gone", files(3), false)
	look("still gone", files(3), true)
	s.wait = againAfter // that try failed
	for range againAfter - 1 {
		look("a failed try waits", files(3), false)
	}
	look("and is repeated", files(3), true)
	look("once", files(3), false)
}

func TestAServerThatIsAwayIsReportedOnceAndAskedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, `{"value": []}`)
	}))
	defer api.Close()
	u := &uploader{admin: &admin{AdminURL: api.URL, AdminToken: "t", Data: t.TempDir()}, paths: []string{ours(t)}, tenant: "contoso.onmicrosoft.com"}
	ctx, cancel := context.WithCancel(t.Context())
	tick := make(chan time.Time)
	done := make(chan error, 1)
	var out, errOut bytes.Buffer
	go func() { done <- u.watch(ctx, streams{&out, &errOut}, tick) }()
	for range 2*againAfter + 1 {
		tick <- time.Time{}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if asked.Load() != 3 || strings.Count(errOut.String(), "answered 502") != 1 || !strings.Contains(out.String(), "5 files:") {
		t.Errorf("%d %s%s", asked.Load(), out.String(), errOut.String())
	}
}
