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
		Cause:   "ServiceUrl isn't an absolute https address, or its host contains a placeholder.",
		Cure:    "Write an absolute address; placeholders may be in path and query.",
		Refused: "Posted: azure-docs#74420, of a placeholder in the host.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="ServiceUrl">api.example</Item></Metadata></TechnicalProfile>`)},
	},
	InsecureREST: {
		Severity: Error, Title: "Insecure API call",
		Cause:   "A policy for production calls an API without authentication, over http or without certificate checks.",
		Cure:    "Use authentication and https, or allow the call with AllowInsecureAuthInProduction or DeploymentMode.",
		Refused: "Posted: azure-docs#49246 (\"uses an insecure authentication mode\"); for http, the documentation of AADB2C90256.",
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
		Cause: "The profile sets ResolveJsonPathsInJsonTokens, but a PartnerClaimType isn't a JSON path. It finds nothing.",
		Cure:  "Write a path such as data[0].email.",
		Example: Example{Policy: profiles(`<TechnicalProfile Id="API"><Metadata><Item Key="ResolveJsonPathsInJsonTokens">true</Item></Metadata>
<OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="user[" /></OutputClaims></TechnicalProfile>`)},
	},
}
