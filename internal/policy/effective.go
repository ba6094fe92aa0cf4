package policy

import "strings"

// Effective is a policy with everything it inherits: what the engine compiles.
// Items keep the positions of the file they were written in; an item merged from
// several files has the position of its leaf-most declaration, its members each
// their own. It is not changed after [Inherit] returned it.
type Effective struct {
	Chain []*Document // root first, leaf last
	Leaf  *Document

	ClaimTypes            Index[*ClaimType]
	Predicates            Index[*Predicate]
	PredicateValidations  Index[*PredicateValidation] // input validations included
	ClaimsTransformations Index[*ClaimsTransformation]
	ClientDefinitions     Index[*ClientDefinition]
	ContentDefinitions    Index[*ContentDefinition]
	LocalizationEnabled   bool
	SupportedLanguages    SupportedLanguages
	LocalizedResources    Index[*LocalizedResources]
	DisplayControls       Index[*DisplayControl]
	TechnicalProfiles     Index[*TechnicalProfile] // chain merged, includes applied
	UserJourneys          Index[*UserJourney]
	SubJourneys           Index[*UserJourney]
	RelyingParty          *RelyingParty // nil if no file of the chain has one
	Strays                []Stray       // profiles that overlay nothing, but nearly
}

// PolicyID is the leaf's id, in its normal form.
func (e *Effective) PolicyID() string { return e.Leaf.PolicyID.Value }

// Owner is the policy that a file declares; the leaf for a file that isn't of the
// chain.
func (e *Effective) Owner(file string) string {
	for _, d := range e.Chain {
		if d.File == file {
			return d.PolicyID.Value
		}
	}
	return e.PolicyID()
}

// Index keeps items in the order they were first declared and finds them without
// regard to case, as B2C does (policy-engine §1.1). The zero Index is empty.
type Index[T any] struct {
	items []T
	ids   []string // as first written
	byID  map[string]int
}

// Get finds an item by id, ignoring case.
func (x *Index[T]) Get(id string) (T, bool) {
	i, ok := x.byID[Fold(id)]
	if !ok {
		var none T
		return none, false
	}
	return x.items[i], true
}

// All returns the items in order; the caller must not change the slice.
func (x *Index[T]) All() []T { return x.items }

// IDs are the items' ids as they were first written, in order; the caller must not
// change the slice.
func (x *Index[T]) IDs() []string { return x.ids }

// Len is the number of items.
func (x *Index[T]) Len() int { return len(x.items) }

// Put adds an item, or replaces the one with this id in its place.
func (x *Index[T]) Put(id string, item T) {
	key := Fold(id)
	if i, ok := x.byID[key]; ok {
		x.items[i] = item
		return
	}
	if x.byID == nil {
		x.byID = make(map[string]int)
	}
	x.byID[key] = len(x.items)
	x.items = append(x.items, item)
	x.ids = append(x.ids, id)
}

// Fold is the form in which ids are compared.
func Fold(id string) string { return strings.ToLower(id) }

// Get finds an item by key, ignoring case; the last duplicate wins.
func (m Metadata) Get(key string) (MetadataItem, bool) {
	for i := len(m) - 1; i >= 0; i-- {
		if strings.EqualFold(m[i].Key.Value, key) {
			return m[i], true
		}
	}
	return MetadataItem{}, false
}

// HandlerClass is the class name of a Proprietary profile's handler without its
// namespace and assembly: "RestfulProvider". Empty for other protocols.
func (tp *TechnicalProfile) HandlerClass() string {
	name, _, _ := strings.Cut(tp.Protocol.Handler.Value, ",")
	name = strings.TrimSpace(name)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// NormalID is the id of a policy as it is known by: B2C adds the prefix of custom policies to
// one that lacks it. Ids of user flows (B2C_1_…) have theirs.
func NormalID(id string) string {
	if id == "" || len(id) >= len("B2C_1_") && strings.EqualFold(id[:len("B2C_1_")], "B2C_1_") || len(id) >= len("B2C_1A_") && strings.EqualFold(id[:len("B2C_1A_")], "B2C_1A_") {
		return id
	}
	return "B2C_1A_" + id
}

func normalID(id Text) Text {
	id.Value = NormalID(id.Value)
	return id
}
