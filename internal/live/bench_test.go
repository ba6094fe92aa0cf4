package live_test

import (
	"path/filepath"
	"slices"
	"testing"

	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
)

// BenchmarkCompileChain parses, merges, checks and compiles a sign-in policy of a starter pack with its
// bases, like an upload.
func BenchmarkCompileChain(b *testing.B) {
	files := readCorpus(b, corpus(b, "starterpack", usualPack), true)
	files = slices.DeleteFunc(files, func(f lint.File) bool {
		return slices.Contains([]string{"ProfileEdit.xml", "PasswordReset.xml"}, filepath.Base(f.Path))
	})
	for i := range files {
		files[i].Base = filepath.Base(files[i].Path) != "SignUpOrSignin.xml"
	}
	b.ReportAllocs()
	for b.Loop() {
		lint.Check(files, kinds.Offline())
	}
}

// BenchmarkLintPack parses, merges, checks and compiles all policies of a starter pack.
func BenchmarkLintPack(b *testing.B) {
	files := readCorpus(b, corpus(b, "starterpack", usualPack), false)
	b.ReportAllocs()
	for b.Loop() {
		lint.Check(files, kinds.Offline())
	}
}

// BenchmarkLintCorpus lints every policy of the corpus as one tenant.
func BenchmarkLintCorpus(b *testing.B) {
	files := readCorpus(b, corpus(b), false)
	b.ReportAllocs()
	for b.Loop() {
		lint.Check(files, kinds.Offline())
	}
}
