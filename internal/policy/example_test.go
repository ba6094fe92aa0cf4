package policy_test

import (
	"fmt"

	"journeyman.dev/internal/policy"
)

// A file is read with the place of everything in it; structural faults don't stop the reading.
func ExampleParse() {
	document, found := policy.Parse("SignIn.xml", []byte(`<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06"
  PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="B2C_1A_SignIn" PublicPolicyUri="http://contoso.onmicrosoft.com/B2C_1A_SignIn">
  <BuildingBlocks>
    <ClaimsSchema>
      <ClaimType Id="email"><DataType>string</DataType></ClaimType>
    </ClaimsSchema>
    <ClaimSchema />
  </BuildingBlocks>
</TrustFrameworkPolicy>`))
	for _, claim := range document.ClaimTypes {
		fmt.Println(claim.Pos, claim.ID.Value, claim.DataType.Value)
	}
	for _, d := range found {
		fmt.Println(d)
	}
	// Output:
	// SignIn.xml:5:7 email string
	// SignIn.xml:7:5: error JM1101: element "BuildingBlocks" has an invalid child element "ClaimSchema"; did you mean "ClaimsSchema"?
}
