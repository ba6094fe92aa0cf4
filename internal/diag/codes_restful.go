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
		Cause: "ServiceUrl is no absolute https address, or has a placeholder in its host.",
		Cure:  "Write an absolute address; placeholders may stand in path and query.",
	},
	InsecureREST: {
		Severity: Error, Title: "Insecure API call",
		Cause: "An API is called without authentication, over http or without certificate checks in a policy for production.",
		Cure:  "Authenticate and use https, or say with AllowInsecureAuthInProduction or DeploymentMode that it is meant.",
	},
	NotAnInput: {
		Severity: Error, Title: "Not an input claim",
		Cause: "Metadata or ServiceUrl name a claim that isn't an input claim of the profile.",
		Cure:  "Add the claim to the InputClaims.",
	},
	BadJSONPath: {
		Severity: Error, Title: "Invalid JSON path",
		Cause: "With ResolveJsonPathsInJsonTokens, PartnerClaimType must be a JSON path.",
		Cure:  "Write a path such as data[0].email.",
	},
}
