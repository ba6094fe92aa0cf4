package diag

// Codes JM6xxx: the relying party.
const (
	OutputWithoutSource Code = "JM6001"
	UnknownSubject      Code = "JM6002"
	OutOfRange          Code = "JM6003"
	PlaceholderID       Code = "JM6004"
)

var relyingPartyCodes = map[Code]Entry{
	OutputWithoutSource: {Error, "Output claim without source", "An output claim of the relying party is the output of no step and has no DefaultValue.", "Put it out in a step or give it a DefaultValue, which may be empty."},
	UnknownSubject:      {Error, "Unknown subject", "SubjectNamingInfo names a claim that the relying party doesn't put out.", "Name the PartnerClaimType of one of the output claims."},
	OutOfRange:          {Error, "Setting out of range", "A session setting is outside the range that is allowed.", "Use a number within the range."},
	PlaceholderID:       {Warning, "Placeholder", "A metadata item still has the starter pack's placeholder; users who come this way see an error.", "Write the id of your application."},
}
