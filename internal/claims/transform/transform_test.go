package transform_test

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/diag"
)

var now = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// declared builds a declaration from short texts: "role:type", "id=value" or
// "id:type=value".
func declared(method string, in, par, out []string) transform.Declaration {
	claim := func(text, prefix string) transform.ClaimArgument {
		role, kind, _ := strings.Cut(text, ":")
		dt, ok := claims.ParseDataType(kind)
		if !ok {
			panic("no type " + kind)
		}
		return transform.ClaimArgument{Claim: claims.NewType(claims.TypeDefinition{ID: prefix + role, DataType: dt}), Role: role}
	}
	d := transform.Declaration{ID: "CT", Method: method}
	for _, x := range in {
		d.Inputs = append(d.Inputs, claim(x, "in."))
	}
	for _, x := range out {
		d.Outputs = append(d.Outputs, claim(x, "out."))
	}
	for _, x := range par {
		id, value, _ := strings.Cut(x, "=")
		id, kind, typed := strings.Cut(id, ":")
		if !typed {
			kind = "string"
		}
		d.Parameters = append(d.Parameters, transform.Parameter{ID: id, DataType: kind, Value: value})
	}
	return d
}

var environment = transform.Environment{
	RelyingPartyTenantID: "contoso.onmicrosoft.com", TrustFrameworkTenantID: "contoso.onmicrosoft.com", AuthenticatorIssuer: "Contoso",
	Validate: func(*claims.Type) (func(string, time.Time) bool, bool) {
		return func(text string, _ time.Time) bool { return strings.HasPrefix(text, "+") }, true
	},
}

func runtime() *transform.Runtime {
	return &transform.Runtime{
		Now: func() time.Time { return now }, Rand: rand.Reader, TechnicalProfileID: "TP",
		Secret: func(context.Context, string) ([]byte, error) { return []byte("secret"), nil },
		Text: func(element, id string) (string, bool) {
			texts := map[string]string{"email_code": "Your code is", "hello": "Hi {0}"}
			text, ok := texts[id]
			return text, ok
		},
		Collection: func(string) []claims.Choice {
			return []claims.Choice{{Text: "B2C_V1_90001", Value: "You must be older"}}
		},
	}
}

// TestMethods contains each method's documented example and its edge cases. Inputs are texts; "-" is no
// value. Results are "role=text", "role=-" for no value, or "error" and "assert KEY".
func TestMethods(t *testing.T) {
	t.Parallel()
	type list = []string
	tests := []struct {
		method       string
		in, par, out list
		values       list // of the inputs, in order
		want         string
	}{
		{"AndClaims", list{"inputClaim1:boolean", "inputClaim2:boolean"}, nil, list{"outputClaim:boolean"}, list{"true", "false"}, "outputClaim=False"},
		{"AndClaims", list{"inputClaim1:boolean", "inputClaim2:boolean"}, nil, list{"outputClaim:boolean"}, list{"true", "-"}, "outputClaim=False"},
		{"OrClaims", list{"inputClaim1:boolean", "inputClaim2:boolean"}, nil, list{"outputClaim:boolean"}, list{"true", "-"}, "outputClaim=True"},
		{"notclaims", list{"inputClaim:boolean"}, nil, list{"outputClaim:boolean"}, list{"false"}, "outputClaim=True"},
		{"NotClaims", list{"inputClaim:boolean"}, nil, list{"outputClaim:boolean"}, list{"-"}, "outputClaim=-"},
		{"CompareBooleanClaimToValue", list{"inputClaim:boolean"}, list{"valueToCompareTo:boolean=true"}, list{"compareResult:boolean"}, list{"false"}, "compareResult=False"},
		{"AssertBooleanClaimIsEqualToValue", list{"inputClaim:boolean"}, list{"valueToCompareTo:boolean=true"}, nil, list{"false"}, "assert UserMessageIfClaimsTransformationBooleanValueIsNotEqual"},
		{"AssertBooleanClaimIsEqualToValue", list{"inputClaim:boolean"}, list{"valueToCompareTo:boolean=true"}, nil, list{"-"}, "assert UserMessageIfClaimsTransformationBooleanValueIsNotEqual"},
		{"AssertBooleanClaimIsEqualToValue", list{"inputClaim:boolean"}, list{"valueToCompareTo:boolean=true"}, nil, list{"true"}, ""},

		{"AssertDateTimeIsGreaterThan", list{"leftOperand:string", "rightOperand:string"}, list{"AssertIfEqualTo:boolean=false", "AssertIfRightOperandIsNotPresent:boolean=true", "TreatAsEqualIfWithinMillseconds:int=300000"}, nil, list{"2022-01-01T15:00:00", "2022-01-22T15:00:00"}, "assert DateTimeGreaterThan"},
		{"AssertDateTimeIsGreaterThan", list{"leftOperand:string", "rightOperand:string"}, list{"AssertIfEqualTo:boolean=false", "TreatAsEqualIfWithinMillseconds:int=300000"}, nil, list{"2022-01-01T10:02:00", "2022-01-01T10:04:00"}, ""},
		{"AssertDateTimeIsGreaterThan", list{"leftOperand:string", "rightOperand:string"}, list{"AssertIfRightOperandIsNotPresent:boolean=true"}, nil, list{"2022-01-01T10:02:00", "-"}, ""},
		{"AssertDateTimeIsGreaterThan", list{"leftOperand:string", "rightOperand:string"}, nil, nil, list{"-", "2022-01-01T10:02:00"}, "assert DateTimeGreaterThan"},
		{"ConvertDateTimeToDateClaim", list{"inputClaim:dateTime"}, nil, list{"outputClaim:date"}, list{"2022-01-03T23:30:00-05:00"}, "outputClaim=2022-01-04"},
		{"ConvertDateToDateTimeClaim", list{"inputClaim:date"}, nil, list{"outputClaim:dateTime"}, list{"2022-01-03"}, "outputClaim=2022-01-03T00:00:00.0000000Z"},
		{"DateTimeComparison", list{"firstDateTime:dateTime", "secondDateTime:dateTime"}, list{"operator=later than", "timeSpanInSeconds:int=7776000"}, list{"result:boolean"}, list{"2022-01-01T00:00:00Z", "2022-03-16T00:00:00Z"}, "result=True"},
		{"DateTimeComparison", list{"firstDateTime:dateTime", "secondDateTime:dateTime"}, list{"operator=earlier than", "timeSpanInSeconds:int=0"}, list{"result:boolean"}, list{"2023-01-01T00:00:00Z", "-"}, "result=True"},
		{"DateTimeComparison", list{"firstDateTime:dateTime", "secondDateTime:dateTime"}, list{"operator=same", "timeSpanInSeconds:int=0"}, list{"result:boolean"}, list{"-", "2023-01-01T00:00:00Z"}, "error"},
		{"GetCurrentDateTime", nil, nil, list{"currentDateTime:dateTime"}, nil, "currentDateTime=2024-01-01T12:00:00.0000000Z"},
		{"IsTermsOfUseConsentRequired", list{"termsOfUseConsentDateTime:dateTime"}, list{"termsOfUseTextUpdateDateTime:dateTime=2021-11-15"}, list{"result:boolean"}, list{"2020-03-09T09:15:00"}, "result=True"},
		{"IsTermsOfUseConsentRequired", list{"termsOfUseConsentDateTime:dateTime"}, list{"termsOfUseTextUpdateDateTime:dateTime=2021-11-15"}, list{"result:boolean"}, list{"-"}, "result=True"},

		{"CopyClaim", list{"inputClaim:string"}, nil, list{"outputClaim:string"}, list{"bob@contoso.com"}, "outputClaim=bob@contoso.com"},
		{"DoesClaimExist", list{"inputClaim:string"}, nil, list{"outputClaim:boolean"}, list{""}, "outputClaim=True"},
		{"DoesClaimExist", list{"inputClaim:string"}, nil, list{"outputClaim:boolean"}, list{"-"}, "outputClaim=False"},
		{"Hash", list{"plaintext:string", "salt:string"}, list{"randomizerSecret=B2C_1A_Demo"}, list{"hash:string"}, list{"p", "s"}, "hash=~^[A-Za-z0-9+/]{43}=$"},
		{"Hash", list{"plaintext:string", "salt:string"}, list{"randomizerSecret=B2C_1A_Demo"}, list{"hash:string"}, list{"-", "s"}, "error"},

		{"AdjustNumber", list{"inputClaim:int"}, list{"Operator=INCREMENT"}, list{"outputClaim:int"}, list{"-"}, "outputClaim=1"},
		{"AdjustNumber", list{"inputClaim:int"}, list{"Operator=decrement"}, list{"outputClaim:int"}, list{"-"}, "outputClaim=-1"},
		{"AdjustNumber", list{"inputClaim:int"}, nil, list{"outputClaim:int"}, list{"2147483647"}, "error"},
		{"AssertNumber", list{"inputClaim:int"}, list{"CompareToValue:int=5", "Operator=GreaterThan", "throwError:boolean=true"}, list{"outputClaim:boolean"}, list{"10"}, "assert AssertNumberError"},
		{"AssertNumber", list{"inputClaim:int"}, list{"CompareToValue:int=5", "Operator=GreaterThan", "throwError:boolean=true"}, list{"outputClaim:boolean"}, list{"3"}, "outputClaim=False"},
		{"AssertNumber", list{"inputClaim:int"}, list{"CompareToValue:int=5", "Operator=GreaterThan", "throwError:boolean=false"}, list{"outputClaim:boolean"}, list{"-"}, "error"},
		{"ConvertNumberToStringClaim", list{"inputClaim:long"}, nil, list{"outputClaim:string"}, list{"12334"}, "outputClaim=12334"},

		{"CreateJsonArray", list{"inputClaim:string"}, nil, list{"outputClaim:string"}, list{"a@contoso.com"}, `outputClaim=["a@contoso.com"]`},
		{"GenerateJson", list{"to.0.email:string"}, list{"role.id:long=1", "on:boolean=true"}, list{"outputClaim:string"}, list{`<b>&é`}, `outputClaim={"to":[{"email":"<b>&é"}],"role":{"id":1},"on":true}`},
		{"GenerateJson", list{"a:string", "b:string"}, nil, list{"outputClaim:string"}, list{`["a"]`, "-"}, `outputClaim={"a":"[\"a\"]"}`},
		{"GetClaimFromJson", list{"inputJson:string"}, list{"claimToExtract=n"}, list{"extractedClaim:string"}, list{`{"n":1.0}`}, "extractedClaim=1.0"},
		{"GetClaimFromJson", list{"inputJson:string"}, list{"claimToExtract=n"}, list{"extractedClaim:string"}, list{`{}`}, "error"},
		{"GetNumericClaimFromJson", list{"inputJson:string"}, list{"claimToExtract=id"}, list{"extractedClaim:long"}, list{`{"id":9007199254740993}`}, "extractedClaim=9007199254740993"},
		{"GetSingleItemFromJson", list{"inputJson:string"}, nil, list{"key:string", "value:string"}, list{`{"z":1,"a":2}`}, "key=z value=1"},
		{"GetSingleItemFromJson", list{"inputJson:string"}, nil, list{"key:string", "value:string"}, list{`{}`}, "error"},
		{"GetSingleValueFromJsonArray", list{"inputJsonClaim:string"}, nil, list{"extractedClaim:string"}, list{`["a@contoso.com","x",5]`}, "extractedClaim=a@contoso.com"},
		{"GetClaimsFromJsonArray", list{"jsonSource:string"}, list{"errorOnMissingClaims:boolean=false", "includeEmptyClaims:boolean=false", "jsonSourceKeyName=key", "jsonSourceValueName=value"}, list{"active:boolean", "membershipID:int", "gone:string"}, list{`[{"key":"active","value":true},{"key":"membershipID","value":6353399}]`}, "active=True membershipID=6353399 gone=-"},
		{"GetClaimsFromJsonArray", list{"jsonSource:string"}, list{"errorOnMissingClaims:boolean=true"}, list{"gone:string"}, list{`[]`}, "error"},
		{"XmlStringToJsonString", list{"xml:string"}, nil, list{"json:string"}, list{`<user id="1"><name>Someone</name><n/><t>1</t><t>2</t></user>`}, `json={"user":{"@id":"1","name":"Someone","n":null,"t":["1","2"]}}`},
		{"XmlStringToJsonString", list{"xml:string"}, nil, list{"json:string"}, list{`<!DOCTYPE a><a/>`}, "error"},

		{"ConvertStringToPhoneNumberClaim", list{"phoneNumberString:string", "country:string"}, nil, list{"outputClaim:phoneNumber"}, list{"206-555-0123", "US"}, "outputClaim=+12065550123"},
		{"ConvertStringToPhoneNumberClaim", list{"phoneNumberString:string"}, nil, list{"outputClaim:phoneNumber"}, list{"+1 (206) 555-0123"}, "outputClaim=+12065550123"},
		{"ConvertStringToPhoneNumberClaim", list{"phoneNumberString:string"}, nil, list{"outputClaim:phoneNumber"}, list{"206"}, "assert UserMessageIfClaimsTransformationInvalidPhoneNumber"},
		{"GetNationalNumberAndCountryCodeFromPhoneNumberString", list{"phoneNumber:string"}, list{"countryCodeType=ISO3166"}, list{"nationalNumber:string", "countryCode:string"}, list{"+12065550123"}, "nationalNumber=2065550123 countryCode=US"},
		{"GetNationalNumberAndCountryCodeFromPhoneNumberString", list{"phoneNumber:string"}, list{"throwExceptionOnFailure:boolean=true"}, list{"nationalNumber:string"}, list{"x"}, "assert UserMessageIfPhoneNumberParseFailure"},
		{"GetNationalNumberAndCountryCodeFromPhoneNumberString", list{"phoneNumber:string"}, nil, list{"nationalNumber:string"}, list{"x"}, "nationalNumber=-"},

		{"AssertStringClaimsAreEqual", list{"inputClaim1:string", "inputClaim2:string"}, list{"stringComparison=ordinalIgnoreCase"}, nil, list{"A", "a"}, ""},
		{"AssertStringClaimsAreEqual", list{"inputClaim1:string", "inputClaim2:string"}, nil, nil, list{"A", "a"}, "assert UserMessageIfClaimsTransformationStringsAreNotEqual"},
		{"BuildUri", list{"path:string", "query.secret:string"}, list{"scheme=otpauth", "host=totp", "query.issuer={AuthenticatorIssuer} demo"}, list{"outputClaim:string"}, list{"Contoso demo:emily@fabrikam.com", "fay2lj7ynpntjgqa"}, "outputClaim=otpauth://totp/Contoso%20demo:emily@fabrikam.com?secret=fay2lj7ynpntjgqa&issuer=Contoso+demo"},
		{"ChangeCase", list{"inputClaim1:string"}, list{"toCase=lower"}, list{"outputClaim:string"}, list{"SomeOne@contoso.com"}, "outputClaim=someone@contoso.com"},
		{"ChangeCase", list{"inputClaim1:string"}, list{"toCase=LOWER"}, list{"outputClaim:string"}, list{"İ"}, "outputClaim=İ"},
		{"CompareClaims", list{"inputClaim1:string", "inputClaim2:string"}, list{"operator=not equal", "ignoreCase=true"}, list{"outputClaim:boolean"}, list{"a", "A"}, "outputClaim=False"},
		{"CompareClaims", list{"inputClaim1:string", "inputClaim2:string"}, list{"operator=EQUAL", "ignoreCase=true"}, list{"outputClaim:boolean"}, list{"\u212a", "k"}, "outputClaim=False"},
		{"CompareClaimToValue", list{"inputClaim1:string"}, list{"compareTo=V1", "operator=NOT EQUAL", "ignoreCase=true"}, list{"outputClaim:boolean"}, list{"-"}, "outputClaim=True"},
		{"CopyClaimIfPredicateMatch", list{"inputClaim:string"}, nil, list{"outputClaim:string"}, list{"+12065550123"}, "outputClaim=+12065550123"},
		{"CopyClaimIfPredicateMatch", list{"inputClaim:string"}, nil, list{"outputClaim:string"}, list{"bob@contoso.com"}, "outputClaim=-"},
		{"CreateOtpSecret", nil, nil, list{"outputClaim:string"}, nil, "outputClaim=~^[a-z2-7]{16}$"},
		{"CreateRandomString", nil, list{"randomGeneratorType=GUID"}, list{"outputClaim:string"}, nil, "outputClaim=~^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"},
		{"CreateRandomString", nil, list{"randomGeneratorType=integer", "maximumNumber:int=1", "stringFormat=ID_{0}", "base64:boolean=true"}, list{"outputClaim:string"}, nil, "outputClaim=SURfMA=="},
		{"CreateStringClaim", nil, list{"value=a {RelyingPartyTenantId} {TechnicalProfileId}"}, list{"createdClaim:string"}, nil, "createdClaim=a contoso.onmicrosoft.com TP"},
		{"FormatStringClaim", list{"inputClaim:string"}, list{"stringFormat=cpim_{0}@{RelyingPartyTenantId}"}, list{"outputClaim:string"}, list{"x"}, "outputClaim=cpim_x@contoso.onmicrosoft.com"},
		{"FormatStringClaim", list{"inputClaim:string"}, list{"stringFormat={{{0,5}}}"}, list{"outputClaim:string"}, list{"x"}, "outputClaim={    x}"},
		{"FormatStringMultipleClaims", list{"inputClaim2:string", "inputClaim1:string"}, list{"stringFormat={0} {1}"}, list{"outputClaim:string"}, list{"Fernando", "Joe"}, "outputClaim=Joe Fernando"},
		{"FormatLocalizedString", list{"a:string"}, list{"stringFormatId=hello"}, list{"outputClaim:string"}, list{"Emily"}, "outputClaim=Hi Emily"},
		{"GetLocalizedStringsTransformation", nil, nil, list{"email_code:string"}, nil, "email_code=Your code is"},
		{"GetMappedValueFromLocalizedCollection", list{"mapFromClaim:string"}, nil, list{"restrictionValueClaim:string"}, list{"B2C_V1_90001"}, "restrictionValueClaim=You must be older"},
		{"LookupValue", list{"inputParameterId:string"}, list{"test.com=c1", "errorOnFailedLookup:boolean=true"}, list{"outputClaim:string"}, list{"test.com"}, "outputClaim=c1"},
		{"LookupValue", list{"inputParameterId:string"}, list{"test.com=c1", "errorOnFailedLookup:boolean=true"}, list{"outputClaim:string"}, list{"live.com"}, "assert LookupNotFound"},
		{"LookupValue", list{"inputParameterId:string"}, list{"test.com=c1"}, list{"outputClaim:string"}, list{"live.com"}, "outputClaim=-"},
		{"NullClaim", nil, nil, list{"claim_to_null:string"}, nil, "claim_to_null=-"},
		{"ParseDomain", list{"emailAddress:string"}, nil, list{"domain:string"}, list{"Joe@OutLook.com"}, "domain=OutLook.com"},
		{"ParseDomain", list{"emailAddress:string"}, nil, list{"domain:string"}, list{"not-an-address"}, "domain="},
		{"SetClaimIfBooleansMatch", list{"claimToMatch:boolean"}, list{"matchTo=true", "outputClaimIfMatched=yes"}, list{"outputClaim:string"}, list{"true"}, "outputClaim=yes"},
		{"SetClaimIfBooleansMatch", list{"claimToMatch:boolean"}, list{"matchTo=true", "outputClaimIfMatched=yes"}, list{"outputClaim:string"}, list{"-"}, "error"},
		{"setClaimsIfRegexMatch", list{"claimToMatch:string"}, list{"matchTo=(?<mailAlias>.*)@(.*)$", "outputClaimIfMatched=isEmail", "extractGroups:boolean=true"}, list{"outputClaim:string", "regexCompareResultClaim:boolean", "mailAlias:string"}, list{"a@b@c"}, "outputClaim=isEmail regexCompareResultClaim=True mailAlias=a@b"},
		{"SetClaimsIfRegexMatch", list{"claimToMatch:string"}, list{"matchTo=^[0-9]{4,16}$", "outputClaimIfMatched=x"}, list{"outputClaim:string", "regexCompareResultClaim:boolean"}, list{"-"}, "outputClaim=- regexCompareResultClaim=False"},
		{"SetClaimsIfRegexMatch", list{"claimToMatch:string"}, list{"matchTo=^[0-9]{4,16}$", "outputClaimIfMatched=x"}, list{"outputClaim:string", "regexCompareResultClaim:boolean"}, list{"1234\n"}, "outputClaim=x regexCompareResultClaim=True"},
		{"SetClaimsIfStringsAreEqual", list{"inputClaim:string"}, list{"matchTo=V1", "stringComparison=ordinalIgnoreCase", "stringMatchMsg=msg", "stringMatchMsgCode=code"}, list{"outputClaim1:string", "outputClaim2:string", "stringCompareResultClaim:boolean"}, list{"v1"}, "outputClaim1=msg outputClaim2=code stringCompareResultClaim=True"},
		{"SetClaimsIfStringsMatch", list{"claimToMatch:string"}, list{"matchTo=Minor", "stringComparison=ordinalIgnoreCase", "outputClaimIfMatched=x"}, list{"outputClaim:string", "stringCompareResultClaim:boolean"}, list{"adult"}, "outputClaim=- stringCompareResultClaim=False"},
		{"StringContains", list{"inputClaim:string"}, list{"contains=admin", "ignoreCase=true"}, list{"outputClaim:boolean"}, list{"Admin, Approver"}, "outputClaim=True"},
		{"StringSubstring", list{"inputClaim:string"}, list{"startIndex:int=0", "length:int=3"}, list{"outputClaim:string"}, list{"ADC-15347"}, "outputClaim=ADC"},
		{"StringSubstring", list{"inputClaim:string"}, list{"startIndex:int=2", "length:int=1"}, list{"outputClaim:string"}, list{"😀x"}, "outputClaim=x"},
		{"StringSubstring", list{"inputClaim:string"}, list{"startIndex:int=2", "length:int=5"}, list{"outputClaim:string"}, list{"ADC"}, "error"},
		{"StringReplace", list{"inputClaim:string"}, list{"oldValue=-", "newValue="}, list{"outputClaim:string"}, list{"206-555-0123"}, "outputClaim=2065550123"},
		{"StringJoin", list{"inputClaim:stringCollection"}, list{"delimiter=,"}, list{"outputClaim:string"}, list{`["Admin","Author"]`}, "outputClaim=Admin,Author"},
		{"StringSplit", list{"inputClaim:string"}, list{"delimiter=,"}, list{"outputClaim:stringCollection"}, list{"a,,b"}, `outputClaim=["a","","b"]`},

		{"AddItemToStringCollection", list{"item:string", "collection:stringCollection"}, nil, list{"collection:stringCollection"}, list{"b", `["a"]`}, `collection=["a","b"]`},
		{"AddItemToStringCollection", list{"item:string", "collection:stringCollection"}, nil, list{"collection:stringCollection"}, list{"b", "-"}, `collection=["b"]`},
		{"AddItemToStringCollection", list{"item:string", "collection:stringCollection"}, nil, list{"collection:stringCollection"}, list{"-", `["a"]`}, `collection=["a"]`},
		{"AddParameterToStringCollection", list{"collection:stringCollection"}, list{"item=admin"}, list{"collection:stringCollection"}, list{`["admin"]`}, `collection=["admin"]`},
		{"GetSingleItemFromStringCollection", list{"collection:stringCollection"}, nil, list{"extractedItem:string"}, list{`["x","y"]`}, "extractedItem=x"},
		{"GetSingleItemFromStringCollection", list{"collection:stringCollection"}, nil, list{"extractedItem:string"}, list{"-"}, "extractedItem=-"},
		{"StringCollectionContains", list{"inputClaim:stringCollection"}, list{"item=readers", "ignoreCase=true"}, list{"outputClaim:boolean"}, list{`["Contributors","READERS"]`}, "outputClaim=True"},
		{"StringCollectionContainsClaim", list{"collection:stringCollection", "item:string"}, nil, list{"outputClaim:boolean"}, list{`["abc","123"]`, "123"}, "outputClaim=True"},

		{"CreateAlternativeSecurityId", list{"key:string", "identityProvider:string"}, nil, list{"alternativeSecurityId:string"}, list{"12345", "contoso.com"}, `alternativeSecurityId={"issuer":"contoso.com","issuerUserId":"MTIzNDU="}`},
		{"CreateAlternativeSecurityId", list{"key:string", "identityProvider:string"}, nil, list{"alternativeSecurityId:string"}, list{"-", "contoso.com"}, "alternativeSecurityId=-"},
		{"AddItemToAlternativeSecurityIdCollection", list{"item:string", "collection:alternativeSecurityIdCollection"}, nil, list{"collection:alternativeSecurityIdCollection"}, list{`{"type":6,"identityProvider":"live.com","key":"YQ=="}`, "-"}, `collection=[{"issuer":"live.com","issuerUserId":"YQ=="}]`},
		{"RemoveAlternativeSecurityIdByIdentityProvider", list{"identityProvider:string", "collection:alternativeSecurityIdCollection"}, nil, list{"collection:alternativeSecurityIdCollection"}, list{"Facebook.com", `[{"issuer":"facebook.com","issuerUserId":"Zg=="},{"issuer":"live.com","issuerUserId":"YQ=="}]`}, `collection=[{"issuer":"live.com","issuerUserId":"YQ=="}]`},
		{"GetIdentityProvidersFromAlternativeSecurityIdCollectionTransformation", list{"alternativeSecurityIdCollection:alternativeSecurityIdCollection"}, nil, list{"identityProvidersCollection:stringCollection"}, list{`[{"issuer":"facebook.com","issuerUserId":"Zg=="},{"issuer":"live.com","issuerUserId":"YQ=="}]`}, `identityProvidersCollection=["facebook.com","live.com"]`},
		{"CreateUserIdentity", list{"issuerUserId:string", "issuer:string"}, nil, list{"userIdentity:userIdentity"}, list{"abcde", "live.com"}, `userIdentity=[{"issuer":"live.com","issuerUserId":"abcde"}]`},

		{"GetAgeGroupConsentProvidedAndRequiresConsent", list{"dateOfBirth:date", "countryCode:string", "consentProvidedForMinor:string"}, nil, list{"ageGroup:string", "requiresParentalConsent:boolean"}, list{"2015-06-01", "US", "-"}, "ageGroup=Minor requiresParentalConsent=True"},
		{"GetAgeGroupConsentProvidedAndRequiresConsent", list{"dateOfBirth:date", "countryCode:string", "consentProvidedForMinor:string"}, nil, list{"ageGroup:string", "requiresParentalConsent:boolean"}, list{"2008-06-01", "us", "-"}, "ageGroup=MinorNoConsentRequired requiresParentalConsent=False"},
		{"GetAgeGroupConsentProvidedAndRequiresConsent", list{"dateOfBirth:date", "countryCode:string", "consentProvidedForMinor:string"}, nil, list{"ageGroup:string"}, list{"2004-06-01", "TH", "-"}, "ageGroup=MinorNoConsentRequired"},
	}
	seen := make(map[string]bool)
	for _, tt := range tests {
		seen[strings.ToLower(tt.method)] = true
		t.Run(tt.method+" "+strings.Join(tt.values, "|"), func(t *testing.T) {
			t.Parallel()
			d := declared(tt.method, tt.in, tt.par, tt.out)
			var c diag.Collector
			ct := transform.Compile(d, environment, &c)
			if ct == nil || len(c.List()) > 0 {
				t.Fatalf("not compiled: %v", c.List())
			}
			var bag claims.Bag
			for i, arg := range d.Inputs {
				if tt.values[i] == "-" {
					continue
				}
				v, err := claims.Parse(arg.Claim.DataType(), tt.values[i])
				if err != nil {
					t.Fatal(err)
				}
				bag.Set(arg.Claim.ID(), v)
			}
			if strings.EqualFold(tt.method, "NullClaim") {
				bag.Set("out.claim_to_null", claims.Text("x"))
			}
			err := ct.Run(t.Context(), runtime(), &bag)
			if got := outcome(err, d, &bag, tt.want); got != tt.want {
				t.Errorf("got %q, want %q (%v)", got, tt.want, err)
			}
		})
	}
	for _, name := range transform.Methods() {
		if !seen[strings.ToLower(name)] && !untested[name] {
			t.Errorf("%s has no example", name)
		}
	}
}

// untested are aliases, and methods whose sibling has the example.
var untested = map[string]bool{
	"GuidAndRandomGenerator": true, "GetAgeGroupAndConsentProvided": true, "GetClaimsFromJsonArrayV2": true, "ConvertPhoneNumberClaimToString": true,
	"AddItemToUserIdentityCollection": true, "RemoveUserIdentityFromCollectionByIssuer": true, "GetIssuersFromUserIdentityCollectionTransformation": true,
}

func outcome(err error, d transform.Declaration, bag *claims.Bag, want string) string {
	var a *transform.Assertion
	switch {
	case errors.As(err, &a):
		return "assert " + a.Key
	case err != nil:
		return "error"
	}
	var parts []string
	for _, out := range d.Outputs {
		v := bag.Get(out.Claim.ID())
		text := v.String()
		if !v.Exists() {
			text = "-"
		}
		part := out.Role + "=" + text
		// "role=~pattern" in want matches a text.
		if role, pattern, ok := strings.Cut(want, "=~"); ok && role == out.Role && regexp.MustCompile(pattern).MatchString(text) {
			part = want
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

func TestThereAre71Methods(t *testing.T) {
	t.Parallel()
	if got := len(transform.Methods()); got != 71 {
		t.Errorf("%d methods", got)
	}
}

func TestDeclarationsThatAreRefused(t *testing.T) {
	t.Parallel()
	type list = []string
	tests := []struct {
		name         string
		method       string
		in, par, out list
		code         diag.Code
		hint         string
	}{
		{"an unknown method", "CopyClam", list{"inputClaim:string"}, nil, list{"outputClaim:string"}, diag.UnknownMethod, `"CopyClaim"`},
		{"a misspelt role", "CopyClaim", list{"inputClam:string"}, nil, list{"outputClaim:string"}, diag.UnexpectedRole, `"inputClaim"`},
		{"a missing role", "CompareClaims", list{"inputClaim1:string"}, list{"operator=EQUAL"}, list{"outputClaim:boolean"}, diag.MissingRole, "inputClaim2"},
		{"a wrong type", "AssertDateTimeIsGreaterThan", list{"leftOperand:string", "rightOperand:dateTime"}, nil, nil, diag.RoleType, "string"},
		{"two types copied", "CopyClaim", list{"inputClaim:string"}, nil, list{"outputClaim:int"}, diag.RoleType, ""},
		{"a missing parameter", "CompareClaims", list{"inputClaim1:string", "inputClaim2:string"}, nil, list{"outputClaim:boolean"}, diag.MissingParameter, "operator"},
		{"a misspelt parameter", "ChangeCase", list{"inputClaim1:string"}, list{"toCse=LOWER"}, list{"outputClaim:string"}, diag.MissingParameter, `"toCase"`},
		{"a bad keyword", "ChangeCase", list{"inputClaim1:string"}, list{"toCase=TITLE"}, list{"outputClaim:string"}, diag.BadParameter, "LOWER, UPPER"},
		{"a bad number", "StringSubstring", list{"inputClaim:string"}, list{"startIndex:int=x", "length:int=1"}, list{"outputClaim:string"}, diag.BadParameter, "whole number"},
		{"a bad format", "FormatStringClaim", list{"inputClaim:string"}, list{"stringFormat={1}"}, list{"outputClaim:string"}, diag.BadParameter, "{0}"},
		{"a bad expression", "SetClaimsIfRegexMatch", list{"claimToMatch:string"}, list{"matchTo=("}, list{"outputClaim:string"}, diag.BadRegularExpression, ".NET"},
		{"a gap in an array", "GenerateJson", list{"a.1:string"}, nil, list{"outputClaim:string"}, diag.BadParameter, "from 0"},
		{"an empty text to replace", "StringReplace", list{"inputClaim:string"}, list{"oldValue=", "newValue=x"}, list{"outputClaim:string"}, diag.BadParameter, ""},
	}
	// B2C accepts a parameter that the method doesn't know.
	var c diag.Collector
	stray := declared("ChangeCase", list{"inputClaim1:string"}, list{"toCase=LOWER", "toCse=x"}, list{"outputClaim:string"})
	if ct := transform.Compile(stray, environment, &c); ct == nil || len(c.List()) != 1 || c.List()[0].Code != diag.UnexpectedParameter || c.List()[0].Severity != diag.Warning {
		t.Errorf("a stray parameter: %v", c.List())
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c diag.Collector
			if ct := transform.Compile(declared(tt.method, tt.in, tt.par, tt.out), environment, &c); ct != nil {
				t.Error("compiled")
			}
			if list := c.List(); len(list) != 1 || list[0].Code != tt.code || !strings.Contains(list[0].Hint, tt.hint) {
				t.Errorf("diagnostics = %v", list)
			}
		})
	}
}
