package diag

// Codes JM2xxx: inheritance and references.
const (
	MissingBase          Code = "JM2001"
	BaseCycle            Code = "JM2002"
	ChainTooLong         Code = "JM2003"
	BaseTenant           Code = "JM2004"
	IncludeCycle         Code = "JM2005"
	WrongTenant          Code = "JM2006"
	UndeclaredClaimType  Code = "JM2101"
	UndeclaredTransform  Code = "JM2102"
	UndeclaredProfile    Code = "JM2103"
	UndeclaredContent    Code = "JM2104"
	UndeclaredPredicate  Code = "JM2105"
	UndeclaredValidation Code = "JM2106"
	UndeclaredResource   Code = "JM2107"
	UndeclaredJourney    Code = "JM2108"
	UndeclaredSubJourney Code = "JM2109"
	UndeclaredControl    Code = "JM2110"
	UndeclaredClientDef  Code = "JM2111"
)

var referenceCodes = map[Code]Entry{
	MissingBase:          {Error, "Base policy not found", "The policy named by BasePolicy isn't there.", "Upload the base first, or correct its id."},
	BaseCycle:            {Error, "Cycle of bases", "A policy inherits from itself.", "Make one of the policies the root."},
	ChainTooLong:         {Error, "Too many levels", "A policy inherits over more than ten levels.", "Merge some levels."},
	BaseTenant:           {Error, "Base in another tenant", "BasePolicy names another tenant.", "Keep base and child in one tenant."},
	IncludeCycle:         {Error, "Cycle of includes", "A technical profile includes itself.", "Remove one of the includes."},
	WrongTenant:          {Error, "Wrong tenant", "The policy's TenantId isn't the tenant that it is uploaded to.", "Write the tenant's name."},
	UndeclaredClaimType:  {Error, "Unknown claim type", "A reference names a claim type that neither the policy nor its bases declare.", "Declare it under ClaimsSchema or correct the id."},
	UndeclaredTransform:  {Error, "Unknown claims transformation", "A reference names a claims transformation that isn't declared.", "Declare it under ClaimsTransformations or correct the id."},
	UndeclaredProfile:    {Error, "Unknown technical profile", "A reference names a technical profile that isn't declared.", "Declare it in a ClaimsProvider or correct the id."},
	UndeclaredContent:    {Error, "Unknown content definition", "A reference names a content definition that isn't declared.", "Declare it under ContentDefinitions or correct the id."},
	UndeclaredPredicate:  {Error, "Unknown predicate", "A predicate validation names a predicate that isn't declared.", "Declare it under Predicates or correct the id."},
	UndeclaredValidation: {Error, "Unknown predicate validation", "A claim type names a predicate validation that isn't declared.", "Declare it under PredicateValidations or correct the id."},
	UndeclaredResource:   {Error, "Unknown localized resource", "A content definition names localized resources that aren't declared.", "Declare them under Localization or correct the id."},
	UndeclaredJourney:    {Error, "Unknown user journey", "A relying party names a user journey that isn't declared.", "Declare it under UserJourneys or correct the id."},
	UndeclaredSubJourney: {Error, "Unknown sub journey", "A step names a sub journey that isn't declared.", "Declare it under SubJourneys or correct the id."},
	UndeclaredControl:    {Error, "Unknown display control", "A display claim names a display control that isn't declared.", "Declare it under DisplayControls or correct the id."},
	UndeclaredClientDef:  {Error, "Unknown client definition", "A journey names a client definition that isn't declared.", "Declare it under ClientDefinitions or correct the id."},
}
