package live_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/needtest"
)

// corpus is the folder of real policies beside the project. Without it, the tests that read it are skipped.
func corpus(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "corpus"}, elem...)...)
	return needtest.Folder(t, needtest.Corpus, path)
}

// Families inherit from this pack. Those that refer to the phone profiles of the pack with multi-factor
// authentication inherit from that one, because the other packs lack them.
const usualPack = "SocialAndLocalAccounts"

var otherPacks = map[string]string{
	"ab-testing":            "SocialAndLocalAccountsWithMfa",
	"edit-mfa-phone-number": "SocialAndLocalAccountsWithMfa",
	"mfa-absolute-timeout-and-ip-change-trigger":      "SocialAndLocalAccountsWithMfa",
	"mfa-last-verified":                               "SocialAndLocalAccountsWithMfa",
	"mfa-unknown-devices":                             "SocialAndLocalAccountsWithMfa",
	"migrate-to-entra-external-id-for-customers-full": "SocialAndLocalAccountsWithMfa",
	"pwd-reset-via-email-or-phone":                    "SocialAndLocalAccountsWithMfa",
	"refresh-token-journey":                           "SocialAndLocalAccountsWithMfa",
	"restore-mfa-phone-number":                        "SocialAndLocalAccountsWithMfa",
	"signup-signin-with-phone-number":                 "SocialAndLocalAccountsWithMfa",
	"twilio-mfa-psd2":                                 "SocialAndLocalAccountsWithMfa",
	"username-or-email":                               "SocialAndLocalAccountsWithMfa",
}

// renamed are renamed copies of a starter pack's bases that a family requires by its readme.
var renamed = map[string]string{
	"B2C_1A_MFA_TRUSTFRAMEWORKEXTENSIONS":              "B2C_1A_TrustFrameworkExtensions",
	"B2C_1A_Kakao_TrustFrameworkExtensions":            "B2C_1A_TrustFrameworkExtensions",
	"B2C_1A_MFA_Last_Verified_TrustFrameworkBase":      "B2C_1A_TrustFrameworkBase",
	"B2C_1A_ForceUniqueEmail_TrustFrameworkExtensions": "B2C_1A_TrustFrameworkExtensions",
}

// broken are the files that B2C refuses as they are, with their expected diagnostics. Any other diagnostic is
// a false alarm.
var broken = []struct {
	family, want string // file:line code
	why          string
}{
	{"ab-testing", "policy/TrustFrameworkExtensions_WithAbTesting.xml:212 JM2103",
		"refers to Google-OAuth2, which the reader is to have added to the pack before"},
	{"social-idp-force-email", "policy/TrustFrameworkExtensions_FederationForceEmail.xml:65 JM2103",
		"refers to Google-OAuth2, which the reader is to have added to the pack before"},
	{"refresh-token-journey", "policy/SignUpOrSignIn_RefreshTokenJourney_WithGoogle.xml:77 JM5009",
		"has only a part of Google-OAuth2, which the reader is to have added to the pack before"},
	{"custom-claims-provider", "policy/TrustFrameworkExtensions.xml:112 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"custom-claims-provider", "policy/TrustFrameworkExtensions.xml:129 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"custom-claims-provider", "policy/TrustFrameworkExtensions.xml:130 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"force-unique-email-across-social-identities", "policy/TrustFrameworkExtensions.xml:82 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"home-realm-discovery-page", "policy/TrustFrameworkExtensions.xml:154 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"home-realm-discovery-page", "policy/TrustFrameworkExtensions.xml:103 JM2101",
		"socialIdpUserId is declared nowhere"},
	{"sign-up-with-social-and-local-account", "TrustFrameworkExtensions.xml:52 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"remote-profile", "Remote-profile-policies/TrustFrameworkExtensions.xml:98 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"remote-profile", "Remote-profile-policies/TrustFrameworkExtensions.xml:115 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-policies/TrustFrameworkExtensions.xml:134 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-policies/TrustFrameworkExtensions.xml:116 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"remote-profile", "Remote-profile-policies/TrustFrameworkExtensions.xml:135 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:122 JM4002",
		"Facebook's client_id was emptied (policy-engine TP-2)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:139 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:158 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:179 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:197 JM4102",
		"http outside of development (rest-and-connectors: AADB2C90256)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:140 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:159 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:180 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"remote-profile", "Remote-profile-with-hash-policies/TrustFrameworkExtensions.xml:198 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"sign-in-with-custom-mfa", "policy/SignUpOrSignin.xml:138 JM4102",
		"no authentication outside of development, without AllowInsecureAuthInProduction (AADB2C90258)"},
	{"custom-mfa-authy-app", "policy/TrustFrameworkExtensions.xml:249 JM1101",
		"a ClaimsProvider stands outside of ClaimsProviders (policy-engine §1.8)"},
	{"custom-sms-displaycontrol", "../../starterpack/SocialAndLocalAccounts/TrustFrameworkBase.xml:648 JM5015",
		"ProfileEditSMS has no social sign-in, but reads a user by its alternativeSecurityId (policy-engine §8.19)"},
	{"disable-social-account-from-logon", "policy/PasswordReset.xml:17 JM2108",
		"the family's base has no such journey"},
	{"disable-social-account-from-logon", "policy/ProfileEdit.xml:17 JM2108",
		"the family's base has no such journey"},
	{"encrypted-profile", "policies/SignUpOrSignin-Encrypted.xml:15 JM1104",
		"text in UserJourneyBehaviors (policy-engine §1.8)"},
	{"groups", "policy/SignUpOrSignin_Groups.xml:145 JM6001",
		"the transformation that makes isMemberOfAllowGroup is called by no profile"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:36 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:56 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:59 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:91 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:113 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:129 JM2101",
		"the claim types are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:66 JM2102",
		"the transformations are declared nowhere"},
	{"guest-signup", "policy/GuestSignUpOrSignInExtensions.xml:99 JM2102",
		"the transformations are declared nowhere"},
	{"guest-signup", "policy/GuestSignupOrSignIn.xml:57 JM6005",
		"the relying party names no journey"},
	{"mfa-last-verified", "policy/tester.xml:25 JM2101",
		"policyVersion is declared nowhere"},
	{"password-history", "policy/HISTORYResetPassword.xml:75 JM4101",
		"the host of the ServiceUrl was blanked out"},
	{"totp", "policy/PasswordReset_TOTP.xml:19 JM6001",
		"PasswordResetWithTOTP reads no names"},
	{"totp", "policy/PasswordReset_TOTP.xml:20 JM6001",
		"PasswordResetWithTOTP reads no names"},
	{"twilio-mfa-psd2", "policy/SignUpSignIn/TrustFrameworkExtensionsPSD2.xml:463 JM2103",
		"SendGrid-SignUp is declared nowhere"},
	{"twilio-mfa-psd2", "policy/SignUpSignIn/TrustFrameworkExtensionsPSD2.xml:705 JM5003",
		"SignUpOrSignIn is written anew under its old id, so exchanges pile up in steps of one Order (policy-engine §8.9)"},
	{"twilio-mfa-psd2", "policy/SignUpSignIn/TrustFrameworkExtensionsPSD2.xml:711 JM5003",
		"SignUpOrSignIn is written anew under its old id, so exchanges pile up in steps of one Order (policy-engine §8.9)"},
}

var (
	tenantElement   = regexp.MustCompile(`(<TenantId>)[^<]*`)
	tenantAttribute = regexp.MustCompile(`(\sTenantId=")[^"]*`)
	basePolicy      = regexp.MustCompile(`(<BasePolicy>\s*<TenantId>[^<]*</TenantId>\s*<PolicyId>)([^<]*)`)
)

// readCorpus reads the policies of a folder, with the same tenant name in all.
func readCorpus(t testing.TB, folder string, base bool) []lint.File {
	t.Helper()
	var files []lint.File
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".xml") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		src = tenantElement.ReplaceAll(src, []byte("${1}contoso.onmicrosoft.com"))
		src = tenantAttribute.ReplaceAll(src, []byte("${1}contoso.onmicrosoft.com"))
		src = basePolicy.ReplaceAllFunc(src, func(m []byte) []byte {
			parts := basePolicy.FindSubmatch(m)
			if name, ok := renamed[string(parts[2])]; ok {
				return append(slices.Clone(parts[1]), name...)
			}
			return m
		})
		files = append(files, lint.File{Path: path, Source: src, Found: true, Base: base})
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", folder, err)
	}
	return files
}

func errorsOf(list diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
}

func TestEverySampleFamilyLintsWithoutAFalseAlarm(t *testing.T) {
	t.Parallel()
	families, err := os.ReadDir(corpus(t, "samples"))
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range families {
		if i%stride != 0 {
			continue
		}
		family := entry.Name()
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			pack := usualPack
			if other, ok := otherPacks[family]; ok {
				pack = other
			}
			folder := corpus(t, "samples", family)
			files := append(readCorpus(t, folder, false), readCorpus(t, corpus(t, "starterpack", pack), true)...)
			want := make(map[string]bool)
			for _, b := range broken {
				if b.family == family {
					want[b.want] = false
				}
			}
			for _, d := range errorsOf(lint.Check(files, kinds.Offline())) {
				file, err := filepath.Rel(folder, d.Position.File)
				if err != nil {
					t.Fatal(err)
				}
				got := fmt.Sprintf("%s:%d %s", filepath.ToSlash(file), d.Position.Line, d.Code)
				if told, ok := want[got]; !ok || told {
					t.Errorf("%s\n\t%s", got, d)
				}
				want[got] = true
			}
			for _, missing := range slices.Sorted(maps.Keys(want)) {
				if !want[missing] {
					t.Errorf("not told: %s", missing)
				}
			}
		})
	}
}

func TestEveryStarterPackLintsWithoutAnError(t *testing.T) {
	t.Parallel()
	for _, d := range errorsOf(lint.Check(readCorpus(t, corpus(t, "starterpack"), false), kinds.Offline())) {
		t.Error(d)
	}
}
