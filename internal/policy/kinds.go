package policy

import (
	"slices"
	"strings"
)

// Kinds lists the kinds of parts that a policy may name, and the ones that this version runs. Package program
// makes it from its registry.
type Kinds struct {
	Handlers     []KindName // classes that Proprietary profiles name (policy-engine §5)
	Protocols    []KindName // other protocols of technical profiles
	TokenFormats []KindName // OutputTokenFormat of issuers
	Steps        []KindName // types of orchestration steps
	Controls     []KindName // UserInterfaceControlType of display controls
}

// KindName is a kind by its documented name.
type KindName struct {
	Name  string
	Built bool // this version runs it
}

// Values returns the legal values of an element or attribute with a closed list, by its name in the grammar,
// such as OrchestrationStep@Type; nil if there is no list.
func Values(of string) []string { return slices.Clone(enumerations[of]) }

// known reports whether a list contains a name, ignoring case.
func known(list []KindName, name string) bool {
	return slices.ContainsFunc(list, func(k KindName) bool { return strings.EqualFold(k.Name, name) })
}

// built reports whether this version runs the kind with a name.
func built(list []KindName, name string) bool {
	name = strings.TrimSpace(name)
	return slices.ContainsFunc(list, func(k KindName) bool { return k.Built && strings.EqualFold(k.Name, name) })
}

// names returns the names of a list.
func names(list []KindName) []string {
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = k.Name
	}
	return out
}

// Clone copies the lists.
func (k Kinds) Clone() Kinds {
	return Kinds{
		Handlers: slices.Clone(k.Handlers), Protocols: slices.Clone(k.Protocols), TokenFormats: slices.Clone(k.TokenFormats),
		Steps: slices.Clone(k.Steps), Controls: slices.Clone(k.Controls),
	}
}
