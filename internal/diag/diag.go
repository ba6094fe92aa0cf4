package diag

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a policy file. Line and Column count from 1; Column
// counts runes of the decoded text. The zero Position means "nowhere".
type Position struct {
	File   string
	Line   int
	Column int
}

// Known reports whether the position names a place.
func (p Position) Known() bool { return p.Line > 0 }

// String returns the form that editors make clickable: file:line:column.
func (p Position) String() string {
	if !p.Known() {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity is the consequence of a diagnostic for an upload.
type Severity uint8

const (
	Error   Severity = iota + 1 // the upload is refused
	Warning                     // accepted; the author should look
	Info                        // accepted; worth knowing
)

// String returns the word that users see.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Info:
		return "info"
	}
	return "unknown"
}

// MarshalJSON writes the word.
func (s Severity) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Diagnostic is one finding about a policy. It is plain data; its readers print it.
type Diagnostic struct {
	Position Position
	Severity Severity
	Code     Code
	Message  string // the fault
	Hint     string // the correction; may be empty
	PolicyID string // the policy that the file declares; may be empty
}

// String returns the one-line form: file:line:column: severity JMnnnn: message; hint.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s: %s", d.Position, d.Severity, d.Code, d.Message)
	if d.Hint != "" {
		b.WriteString("; ")
		b.WriteString(d.Hint)
	}
	return b.String()
}

// MarshalJSON writes the flat object of the `policy lint --json` contract:
// file, line, column, severity, code, message, policyId, and hint if there is one.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		File     string   `json:"file"`
		Line     int      `json:"line"`
		Column   int      `json:"column"`
		Severity Severity `json:"severity"`
		Code     Code     `json:"code"`
		Message  string   `json:"message"`
		Hint     string   `json:"hint,omitempty"`
		PolicyID string   `json:"policyId"`
	}{d.Position.File, d.Position.Line, d.Position.Column, d.Severity, d.Code, d.Message, d.Hint, d.PolicyID})
}

// New makes a finding. The catalogue gives its severity.
func New(code Code, at Position, hint, format string, args ...any) Diagnostic {
	return Diagnostic{Position: at, Severity: code.Entry().Severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// List is a set of findings.
type List []Diagnostic

// Errors counts the errors.
func (l List) Errors() int {
	n := 0
	for _, d := range l {
		if d.Severity == Error {
			n++
		}
	}
	return n
}

// HasErrors reports whether anything in the list refuses an upload.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort sorts by file, line, column and code, and removes duplicates: several ways may lead to one fault, such
// as every profile that includes another.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		order := cmp.Or(
			cmp.Compare(a.Position.File, b.Position.File),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
			cmp.Compare(a.Code, b.Code),
		)
		if order == 0 && a.Code.Entry().Several {
			return cmp.Compare(a.Message, b.Message)
		}
		return order
	})
	return slices.CompactFunc(l, func(d, before Diagnostic) bool {
		if d.Position != before.Position {
			return false
		}
		if d.Code != before.Code {
			return d.Code.Entry().Unless == before.Code
		}
		return d.Message == before.Message || !d.Code.Entry().Several
	})
}

// maxTold limits the errors, and the warnings, that a Collector keeps. Nobody reads more, and a hostile file
// could contain a fault in every element.
const maxTold = 1000

// Collector gathers diagnostics. It keeps the first 1000 errors and the first 1000 others. The zero Collector
// is ready. It is not safe for concurrent use.
type Collector struct {
	list   List
	errors int // in list
}

// Report adds a finding. The catalogue gives its severity.
func (c *Collector) Report(code Code, at Position, hint, format string, args ...any) {
	c.Add(New(code, at, hint, format, args...))
}

// Add appends finished findings.
func (c *Collector) Add(l ...Diagnostic) {
	for _, d := range l {
		n := &c.errors
		others := len(c.list) - c.errors
		if d.Severity != Error {
			n = &others
		}
		if *n < maxTold {
			*n++
			c.list = append(c.list, d)
		}
	}
}

// Full reports whether the limit of errors is reached. Then hints are useless.
func (c *Collector) Full() bool { return c.errors >= maxTold }

// List returns what was gathered so far.
func (c *Collector) List() List { return c.list }
