package msgraph

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/CiscoM31/godata"
)

// Filter is a parsed $filter; a nil filter lets everything pass.
type Filter struct{ root *godata.ParseNode }

// maxFilter bounds a filter's length [I].
const maxFilter = 4000

// ParseFilter parses a $filter; nil for none. The error is an *Error.
func ParseFilter(text string) (f *Filter, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	bad := BadRequest("Invalid filter clause.")
	if len(text) > maxFilter {
		return nil, bad
	}
	defer func() {
		// The parser is somebody else's, and its input anybody's.
		if recover() != nil {
			f, err = nil, bad
		}
	}()
	q, perr := godata.ParseFilterString(context.Background(), text)
	if perr != nil || q.Tree == nil {
		return nil, bad
	}
	return &Filter{root: q.Tree}, nil
}

// AnyText is a member that equals every text, for filters alone.
type AnyText struct{}

// Matching returns those of a list that $filter lets pass.
func Matching[T any](q *Request, list []T) ([]T, error) {
	f, err := q.Filter()
	if err != nil {
		return nil, err
	}
	out := []T{}
	for _, v := range list {
		ok, err := f.Matches(v)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// Matches evaluates the filter over a value as the API shows it.
func (f *Filter) Matches(v any) (bool, error) { return f.MatchesWith(v, nil) }

// MatchesWith is Matches with members that stand for those of the value: texts, lists
// ([]any), objects (map[string]any) and AnyText.
func (f *Filter) MatchesWith(v any, instead map[string]any) (bool, error) {
	if f == nil {
		return true, nil
	}
	object, err := ObjectOf(v)
	if err != nil {
		return false, err
	}
	result, err := eval(f.root, scope{object: object, instead: instead})
	if err != nil {
		return false, err
	}
	b, ok := result.(bool)
	if !ok {
		return false, BadRequest("Invalid filter clause.")
	}
	return b, nil
}

// scope resolves names: the variable of a lambda, else the object's members.
type scope struct {
	object   Object
	instead  map[string]any
	variable string
	item     any
}

func (s scope) member(name string) any {
	if s.variable != "" && name == s.variable {
		return s.item
	}
	for other, v := range s.instead {
		if strings.EqualFold(other, name) {
			return v
		}
	}
	return s.object.member(name)
}

// member is the value of a member in decoded form, ignoring the case of its name; nil if
// there is none.
func (o Object) member(name string) (v any) {
	i := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if i < 0 {
		i = slices.IndexFunc(o, func(m Member) bool { return strings.EqualFold(m.Name, name) })
	}
	if i < 0 || json.Unmarshal(o[i].Value, &v) != nil {
		return nil
	}
	return v
}

func member(object any, name string) any {
	m, ok := object.(map[string]any)
	if !ok {
		return nil
	}
	if v, ok := m[name]; ok {
		return v
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func eval(n *godata.ParseNode, s scope) (any, error) {
	unsupported := BadRequest("Unsupported or invalid query filter clause specified for property.")
	switch value := n.Token.Value; {
	case len(n.Children) == 0:
		return leaf(n, s), nil
	case value == "/":
		return path(n, s)
	case len(n.Children) == 1 && strings.EqualFold(value, "not"):
		v, err := eval(n.Children[0], s)
		b, ok := v.(bool)
		if err != nil || !ok {
			return nil, unsupported
		}
		return !b, nil
	case len(n.Children) == 2:
		a, err := eval(n.Children[0], s)
		if err != nil {
			return nil, err
		}
		b, err := eval(n.Children[1], s)
		if err != nil {
			return nil, err
		}
		return operate(strings.ToLower(value), a, b)
	}
	return nil, unsupported
}

func operate(operator string, a, b any) (any, error) {
	switch operator {
	case "and", "or":
		x, ok1 := a.(bool)
		y, ok2 := b.(bool)
		if !ok1 || !ok2 {
			break
		}
		return operator == "and" && x && y || operator == "or" && (x || y), nil
	case "eq":
		return compare(a, b) == 0, nil
	case "ne":
		return compare(a, b) != 0, nil
	case "gt":
		return a != nil && compare(a, b) == 1, nil
	case "ge":
		c := compare(a, b)
		return a != nil && (c == 0 || c == 1), nil
	case "lt":
		return a != nil && compare(a, b) == -1, nil
	case "le":
		c := compare(a, b)
		return a != nil && (c == 0 || c == -1), nil
	case "startswith":
		return strings.HasPrefix(strings.ToLower(text(a)), strings.ToLower(text(b))), nil
	case "endswith":
		return strings.HasSuffix(strings.ToLower(text(a)), strings.ToLower(text(b))), nil
	case "contains":
		return strings.Contains(strings.ToLower(text(a)), strings.ToLower(text(b))), nil
	}
	return nil, BadRequest("Unsupported or invalid query filter clause specified for property.")
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// compare orders two values: -1, 0, 1, or 2 for values that have no order. Texts
// compare without regard to case, as in the directory.
func compare(a, b any) int {
	if _, ok := a.(AnyText); ok {
		return 0
	}
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return 2
	case bool:
		if y, ok := b.(bool); ok && x == y {
			return 0
		}
		return 2
	case string:
		if y, ok := b.(time.Time); ok {
			at, err := time.Parse(time.RFC3339, x)
			if err != nil {
				return 2
			}
			return at.Compare(y)
		}
		y, ok := b.(string)
		if !ok {
			return 2
		}
		return strings.Compare(strings.ToLower(x), strings.ToLower(y))
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	return 2
}

func leaf(n *godata.ParseNode, s scope) any {
	value := n.Token.Value
	switch {
	case len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'':
		return value[1 : len(value)-1]
	case strings.EqualFold(value, "true"):
		return true
	case strings.EqualFold(value, "false"):
		return false
	case strings.EqualFold(value, "null"):
		return nil
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		return f
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return at
	}
	if n.Token.Type.Value() == int(godata.ExpressionTokenGuid) {
		return value
	}
	return s.member(value)
}

// path is a/b, or collection/any(x: …).
func path(n *godata.ParseNode, s scope) (any, error) {
	from, err := eval(n.Children[0], s)
	if err != nil {
		return nil, err
	}
	to := n.Children[1]
	name := strings.ToLower(to.Token.Value)
	if len(to.Children) == 0 {
		return member(from, to.Token.Value), nil
	}
	if name != "any" && name != "all" || len(to.Children) != 2 {
		return nil, BadRequest("Unsupported or invalid query filter clause specified for property.")
	}
	items, _ := from.([]any)
	for _, item := range items {
		v, err := eval(to.Children[1], scope{object: s.object, instead: s.instead, variable: to.Children[0].Token.Value, item: item})
		if err != nil {
			return nil, err
		}
		if b, _ := v.(bool); b == (name == "any") {
			return name == "any", nil
		}
	}
	return name == "all", nil
}
