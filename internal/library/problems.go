package library

import (
	"slices"
	"strings"
)

// Problem is what keeps a policy from doing its work.
type Problem struct {
	PolicyID string
	Text     string
}

// Problems are, by policy, the stored policies that don't compile as they were uploaded
// last, and those that use a key set that is gone. A user flow is a policy here.
func (l *Library) Problems() []Problem {
	var list []Problem
	live := l.current()
	for _, s := range live.status {
		if s.State != Current {
			list = append(list, Problem{s.ID, string(s.State) + ": " + firstError(s.Diagnostics)})
		}
	}
	for _, p := range live.current {
		for _, key := range p.Keys {
			if l.Options.KeyExists != nil && !l.Options.KeyExists(key) {
				list = append(list, Problem{p.PolicyID, "the key set " + key + " is missing"})
			}
		}
	}
	slices.SortFunc(list, func(a, b Problem) int { return strings.Compare(a.PolicyID+" "+a.Text, b.PolicyID+" "+b.Text) })
	return list
}
