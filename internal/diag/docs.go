package diag

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Codes lists every code of the catalogue in order.
func Codes() []Code { return slices.Sorted(maps.Keys(catalogue)) }

// stages are the headings of the page by a code's first digit.
var stages = map[byte]string{
	'1': "The document",
	'2': "Inheritance and references",
	'3': "Claims and transformations",
	'4': "Technical profiles",
	'5': "Journeys",
	'6': "The relying party",
	'7': "Features that aren't supported yet",
	'8': "Pages",
}

// Markdown returns the page of all diagnostics, made from the catalogue.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Diagnostics\n\nUpload, `journeyman policy lint` and the admin API report these diagnostics. An error refuses an upload, a warning doesn't.\n" +
		"One cause gives one diagnostic: its consequences aren't reported. This page is generated from the catalogue in `internal/diag`;\n" +
		"a test lints every example.\n\n" +
		"Journeyman refuses only policies that B2C refuses, too. Each error names its evidence. *Posted* is a refusal that somebody\n" +
		"reported, with its place on GitHub (azure-docs is MicrosoftDocs/azure-docs, samples azure-ad-b2c/samples, starterpack\n" +
		"Azure-Samples/active-directory-b2c-custom-policy-starterpack).\n\n" +
		"The examples inherit from [a policy without faults](#the-base-of-the-examples).\n")
	stage := byte(0)
	for _, code := range Codes() {
		if code[2] != stage {
			stage = code[2]
			fmt.Fprintf(&b, "\n## %s\n", stages[stage])
		}
		e := code.Entry()
		refused := ""
		if e.Refused != "" {
			refused = "\nB2C refuses it, too. " + e.Refused
		}
		fmt.Fprintf(&b, "\n### %s %s\n\n*%s.* %s\n%s%s\n\n%s\n", code, e.Title, e.Severity, e.Cause, e.Cure, refused, e.Example.markdown())
	}
	b.WriteString("\n## The base of the examples\n\n" + fenced(ExampleBase) + "\n")
	return b.String()
}

func (x Example) markdown() string {
	switch {
	case x.Make != nil:
		return "Example: " + x.Policy + "."
	case x.Whole != "":
		return fenced(x.Whole)
	}
	return fenced(x.Policy)
}

func fenced(xml string) string {
	return "```xml\n" + strings.TrimSpace(strings.ToValidUTF8(xml, "\uFFFD")) + "\n```"
}
