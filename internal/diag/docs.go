package diag

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Codes lists every code of the catalogue in order.
func Codes() []Code { return slices.Sorted(maps.Keys(catalogue)) }

// Markdown is the page of all diagnostics, made from the catalogue.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Diagnostics\n\nWhat upload, `journeyman policy lint` and the admin API say of policies. The first digit tells the stage:\n" +
		"1 document, 2 references and inheritance, 3 claims and transformations, 4 technical profiles, 5 journeys, 6 relying party, 7 what this version doesn't run yet, 8 pages.\n" +
		"Errors refuse an upload; warnings don't. This page is generated from the catalogue in `internal/diag`.\n\n" +
		"| Code | Severity | What | Why | What to do |\n|---|---|---|---|---|\n")
	for _, code := range Codes() {
		e := code.Entry()
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code, e.Severity, e.Title, e.Cause, e.Cure)
	}
	return b.String()
}
