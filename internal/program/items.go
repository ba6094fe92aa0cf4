package program

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"journeyman.dev/internal/policy"
)

// Items are metadata items of which the keys aren't all known in advance: settings of
// pages, texts. Keys compare without regard to case, as everywhere in a policy.
type Items map[string]item // by folded key

type item struct{ key, value string }

// Set adds an item. A key that B2C documents is known by the spelling that it documents
// afterwards, for the scripts of pages; any other stays as it is written.
func (x Items) Set(key, value string) {
	folded := policy.Fold(key)
	if i := slices.IndexFunc(prefixed, func(known string) bool { return policy.Fold(known) == folded }); i >= 0 {
		key = prefixed[i]
	}
	x[folded] = item{key, value}
}

// Get returns the value of a key; "" if there is none.
func (x Items) Get(key string) string { return x[policy.Fold(key)].value }

// Lookup returns the value of a key, and whether it is there.
func (x Items) Lookup(key string) (string, bool) {
	i, ok := x[policy.Fold(key)]
	return i.value, ok
}

// True reports whether the value of a key is true.
func (x Items) True(key string) bool { return strings.EqualFold(x.Get(key), "true") }

// After are the items whose key begins with a prefix, by what follows it.
func (x Items) After(prefix string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for folded, i := range x {
			if strings.HasPrefix(folded, policy.Fold(prefix)) && len(i.key) >= len(prefix) && !yield(i.key[len(prefix):], i.value) {
				return
			}
		}
	}
}

// Worded are the items with the claim resolvers in their values resolved; the items of a
// Program stay as they are.
func (x Items) Worded(resolve func(string) string) Items {
	if !slices.ContainsFunc(slices.Collect(maps.Values(x)), func(i item) bool { return strings.Contains(i.value, "{") }) {
		return x
	}
	out := make(Items, len(x))
	for folded, i := range x {
		out[folded] = item{i.key, resolve(i.value)}
	}
	return out
}
