package msgraph

import (
	"strings"

	"github.com/CiscoM31/godata"
)

// Literals lists the texts that a property is compared with by eq, to look them up in
// an index before the filter decides.
func (f *Filter) Literals(property string) []string {
	if f == nil {
		return nil
	}
	var out []string
	var walk func(n *godata.ParseNode)
	walk = func(n *godata.ParseNode) {
		if strings.EqualFold(n.Token.Value, "eq") && len(n.Children) == 2 {
			left, right := n.Children[0], n.Children[1]
			if left.Token.Value == "/" && len(left.Children) == 2 {
				left = left.Children[1]
			}
			if v, ok := leaf(right, scope{}).(string); ok && strings.EqualFold(left.Token.Value, property) {
				out = append(out, v)
			}
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(f.root)
	return out
}

// HasOr reports whether a filter contains an or or a not, so that an index can't narrow it.
func (f *Filter) HasOr() bool {
	found := false
	var walk func(n *godata.ParseNode)
	walk = func(n *godata.ParseNode) {
		if strings.EqualFold(n.Token.Value, "or") || strings.EqualFold(n.Token.Value, "not") {
			found = true
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	if f != nil {
		walk(f.root)
	}
	return found
}

// Comparison is a term of a filter: a property, an operator in lower case, and a value:
// a text, number, time.Time, bool or nil.
type Comparison struct {
	Property string // in lower case
	Operator string
	Value    any
}

// Comparisons are the terms that all must hold for the filter to hold; none if it
// contains an or or a not. There may be further terms.
func (f *Filter) Comparisons() []Comparison {
	if f == nil || f.HasOr() {
		return nil
	}
	var out []Comparison
	var walk func(n *godata.ParseNode)
	walk = func(n *godata.ParseNode) {
		operator := strings.ToLower(n.Token.Value)
		if operator == "and" {
			for _, c := range n.Children {
				walk(c)
			}
			return
		}
		if len(n.Children) == 2 && len(n.Children[0].Children) == 0 && len(n.Children[1].Children) == 0 {
			out = append(out, Comparison{strings.ToLower(n.Children[0].Token.Value), operator, leaf(n.Children[1], scope{})})
		}
	}
	walk(f.root)
	return out
}
