package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"journeyman.dev/internal/diag"
)

// rule is how two versions of a policy type are merged, for a test of all its fields.
type rule struct {
	name  string
	of    reflect.Type // a struct
	merge func(child, parent any) any
	// same are the fields that make two items one: both have them.
	same []string
	// replaced are the lists of which the child's takes the place of the parent's.
	replaced []string
	// deep are the fields with a rule of their own; apart are those that are no part of what
	// is inherited.
	deep, apart []string
}

func ruleOf[T any](merge func(child, parent *T) *T, r rule) rule {
	r.of = reflect.TypeFor[T]()
	r.name = r.of.Name()
	r.merge = func(child, parent any) any { return merge(child.(*T), parent.(*T)) }
	return r
}

// rules are the types that the chain of a policy merges. All others are taken as a whole.
var rules = []rule{
	ruleOf(mergeClaimType, rule{same: []string{"ID"}, replaced: []string{"DefaultPartnerClaimTypes"}, deep: []string{"Restriction"}}),
	ruleOf(mergeRestriction, rule{same: []string{"MergeBehavior"}}),
	ruleOf(mergeContent, rule{same: []string{"ID"}, deep: []string{"LocalizedReferences"}}),
	ruleOf(func(child, parent *LocalizedReferences) *LocalizedReferences {
		return mergeContent(&ContentDefinition{LocalizedReferences: child}, &ContentDefinition{LocalizedReferences: parent}).LocalizedReferences
	}, rule{same: []string{"MergeBehavior"}}),
	ruleOf(mergeResources, rule{same: []string{"ID"}}),
	ruleOf(mergeClaim, rule{same: []string{"Claim", "DisplayControl"}}),
	ruleOf(func(child, parent *ValidationReference) *ValidationReference {
		m := mergeValidation(*child, *parent)
		return &m
	}, rule{same: []string{"TechnicalProfile"}, replaced: []string{"Preconditions"}}),
	ruleOf(mergeProfile, rule{same: []string{"ID"}, replaced: []string{"Domains", "Includes"}, apart: []string{"Incomplete"}}),
	ruleOf(mergeJourney, rule{same: []string{"ID"}, replaced: []string{"AuthorizationProfiles"}}),
	ruleOf(mergeStep, rule{same: []string{"Order"}, replaced: []string{"Preconditions"}}),
	ruleOf(mergeRelyingParty, rule{deep: []string{"Behaviors"}}),
	ruleOf(func(child, parent *Behaviors) *Behaviors {
		return mergeRelyingParty(&RelyingParty{Behaviors: child}, &RelyingParty{Behaviors: parent}).Behaviors
	}, rule{replaced: []string{"ContentDefinitionParameters"}}),
}

// version makes a value of the rule's type with the fields that make it the same as another,
// and with others, which are those whose texts begin with from.
func (r rule) version(from string, others bool) reflect.Value {
	v := reflect.New(r.of)
	for i := range r.of.NumField() {
		name := r.of.Field(i).Name
		switch {
		case slices.Contains(r.same, name):
			fill(v.Elem().Field(i), name, "append") // also a merge behaviour
		case others && !slices.Contains(r.apart, name):
			fill(v.Elem().Field(i), name, from)
		}
	}
	return v
}

var position = reflect.TypeFor[diag.Position]()

// fill gives a value and everything in it something that names its place: texts, one item
// of each list, and pointers to filled values.
func fill(v reflect.Value, place, from string) {
	switch {
	case v.Type() == position:
		v.Set(reflect.ValueOf(diag.Position{File: from + ".xml", Line: 1, Column: 1}))
	case v.Type() == reflect.TypeFor[Text]():
		text := from
		if from != "append" {
			text += " " + place
		}
		if place == "Order" { // parent's and child's steps have numbers
			text = strconv.Itoa(len(from))
		}
		v.Set(reflect.ValueOf(Text{Value: text, Pos: diag.Position{File: from + ".xml", Line: 1, Column: 1}}))
	case v.Kind() == reflect.String:
		v.SetString(from + " " + place)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), place, from)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), place, from)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, from)
		}
	default:
		panic(fmt.Sprintf("%s is a %s: say here how it is filled", place, v.Type()))
	}
}

// A field that somebody adds to a policy type, and forgets in inherit.go, fails here.
func TestEveryFieldOfAMergedTypeIsInherited(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		merge := func(child, parent reflect.Value) reflect.Value {
			return reflect.ValueOf(r.merge(child.Interface(), parent.Interface())).Elem()
		}
		parent, child := r.version("parent", true), r.version("child", true)
		kept := merge(r.version("child", false), parent)
		added := merge(child, r.version("parent", false))
		both := merge(child, parent)
		for i := range r.of.NumField() {
			name := r.of.Field(i).Name
			if name == "Pos" || slices.Contains(r.same, name) || slices.Contains(r.apart, name) {
				continue
			}
			field := func(v reflect.Value) any { return reflect.Indirect(v).Field(i).Interface() }
			if !reflect.DeepEqual(field(kept), field(parent)) {
				t.Errorf("%s.%s: a child without it loses the parent's: %+v, want %+v", r.name, name, field(kept), field(parent))
			}
			if !reflect.DeepEqual(field(added), field(child)) {
				t.Errorf("%s.%s: the child's isn't added: %+v, want %+v", r.name, name, field(added), field(child))
			}
			if slices.Contains(r.deep, name) {
				continue
			}
			switch got := both.Field(i); {
			case got.Kind() == reflect.Slice && !slices.Contains(r.replaced, name):
				if got.Len() != 2 || !contains(got, child.Elem().Field(i).Index(0)) || !contains(got, parent.Elem().Field(i).Index(0)) {
					t.Errorf("%s.%s: of two lists one was lost: %+v, want %+v and %+v", r.name, name, got.Interface(), field(child), field(parent))
				}
			case !reflect.DeepEqual(got.Interface(), field(child)):
				t.Errorf("%s.%s: the child's doesn't win: %+v, want %+v", r.name, name, got.Interface(), field(child))
			}
		}
	}
}

func contains(list, item reflect.Value) bool {
	for i := range list.Len() {
		if reflect.DeepEqual(list.Index(i).Interface(), item.Interface()) {
			return true
		}
	}
	return false
}

// outside are texts of a document that an effective policy hasn't: they say what the document
// is, or how it is merged.
var outside = []string{"SchemaVersion", "TenantID", "TenantObjectID", "PolicyID", "PublicPolicyURI", "DeploymentMode", "RecorderEndpoint", "Base", "Faults", "File", "Pos"}

// Whatever a document declares reaches the effective policy, from the base and from the leaf.
func TestEveryPartOfADocumentReachesTheEffectivePolicy(t *testing.T) {
	t.Parallel()
	var full Document
	value := reflect.ValueOf(&full).Elem()
	for i := range value.NumField() {
		if name := value.Type().Field(i).Name; !slices.Contains(outside, name) {
			fill(value.Field(i), name, name)
		}
	}
	// A claims provider gives its domain to its profiles, which is done on reading; its name
	// is for authors.
	full.ClaimsProviders[0].Domain, full.ClaimsProviders[0].Domains, full.ClaimsProviders[0].DisplayName = Text{}, nil, Text{}
	full.Localization.Enabled.Value = "true"
	want := make(map[string]bool)
	for i := range value.NumField() {
		if !slices.Contains(outside, value.Type().Field(i).Name) {
			texts(value.Field(i), want)
		}
	}
	delete(want, "true")
	for name, chain := range map[string][]*Document{"base": {&full, new(Document)}, "leaf": {new(Document), &full}} {
		e, _ := Inherit(chain)
		got := make(map[string]bool)
		effective := reflect.ValueOf(e).Elem()
		for i := range effective.NumField() {
			if part := effective.Type().Field(i).Name; part != "Chain" && part != "Leaf" {
				texts(effective.Field(i), got)
			}
		}
		for text := range want {
			if !got[text] {
				t.Errorf("%s: %q is lost", name, text)
			}
		}
		if !e.LocalizationEnabled || len(want) < 100 {
			t.Errorf("%s: localization enabled %v, %d texts", name, e.LocalizationEnabled, len(want))
		}
	}
}

// texts collects the texts in a value.
func texts(v reflect.Value, into map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), into)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), into)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Text]() {
			if text := v.Field(0).String(); text != "" {
				into[text] = true
			}
			return
		}
		for i := range v.NumField() {
			texts(v.Field(i), into)
		}
	}
}
