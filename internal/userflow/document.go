package userflow

import (
	"bytes"
	"slices"
	"strings"

	"journeyman.dev/internal/refusal"
)

// document makes the policy document of a flow.
type document struct {
	*Flow
	t *Tenant
	// Values derived from the flow, computed once.
	email, username bool       // kinds of local accounts
	social          []Provider // identity providers, in their order
	fields          []field    // inputs of the attributes page, except the address
	address         *Assignment
	claims          []string // application claims
	// exported documents are meant for upload as custom policies.
	exported bool
}

// field is an attribute on a page.
type field struct {
	Attribute
	shown Assignment
}

// Export returns a flow as the XML of a custom policy with an id; "" makes the id from the flow's name.
// ErrNotFound means that there is no such flow.
func (t *Tenant) Export(flowID, policyID string) ([]byte, error) {
	const custom = "B2C_1A_"
	f, err := t.Flow(flowID)
	if err != nil {
		return nil, err
	}
	if policyID == "" {
		policyID = custom + f.ID[len(prefix):]
	}
	if IsFlowID(policyID) {
		return nil, refusal.Because(ErrInvalid, "a custom policy's id begins with %s", custom)
	}
	begins := func(with string) bool {
		return len(policyID) >= len(with) && strings.EqualFold(policyID[:len(with)], with)
	}
	if !begins(prefix) && !begins(custom) {
		policyID = custom + policyID
	}
	return Document(f, t, policyID), nil
}

// Document returns a flow as a custom policy with an id. The flow must have been checked.
func Document(f *Flow, t *Tenant, policyID string) []byte {
	d := &document{Flow: f, t: t, claims: f.Settings.ApplicationClaims, exported: !IsFlowID(policyID)}
	if d.claims == nil {
		d.claims = defaultClaims
	}
	for _, id := range f.Providers {
		p, _ := t.Provider(id)
		switch p.Type {
		case typeEmail:
			d.email = true
		case typeUsername:
			d.username = true
		default:
			d.social = append(d.social, p)
		}
	}
	for _, a := range f.Attributes {
		attribute, ok := t.Attribute(a.Attribute)
		switch {
		case !ok:
		case attribute.isEmail():
			d.address = &a
		default:
			d.fields = append(d.fields, field{attribute, a})
		}
	}
	root := el("TrustFrameworkPolicy",
		"xmlns", "http://schemas.microsoft.com/online/cpim/schemas/2013/06", "PolicySchemaVersion", "0.3.0.0",
		"TenantId", t.Name, "PolicyId", policyID, "PublicPolicyUri", "http://"+t.Name+"/"+policyID,
	).with(
		el("BuildingBlocks").with(
			d.claimsSchema(), d.predicates(), d.predicateValidations(), d.transformations(), d.contentDefinitions(), d.localization(),
		),
		el("ClaimsProviders").with(d.claimsProviders()...),
		el("UserJourneys").with(el("UserJourney", "Id", journeyID).with(el("OrchestrationSteps").with(d.steps()...))),
		d.relyingParty(),
	)
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- Made from the user flow " + strings.ReplaceAll(f.ID, "--", "__") + " (" + string(f.Kind) + "). -->\n")
	root.write(&b, "")
	return b.Bytes()
}

const journeyID = "UserFlow"

// local reports whether the flow has local accounts.
func (d *document) local() bool { return d.email || d.username }

// wants reports whether a claim is an application claim.
func (d *document) wants(id string) bool {
	return slices.ContainsFunc(d.claims, func(c string) bool { return strings.EqualFold(c, id) })
}

func (d *document) connector(s ConnectorStep) (id string, ok bool) {
	id, ok = d.Connectors[s]
	return id, ok && id != "" && d.Kind.allows(s)
}
