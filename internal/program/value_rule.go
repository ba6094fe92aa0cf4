package program

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/predicate"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// ValueRule restricts the values that users enter for a claim: a pattern, or a predicate
// validation. A nil rule accepts every value.
type ValueRule struct {
	claimID     string
	pattern     *claims.Pattern
	patternHelp string
	predicates  *PredicateValidation
}

// PredicateValidation is a compiled predicate validation: every group must pass.
type PredicateValidation struct {
	id     string
	groups []ruleGroup
}

type ruleGroup struct {
	id         string
	help       string
	atLeast    int
	predicates []*predicate.Predicate
}

// Violation is a value that doesn't pass a rule; Text is its message for the user.
type Violation struct {
	rule   *ValueRule
	failed []failedGroup
}

type failedGroup struct {
	group      ruleGroup
	predicates []*predicate.Predicate
}

// Check tests a text; nil when it passes. A pattern that takes too long fails.
func (r *ValueRule) Check(text string, now time.Time) *Violation {
	switch {
	case r == nil:
		return nil
	case r.pattern != nil:
		if ok, err := r.pattern.Match(text); err != nil || !ok {
			return &Violation{rule: r}
		}
	case r.predicates != nil:
		v := &Violation{rule: r}
		for _, g := range r.predicates.groups {
			var failed []*predicate.Predicate
			for _, p := range g.predicates {
				if !p.Check(text, now) {
					failed = append(failed, p)
				}
			}
			if len(g.predicates)-len(failed) < g.atLeast {
				v.failed = append(v.failed, failedGroup{g, failed})
			}
		}
		if len(v.failed) > 0 {
			return v
		}
	}
	return nil
}

// Text composes the message for the user: the pattern's help, or for each failed
// group its heading and the help of each predicate that failed
// (claims-and-transformations §4.3). "" if the policy has no text.
func (v *Violation) Text(res *Resources) string {
	if v.rule.predicates == nil {
		return v.rule.patternText(res)
	}
	var lines []string
	for _, f := range v.failed {
		if heading := groupHelp(v.rule.predicates.id, f.group, res); heading != "" {
			lines = append(lines, heading)
		}
		for _, p := range f.predicates {
			if help := predicateHelp(p, res); help != "" {
				lines = append(lines, help)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func (r *ValueRule) patternText(res *Resources) string {
	if text, ok := res.Text("ClaimType", r.claimID, "PatternHelpText"); ok {
		return text
	}
	return r.patternHelp
}

func groupHelp(validation string, g ruleGroup, res *Resources) string {
	for _, element := range []string{"PredicateValidation", "InputValidation"} {
		if text, ok := res.Text(element, validation, g.id); ok {
			return text
		}
	}
	return g.help
}

func predicateHelp(p *predicate.Predicate, res *Resources) string {
	if text, ok := res.Text("Predicate", p.ID, "HelpText"); ok {
		return text
	}
	return p.Help
}

// Description is a rule as a page checks it in the browser; the server decides.
type Description struct {
	Pattern     string // .NET expression, "" for none
	PatternHelp string
	Groups      []PredicateGroup
}

// PredicateGroup is a group of predicates for checks in the page.
type PredicateGroup struct {
	Help       string
	AtLeast    int
	Predicates []PredicateCheck
}

// PredicateCheck is one predicate for checks in the page.
type PredicateCheck struct {
	ID         string
	Method     string
	Help       string
	Parameters map[string]string
}

// Describe gives what the rule checks, with the texts of a page. A nil rule checks nothing.
func (r *ValueRule) Describe(res *Resources) Description {
	var d Description
	if r == nil {
		return d
	}
	if r.pattern != nil {
		d.Pattern, d.PatternHelp = r.pattern.String(), r.patternText(res)
	}
	if r.predicates == nil {
		return d
	}
	for _, g := range r.predicates.groups {
		group := PredicateGroup{Help: groupHelp(r.predicates.id, g, res), AtLeast: g.atLeast}
		for _, p := range g.predicates {
			group.Predicates = append(group.Predicates, PredicateCheck{ID: p.ID, Method: p.Method, Help: predicateHelp(p, res), Parameters: p.Parameters})
		}
		d.Groups = append(d.Groups, group)
	}
	return d
}

// Rule finds the rule of a claim type; nil if it asks nothing.
func (s *Schema) Rule(id string) *ValueRule { return s.rules[policy.Fold(id)] }

// validator serves CopyClaimIfPredicateMatch.
func (s *Schema) validator(t *claims.Type) (func(text string, now time.Time) bool, bool) {
	rule := s.Rule(t.ID())
	if rule == nil || rule.predicates == nil {
		return nil, false
	}
	return func(text string, now time.Time) bool { return rule.Check(text, now) == nil }, true
}

type validationIndex map[string]*PredicateValidation

// predicateValidations compiles predicates and their validations.
func (c *compiler) predicateValidations() validationIndex {
	predicates := make(map[string]*predicate.Predicate)
	for _, src := range c.e.Predicates.All() {
		help := src.HelpText.Value
		if !src.HelpText.Set() {
			help = src.UserHelpText.Value
		}
		parameters := make(map[string]string)
		for _, p := range src.Parameters {
			parameters[p.ID.Value] = p.Value.Value
		}
		p, err := predicate.Compile(src.ID.Value, src.Method.Value, strings.TrimSpace(help), parameters)
		if err != nil {
			c.badPredicate(src, err)
			continue
		}
		predicates[policy.Fold(src.ID.Value)] = p
	}
	index := make(validationIndex)
	for _, src := range c.e.PredicateValidations.All() {
		v := &PredicateValidation{id: src.ID.Value}
		for _, g := range src.Groups {
			group := ruleGroup{id: g.ID.Value, help: strings.TrimSpace(g.UserHelpText.Value)}
			for _, ref := range g.References {
				if p, ok := predicates[policy.Fold(ref.Value)]; ok {
					group.predicates = append(group.predicates, p)
				}
			}
			group.atLeast = len(group.predicates)
			if n, err := strconv.Atoi(strings.TrimSpace(g.MatchAtLeast.Value)); err == nil && g.MatchAtLeast.Set() {
				group.atLeast = n
				if n > len(g.References) {
					c.diag.Report(diag.ImpossibleGroup, g.MatchAtLeast.Pos, "the group has "+strconv.Itoa(len(g.References)),
						"group %q of predicate validation %q asks for %d predicates to pass", g.ID.Value, src.ID.Value, n)
				}
			}
			v.groups = append(v.groups, group)
		}
		index[policy.Fold(src.ID.Value)] = v
	}
	return index
}

// badPredicate reports the fault of a predicate at the parameter that causes it.
func (c *compiler) badPredicate(src *policy.Predicate, err error) {
	code, at, hint := diag.BadPredicate, src.Pos, "see the parameters of its method"
	var fault *predicate.Fault
	if errors.As(err, &fault) {
		hint = "give the parameter " + fault.Parameter + " a value that it can have"
		if fault.Missing {
			hint = "add <Parameter Id=\"" + fault.Parameter + "\">…</Parameter>"
		}
		if fault.Expression {
			code, hint = diag.BadRegularExpression, "B2C uses .NET regular expressions"
		}
		for _, p := range src.Parameters {
			switch {
			case strings.EqualFold(p.ID.Value, fault.Parameter):
				at = p.Value.Pos
			case fault.Missing && diag.Nearest(p.ID.Value, []string{fault.Parameter}) != "" && !listed(predicate.Parameters(src.Method.Value), p.ID.Value):
				at, hint = p.ID.Pos, "did you mean "+strconv.Quote(fault.Parameter)+"?"
			}
		}
	}
	c.diag.Report(code, at, hint, "predicate %q can't be used: %v", src.ID.Value, err)
}

func listed(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
