package diag

// Codes JM41xx: RESTful technical profiles.
const (
	BadServiceURL Code = "JM4101"
	InsecureREST  Code = "JM4102"
	NotAnInput    Code = "JM4103"
	BadJSONPath   Code = "JM4104"
)

var restfulCodes = map[Code]Entry{
	BadServiceURL: {
		Severity: Error, Title: "Invalid ServiceUrl",
		Cause:   "ServiceUrl is no absolute https address, or has a placeholder in its host.",
		Cure:    "Write an absolute address; placeholders may stand in path and query.",
		Refused: "Posted: azure-docs#74420, of a placeholder in the host.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="ServiceUrl">api.example</Item></Metadata></TechnicalProfile>`)},
	},
	InsecureREST: {
		Severity: Error, Title: "Insecure API call",
		Cause:   "An API is called without authentication, over http or without certificate checks in a policy for production.",
		Cure:    "Authenticate and use https, or say with AllowInsecureAuthInProduction or DeploymentMode that it is meant.",
		Refused: "Posted: azure-docs#49246 (\"uses an insecure authentication mode\"); of http documented with AADB2C90256.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="ServiceUrl">http://api.example/</Item></Metadata></TechnicalProfile>`)},
	},
	NotAnInput: {
		Severity: Error, Title: "Not an input claim",
		Cause:   "Metadata or ServiceUrl name a claim that isn't an input claim of the profile.",
		Cure:    "Add the claim to the InputClaims.",
		Refused: "Documented: the claim must be one of the input claims.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="UseClaimAsBearerToken">token</Item></Metadata></TechnicalProfile>`)},
	},
	BadJSONPath: {
		Severity: Warning, Title: "Invalid JSON path",
		Cause: "With ResolveJsonPathsInJsonTokens, a PartnerClaimType is no JSON path; nothing is found by it.",
		Cure:  "Write a path such as data[0].email.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="ResolveJsonPathsInJsonTokens">true</Item></Metadata>
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="user[" /></OutputClaims></TechnicalProfile>`)},
	},
}
