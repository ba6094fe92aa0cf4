package program

import (
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/diag"
)

// The parts of a Program can be read and not changed: fields are unexported, and List is the
// type of lists.

// ID is the id that the policy gives it.
func (c *ContentDefinition) ID() string { return c.id }

// LoadURI is the address of the page template, with its claim resolvers.
func (c *ContentDefinition) LoadURI() claims.Template { return c.loadURI }

// DataURI is the layout of the page.
func (c *ContentDefinition) DataURI() DataURI { return c.dataURI }

// Metadata are its metadata items.
func (c *ContentDefinition) Metadata() Items { return c.metadata }

// Claim is the id of the claim that it looks at.
func (p Precondition) Claim() string { return p.claim }

// PolicyID is the id of the policy, as its file writes it.
func (p *Program) PolicyID() string { return p.policyID }

// TenantName is the name of the tenant, such as contoso.onmicrosoft.com.
func (p *Program) TenantName() string { return p.tenantName }

// TenantID is the GUID of the tenant.
func (p *Program) TenantID() string { return p.tenantID }

// Hash is the hash of the sources, in hex. It names the program.
func (p *Program) Hash() string { return p.hash }

// Schema are the claim types.
func (p *Program) Schema() *Schema { return p.schema }

// RelyingParty is nil for a policy that only others inherit from.
func (p *Program) RelyingParty() *RelyingParty { return p.relyingParty }

// Languages are the supported tags, in lower case; with none, any is supported.
func (p *Program) Languages() List[string] { return List[string]{p.languages} }

// GrantClaims are the ids of claims that a journey for a renewal restores.
func (p *Program) GrantClaims() List[string] { return List[string]{p.grantClaims} }

// ErrorContent is the content definition of the error page; nil for the built-in page.
func (p *Program) ErrorContent() *ContentDefinition { return p.errorContent }

// Journey is the user journey of authorization requests.
func (r *RelyingParty) Journey() *UserJourney { return r.journey }

// Refresh is the user journey of refresh grants; nil if the first claims are replayed.
func (r *RelyingParty) Refresh() *UserJourney { return r.refresh }

// UserInfo is the user journey of the UserInfo endpoint; nil if it has none.
func (r *RelyingParty) UserInfo() *UserJourney { return r.userInfo }

// Credentials is the user journey of client credentials; nil if a token contains only its own
// claims.
func (r *RelyingParty) Credentials() *UserJourney { return r.credentials }

// Inputs are the claims that GetClaims steps read.
func (r *RelyingParty) Inputs() List[*ClaimUse] { return List[*ClaimUse]{r.inputs} }

// Outputs are the claims that the application gets.
func (r *RelyingParty) Outputs() List[*ClaimUse] { return List[*ClaimUse]{r.outputs} }

// Subject is the partner name of the subject claim.
func (r *RelyingParty) Subject() string { return r.subject }

// AssertionKey is the key set with whose secret applications sign client assertions that
// contain Inputs; "" if they send none.
func (r *RelyingParty) AssertionKey() string { return r.assertionKey }

// SSO are the rules of single sign-on.
func (r *RelyingParty) SSO() SingleSignOn { return r.sso }

// ScriptExecution reports that scripts of page templates may run.
func (r *RelyingParty) ScriptExecution() bool { return r.scriptExecution }

// Framing are the sources that may frame the pages; "" for none.
func (r *RelyingParty) Framing() string { return r.framing }

// PageParameters are added to the addresses of page templates.
func (r *RelyingParty) PageParameters() List[PageParameter] {
	return List[PageParameter]{r.pageParameters}
}

// Recorded reports JourneyInsights with DeveloperMode in a policy under development: the steps
// of each journey are lines of the log.
func (r *RelyingParty) Recorded() bool { return r.recorded }

// Name is the name of the query parameter.
func (p PageParameter) Name() string { return p.name }

// Value is its value, with its claim resolvers.
func (p PageParameter) Value() claims.Template { return p.value }

// ID is the id that the policy gives it.
func (u *UserJourney) ID() string { return u.id }

// Steps are the orchestration steps, in their order.
func (u *UserJourney) Steps() List[*Step] { return List[*Step]{u.steps} }

// Transfer reports a sub journey that never returns.
func (u *UserJourney) Transfer() bool { return u.transfer }

// Authorization are the profiles of which one must accept the request's token.
func (u *UserJourney) Authorization() List[*TechnicalProfile] {
	return List[*TechnicalProfile]{u.authorization}
}

// ID is the id that the policy gives it.
func (t *TechnicalProfile) ID() string { return t.id }

// DisplayName is the name that buttons show.
func (t *TechnicalProfile) DisplayName() string { return t.displayName }

// Domains are those of its claims provider, for domain_hint.
func (t *TechnicalProfile) Domains() List[string] { return List[string]{t.domains} }

// Position is where the policy declares it.
func (t *TechnicalProfile) Position() diag.Position { return t.position }

// InputTransformations run before the profile.
func (t *TechnicalProfile) InputTransformations() List[*transform.Transformation] {
	return List[*transform.Transformation]{t.inputTransformations}
}

// Inputs are the input claims.
func (t *TechnicalProfile) Inputs() List[*ClaimUse] { return List[*ClaimUse]{t.inputs} }

// Persisted are the persisted claims.
func (t *TechnicalProfile) Persisted() List[*ClaimUse] { return List[*ClaimUse]{t.persisted} }

// Outputs are the output claims.
func (t *TechnicalProfile) Outputs() List[*ClaimUse] { return List[*ClaimUse]{t.outputs} }

// Display are the claims and display controls of its page, in their order.
func (t *TechnicalProfile) Display() List[DisplayClaim] { return List[DisplayClaim]{t.display} }

// OutputTransformations run after the profile.
func (t *TechnicalProfile) OutputTransformations() List[*transform.Transformation] {
	return List[*transform.Transformation]{t.outputTransformations}
}

// Validations are the validation technical profiles of its page.
func (t *TechnicalProfile) Validations() List[Validation] { return List[Validation]{t.validations} }

// Exchange is what its provider planned; nil if NotBuilt, or if its metadata are wrong.
func (t *TechnicalProfile) Exchange() Planned { return t.exchange }

// NotBuilt is the kind of the profile, for people, if this version does not run it; else "".
func (t *TechnicalProfile) NotBuilt() string { return t.notBuilt }

// Session is the session management; nil if it has none.
func (t *TechnicalProfile) Session() *SessionRule { return t.session }

// Enabled is EnabledForUserJourneys.
func (t *TechnicalProfile) Enabled() Enablement { return t.enabled }

// Content is the content definition of its page; nil if it names none.
func (t *TechnicalProfile) Content() *ContentDefinition { return t.content }

// Messages are the texts of its metadata, such as UserMessageIfInvalidPassword.
func (t *TechnicalProfile) Messages() Items { return t.messages }

// SignUpTarget is the exchange of the sign-up link.
func (t *TechnicalProfile) SignUpTarget() string { return t.signUpTarget }

// TextLink reports ClaimsProviderSelectionDisplayType TextLink.
func (t *TechnicalProfile) TextLink() bool { return t.textLink }

// ForgotTarget is the exchange of the forgot-password link.
func (t *TechnicalProfile) ForgotTarget() string { return t.forgotTarget }

// Use is the claim that is shown; nil for a display control.
func (d DisplayClaim) Use() *ClaimUse { return d.use }

// Control is the display control that is shown; nil for a claim.
func (d DisplayClaim) Control() *DisplayControl { return d.control }

// ID is the id that the policy gives it.
func (d *DisplayControl) ID() string { return d.id }

// Type is the UserInterfaceControlType, such as VerificationControl.
func (d *DisplayControl) Type() string { return d.controlType }

// Position is where the profile refers to it.
func (d *DisplayControl) Position() diag.Position { return d.position }

// Inputs are the claims that fill its fields.
func (d *DisplayControl) Inputs() List[*ClaimUse] { return List[*ClaimUse]{d.inputs} }

// Display are its fields.
func (d *DisplayControl) Display() List[*ClaimUse] { return List[*ClaimUse]{d.display} }

// Outputs are the claims that the page gets from its actions.
func (d *DisplayControl) Outputs() List[*ClaimUse] { return List[*ClaimUse]{d.outputs} }

// ID is the id of the action, such as SendCode.
func (d DisplayAction) ID() string { return d.id }

// Validations are the technical profiles that it runs.
func (d DisplayAction) Validations() List[Validation] { return List[Validation]{d.validations} }

// Claim is the claim type.
func (c *ClaimUse) Claim() *claims.Type { return c.claim }

// Partner is the provider's name for the claim.
func (c *ClaimUse) Partner() string { return c.partner }

// Default is the default value, with its claim resolvers; it means something if HasDefault.
func (c *ClaimUse) Default() claims.Template { return c.defaultValue }

// HasDefault reports that DefaultValue is there, be it empty.
func (c *ClaimUse) HasDefault() bool { return c.hasDefault }

// Resolve reports that claim resolvers in Default are resolved.
func (c *ClaimUse) Resolve() bool { return c.resolve }

// AlwaysDefault is AlwaysUseDefaultValue.
func (c *ClaimUse) AlwaysDefault() bool { return c.alwaysDefault }

// Required reports that a value must be there.
func (c *ClaimUse) Required() bool { return c.required }

// ControlType is ControlClaimType.
func (c *ClaimUse) ControlType() string { return c.controlType }

// Position is where the policy refers to the claim.
func (c *ClaimUse) Position() diag.Position { return c.position }

// Profile is the technical profile that validates.
func (v Validation) Profile() *TechnicalProfile { return v.profile }

// ContinueOnSuccess lets the next one run after a good one.
func (v Validation) ContinueOnSuccess() bool { return v.continueOnSuccess }

// ContinueOnError lets the next one run after a failed one.
func (v Validation) ContinueOnError() bool { return v.continueOnError }

// Preconditions skip it.
func (v Validation) Preconditions() List[Precondition] { return List[Precondition]{v.preconditions} }

// Claim is the id of the claim that decides.
func (e Enablement) Claim() string { return e.claim }

// Value is the value that decides; "" for any.
func (e Enablement) Value() string { return e.value }

// KeepAlive is how long who asks for it stays signed in; 0 for not at all.
func (s SingleSignOn) KeepAlive() time.Duration { return s.keepAlive }

// Lifetime is that of a session.
func (s SingleSignOn) Lifetime() time.Duration { return s.lifetime }

// Absolute reports that a session ends Lifetime after its beginning, and not after its last use.
func (s SingleSignOn) Absolute() bool { return s.absolute }

// EnforceHint is EnforceIdTokenHintOnLogout.
func (s SingleSignOn) EnforceHint() bool { return s.enforceHint }

// ID is the id of the profile; sessions are keyed by it.
func (s *SessionRule) ID() string { return s.id }

// Kind is the kind of session provider.
func (s *SessionRule) Kind() SessionKind { return s.kind }

// Persisted are the claims that a session keeps.
func (s *SessionRule) Persisted() List[*ClaimUse] { return List[*ClaimUse]{s.persisted} }

// Outputs are claims with defaults that a hit sets.
func (s *SessionRule) Outputs() List[*ClaimUse] { return List[*ClaimUse]{s.outputs} }

// AlwaysFetch is AlwaysFetchClaimsFromProvider.
func (s *SessionRule) AlwaysFetch() bool { return s.alwaysFetch }

// Order is the number of the step.
func (s *Step) Order() int { return s.order }

// Kind is the type, as documented; "unknown" if this version does not run it.
func (s *Step) Kind() string { return s.kind }

// NotBuilt is the type as written, if this version does not run it; else "".
func (s *Step) NotBuilt() string { return s.notBuilt }

// Preconditions are evaluated in order; the first that holds skips the step.
func (s *Step) Preconditions() List[Precondition] { return List[Precondition]{s.preconditions} }

// Content is the content definition of the page; nil if the step names none.
func (s *Step) Content() *ContentDefinition { return s.content }

// Exchanges are all claims exchanges of the step.
func (s *Step) Exchanges() List[*ClaimsExchange] { return List[*ClaimsExchange]{s.exchanges} }

// SubJourney is the journey that the step invokes; nil if it invokes none.
func (s *Step) SubJourney() *UserJourney { return s.subJourney }

// Issuer is the profile that ends the journey in this step; nil for other steps.
func (s *Step) Issuer() *TechnicalProfile { return s.issuer }

// Node is the step as the engine runs it; nil if NotBuilt.
func (s *Step) Node() Node { return s.node }

// ExchangeID is the id of the exchange in the next step.
func (s Selection) ExchangeID() string { return s.exchangeID }

// Exchange is the exchange that the button runs.
func (s Selection) Exchange() *ClaimsExchange { return s.exchange }

// ID is the id that the policy gives it.
func (c *ClaimsExchange) ID() string { return c.id }

// Profile is the technical profile that it runs.
func (c *ClaimsExchange) Profile() *TechnicalProfile { return c.profile }

// Keys are the ids of the policy keys that it uses.
func (p *Program) Keys() List[string] { return List[string]{p.keys} }

// OwnKeys are the ids of the server's own key sets that it uses.
func (p *Program) OwnKeys() List[string] { return List[string]{p.ownKeys} }

// TakesPassword reports that Journey reads the user name and password of a token request.
func (r *RelyingParty) TakesPassword() bool { return r.takesPassword }

// ShowErrors reports OnError DisplayInService: failures stay on the error page.
func (r *RelyingParty) ShowErrors() bool { return r.showErrors }

// Equals reports ClaimEquals; the other kind is ClaimsExist.
func (p Precondition) Equals() bool { return p.equals }

// WhenTrue is ExecuteActionsIf.
func (p Precondition) WhenTrue() bool { return p.whenTrue }

// Texts are the values of ClaimEquals, of which any may match; one is usual.
func (p Precondition) Texts() List[string] { return List[string]{p.texts} }
