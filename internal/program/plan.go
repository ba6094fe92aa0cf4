package program

import (
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/policy"
)

// Planner plans the technical profiles of one kind, when a policy is compiled: it reads and
// checks a profile's metadata. It reports faults through the Plan and may then return nil.
type Planner func(p *Plan) Planned

// Planned is the work of a technical profile, made from its metadata: immutable, shared by
// all journeys. A Program keeps it; the engine knows how to run it.
type Planned any

// Plan gives a Planner the technical profile that it plans, and takes its reports.
type Plan struct {
	Policy   *policy.Effective
	Source   *policy.TechnicalProfile // merged, with positions
	Profile  *TechnicalProfile        // compiled so far: claims, not yet Exchange
	Program  *Program                 // being made; schema and content definitions are complete
	Metadata *Metadata
	// KeyExists reports whether the tenant has a policy key; nil when that is not
	// known, as in an offline lint.
	KeyExists func(id string) bool
	// Generated is true for a policy that we made from a user flow: it alone may name our own
	// key sets. OwnKeyExists reports whether there is one; nil as KeyExists.
	Generated    bool
	OwnKeyExists func(id string) bool
	// ConnectorExists reports whether the tenant has an API connector; nil as KeyExists.
	ConnectorExists func(id string) bool
	// Production is true if insecure settings must be refused: DeploymentMode of the
	// leaf is Production or absent.
	Production bool
	// Offline is true for a lint, where deployment tools may have yet to fill in placeholders.
	Offline bool
	// Incomplete reports that the profile refers to an undeclared claim. That error was
	// already reported, so a Planner must not report its consequences.
	Incomplete bool

	collector *diag.Collector
}

// Report adds a diagnostic.
func (p *Plan) Report(code diag.Code, at diag.Position, hint, format string, args ...any) {
	p.collector.Report(code, at, hint, format, args...)
}

// Unsettled reports whether a text has a placeholder that deployment tools have yet to fill
// in, so that it can't be judged. An uploaded text is final.
func (p *Plan) Unsettled(text string) bool { return unsettled(text, p.Offline) }

func unsettled(text string, offline bool) bool {
	return strings.Contains(text, "{Settings:") || offline && policy.Placeholder(text)
}

// Claim returns the claim type that a metadata item names, reporting one that isn't
// declared; nil if the item is absent or empty, too.
func (p *Plan) Claim(key string) *claims.Type { return p.Metadata.claim(p.Program.schema, key) }

// Journey returns the id of the user journey that a metadata item names, reporting one
// that isn't declared; "" if the item is absent.
func (p *Plan) Journey(key string) string {
	id := p.Metadata.String(key, "")
	if _, ok := p.Policy.UserJourneys.Get(id); !ok && id != "" {
		p.Report(diag.NotInPolicy, p.Metadata.At(key), meant(id, p.Policy.UserJourneys.IDs(), "declare it under UserJourneys"),
			"technical profile %q refers to the user journey %q, which neither the policy nor any of its bases declare", p.Source.ID.Value, id)
		return ""
	}
	return id
}

// DefaultMessage sets the text of a message key that the profile's metadata does not contain.
func (p *Plan) DefaultMessage(key, text string) {
	if _, ok := p.Profile.messages.Lookup(key); !ok {
		p.Profile.messages.add(key, text)
	}
}

// GrantJourneys notes the journeys that an issuer's metadata names for refresh tokens and for
// client credentials; "" for none.
func (p *Plan) GrantJourneys(refresh, credentials string) {
	p.Profile.refreshJourney, p.Profile.credentialsJourney = refresh, credentials
}

// RestoresClaims notes that the exchange restores claims that were kept with a grant: those of
// the profile's output claims are kept.
func (p *Plan) RestoresClaims() { p.Profile.restores = true }

// meant is the hint for a misspelt id: the id that is near, else what to do.
func meant(id string, ids []string, otherwise string) string {
	if near := diag.Nearest(id, ids); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	return otherwise
}

// Key returns the key set bound to a role of the profile ("client_secret"),
// reporting a missing one when required. The tenant not having the set is a
// warning: an installation starts before its secrets exist (policy-engine KEY-1 [I]).
// A custom policy can name policy keys alone.
func (p *Plan) Key(role string, required bool) (storageID string, ok bool) {
	var near policy.KeyReference
	for _, k := range p.Source.Keys {
		if diag.Nearest(k.ID.Value, []string{role}) != "" {
			near = k
		}
		if !strings.EqualFold(k.ID.Value, role) {
			continue
		}
		name, exists := keyset.Name(k.Storage.Value), p.KeyExists
		if own, ok := keyset.Own(k.Storage.Value); ok && p.Generated {
			name, exists = own, p.OwnKeyExists
		}
		switch {
		case k.Storage.Value == "":
			p.Report(diag.MissingProfileKey, k.Pos, "add StorageReferenceId=\"B2C_1A_…\"", "technical profile %q: the cryptographic key %q names no policy key", p.Source.ID.Value, role)
		case exists != nil && !exists(name):
			p.Report(diag.MissingKeySet, k.Storage.Pos, "create the key set before users come this way",
				"the tenant has no policy key %q, which technical profile %q uses as %s", k.Storage.Value, p.Source.ID.Value, role)
		}
		return name, true
	}
	switch {
	case !required, p.Metadata.blameStray():
	case near.ID.Set():
		p.Report(diag.MisspeltKey, near.ID.Pos, "did you mean "+strconv.Quote(role)+"?",
			"technical profile %q needs the cryptographic key %q, and has %q", p.Source.ID.Value, role, near.ID.Value)
	default:
		p.Report(diag.MissingProfileKey, p.Source.Pos, "add <Key Id=\""+role+"\" StorageReferenceId=\"B2C_1A_…\" /> to CryptographicKeys",
			"technical profile %q needs the cryptographic key %q", p.Source.ID.Value, role)
	}
	return "", false
}
