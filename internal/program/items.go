package program

import (
	"iter"
	"slices"
	"strings"

	"journeyman.dev/internal/policy"
)

// Items are metadata items of which the keys aren't all known in advance: settings of
// pages, texts. Keys compare without regard to case, as everywhere in a policy. The zero value
// is empty.
type Items struct{ byKey map[string]item } // by folded key

type item struct{ key, value string }

// add adds an item. A key that B2C documents is known by the spelling that it documents
// afterwards, for the scripts of pages; any other stays as it is written.
func (x *Items) add(key, value string) {
	folded := policy.Fold(key)
	if i := slices.IndexFunc(prefixed, func(known string) bool { return policy.Fold(known) == folded }); i >= 0 {
		key = prefixed[i]
	}
	if x.byKey == nil {
		x.byKey = make(map[string]item)
	}
	x.byKey[folded] = item{key, value}
}

// Get returns the value of a key; "" if there is none.
func (x Items) Get(key string) string { return x.byKey[policy.Fold(key)].value }

// Lookup returns the value of a key, and whether it is there.
func (x Items) Lookup(key string) (string, bool) {
	i, ok := x.byKey[policy.Fold(key)]
	return i.value, ok
}

// True reports whether the value of a key is true.
func (x Items) True(key string) bool { return strings.EqualFold(x.Get(key), "true") }

// After are the items whose key begins with a prefix, by the rest of the key.
func (x Items) After(prefix string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for folded, i := range x.byKey {
			if strings.HasPrefix(folded, policy.Fold(prefix)) && len(i.key) >= len(prefix) && !yield(i.key[len(prefix):], i.value) {
				return
			}
		}
	}
}

// Worded are the items with the claim resolvers in their values resolved.
func (x Items) Worded(resolve func(string) string) Items {
	dynamic := false
	for _, i := range x.byKey {
		dynamic = dynamic || strings.Contains(i.value, "{")
	}
	if !dynamic {
		return x
	}
	out := Items{make(map[string]item, len(x.byKey))}
	for folded, i := range x.byKey {
		out.byKey[folded] = item{i.key, resolve(i.value)}
	}
	return out
}
