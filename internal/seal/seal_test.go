package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"journeyman.dev/internal/seal"
)

func sealer(t *testing.T, masters ...byte) *seal.Sealer {
	t.Helper()
	var keys [][]byte
	for _, b := range masters {
		key := make([]byte, seal.MasterKeySize)
		key[0] = b
		keys = append(keys, key)
	}
	s, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryFlippedByteIsRefused(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	blob := s.Seal(seal.Code, "client", []byte("content"))
	for i := range blob {
		bad := append([]byte(nil), blob...)
		bad[i] ^= 1
		if _, err := s.Open(seal.Code, "client", bad); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("byte %d: err = %v", i, err)
		}
		if _, err := s.Open(seal.Code, "client", blob[:i]); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("cut at %d: err = %v", i, err)
		}
	}
	if got, err := s.Open(seal.Code, "client", blob); err != nil || string(got) != "content" {
		t.Fatalf("Open = %q, %v", got, err)
	}
}

func TestABlobServesOnePurposeAndContext(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	text := s.SealText(seal.Code, "client", []byte("x"))
	for name, open := range map[string]func() ([]byte, error){
		"other purpose": func() ([]byte, error) { return s.OpenText(seal.Refresh, "client", text) },
		"other context": func() ([]byte, error) { return s.OpenText(seal.Code, "other", text) },
		"other master":  func() ([]byte, error) { return sealer(t, 2).OpenText(seal.Code, "client", text) },
		"line break":    func() ([]byte, error) { return s.OpenText(seal.Code, "client", text+"\n") },
		"no base64":     func() ([]byte, error) { return s.OpenText(seal.Code, "client", "%") },
	} {
		if _, err := open(); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

func TestAnOldMasterKeyStillOpens(t *testing.T) {
	t.Parallel()
	blob := sealer(t, 1).Seal(seal.Session, "", []byte("x"))
	if _, err := sealer(t, 2, 1).Open(seal.Session, "", blob); err != nil {
		t.Error(err)
	}
}

func TestMasterKeyFileIsMadeOnceForItsOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "master.key")
	first, err := seal.LoadOrCreateMasterKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := seal.LoadOrCreateMasterKeys(path)
	if err != nil || len(first) != 1 || len(second) != 1 || string(first[0]) != string(second[0]) {
		t.Errorf("second = %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
}

func TestSeveralMasterKeysAreRead(t *testing.T) {
	t.Parallel()
	const a, b = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for text, want := range map[string]int{
		a: 1, a + "\n": 1, a + "," + b: 2, a + ", " + b + ",": 2, "\r\n" + a + "\r\n\n" + b + "\n": 2,
		"": 0, " \n,": 0, a + "," + b[:20]: 0, "no key": 0, a + b: 0,
	} {
		keys, err := seal.ParseMasterKeys(text)
		if len(keys) != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d keys, %v", text, len(keys), err)
		}
		if want == 2 && (keys[0][0] != 0 || keys[1][0] != 1) {
			t.Errorf("%q: %v", text, keys)
		}
	}
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.LoadMasterKeys(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(path, []byte(b+"\n"+a+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err := seal.LoadOrCreateMasterKeys(path); err != nil || len(keys) != 2 || keys[0][0] != 1 {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestWhatTheFirstKeySealedIsFresh(t *testing.T) {
	t.Parallel()
	old := sealer(t, 1).Seal(seal.Secret, "x", []byte("content"))
	both := sealer(t, 2, 1)
	if both.Fresh(seal.Secret, "x", old) {
		t.Error("what an older key sealed")
	}
	if again := both.Seal(seal.Secret, "x", []byte("content")); !both.Fresh(seal.Secret, "x", again) || both.Fresh(seal.Secret, "y", again) || both.Fresh(seal.Journey, "x", again) {
		t.Error("what the first key sealed")
	}
}

func FuzzOpen(f *testing.F) {
	key := make([]byte, seal.MasterKeySize)
	s, err := seal.New(key)
	if err != nil {
		f.Fatal(err)
	}
	ours := s.SealText(seal.Code, "client", []byte("content"))
	f.Add(0, byte(0), 0, "", "client")
	f.Add(5, byte(1), 0, "", "client")
	f.Add(0, byte(0), 1, "", "client")
	f.Add(0, byte(0), 0, "A", "client")
	f.Add(0, byte(0), 0, "", "other")
	f.Fuzz(func(t *testing.T, at int, flip byte, cut int, more, context string) {
		bad := []byte(ours)
		bad[uint(at)%uint(len(bad))] ^= flip
		text := string(bad[:uint(len(bad))-uint(cut)%uint(len(bad)+1)]) + more
		for _, p := range []seal.Purpose{seal.Code, seal.Refresh, seal.Session, seal.Journey, seal.Secret} {
			got, err := s.OpenText(p, context, text)
			mine := text == ours && context == "client" && p == seal.Code
			if mine != (err == nil) || mine != (string(got) == "content") {
				t.Errorf("purpose %v, context %q, %q: %q, %v", p, context, text, got, err)
			}
		}
	})
}
