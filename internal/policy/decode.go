package policy

import "strings"

// attr returns an attribute as written; ids and references are trimmed.
func (n *node) attr(name string) Text {
	if n == nil {
		return Text{}
	}
	for _, a := range n.attrs {
		if a.name != name {
			continue
		}
		if strings.HasSuffix(name, "Id") {
			return Text{strings.TrimSpace(a.value), a.pos}
		}
		return Text{a.value, a.pos}
	}
	return Text{}
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// all collects the children of every wrapper of one name, because wrappers may repeat.
func (n *node) all(wrapper, name string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, w := range n.children {
		if w.name == wrapper {
			found = append(found, w.named(name)...)
		}
	}
	return found
}

func (n *node) named(name string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, c := range n.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	return found
}

// content returns an element's text as written; trimmed returns it without surrounding blanks.
func (n *node) content() Text {
	if n == nil {
		return Text{}
	}
	return Text{n.text, n.textPosition()}
}

func (n *node) trimmed() Text {
	t := n.content()
	t.Value = strings.TrimSpace(t.Value)
	return t
}

func convert[T any](nodes []*node, f func(*node) T) []T {
	if len(nodes) == 0 {
		return nil
	}
	out := make([]T, len(nodes))
	for i, n := range nodes {
		out[i] = f(n)
	}
	return out
}

func decode(file string, n *node) *Document {
	d := &Document{
		File: file, Pos: n.pos,
		SchemaVersion: n.attr("PolicySchemaVersion"), TenantID: n.attr("TenantId"), TenantObjectID: n.attr("TenantObjectId"),
		PolicyID: normalID(n.attr("PolicyId")), PublicPolicyURI: n.attr("PublicPolicyUri"), DeploymentMode: n.attr("DeploymentMode"),
		RecorderEndpoint: n.attr("UserJourneyRecorderEndpoint"),
	}
	if b := n.child("BasePolicy"); b != nil {
		d.Base = &BasePolicy{Pos: b.pos, TenantID: b.child("TenantId").trimmed(), PolicyID: normalID(b.child("PolicyId").trimmed())}
	}
	blocks := n.child("BuildingBlocks")
	d.ClaimTypes = convert(blocks.all("ClaimsSchema", "ClaimType"), decodeClaimType)
	d.Predicates = convert(blocks.all("Predicates", "Predicate"), decodePredicate)
	d.InputValidations = convert(blocks.all("InputValidations", "InputValidation"), decodeInputValidation)
	d.PredicateValidations = convert(blocks.all("PredicateValidations", "PredicateValidation"), decodePredicateValidation)
	d.ClaimsTransformations = convert(blocks.all("ClaimsTransformations", "ClaimsTransformation"), decodeTransformation)
	d.ClientDefinitions = convert(blocks.all("ClientDefinitions", "ClientDefinition"), func(n *node) *ClientDefinition {
		return &ClientDefinition{Pos: n.pos, ID: n.attr("Id"), UIFilterFlags: n.child("ClientUIFilterFlags").trimmed()}
	})
	d.ContentDefinitions = convert(blocks.all("ContentDefinitions", "ContentDefinition"), decodeContent)
	if l := blocks.child("Localization"); l != nil {
		d.Localization = decodeLocalization(l)
	}
	d.DisplayControls = convert(blocks.all("DisplayControls", "DisplayControl"), decodeDisplayControl)
	d.ClaimsProviders = convert(n.all("ClaimsProviders", "ClaimsProvider"), decodeProvider)
	d.UserJourneys = convert(n.all("UserJourneys", "UserJourney"), decodeJourney)
	d.SubJourneys = convert(n.all("SubJourneys", "SubJourney"), decodeJourney)
	if rp := n.child("RelyingParty"); rp != nil {
		d.RelyingParty = decodeRelyingParty(rp)
	}
	return d
}

func decodeClaimType(n *node) *ClaimType {
	t := &ClaimType{
		Pos: n.pos, ID: n.attr("Id"), StatementType: n.attr("StatementType"), DisplayName: n.child("DisplayName").trimmed(),
		DataType: n.child("DataType").trimmed(), AdminHelpText: n.child("AdminHelpText").trimmed(),
		UserHelpText: n.child("UserHelpText").trimmed(), UserInputType: n.child("UserInputType").trimmed(),
		InputValidation: n.child("InputValidationReference").attr("Id"), PredicateValidation: n.child("PredicateValidationReference").attr("Id"),
	}
	t.DefaultPartnerClaimTypes = convert(n.all("DefaultPartnerClaimTypes", "Protocol"), func(n *node) PartnerClaimType {
		return PartnerClaimType{n.pos, n.attr("Name"), n.attr("Handler"), n.attr("PartnerClaimType")}
	})
	if m := n.child("Mask"); m != nil {
		t.Mask = &Mask{m.pos, m.attr("Type"), m.attr("Regex"), m.content()}
	}
	if r := n.child("Restriction"); r != nil {
		t.Restriction = &Restriction{Pos: r.pos, MergeBehavior: r.attr("MergeBehavior"), Enumerations: convert(r.named("Enumeration"), decodeEnumeration)}
		if p := r.child("Pattern"); p != nil {
			t.Restriction.Pattern = &Pattern{p.pos, p.attr("RegularExpression"), p.attr("HelpText")}
		}
	}
	return t
}

func decodeEnumeration(n *node) Enumeration {
	return Enumeration{n.pos, n.attr("Text"), n.attr("Value"), n.attr("SelectByDefault")}
}

func decodePredicate(n *node) *Predicate {
	return &Predicate{
		Pos: n.pos, ID: n.attr("Id"), Method: n.attr("Method"), HelpText: n.attr("HelpText"), UserHelpText: n.child("UserHelpText").trimmed(),
		Parameters: convert(n.all("Parameters", "Parameter"), func(n *node) PredicateParameter {
			return PredicateParameter{n.pos, n.attr("Id"), n.content()}
		}),
	}
}

func decodeReferences(n *node) []Text {
	return convert(n.named("PredicateReference"), func(n *node) Text { return n.attr("Id") })
}

func decodeInputValidation(n *node) *PredicateValidation {
	return &PredicateValidation{Pos: n.pos, ID: n.attr("Id"), Groups: convert(n.named("PredicateReferences"), func(n *node) PredicateGroup {
		return PredicateGroup{Pos: n.pos, ID: n.attr("Id"), UserHelpText: n.attr("HelpText"), MatchAtLeast: n.attr("MatchAtLeast"), Reject: n.attr("Reject"), References: decodeReferences(n)}
	})}
}

func decodePredicateValidation(n *node) *PredicateValidation {
	return &PredicateValidation{Pos: n.pos, ID: n.attr("Id"), Groups: convert(n.all("PredicateGroups", "PredicateGroup"), func(n *node) PredicateGroup {
		refs := n.child("PredicateReferences")
		return PredicateGroup{Pos: n.pos, ID: n.attr("Id"), UserHelpText: n.child("UserHelpText").trimmed(),
			MatchAtLeast: refs.attr("MatchAtLeast"), Reject: refs.attr("Reject"), References: decodeReferences(refs)}
	})}
}

func decodeTransformation(n *node) *ClaimsTransformation {
	claim := func(n *node) TransformationClaim {
		return TransformationClaim{n.pos, n.attr("ClaimTypeReferenceId"), n.attr("TransformationClaimType")}
	}
	return &ClaimsTransformation{
		Pos: n.pos, ID: n.attr("Id"), Method: n.attr("TransformationMethod"),
		InputClaims: convert(n.all("InputClaims", "InputClaim"), claim), OutputClaims: convert(n.all("OutputClaims", "OutputClaim"), claim),
		InputParameters: convert(n.all("InputParameters", "InputParameter"), func(n *node) TransformationParameter {
			return TransformationParameter{n.pos, n.attr("Id"), n.attr("DataType"), n.attr("Value")}
		}),
	}
}

func decodeMetadata(n *node) Metadata {
	return convert(n.all("Metadata", "Item"), func(n *node) MetadataItem {
		key := n.attr("Key")
		key.Value = strings.TrimSpace(key.Value)
		return MetadataItem{n.pos, key, n.content()}
	})
}

func decodeContent(n *node) *ContentDefinition {
	c := &ContentDefinition{
		Pos: n.pos, ID: n.attr("Id"), LoadURI: n.child("LoadUri").trimmed(), RecoveryURI: n.child("RecoveryUri").trimmed(),
		DataURI: n.child("DataUri").trimmed(), Metadata: decodeMetadata(n),
	}
	if l := n.child("LocalizedResourcesReferences"); l != nil {
		c.LocalizedReferences = &LocalizedReferences{Pos: l.pos, MergeBehavior: l.attr("MergeBehavior"),
			References: convert(l.named("LocalizedResourcesReference"), func(n *node) LocalizedReference {
				return LocalizedReference{n.pos, n.attr("Language"), n.attr("LocalizedResourcesReferenceId"), n.attr("Url")}
			})}
	}
	return c
}

func decodeLocalization(n *node) *Localization {
	l := &Localization{Pos: n.pos, Enabled: n.attr("Enabled")}
	if s := n.child("SupportedLanguages"); s != nil {
		l.Supported = &SupportedLanguages{s.pos, s.attr("DefaultLanguage"), s.attr("PolicyLanguage"), s.attr("MergeBehavior"),
			convert(s.named("SupportedLanguage"), (*node).trimmed)}
	}
	l.Resources = convert(n.named("LocalizedResources"), func(n *node) *LocalizedResources {
		return &LocalizedResources{
			Pos: n.pos, ID: n.attr("Id"), Culture: n.attr("Culture"),
			Collections: convert(n.all("LocalizedCollections", "LocalizedCollection"), func(n *node) LocalizedCollection {
				return LocalizedCollection{n.pos, n.attr("ElementType"), n.attr("ElementId"), n.attr("TargetCollection"), convert(n.named("Item"), decodeEnumeration)}
			}),
			Strings: convert(n.all("LocalizedStrings", "LocalizedString"), func(n *node) LocalizedString {
				return LocalizedString{n.pos, n.attr("ElementType"), n.attr("ElementId"), n.attr("StringId"), n.content()}
			}),
		}
	})
	return l
}

func decodeDisplayControl(n *node) *DisplayControl {
	return &DisplayControl{
		Pos: n.pos, ID: n.attr("Id"), Type: n.attr("UserInterfaceControlType"),
		InputClaims:   convert(n.all("InputClaims", "InputClaim"), decodeClaim),
		DisplayClaims: convert(n.all("DisplayClaims", "DisplayClaim"), decodeClaim),
		OutputClaims:  convert(n.all("OutputClaims", "OutputClaim"), decodeClaim),
		Actions: convert(n.all("Actions", "Action"), func(n *node) DisplayControlAction {
			return DisplayControlAction{n.pos, n.attr("Id"), convert(n.all("ValidationClaimsExchange", "ValidationClaimsExchangeTechnicalProfile"), func(n *node) ValidationReference {
				v := decodeValidation(n)
				v.TechnicalProfile = n.attr("TechnicalProfileReferenceId")
				return v
			})}
		}),
	}
}

func decodeClaim(n *node) *ClaimReference {
	return &ClaimReference{
		Pos: n.pos, Claim: n.attr("ClaimTypeReferenceId"), DisplayControl: n.attr("DisplayControlReferenceId"),
		ControlClaimType: n.attr("ControlClaimType"), Partner: n.attr("PartnerClaimType"), DefaultValue: n.attr("DefaultValue"),
		AlwaysUseDefaultValue: n.attr("AlwaysUseDefaultValue"), Required: n.attr("Required"),
		OverwriteIfExists: n.attr("OverwriteIfExists"), FromTechnicalProfileID: n.child("From").attr("TechnicalProfileReferenceId"),
	}
}

func decodeValidation(n *node) ValidationReference {
	return ValidationReference{Pos: n.pos, TechnicalProfile: n.attr("ReferenceId"), ContinueOnSuccess: n.attr("ContinueOnSuccess"),
		ContinueOnError: n.attr("ContinueOnError"), Preconditions: decodePreconditions(n)}
}

func decodePreconditions(n *node) []Precondition {
	return convert(n.all("Preconditions", "Precondition"), func(n *node) Precondition {
		return Precondition{n.pos, n.attr("Type"), n.attr("ExecuteActionsIf"), convert(n.named("Value"), (*node).trimmed), convert(n.named("Action"), (*node).trimmed)}
	})
}

func decodeProvider(n *node) *ClaimsProvider {
	p := &ClaimsProvider{Pos: n.pos, Domain: n.child("Domain").trimmed(), Domains: convert(n.all("Domains", "Domain"), (*node).trimmed),
		DisplayName: n.child("DisplayName").trimmed(), TechnicalProfiles: convert(n.all("TechnicalProfiles", "TechnicalProfile"), decodeProfile)}
	for _, tp := range p.TechnicalProfiles {
		tp.Domain, tp.Domains = p.Domain, p.Domains
	}
	return p
}

var ignoredElements = []string{"AssuranceLevelOfOutputClaims", "RequiredAssuranceLevelsOfInputClaims", "Suppressions", "PreferredBinding",
	"InputTokenSources", "Extensions", "IncludeClaimsFromTechnicalProfile", "ErrorHandlers"}

func decodeProfile(n *node) *TechnicalProfile {
	reference := func(n *node) Text { return n.attr("ReferenceId") }
	tp := &TechnicalProfile{
		Pos: n.pos, ID: n.attr("Id"), DisplayName: n.child("DisplayName").trimmed(), Description: n.child("Description").trimmed(),
		InputTokenFormat: n.child("InputTokenFormat").trimmed(), OutputTokenFormat: n.child("OutputTokenFormat").trimmed(),
		Metadata: decodeMetadata(n), IncludeInSSO: n.child("IncludeInSso").trimmed(),
		Keys: convert(n.all("CryptographicKeys", "Key"), func(n *node) KeyReference {
			return KeyReference{n.pos, n.attr("Id"), n.attr("StorageReferenceId")}
		}),
		InputTransformations:  convert(n.all("InputClaimsTransformations", "InputClaimsTransformation"), reference),
		InputClaims:           convert(n.all("InputClaims", "InputClaim"), decodeClaim),
		DisplayClaims:         convert(n.all("DisplayClaims", "DisplayClaim"), decodeClaim),
		PersistedClaims:       convert(n.all("PersistedClaims", "PersistedClaim"), decodeClaim),
		OutputClaims:          convert(n.all("OutputClaims", "OutputClaim"), decodeClaim),
		OutputTransformations: convert(n.all("OutputClaimsTransformations", "OutputClaimsTransformation"), reference),
		Validations:           convert(n.all("ValidationTechnicalProfiles", "ValidationTechnicalProfile"), decodeValidation),
		Includes:              convert(n.named("IncludeTechnicalProfile"), reference),
		Session:               n.child("UseTechnicalProfileForSessionManagement").attr("ReferenceId"),
		EnabledForJourneys:    n.child("EnabledForUserJourneys").trimmed(),
	}
	if p := n.child("Protocol"); p != nil {
		tp.Protocol = Protocol{p.pos, p.attr("Name"), p.attr("Handler")}
	}
	if s := n.child("SubjectAuthenticationRequirements"); s != nil {
		tp.SubjectAuthentication = &SubjectAuthentication{s.pos, s.attr("TimeToLive"), s.attr("ResetExpiryWhenTokenIssued")}
	}
	if s := n.child("SubjectNamingInfo"); s != nil {
		tp.SubjectNaming = &SubjectNaming{s.pos, s.attr("ClaimType"), s.attr("Format"), s.attr("NameQualifier"), s.attr("SPNameQualifier"), s.attr("SPProvidedID"), s.attr("ExcludeAsClaim")}
	}
	for _, name := range ignoredElements {
		if e := n.child(name); e != nil {
			tp.Ignored = append(tp.Ignored, Text{name, e.pos})
		}
	}
	return tp
}

func decodeJourney(n *node) *UserJourney {
	j := &UserJourney{
		Pos: n.pos, ID: n.attr("Id"), Type: n.attr("Type"), NonInteractive: n.attr("NonInteractive"),
		DefaultIssuer: n.attr("DefaultCpimIssuerTechnicalProfileReferenceId"), AssuranceLevel: n.child("AssuranceLevel").trimmed(),
		PreserveOriginalAssertion:  n.child("PreserveOriginalAssertion").trimmed(),
		ClientDefinition:           n.child("ClientDefinition").attr("ReferenceId"),
		HasUnusedCryptographicKeys: n.child("CryptographicKeys") != nil,
	}
	if a := n.child("Authorization"); a != nil {
		j.AuthorizationProfiles = convert(a.all("AuthorizationTechnicalProfiles", "AuthorizationTechnicalProfile"), func(n *node) Text { return n.attr("ReferenceId") })
	}
	j.Steps = convert(n.all("OrchestrationSteps", "OrchestrationStep"), decodeStep)
	return j
}

func decodeStep(n *node) *OrchestrationStep {
	return &OrchestrationStep{
		Pos: n.pos, Order: n.attr("Order"), Type: n.attr("Type"), ContentDefinition: n.attr("ContentDefinitionReferenceId"),
		Issuer: n.attr("CpimIssuerTechnicalProfileReferenceId"), Preconditions: decodePreconditions(n),
		DisplayOption: n.child("ClaimsProviderSelections").attr("DisplayOption"),
		Selections: convert(n.all("ClaimsProviderSelections", "ClaimsProviderSelection"), func(n *node) ProviderSelection {
			return ProviderSelection{n.pos, n.attr("TargetClaimsExchangeId"), n.attr("ValidationClaimsExchangeId")}
		}),
		Exchanges: convert(n.all("ClaimsExchanges", "ClaimsExchange"), func(n *node) ClaimsExchange {
			return ClaimsExchange{Pos: n.pos, ID: n.attr("Id"), TechnicalProfile: n.attr("TechnicalProfileReferenceId")}
		}),
		Candidates: convert(n.all("JourneyList", "Candidate"), func(n *node) Text { return n.attr("SubJourneyReferenceId") }),
	}
}

func decodeRelyingParty(n *node) *RelyingParty {
	rp := &RelyingParty{
		Pos: n.pos, DefaultJourney: n.child("DefaultUserJourney").attr("ReferenceId"),
		Endpoints: convert(n.all("Endpoints", "Endpoint"), func(n *node) Endpoint {
			return Endpoint{n.pos, n.attr("Id"), n.attr("UserJourneyReferenceId")}
		}),
		TechnicalProfiles: convert(n.named("TechnicalProfile"), decodeProfile),
	}
	b := n.child("UserJourneyBehaviors")
	if b == nil {
		return rp
	}
	rp.Behaviors = &Behaviors{
		Pos: b.pos, SessionExpiryType: b.child("SessionExpiryType").trimmed(), SessionExpiryInSeconds: b.child("SessionExpiryInSeconds").trimmed(),
		ScriptExecution: b.child("ScriptExecution").trimmed(), OnErrorMode: b.child("OnError").attr("Mode"),
		ContentDefinitionParameters: convert(b.all("ContentDefinitionParameters", "Parameter"), func(n *node) Parameter {
			return Parameter{n.pos, n.attr("Name"), n.trimmed()}
		}),
	}
	if s := b.child("SingleSignOn"); s != nil {
		rp.Behaviors.SingleSignOn = &SingleSignOn{s.pos, s.attr("Scope"), s.attr("KeepAliveInDays"), s.attr("EnforceIdTokenHintOnLogout")}
	}
	for _, name := range []string{"JourneyInsights", "AzureApplicationInsights"} {
		if i := b.child(name); i != nil && rp.Behaviors.Insights == nil {
			rp.Behaviors.Insights = &Insights{i.pos, name, i.attr("TelemetryEngine"), i.attr("InstrumentationKey"), i.attr("ConnectionString"),
				i.attr("DeveloperMode"), i.attr("ClientEnabled"), i.attr("ServerEnabled"), i.attr("TelemetryVersion")}
		}
	}
	if f := b.child("JourneyFraming"); f != nil {
		rp.Behaviors.JourneyFraming = &JourneyFraming{f.pos, f.attr("Enabled"), f.attr("Sources")}
	}
	return rp
}
