package program

import (
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// Options are the surroundings of a compilation: the tenant, and the kinds that this version runs.
type Options struct {
	Kinds *Kinds // of technical profiles and steps
	// TenantName and TenantID are those of the tenant; with an offline lint the
	// policy's own TenantId and "" serve.
	TenantName string
	TenantID   string
	Hash       string
	// Offline is set for a lint: see [Plan.Offline].
	Offline bool
	// KeyExists is nil when the tenant's keys are not known.
	KeyExists func(id string) bool
	// Generated says that the policy was made from a user flow: it may name our own key
	// sets. OwnKeyExists is nil as KeyExists.
	Generated    bool
	OwnKeyExists func(id string) bool
	// ConnectorExists is nil when the tenant's API connectors are not known.
	ConnectorExists func(id string) bool
}

// compiler makes one Program.
type compiler struct {
	e    *policy.Effective
	o    Options
	p    *Program
	diag diag.Collector

	profiles   map[string]*TechnicalProfile // by kind and folded id
	transforms map[string]*transform.Transformation
	rules      map[string]*SessionRule
	defaults   []claims.Template // of all claims
	keys       map[string]bool   // key sets that were asked for
	ownKeys    map[string]bool   // and those of the server's own
	hints      bool              // a step reads an id_token_hint
}

// Compile turns an effective policy into a Program and reports faults of its claims,
// transformations and technical profiles. Unresolved references are ignored:
// policy.Check reported them. The Program may only be run if
// neither Check nor Compile gave an error.
func Compile(e *policy.Effective, o Options) (*Program, diag.List) {
	c := &compiler{
		e: e, o: o,
		p: &Program{
			policyID: e.PolicyID(), tenantName: o.TenantName, tenantID: o.TenantID, hash: o.Hash,
			deploymentMode: "Production",
			journeys:       make(map[string]*UserJourney), subJourneys: make(map[string]*UserJourney),
			content: make(map[string]*ContentDefinition), profiles: make(map[string]*TechnicalProfile),
		},
		profiles:   make(map[string]*TechnicalProfile),
		transforms: make(map[string]*transform.Transformation),
		rules:      make(map[string]*SessionRule),
	}
	if c.p.tenantName == "" {
		c.p.tenantName = e.Leaf.TenantID.Value
	}
	if e.Leaf.DeploymentMode.Set() {
		c.p.deploymentMode = e.Leaf.DeploymentMode.Value
	}
	c.schema()
	c.languages()
	c.contentDefinitions()
	c.worded()
	c.transformations()
	if e.RelyingParty != nil {
		c.relyingParty()
	}
	c.reads()
	c.p.keys, c.p.ownKeys = c.neededKeys()
	return c.p, c.diag.List()
}

func (c *compiler) schema() {
	c.p.schema = &Schema{types: make(map[string]*claims.Type), ids: c.e.ClaimTypes.IDs(), rules: make(map[string]*ValueRule)}
	validations := c.predicateValidations()
	for _, src := range c.e.ClaimTypes.All() {
		d := claims.TypeDefinition{
			ID: src.ID.Value, DisplayName: src.DisplayName.Value, UserHelpText: strings.TrimSpace(src.UserHelpText.Value),
			DataType: claims.String, Mask: c.mask(src),
		}
		if dt, ok := claims.ParseDataType(strings.TrimSpace(src.DataType.Value)); ok {
			d.DataType = dt
		}
		if in, ok := claims.ParseInputType(strings.TrimSpace(src.UserInputType.Value)); ok {
			d.Input = in
		}
		if len(src.DefaultPartnerClaimTypes) > 0 {
			d.Partners = make(map[string]string)
			for _, partner := range src.DefaultPartnerClaimTypes {
				d.Partners[policy.Fold(partner.Protocol.Value)] = partner.Name.Value
			}
		}
		if src.Restriction != nil {
			for _, item := range src.Restriction.Enumerations {
				d.Enumerations = append(d.Enumerations, choiceOf(item))
			}
		}
		c.restriction(d.ID, src, validations)
		c.p.schema.types[policy.Fold(d.ID)] = claims.NewType(d)
	}
}

// mask compiles the mask of a claim type; nil if it has none.
func (c *compiler) mask(src *policy.ClaimType) *claims.Mask {
	if src.Mask == nil {
		return nil
	}
	mask := &claims.Mask{Text: src.Mask.Text.Value}
	if strings.EqualFold(src.Mask.Type.Value, "Regex") {
		pattern, err := claims.CompilePattern(src.Mask.Regex.Value)
		if err != nil {
			c.diag.Report(diag.BadRegularExpression, src.Mask.Regex.Pos, "B2C uses .NET regular expressions",
				"the mask of claim type %q has an invalid regular expression: %v", src.ID.Value, err)
			return mask
		}
		mask.Pattern = pattern
	}
	return mask
}

// restriction compiles the pattern and the predicate validation of a
// claim type. A predicate validation wins over an inherited pattern
// (claims-and-transformations §1.7 [D→I]).
func (c *compiler) restriction(id string, src *policy.ClaimType, validations validationIndex) {
	rule := &ValueRule{claimID: id}
	if ref := src.PredicateValidation; ref.Set() {
		rule.predicates = validations[policy.Fold(ref.Value)]
	} else if ref := src.InputValidation; ref.Set() {
		rule.predicates = validations[policy.Fold(ref.Value)]
	}
	if src.Restriction != nil {
		if p := src.Restriction.Pattern; p != nil {
			pattern, err := claims.CompilePattern(p.RegularExpression.Value)
			switch {
			case err != nil:
				c.diag.Report(diag.BadRegularExpression, p.RegularExpression.Pos, "B2C uses .NET regular expressions",
					"claim type %q has an invalid regular expression: %v", id, err)
			case rule.predicates == nil:
				rule.pattern, rule.patternHelp = pattern, strings.TrimSpace(p.HelpText.Value)
			}
		}
	}
	if rule.pattern != nil || rule.predicates != nil {
		c.p.schema.rules[policy.Fold(id)] = rule
	}
}

func choiceOf(item policy.Enumeration) claims.Choice {
	return claims.Choice{Text: item.Text.Value, Value: item.Value.Value, Selected: strings.EqualFold(item.SelectByDefault.Value, "true")}
}

// transformations compiles every declared claims transformation, used or not, as
// B2C checks their signatures at upload.
func (c *compiler) transformations() {
	env := transform.Environment{
		RelyingPartyTenantID: c.p.tenantName, TrustFrameworkTenantID: c.p.tenantName, AuthenticatorIssuer: c.p.tenantName,
		KeyExists: c.needs, Validate: c.p.schema.validator, Unsettled: func(text string) bool { return unsettled(text, c.o.Offline) },
	}
	for _, src := range c.e.ClaimsTransformations.All() {
		d := transform.Declaration{ID: src.ID.Value, Position: src.Pos, Method: src.Method.Value, MethodAt: src.Method.Pos}
		d.Inputs, d.Incomplete = c.arguments(src.InputClaims, false)
		var incomplete bool
		d.Outputs, incomplete = c.arguments(src.OutputClaims, false)
		d.Incomplete = d.Incomplete || incomplete
		for _, p := range src.InputParameters {
			d.Parameters = append(d.Parameters, transform.Parameter{ID: p.ID.Value, DataType: p.DataType.Value, Value: p.Value.Value, Position: p.Pos})
		}
		if t := transform.Compile(d, env, &c.diag); t != nil {
			c.transforms[policy.Fold(d.ID)] = t
		}
	}
}

func (c *compiler) arguments(list []policy.TransformationClaim, incomplete bool) ([]transform.ClaimArgument, bool) {
	var args []transform.ClaimArgument
	for _, a := range list {
		t, ok := c.p.schema.Claim(a.Claim.Value)
		if !ok {
			incomplete = true
			continue
		}
		role := a.Role.Value
		if !a.Role.Set() {
			role = t.ID()
		}
		args = append(args, transform.ClaimArgument{Claim: t, Role: role, Position: a.Pos})
	}
	return args, incomplete
}

func (c *compiler) transformList(refs []policy.Text) []*transform.Transformation {
	var list []*transform.Transformation
	for _, ref := range refs {
		if t, ok := c.transforms[policy.Fold(ref.Value)]; ok {
			list = append(list, t)
		}
	}
	return list
}

// Claim finds a claim type by id, ignoring case.
func (s *Schema) Claim(id string) (*claims.Type, bool) {
	t, ok := s.types[policy.Fold(id)]
	return t, ok
}
