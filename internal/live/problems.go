package live

import (
	"slices"
	"strings"
)

// Problem is a reason why a policy doesn't work.
type Problem struct {
	PolicyID string
	Text     string
}

// Problems returns, by policy, the stored policies whose latest upload doesn't compile, and those that use a
// missing key set. User flows count as policies.
func (l *Policies) Problems() []Problem {
	var list []Problem
	live := l.current()
	for _, s := range live.status {
		if s.State != Current {
			list = append(list, Problem{s.ID, string(s.State) + ": " + firstError(s.Diagnostics)})
		}
	}
	for _, p := range live.current {
		missing := func(keys []string, exists func(string) bool) {
			for _, key := range keys {
				if exists != nil && !exists(key) {
					list = append(list, Problem{p.PolicyID(), "the key set " + key + " is missing"})
				}
			}
		}
		missing(p.Keys().Copy(), l.Options.KeyExists)
		for _, key := range p.Keys().All() {
			if l.KeyActive != nil && l.Options.KeyExists != nil && l.Options.KeyExists(key) && !l.KeyActive(key) {
				list = append(list, Problem{p.PolicyID(), "the key set " + key + " has no active key"})
			}
		}
		missing(p.OwnKeys().Copy(), l.Options.OwnKeyExists)
	}
	slices.SortFunc(list, func(a, b Problem) int { return strings.Compare(a.PolicyID+" "+a.Text, b.PolicyID+" "+b.Text) })
	return list
}
