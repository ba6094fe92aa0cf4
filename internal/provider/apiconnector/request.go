package apiconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/journey"
)

// Request is a request to the API of a connector.
type Request struct {
	Step          Step
	ClientID      string // app id of the application that the user signs in to
	Locales       string
	CorrelationID string
	// TenantID, IP and the client's names go into the token issuance contract only.
	TenantID, IP               string
	ClientObjectID, ClientName string

	Members    []Member
	Identities []Identity
}

// Member is a claim under the name that Microsoft Graph has for it.
type Member struct {
	Name  string
	Value claims.Value
}

// Identity is a way in which the user signs in.
type Identity struct {
	SignInType       string `json:"signInType"`
	Issuer           string `json:"issuer"`
	IssuerAssignedID string `json:"issuerAssignedId"`
}

// identityPrefix begins the partner names of input claims that become identities:
// identities.emailAddress, identities.userName, identities.federated.
const identityPrefix = "identities."

// identityIssuer is the partner name of the issuer of local identities: the tenant.
const identityIssuer = "identities.issuer"

// fill takes the input claims. A claim without a value is left out: never null, never
// "" (rest-and-connectors §1.3 rule 2).
func (r *Request) fill(inputs journey.Inputs) error {
	issuer, _ := inputs.Get(identityIssuer)
	seen := make(map[string]bool)
	for _, in := range inputs {
		name := in.Use.Partner()
		if in.Value.Empty() || seen[name] {
			continue // the first with a value wins (policy-engine §2.3)
		}
		kind, isIdentity := strings.CutPrefix(name, identityPrefix)
		switch {
		case name == identityIssuer:
			continue
		case !isIdentity:
			seen[name] = true
			r.Members = append(r.Members, Member{name, in.Value})
		case strings.EqualFold(kind, "federated"):
			list, err := federated(in.Value)
			if err != nil {
				return fmt.Errorf("input claim %s: %w", in.Use.Claim().ID(), err)
			}
			for _, id := range list {
				r.addIdentity(id)
			}
		default:
			r.addIdentity(Identity{SignInType: kind, Issuer: issuer.String(), IssuerAssignedID: in.Value.String()})
		}
	}
	return nil
}

// addIdentity adds an identity once: the directory and the provider may both know it.
func (r *Request) addIdentity(id Identity) {
	for _, have := range r.Identities {
		if strings.EqualFold(have.Issuer, id.Issuer) && have.IssuerAssignedID == id.IssuerAssignedID && have.SignInType == id.SignInType {
			return
		}
	}
	r.Identities = append(r.Identities, id)
}

func federated(v claims.Value) ([]Identity, error) {
	var list []Identity
	if items := v.IdentityItems(); len(items) > 0 {
		for _, i := range items {
			list = append(list, Identity{SignInType: "federated", Issuer: i.Issuer, IssuerAssignedID: i.IssuerUserID})
		}
		return list, nil
	}
	id, err := transform.ParseAlternativeSecurityID(v.String())
	if err != nil {
		return nil, err
	}
	return []Identity{{SignInType: "federated", Issuer: id.Issuer, IssuerAssignedID: id.IssuerUserID}}, nil
}

// encode makes the body of the connector's contract, and the key that stands for what
// was sent: everything but the correlation id.
func (r *Request) encode(c *connector.Connector) (body, key []byte, err error) {
	if c.Settings.Contract != connector.ContractTokenIssuance {
		body, err = r.JSON()
		return body, body, err
	}
	if body, err = r.tokenIssuance(); err != nil {
		return nil, nil, err
	}
	if c.Settings.CacheFor == 0 {
		return body, nil, nil
	}
	without := *r
	without.CorrelationID = ""
	key, err = without.tokenIssuance()
	return body, key, err
}

// JSON is the request of B2C's contract: one flat object, step, client and language
// first (rest-and-connectors §1.3).
func (r *Request) JSON() ([]byte, error) {
	o := object{}
	o.add("step", r.Step.Name())
	o.add("client_id", r.ClientID)
	o.add("ui_locales", r.Locales)
	for _, m := range r.Members {
		if isOwn(m.Name) {
			continue // a claim never takes the place of one of ours
		}
		if strings.EqualFold(m.Name, "objectId") && r.Step != PreTokenIssuance {
			continue // there is no account yet (§1.3)
		}
		o.add(m.Name, m.Value.JSON())
	}
	if len(r.Identities) > 0 {
		o.add("identities", r.Identities)
	}
	return o.bytes()
}

func isOwn(name string) bool {
	switch strings.ToLower(name) {
	case "step", "client_id", "ui_locales", "identities":
		return true
	}
	return false
}

// object writes a JSON object whose members keep their order, so that equal claims
// give equal bytes.
type object struct {
	b   bytes.Buffer
	err error
}

func (o *object) add(name string, value any) {
	if o.err != nil || value == "" {
		return
	}
	key, err := json.Marshal(name)
	if err != nil {
		o.err = err
		return
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		o.err = fmt.Errorf("member %s: %w", name, err)
		return
	}
	if o.b.Len() > 0 {
		o.b.WriteByte(',')
	}
	o.b.Write(key)
	o.b.WriteByte(':')
	o.b.Write(bytes.TrimRight(text.Bytes(), "\n"))
}

func (o *object) bytes() ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	return append(append([]byte{'{'}, o.b.Bytes()...), '}'), nil
}
