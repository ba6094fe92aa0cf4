package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/policy"
)

// excerpts shows the lines of policy files at diagnostics.
type excerpts struct {
	sources map[string][]byte // by the path of diagnostics
	lines   map[string][]string

	shownAt diag.Position // the position of the shown line; a long line may have many diagnostics
	shown   []rune
}

func newExcerpts(files []lint.File) *excerpts {
	x := &excerpts{sources: make(map[string][]byte), lines: make(map[string][]string)}
	for _, f := range files {
		x.sources[f.Path] = f.Source
	}
	return x
}

// line returns a line of a file. It splits only files with diagnostics.
func (x *excerpts) line(at diag.Position) (string, bool) {
	lines, split := x.lines[at.File]
	if !split {
		if text, err := policy.DecodeText(x.sources[at.File]); err == nil && !bytes.ContainsRune(text, 0) {
			lines = strings.Split(string(text), "\n")
		}
		x.lines[at.File] = lines
	}
	if at.Line < 1 || at.Line > len(lines) {
		return "", false
	}
	return strings.TrimRight(lines[at.Line-1], "\r"), true
}

// Widths of the excerpt of a long line: before the position, and in all.
const (
	excerptBefore = 60
	excerptWidth  = 120
)

// print writes a diagnostic, and below it the line with a caret under the position.
func (x *excerpts) print(w io.Writer, d diag.Diagnostic) {
	fmt.Fprintln(w, d)
	line, ok := x.line(d.Position)
	if at := (diag.Position{File: d.Position.File, Line: d.Position.Line}); at != x.shownAt {
		x.shownAt, x.shown = at, []rune(line)
	}
	runes := x.shown
	column := d.Position.Column - 1
	if !ok || column < 0 || column > len(runes) {
		return
	}
	indent := 0
	for indent < len(runes) && indent < column && unicode.IsSpace(runes[indent]) {
		indent++
	}
	from, more := indent, ""
	if column-from > excerptBefore {
		from, more = column-excerptBefore, "…"
	}
	shown, rest := runes[from:], ""
	if len(shown) > excerptWidth {
		shown, rest = shown[:excerptWidth], "…"
	}
	shown = slices.Clone(shown)
	for i, r := range shown {
		if !unicode.IsPrint(r) && r != '\t' {
			shown[i] = unicode.ReplacementChar // a file must not send control characters to a terminal
		}
	}
	// Keep tabs, so that the caret is under its character.
	pad := []rune(strings.Repeat(" ", len([]rune(more))) + string(shown[:column-from]))
	for i, r := range pad {
		if r != '\t' {
			pad[i] = ' '
		}
	}
	margin := fmt.Sprintf("%6d", d.Position.Line)
	fmt.Fprintf(w, "%s | %s%s%s\n%s | %s^\n", margin, more, string(shown), rest, strings.Repeat(" ", len(margin)), string(pad))
}
