package policy

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// Print writes an effective policy as one policy file without base. The file parses and compiles to the same
// program.
func Print(e *Effective) []byte {
	p := &printer{}
	p.b.WriteString(xml.Header)
	root := e.Leaf
	p.open("TrustFrameworkPolicy", attr{"xmlns", "http://schemas.microsoft.com/online/cpim/schemas/2013/06"}, of("PolicySchemaVersion", root.SchemaVersion),
		of("TenantId", root.TenantID), of("TenantObjectId", root.TenantObjectID), of("PolicyId", root.PolicyID), of("PublicPolicyUri", root.PublicPolicyURI),
		of("DeploymentMode", root.DeploymentMode), of("UserJourneyRecorderEndpoint", root.RecorderEndpoint))
	p.buildingBlocks(e)
	p.claimsProviders(e)
	p.journeys("UserJourneys", "UserJourney", e.UserJourneys.All())
	p.journeys("SubJourneys", "SubJourney", e.SubJourneys.All())
	p.relyingParty(e.RelyingParty)
	p.close("TrustFrameworkPolicy")
	return p.b.Bytes()
}

type printer struct {
	b     bytes.Buffer
	depth int
}

type attr struct{ name, value string }

// of makes an attribute. It is omitted if the policy doesn't contain it.
func of(name string, t Text) attr {
	if !t.Set() {
		return attr{}
	}
	return attr{name, t.Value}
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func (p *printer) start(name string, attrs []attr) {
	p.b.WriteString(strings.Repeat("  ", p.depth) + "<" + name)
	for _, a := range attrs {
		if a.name != "" {
			p.b.WriteString(" " + a.name + `="` + escape(a.value) + `"`)
		}
	}
}

func (p *printer) open(name string, attrs ...attr) {
	p.start(name, attrs)
	p.b.WriteString(">\n")
	p.depth++
}

func (p *printer) close(name string) {
	p.depth--
	p.b.WriteString(strings.Repeat("  ", p.depth) + "</" + name + ">\n")
}

func (p *printer) empty(name string, attrs ...attr) {
	p.start(name, attrs)
	p.b.WriteString(" />\n")
}

// text writes an element with text if the policy contains it.
func (p *printer) text(name string, t Text, attrs ...attr) {
	if !t.Set() {
		return
	}
	p.start(name, attrs)
	p.b.WriteString(">" + escape(t.Value) + "</" + name + ">\n")
}

// list writes a container if it isn't empty.
func list[T any](p *printer, name string, items []T, each func(T), attrs ...attr) {
	if len(items) == 0 {
		return
	}
	p.open(name, attrs...)
	for _, item := range items {
		each(item)
	}
	p.close(name)
}

func (p *printer) buildingBlocks(e *Effective) {
	p.open("BuildingBlocks")
	list(p, "ClaimsSchema", e.ClaimTypes.All(), p.claimType)
	list(p, "Predicates", e.Predicates.All(), func(x *Predicate) {
		p.open("Predicate", of("Id", x.ID), of("Method", x.Method), of("HelpText", x.HelpText))
		p.text("UserHelpText", x.UserHelpText)
		list(p, "Parameters", x.Parameters, func(par PredicateParameter) { p.text("Parameter", par.Value, of("Id", par.ID)) })
		p.close("Predicate")
	})
	list(p, "PredicateValidations", e.PredicateValidations.All(), func(x *PredicateValidation) {
		p.open("PredicateValidation", of("Id", x.ID))
		list(p, "PredicateGroups", x.Groups, func(g PredicateGroup) {
			id := g.ID
			if !id.Set() {
				id = x.ID // the groups of an InputValidation have no id
			}
			p.open("PredicateGroup", of("Id", id))
			p.text("UserHelpText", g.UserHelpText)
			list(p, "PredicateReferences", g.References, func(r Text) { p.empty("PredicateReference", of("Id", r)) }, of("MatchAtLeast", g.MatchAtLeast), of("Reject", g.Reject))
			p.close("PredicateGroup")
		})
		p.close("PredicateValidation")
	})
	list(p, "ClaimsTransformations", e.ClaimsTransformations.All(), p.transformation)
	list(p, "ClientDefinitions", e.ClientDefinitions.All(), func(x *ClientDefinition) {
		p.open("ClientDefinition", of("Id", x.ID))
		p.text("ClientUIFilterFlags", x.UIFilterFlags)
		p.close("ClientDefinition")
	})
	list(p, "ContentDefinitions", e.ContentDefinitions.All(), p.content)
	p.localization(e)
	list(p, "DisplayControls", e.DisplayControls.All(), func(x *DisplayControl) {
		p.open("DisplayControl", of("Id", x.ID), of("UserInterfaceControlType", x.Type))
		p.claims("InputClaims", "InputClaim", x.InputClaims)
		p.claims("DisplayClaims", "DisplayClaim", x.DisplayClaims)
		p.claims("OutputClaims", "OutputClaim", x.OutputClaims)
		list(p, "Actions", x.Actions, func(a DisplayControlAction) {
			p.open("Action", of("Id", a.ID))
			list(p, "ValidationClaimsExchange", a.Exchanges, func(v ValidationReference) {
				p.validation("ValidationClaimsExchangeTechnicalProfile", "TechnicalProfileReferenceId", v)
			})
			p.close("Action")
		})
		p.close("DisplayControl")
	})
	p.close("BuildingBlocks")
}

func (p *printer) claimType(x *ClaimType) {
	p.open("ClaimType", of("Id", x.ID), of("StatementType", x.StatementType))
	p.text("DisplayName", x.DisplayName)
	p.text("DataType", x.DataType)
	list(p, "DefaultPartnerClaimTypes", x.DefaultPartnerClaimTypes, func(d PartnerClaimType) {
		p.empty("Protocol", of("Name", d.Protocol), of("Handler", d.Handler), of("PartnerClaimType", d.Name))
	})
	if m := x.Mask; m != nil {
		p.text("Mask", m.Text, of("Type", m.Type), of("Regex", m.Regex))
	}
	p.text("AdminHelpText", x.AdminHelpText)
	p.text("UserHelpText", x.UserHelpText)
	p.text("UserInputType", x.UserInputType)
	if r := x.Restriction; r != nil {
		p.open("Restriction")
		for _, i := range r.Enumerations {
			p.enumeration("Enumeration", i)
		}
		if r.Pattern != nil {
			p.empty("Pattern", of("RegularExpression", r.Pattern.RegularExpression), of("HelpText", r.Pattern.HelpText))
		}
		p.close("Restriction")
	}
	ref := x.PredicateValidation
	if !ref.Set() {
		ref = x.InputValidation // an InputValidation is printed as a predicate validation
	}
	if ref.Set() {
		p.empty("PredicateValidationReference", of("Id", ref))
	}
	p.close("ClaimType")
}

func (p *printer) enumeration(name string, i Enumeration) {
	p.empty(name, of("Text", i.Text), of("Value", i.Value), of("SelectByDefault", i.SelectByDefault))
}

func (p *printer) transformation(x *ClaimsTransformation) {
	p.open("ClaimsTransformation", of("Id", x.ID), of("TransformationMethod", x.Method))
	claim := func(name string) func(TransformationClaim) {
		return func(a TransformationClaim) {
			p.empty(name, of("ClaimTypeReferenceId", a.Claim), of("TransformationClaimType", a.Role))
		}
	}
	list(p, "InputClaims", x.InputClaims, claim("InputClaim"))
	list(p, "InputParameters", x.InputParameters, func(a TransformationParameter) {
		p.empty("InputParameter", of("Id", a.ID), of("DataType", a.DataType), of("Value", a.Value))
	})
	list(p, "OutputClaims", x.OutputClaims, claim("OutputClaim"))
	p.close("ClaimsTransformation")
}

func (p *printer) metadata(m Metadata) {
	list(p, "Metadata", m, func(i MetadataItem) { p.text("Item", i.Value, of("Key", i.Key)) })
}

func (p *printer) content(x *ContentDefinition) {
	p.open("ContentDefinition", of("Id", x.ID))
	p.text("LoadUri", x.LoadURI)
	p.text("RecoveryUri", x.RecoveryURI)
	p.text("DataUri", x.DataURI)
	p.metadata(x.Metadata)
	if l := x.LocalizedReferences; l != nil {
		list(p, "LocalizedResourcesReferences", l.References, func(r LocalizedReference) {
			p.empty("LocalizedResourcesReference", of("Language", r.Language), of("LocalizedResourcesReferenceId", r.ID), of("Url", r.URL))
		})
	}
	p.close("ContentDefinition")
}

func (p *printer) localization(e *Effective) {
	s := e.SupportedLanguages
	if len(s.Languages) == 0 && e.LocalizedResources.Len() == 0 {
		return
	}
	enabled := "false"
	if e.LocalizationEnabled {
		enabled = "true"
	}
	p.open("Localization", attr{"Enabled", enabled})
	list(p, "SupportedLanguages", s.Languages, func(l Text) { p.text("SupportedLanguage", l) }, of("DefaultLanguage", s.DefaultLanguage), of("PolicyLanguage", s.PolicyLanguage))
	for _, r := range e.LocalizedResources.All() {
		p.open("LocalizedResources", of("Id", r.ID), of("Culture", r.Culture))
		list(p, "LocalizedCollections", r.Collections, func(c LocalizedCollection) {
			p.open("LocalizedCollection", of("ElementType", c.ElementType), of("ElementId", c.ElementID), of("TargetCollection", c.TargetCollection))
			for _, i := range c.Items {
				p.enumeration("Item", i)
			}
			p.close("LocalizedCollection")
		})
		list(p, "LocalizedStrings", r.Strings, func(t LocalizedString) {
			p.text("LocalizedString", t.Value, of("ElementType", t.ElementType), of("ElementId", t.ElementID), of("StringId", t.StringID))
		})
		p.close("LocalizedResources")
	}
	p.close("Localization")
}

func (p *printer) claims(container, name string, refs []*ClaimReference) {
	list(p, container, refs, func(r *ClaimReference) {
		p.empty(name, of("ClaimTypeReferenceId", r.Claim), of("DisplayControlReferenceId", r.DisplayControl), of("ControlClaimType", r.ControlClaimType),
			of("PartnerClaimType", r.Partner), of("DefaultValue", r.DefaultValue), of("AlwaysUseDefaultValue", r.AlwaysUseDefaultValue),
			of("Required", r.Required), of("OverwriteIfExists", r.OverwriteIfExists))
	})
}

// claimsProviders keeps the grouping of profiles by provider, because the providers' domains serve
// domain_hint.
func (p *printer) claimsProviders(e *Effective) {
	list(p, "ClaimsProviders", e.TechnicalProfiles.All(), func(tp *TechnicalProfile) {
		p.open("ClaimsProvider")
		list(p, "Domains", tp.Domains, func(d Text) { p.text("Domain", d) })
		p.text("Domain", tp.Domain)
		p.text("DisplayName", tp.DisplayName)
		p.open("TechnicalProfiles")
		p.profile(tp)
		p.close("TechnicalProfiles")
		p.close("ClaimsProvider")
	})
}

func (p *printer) profile(x *TechnicalProfile) {
	p.open("TechnicalProfile", of("Id", x.ID))
	p.text("DisplayName", x.DisplayName)
	p.text("Description", x.Description)
	if x.Protocol.Name.Set() {
		p.empty("Protocol", of("Name", x.Protocol.Name), of("Handler", x.Protocol.Handler))
	}
	p.text("InputTokenFormat", x.InputTokenFormat)
	p.text("OutputTokenFormat", x.OutputTokenFormat)
	if s := x.SubjectAuthentication; s != nil {
		p.empty("SubjectAuthenticationRequirements", of("TimeToLive", s.TimeToLive), of("ResetExpiryWhenTokenIssued", s.ResetExpiryWhenTokenIssued))
	}
	p.metadata(x.Metadata)
	list(p, "CryptographicKeys", x.Keys, func(k KeyReference) { p.empty("Key", of("Id", k.ID), of("StorageReferenceId", k.Storage)) })
	p.text("IncludeInSso", x.IncludeInSSO)
	reference := func(name string) func(Text) { return func(t Text) { p.empty(name, of("ReferenceId", t)) } }
	list(p, "InputClaimsTransformations", x.InputTransformations, reference("InputClaimsTransformation"))
	p.claims("InputClaims", "InputClaim", x.InputClaims)
	p.claims("DisplayClaims", "DisplayClaim", x.DisplayClaims)
	p.claims("PersistedClaims", "PersistedClaim", x.PersistedClaims)
	p.claims("OutputClaims", "OutputClaim", x.OutputClaims)
	list(p, "OutputClaimsTransformations", x.OutputTransformations, reference("OutputClaimsTransformation"))
	list(p, "ValidationTechnicalProfiles", x.Validations, func(v ValidationReference) { p.validation("ValidationTechnicalProfile", "ReferenceId", v) })
	if s := x.SubjectNaming; s != nil {
		p.empty("SubjectNamingInfo", of("ClaimType", s.ClaimType), of("NameQualifier", s.NameQualifier), of("SPNameQualifier", s.SPNameQualifier),
			of("Format", s.Format), of("SPProvidedID", s.SPProvidedID), of("ExcludeAsClaim", s.ExcludeAsClaim))
	}
	if x.Session.Set() {
		p.empty("UseTechnicalProfileForSessionManagement", of("ReferenceId", x.Session))
	}
	p.text("EnabledForUserJourneys", x.EnabledForJourneys)
	p.close("TechnicalProfile")
}

func (p *printer) validation(name, reference string, v ValidationReference) {
	attrs := []attr{of(reference, v.TechnicalProfile), of("ContinueOnSuccess", v.ContinueOnSuccess), of("ContinueOnError", v.ContinueOnError)}
	if len(v.Preconditions) == 0 {
		p.empty(name, attrs...)
		return
	}
	p.open(name, attrs...)
	p.preconditions(v.Preconditions)
	p.close(name)
}

func (p *printer) preconditions(preconditions []Precondition) {
	list(p, "Preconditions", preconditions, func(x Precondition) {
		p.open("Precondition", of("Type", x.Type), of("ExecuteActionsIf", x.ExecuteActionsIf))
		for _, v := range x.Values {
			p.text("Value", v)
		}
		for _, a := range x.Actions {
			p.text("Action", a)
		}
		p.close("Precondition")
	})
}

func (p *printer) journeys(container, name string, journeys []*UserJourney) {
	list(p, container, journeys, func(j *UserJourney) {
		p.open(name, of("Id", j.ID), of("Type", j.Type), of("NonInteractive", j.NonInteractive), of("DefaultCpimIssuerTechnicalProfileReferenceId", j.DefaultIssuer))
		p.text("AssuranceLevel", j.AssuranceLevel)
		p.text("PreserveOriginalAssertion", j.PreserveOriginalAssertion)
		if len(j.AuthorizationProfiles) > 0 {
			p.open("Authorization")
			list(p, "AuthorizationTechnicalProfiles", j.AuthorizationProfiles, func(t Text) { p.empty("AuthorizationTechnicalProfile", of("ReferenceId", t)) })
			p.close("Authorization")
		}
		list(p, "OrchestrationSteps", ordered(j), p.step)
		if j.ClientDefinition.Set() {
			p.empty("ClientDefinition", of("ReferenceId", j.ClientDefinition))
		}
		p.close(name)
	})
}

func (p *printer) step(s *OrchestrationStep) {
	p.open("OrchestrationStep", of("Order", s.Order), of("Type", s.Type), of("ContentDefinitionReferenceId", s.ContentDefinition), of("CpimIssuerTechnicalProfileReferenceId", s.Issuer))
	p.preconditions(s.Preconditions)
	list(p, "ClaimsProviderSelections", s.Selections, func(x ProviderSelection) {
		p.empty("ClaimsProviderSelection", of("TargetClaimsExchangeId", x.Target), of("ValidationClaimsExchangeId", x.Validation))
	}, of("DisplayOption", s.DisplayOption))
	list(p, "ClaimsExchanges", s.Exchanges, func(x ClaimsExchange) {
		p.empty("ClaimsExchange", of("Id", x.ID), of("TechnicalProfileReferenceId", x.TechnicalProfile))
	})
	list(p, "JourneyList", s.Candidates, func(t Text) { p.empty("Candidate", of("SubJourneyReferenceId", t)) })
	p.close("OrchestrationStep")
}

func (p *printer) relyingParty(rp *RelyingParty) {
	if rp == nil {
		return
	}
	p.open("RelyingParty")
	p.empty("DefaultUserJourney", of("ReferenceId", rp.DefaultJourney))
	list(p, "Endpoints", rp.Endpoints, func(e Endpoint) { p.empty("Endpoint", of("Id", e.ID), of("UserJourneyReferenceId", e.Journey)) })
	if b := rp.Behaviors; b != nil {
		p.open("UserJourneyBehaviors")
		if s := b.SingleSignOn; s != nil {
			p.empty("SingleSignOn", of("Scope", s.Scope), of("KeepAliveInDays", s.KeepAliveInDays), of("EnforceIdTokenHintOnLogout", s.EnforceIDTokenHintOnLogout))
		}
		p.text("SessionExpiryType", b.SessionExpiryType)
		p.text("SessionExpiryInSeconds", b.SessionExpiryInSeconds)
		if i := b.Insights; i != nil {
			p.empty(i.Element, of("TelemetryEngine", i.TelemetryEngine), of("InstrumentationKey", i.InstrumentationKey), of("ConnectionString", i.ConnectionString),
				of("DeveloperMode", i.DeveloperMode), of("ClientEnabled", i.ClientEnabled), of("ServerEnabled", i.ServerEnabled), of("TelemetryVersion", i.TelemetryVersion))
		}
		list(p, "ContentDefinitionParameters", b.ContentDefinitionParameters, func(x Parameter) { p.text("Parameter", x.Value, of("Name", x.Name)) })
		if f := b.JourneyFraming; f != nil {
			p.empty("JourneyFraming", of("Enabled", f.Enabled), of("Sources", f.Sources))
		}
		p.text("ScriptExecution", b.ScriptExecution)
		if b.OnErrorMode.Set() {
			p.empty("OnError", of("Mode", b.OnErrorMode))
		}
		p.close("UserJourneyBehaviors")
	}
	for _, tp := range rp.TechnicalProfiles {
		p.profile(tp)
	}
	p.close("RelyingParty")
}
