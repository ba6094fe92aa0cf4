package live_test

import (
	"fmt"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/userflow"
)

// flowTenant contains one of each part that flows can use.
func flowTenant() *userflow.Tenant {
	t := &userflow.Tenant{Name: "contoso.onmicrosoft.com", ExtensionsApp: "0a1b2c3d00004000800000000000000f"}
	for _, kind := range []userflow.AttributeType{userflow.StringAttribute, userflow.BooleanAttribute, userflow.Int64Attribute} {
		a, err := t.NewAttribute("My_"+string(kind), "a <"+string(kind)+"> & more", kind)
		if err != nil {
			panic(err)
		}
		t.Attributes = append(t.Attributes, a)
	}
	for _, kind := range userflow.ProviderTypes() {
		p := userflow.Provider{Type: kind, DisplayName: `With "` + kind + `" & <co>`, ClientID: "client"}
		if kind == userflow.TypeOpenIDConnect {
			p.MetadataURL, p.ResponseType, p.ResponseMode, p.Scope = "https://login.example/.well-known/openid-configuration", "code", "form_post", "openid profile"
			p.Claims = userflow.ClaimsMapping{UserID: "sub", DisplayName: "name", Email: "email"}
		}
		p.Identify("12345678")
		t.Providers = append(t.Providers, p)
	}
	return t
}

func TestEveryKindOfUserFlowLintsClean(t *testing.T) {
	t.Parallel()
	tenant := flowTenant()
	local := map[string][]string{"email": {userflow.EmailProvider}, "user name": {userflow.UsernameProvider}, "both": {userflow.EmailProvider, userflow.UsernameProvider}, "none": nil}
	var all []string
	for _, p := range tenant.Providers {
		all = append(all, p.ID)
	}
	value := "x"
	count := 0
	for _, kind := range userflow.Kinds {
		for name, providers := range local {
			for _, social := range [][]string{nil, all[:1], all} {
				for _, full := range []bool{false, true} {
					f := &userflow.Flow{ID: "B2C_1_test", Kind: kind, Version: 3, Providers: append(append([]string{}, providers...), social...)}
					if full {
						f.Attributes = []userflow.Assignment{
							{Attribute: "email", Verify: true}, {Attribute: "City", Input: userflow.DropdownSingleSelect, Values: []userflow.Value{{Name: "Ä", Value: "a", Default: true}}},
							{Attribute: "DisplayName", DisplayName: "You <b>"}, {Attribute: "extension_My_boolean", Optional: true}, {Attribute: "extension_My_int64"},
						}
						f.Settings.ApplicationClaims = tenant.ClaimIDs()
						f.Settings.Password = userflow.PasswordRule{Kind: userflow.PasswordCustom, MinLength: 6, Classes: 2}
						f.LanguageCustomization = true
						f.Languages = []userflow.Language{{Tag: "de", Enabled: true, Overrides: map[string]userflow.Texts{}}, {Tag: "fr"}}
						for _, page := range userflow.PageIDs(kind) {
							f.Languages[0].Overrides[page] = userflow.Texts{
								LocalizedStrings:     []userflow.LocalizedString{{ElementType: "ClaimType", ElementID: &value, StringID: "DisplayName", Override: true, Value: "<&>"}},
								LocalizedCollections: []userflow.LocalizedCollection{{ElementType: "ClaimType", ElementID: "city", Override: true, Items: []userflow.LocalizedItem{{Name: "B", Value: "b"}}}},
							}
						}
						f.Connectors = make(map[userflow.ConnectorStep]string)
						for _, step := range userflow.ConnectorSteps {
							if kind == userflow.SignUpOrSignIn || kind == userflow.SignUp || kind == userflow.SignIn && step == userflow.PreTokenIssuance {
								f.Connectors[step] = "9a1b2c3d-0000-4000-8000-00000000000f"
							}
						}
						if providers != nil && (kind == userflow.SignUpOrSignIn || kind == userflow.SignIn) {
							f.Settings.SelfServicePasswordReset = true
						}
						if kind == userflow.SignUpOrSignIn || kind == userflow.SignIn || kind == userflow.ProfileUpdate {
							f.Settings.KeepSignedInDays = 14
						}
					}
					if err := f.Check(tenant); err != nil {
						continue // a private field
					}
					count++
					label := fmt.Sprintf("%s, local accounts %s, %d identity providers, full %v", kind, name, len(social), full)
					xml := userflow.Document(f, tenant, f.ID)
					for _, d := range lint.Check([]lint.File{{Path: f.ID + ".xml", Source: xml}}, kinds.Offline()) {
						if d.Severity == diag.Error || d.Severity == diag.Warning {
							t.Errorf("%s: %s", label, d)
						}
					}
				}
			}
		}
	}
	if count < 60 {
		t.Errorf("only %d combinations were allowed", count)
	}
}
