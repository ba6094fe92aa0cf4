package main

import (
	"strings"
	"testing"
)

func TestSkippedTestsAreListedWithTheirReasons(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	good := report(strings.NewReader(`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:5: no Chromium on this machine\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"FuzzX/216a13"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    noise\n"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`), &out)
	if want := "ok  \tp\t0.1s\n\n1 tests were SKIPPED:\n  p TestA: no Chromium on this machine\n"; !good || out.String() != want {
		t.Errorf("%v %q", good, out.String())
	}
}

func TestFailuresAreShownWhole(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"a test":         `{"Action":"output","Package":"p","Test":"TestA","Output":"a_test.go:1: oh\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestA"}`,
		"a build":        `{"Action":"build-output","Output":"oh\n"}` + "\n" + `{"Action":"build-fail"}`,
		"a broken run":   `{"Action":"output","Package":"p","Test":"TestA","Output":"oh\n"}`,
		"go test itself": "oh",
	} {
		var out strings.Builder
		if report(strings.NewReader(in), &out) || !strings.Contains(out.String(), "oh") {
			t.Errorf("%s: %q", name, out.String())
		}
	}
}
