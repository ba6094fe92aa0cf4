package diag_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"journeyman.dev/internal/diag"
)

var update = flag.Bool("update", false, "write docs/diagnostics.md again")

func TestTheDiagnosticsPageIsUpToDate(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "diagnostics.md")
	if *update {
		if err := os.WriteFile(file, []byte(diag.Markdown()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil || string(have) != diag.Markdown() {
		t.Errorf("docs/diagnostics.md is not what the catalogue says; run go test ./internal/diag -update (%v)", err)
	}
}

func TestEveryCodeExplainsItself(t *testing.T) {
	t.Parallel()
	for _, code := range diag.Codes() {
		e := code.Entry()
		if e.Title == "" || e.Cause == "" || e.Cure == "" || e.Severity == 0 {
			t.Errorf("%s: %+v", code, e)
		}
		if shown := e.Refused != ""; shown != (e.Severity == diag.Error) {
			t.Errorf("%s is an %s; what shows that B2C refuses it, too: %q", code, e.Severity, e.Refused)
		}
	}
}

func TestDiagnosticAsTextAndJSON(t *testing.T) {
	t.Parallel()
	var c diag.Collector
	c.Report(diag.UndeclaredClaimType, diag.Position{File: "a.xml", Line: 3, Column: 7}, `did you mean "balance"?`, "x refers to %q", "balanse")
	d := c.List()[0]
	if got, want := d.String(), `a.xml:3:7: error JM2101: x refers to "balanse"; did you mean "balance"?`; got != want {
		t.Errorf("String() = %s", got)
	}
	b, err := json.Marshal(d)
	if err != nil || string(b) != `{"file":"a.xml","line":3,"column":7,"severity":"error","code":"JM2101","message":"x refers to \"balanse\"","hint":"did you mean \"balance\"?","policyId":""}` {
		t.Errorf("JSON = %s, %v", b, err)
	}
}

func TestNearestFindsWhatWasMeant(t *testing.T) {
	t.Parallel()
	candidates := []string{"objectId", "objectIdFromSession", "displayName"}
	for word, want := range map[string]string{"objectid": "objectId", "displayNme": "displayName", "dispalyName": "displayName", "zzz": ""} {
		if got := diag.Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
