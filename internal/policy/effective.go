package policy

import "strings"

// Effective is a policy with everything that it inherits. The compiler reads it. Items keep the positions of
// their files; an item merged from several files has the position of its leaf-most declaration, and each
// member has its own position. [Inherit] makes it; nobody changes it afterwards.
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
	RelyingParty          *RelyingParty // nil if no file of the chain declares one
	Strays                []Stray       // profiles that overlay nothing; probably misspelt
}

// PolicyID returns the leaf's id in its normal form.
func (e *Effective) PolicyID() string { return e.Leaf.PolicyID.Value }

// Owner returns the id of the policy that a file declares, or the leaf's id if the file isn't in the chain.
func (e *Effective) Owner(file string) string {
	for _, d := range e.Chain {
		if d.File == file {
			return d.PolicyID.Value
		}
	}
	return e.PolicyID()
}

// Index keeps items in the order of their first declaration and finds them without regard to case, as B2C
// does (policy-engine §1.1). The zero Index is empty.
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

// All returns the items in order. The caller must not change the slice.
func (x *Index[T]) All() []T { return x.items }

// IDs returns the items' ids in order, each as it was first written. The caller must not change the slice.
func (x *Index[T]) IDs() []string { return x.ids }

// Len returns the number of items.
func (x *Index[T]) Len() int { return len(x.items) }

// Put adds an item, or replaces the item of this id in its place.
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

// Fold returns the form in which ids are compared.
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

// HandlerClass returns the class name of a Proprietary profile's handler without namespace and assembly, such
// as "RestfulProvider"; "" for other protocols.
func (tp *TechnicalProfile) HandlerClass() string {
	name, _, _ := strings.Cut(tp.Protocol.Handler.Value, ",")
	name = strings.TrimSpace(name)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// NormalID returns the full id of a policy: B2C adds the prefix of custom policies to an id without it. Ids
// of user flows (B2C_1_…) contain their own prefix.
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
