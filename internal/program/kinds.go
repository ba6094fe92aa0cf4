package program

import (
	"strings"

	"journeyman.dev/internal/policy"
)

// Kinds is the registry of what policies may name: the kinds of technical profiles, steps and
// display controls. It contains the kinds that this version runs and those that it knows by
// name alone. It is made in one place (package kinds) and read by the checks, the compiler,
// the linter and the documents.
type Kinds struct {
	profiles map[string]ProfileKind // by kindKey
	steps    map[string]StepKind    // by folded name
	names    policy.Kinds
}

// Role is the use of a technical profile. It decides which of its elements names its kind.
type Role uint8

// The roles.
const (
	AsExchange      Role = iota // the handler's class, or the protocol
	AsIssuer                    // of a SendClaims step: OutputTokenFormat
	AsHint                      // of a GetClaims step
	AsAuthorization             // of a user journey
)

// Proprietary is the protocol of profiles whose kind is the class of a handler.
const Proprietary = "proprietary"

// ProfileKind is a kind of technical profile.
type ProfileKind struct {
	// Name is a handler's class, such as RestfulProvider; with Protocol set a protocol, such
	// as OAuth2; of an issuer the token format.
	Name     string
	Protocol bool
	Role     Role
	// Plan plans the profiles of this kind; nil with Session, and for a kind that this version
	// doesn't run.
	Plan Planner
	// Session is the kind of single sign-on session that the profiles manage; 0 for none.
	Session SessionKind
	// Resolving says which claim resolvers in default values are resolved without
	// IncludeClaimResolvingInClaimsHandling.
	Resolving Resolving
}

// Resolving says which claim resolvers in default values of a kind of profile are resolved
// unasked.
type Resolving uint8

// The ways of resolving.
const (
	ResolvesAsked  Resolving = iota // none: the profile must ask for it
	ResolvesInputs                  // those of input claims
	ResolvesForms                   // those of input claims, which B2C documents to need asking: reported
	ResolvesAll                     // all, and none is an error
)

// StepKind is a kind of orchestration step.
type StepKind struct {
	Name string      // of its type, such as ClaimsExchange
	Plan StepPlanner // nil for a kind that this version doesn't run
}

// ControlKind is a kind of display control, known by its UserInterfaceControlType.
type ControlKind struct {
	Name  string
	Built bool // this version draws and runs it
}

// NewKinds makes the registry. A later profile kind of the same name and role replaces an
// earlier one.
func NewKinds(profiles []ProfileKind, steps []StepKind, controls []ControlKind) *Kinds {
	k := &Kinds{profiles: make(map[string]ProfileKind), steps: make(map[string]StepKind)}
	for _, p := range profiles {
		k.profiles[kindKey(p.Role, p.Protocol, p.Name)] = p
		name := policy.KindName{Name: p.Name, Built: p.Plan != nil || p.Session != 0 && p.Session != SessionSAML}
		switch {
		case p.Role == AsIssuer:
			k.names.TokenFormats = append(k.names.TokenFormats, name)
		case p.Role == AsExchange && p.Protocol:
			k.names.Protocols = append(k.names.Protocols, name)
		case p.Role == AsExchange:
			k.names.Handlers = append(k.names.Handlers, name)
		}
	}
	for _, s := range steps {
		k.steps[policy.Fold(s.Name)] = s
		k.names.Steps = append(k.names.Steps, policy.KindName{Name: s.Name, Built: s.Plan != nil})
	}
	for _, c := range controls {
		k.names.Controls = append(k.names.Controls, policy.KindName{Name: c.Name, Built: c.Built})
	}
	return k
}

// Names lists the kinds for the checks of package policy, and for documents. The lists are
// copies.
func (k *Kinds) Names() policy.Kinds { return k.names.Clone() }

// kindKey is the key of a profile kind in the registry.
func kindKey(as Role, protocol bool, name string) string {
	switch as {
	case AsIssuer:
		return "issuer " + policy.Fold(name)
	case AsHint:
		return "hint"
	case AsAuthorization:
		return "authorization"
	}
	if protocol {
		return "protocol " + policy.Fold(name)
	}
	return "handler " + policy.Fold(name)
}

// of finds the kind of a technical profile in a role.
func (k *Kinds) of(src *policy.TechnicalProfile, as Role) (ProfileKind, bool) {
	name, protocol := src.HandlerClass(), false
	switch {
	case as == AsIssuer:
		name = src.OutputTokenFormat.Value
	case policy.Fold(src.Protocol.Name.Value) != Proprietary:
		name, protocol = src.Protocol.Name.Value, true
	}
	kind, ok := k.profiles[kindKey(as, protocol, strings.TrimSpace(name))]
	return kind, ok
}

// handler finds the kind that a handler's class names.
func (k *Kinds) handler(class string) (ProfileKind, bool) {
	kind, ok := k.profiles[kindKey(AsExchange, false, class)]
	return kind, ok
}
