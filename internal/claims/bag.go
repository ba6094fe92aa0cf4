package claims

import (
	"encoding/json"
	"log/slog"
	"maps"
)

// Bag is the set of claims of a journey, keyed by the id in the policy's declaration. The compiler changes
// references to that spelling, so that a look-up costs no folding at run time. The zero Bag is empty and
// ready.
type Bag struct {
	values map[string]Value
}

// Get returns a claim's value, or no value.
func (b *Bag) Get(id string) Value { return b.values[id] }

// Has reports whether the claim has a value, even an empty one.
func (b *Bag) Has(id string) bool { return b.values[id].Exists() }

// Set sets a claim's value. Setting no value removes the claim.
func (b *Bag) Set(id string, v Value) {
	if !v.Exists() {
		delete(b.values, id)
		return
	}
	if b.values == nil {
		b.values = make(map[string]Value)
	}
	b.values[id] = v
}

// Delete removes a claim.
func (b *Bag) Delete(id string) { delete(b.values, id) }

// Len returns the number of claims.
func (b *Bag) Len() int { return len(b.values) }

// Clone copies the bag.
func (b *Bag) Clone() Bag { return Bag{values: maps.Clone(b.values)} }

// Merge sets every claim of other.
func (b *Bag) Merge(other *Bag) {
	for id, v := range other.values {
		b.Set(id, v)
	}
}

// All calls yield for each claim, in no order.
func (b *Bag) All() func(yield func(string, Value) bool) {
	return maps.All(b.values)
}

// MarshalJSON writes the claims with their types.
func (b Bag) MarshalJSON() ([]byte, error) {
	if b.values == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(b.values)
}

// UnmarshalJSON reads the output of MarshalJSON.
func (b *Bag) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &b.values) }

// LogValue returns only the number of claims: values never reach a log.
func (b Bag) LogValue() slog.Value { return slog.IntValue(len(b.values)) }
