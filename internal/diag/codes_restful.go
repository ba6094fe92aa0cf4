package diag

// Codes JM41xx: RESTful technical profiles.
const (
	BadServiceURL Code = "JM4101"
	InsecureREST  Code = "JM4102"
	NotAnInput    Code = "JM4103"
	BadJSONPath   Code = "JM4104"
)

var restfulCodes = map[Code]Entry{
	BadServiceURL: {Error, "Invalid ServiceUrl", "ServiceUrl is no absolute https address, or has a placeholder in its host.", "Write an absolute address; placeholders may stand in path and query."},
	InsecureREST:  {Error, "Insecure API call", "An API is called without authentication, over http or without certificate checks in a policy for production.", "Authenticate and use https, or say with AllowInsecureAuthInProduction or DeploymentMode that it is meant."},
	NotAnInput:    {Error, "Not an input claim", "Metadata or ServiceUrl name a claim that isn't an input claim of the profile.", "Add the claim to the InputClaims."},
	BadJSONPath:   {Error, "Invalid JSON path", "With ResolveJsonPathsInJsonTokens, PartnerClaimType must be a JSON path.", "Write a path such as data[0].email."},
}
