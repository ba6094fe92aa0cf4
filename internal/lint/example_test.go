package lint_test

import (
	"fmt"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
)

// Files are checked as one tenant: references between them count, and keys don't.
func ExampleCheck() {
	const head = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="%s" PublicPolicyUri="http://contoso.onmicrosoft.com/%[1]s">`
	base := fmt.Sprintf(head, "B2C_1A_Base") + `
<BuildingBlocks><ClaimsSchema><ClaimType Id="email"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
</TrustFrameworkPolicy>`
	leaf := fmt.Sprintf(head, "B2C_1A_SignIn") + `
<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>B2C_1A_Base</PolicyId></BasePolicy>
<ClaimsProviders><ClaimsProvider><DisplayName>Pages</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="Ask"><DisplayName>Ask</DisplayName>
<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine" />
<OutputClaims>
<OutputClaim ClaimTypeReferenceId="emial" />
</OutputClaims>
</TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
</TrustFrameworkPolicy>`
	files := []lint.File{{Path: "Base.xml", Source: []byte(base)}, {Path: "SignIn.xml", Source: []byte(leaf)}}
	for _, d := range lint.Check(files, kinds.Offline()) {
		if d.Severity == diag.Error {
			fmt.Println(d)
		}
	}
	// Output:
	// SignIn.xml:7:14: error JM2101: technical profile "Ask" refers to the claim type "emial", which neither the policy nor any of its bases declare; did you mean "email"?
}
