package diag

// Codes JM6xxx: the relying party.
const (
	OutputWithoutSource Code = "JM6001"
	UnknownSubject      Code = "JM6002"
	OutOfRange          Code = "JM6003"
	PlaceholderID       Code = "JM6004"
	IncompleteParty     Code = "JM6005"
	NotChecked          Code = "JM6006"
)

var relyingPartyCodes = map[Code]Entry{
	OutputWithoutSource: {
		Severity: Error, Title: "Output claim without source",
		Cause:   "No step outputs an output claim of the relying party, and the claim has no DefaultValue.",
		Cure:    "Output the claim in a step, or give it a DefaultValue, which may be empty.",
		Refused: "Posted: azure-docs#12948 (\"is not an output claim in any of the steps\").",
		Example: Example{Policy: partyOutputs(`<OutputClaims><OutputClaim ClaimTypeReferenceId="age" /></OutputClaims>`)},
	},
	UnknownSubject: {
		Severity: Error, Title: "Unknown subject",
		Cause:   "SubjectNamingInfo names a claim that isn't an output claim of the relying party.",
		Cure:    "Name the PartnerClaimType of one of the output claims.",
		Refused: "Documented: SubjectNamingInfo names one of the output claims as the subject.",
		Example: Example{Policy: partyOutputs(`<SubjectNamingInfo ClaimType="subject" />`)},
	},
	OutOfRange: {
		Severity: Warning, Title: "Setting out of range",
		Cause:   "A session setting is outside the documented range. The nearest value within the range is used.",
		Cure:    "Use a number within the range.",
		Example: Example{Policy: party(`<UserJourneyBehaviors><SessionExpiryInSeconds>60</SessionExpiryInSeconds></UserJourneyBehaviors>`)},
	},
	PlaceholderID: {
		Severity: Warning, Title: "Placeholder",
		Cause:   "A metadata item still contains the starter pack's placeholder. Users who reach the profile see an error.",
		Cure:    "Write the id of your application.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="Social"><Metadata><Item Key="client_id">facebook_clientid</Item></Metadata></TechnicalProfile>`)},
	},
	NotChecked: {
		Severity: Info, Title: "Not checked without relying party",
		Cause:   "A policy without relying party from which none of the files inherits is checked only in part: references, structure of journeys, claims transformations.",
		Cure:    "Upload or lint a policy with a relying party that inherits from it.",
		Example: Example{Policy: schema(`<ClaimType Id="city"><DataType>string</DataType></ClaimType>`), Alone: true},
	},
	IncompleteParty: {
		Severity: Error, Several: true, Title: "Incomplete relying party",
		Cause:   "The relying party lacks a DefaultUserJourney or the protocol of its technical profile, and inherits none; or the journey of its UserInfo endpoint lacks an authorization profile or a JSON issuer.",
		Cure:    "Add the element that the message names.",
		Refused: "Posted refusals: neither the policy nor its parents have a default user journey; for endpoints, the documentation.",
		Example: Example{Policy: party(`<TechnicalProfile Id="PolicyProfile"><Protocol Name="OpenIdConnect" /></TechnicalProfile>`), Alone: true},
	},
}
