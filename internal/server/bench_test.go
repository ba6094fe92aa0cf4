package server_test

import (
	"testing"

	"journeyman.dev/internal/server"
)

// BenchmarkLintPack parses, merges, checks and compiles all policies of a starter pack.
func BenchmarkLintPack(b *testing.B) {
	files := readCorpus(b, corpus(b, "starterpack", usualPack), false)
	b.ReportAllocs()
	for b.Loop() {
		server.Lint(files)
	}
}

// BenchmarkLintCorpus lints every policy of the corpus as one tenant.
func BenchmarkLintCorpus(b *testing.B) {
	files := readCorpus(b, corpus(b), false)
	b.ReportAllocs()
	for b.Loop() {
		server.Lint(files)
	}
}
