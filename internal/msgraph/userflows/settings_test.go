package userflows_test

import (
	"testing"

	"journeyman.dev/internal/msgraph/msgraphtest"
)

func TestSettingsAreMerged(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const settings = one + "/settings"
	const context = `"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows('B2C_1_One')/settings"`
	const later = `"multiFactorAuthentication":{"enforcement":"off"},"ageGating":{"enabled":false},"forcedPasswordReset":{"enabled":false},"conditionalAccess":{"enabled":false}`
	g.Run(t, []msgraphtest.Step{
		{
			Name: "as made", Path: settings,
			Want: `{` + context + `,"applicationClaims":["emails","objectId"],"tokenLifetimes":{"accessAndIdTokenMinutes":60,"refreshTokenDays":14,"refreshTokenSlidingWindowDays":90},
				"tokenCompatibility":{"issuer":"authorityAndTenantGuid","subject":"objectId","policyClaim":"tfp"},
				"session":{"lifetimeMinutes":1440,"timeout":"rolling","singleSignOn":"tenant","requireIdTokenInLogout":false,"keepMeSignedInDays":0},
				"passwordComplexity":{"kind":"strong","minimumLength":8,"maximumLength":64,"characters":"all","characterClasses":3},"passwordProtection":{"refuseKnownPasswords":true},
				"notifications":{"accountChanges":true},"selfServicePasswordReset":false,"javaScript":false,"pages":{},"apiConnectors":{"skipOnSingleSignOn":false},` + later + `}`,
		},
		{
			Name: "some", Method: "PATCH", Path: settings, Status: 204, Records: updated,
			Body: `{"applicationClaims":null,"tokenLifetimes":{"refreshTokenSlidingWindowDays":null},"tokenCompatibility":{"issuer":"AuthorityWithTfp","policyClaim":"acr","subject":"notSupported"},
				"session":{"timeout":"absolute","singleSignOn":"policy","keepMeSignedInDays":7},"passwordComplexity":{"kind":"custom","minimumLength":6,"maximumLength":12,"characters":"digits"},
				"selfServicePasswordReset":true,"javaScript":true,"pages":{"signuporsignin":{"uri":"https://cdn.example/x.html","layoutVersion":"2.1.7"}},"apiConnectors":{"skipOnSingleSignOn":true},
				"passwordProtection":{"refuseKnownPasswords":false},"notifications":{"accountChanges":false}}`,
		},
		{
			Name: "as they are now", Path: settings,
			Want: `{` + context + `,"applicationClaims":[],"tokenLifetimes":{"accessAndIdTokenMinutes":60,"refreshTokenDays":14,"refreshTokenSlidingWindowDays":null},
				"tokenCompatibility":{"issuer":"authorityWithTfp","subject":"notSupported","policyClaim":"acr"},
				"session":{"lifetimeMinutes":1440,"timeout":"absolute","singleSignOn":"policy","requireIdTokenInLogout":false,"keepMeSignedInDays":7},
				"passwordComplexity":{"kind":"custom","minimumLength":6,"maximumLength":12,"characters":"digits","characterClasses":0},"passwordProtection":{"refuseKnownPasswords":false},
				"notifications":{"accountChanges":false},"selfServicePasswordReset":true,"javaScript":true,"pages":{"signuporsignin":{"uri":"https://cdn.example/x.html","layoutVersion":"2.1.7"}},
				"apiConnectors":{"skipOnSingleSignOn":true},` + later + `}`,
		},
		{Name: "a page as it was", Method: "PATCH", Path: settings, Body: `{"pages":{"signuporsignin":{"uri":"","layoutVersion":""}},"tokenLifetimes":{"refreshTokenSlidingWindowDays":30}}`, Status: 204, Records: updated},
		{Name: "of none", Path: list + "/x/settings", Status: 404, Want: none},
		{Name: "no body", Method: "PATCH", Path: settings, Status: 400, Records: notUpdated},
		{Name: "no JSON", Method: "PATCH", Path: settings, Body: "{", Status: 400, Records: notUpdated, Want: "The body is no valid JSON."},
	})
	for _, tt := range []struct{ body, want string }{
		{`{"javascript":{}}`, "The member 'javaScript' has a value of the wrong type."},
		{`{"unknown":1}`, `There is no setting \"unknown\".`},
		{`{"session":{"timeout":"never"}}`, "session.timeout must be one of rolling, absolute."},
		{`{"tokenCompatibility":{"issuer":"x"}}`, "tokenCompatibility.issuer must be one of"},
		{`{"tokenLifetimes":{"refreshTokenDays":1000}}`, `"code":"AADB2C"`},
		{`{"multiFactorAuthentication":{"enforcement":"always"}}`, "multiFactorAuthentication is not supported yet"},
		{`{"ageGating":{"enabled":true}}`, "ageGating is not supported yet."},
		{`{"forcedPasswordReset":{"enabled":true}}`, "forcedPasswordReset is not supported yet."},
		{`{"conditionalAccess":{"enabled":true}}`, "conditionalAccess is not supported yet."},
	} {
		g.Run(t, []msgraphtest.Step{{Name: tt.body, Method: "PATCH", Path: settings, Body: tt.body, Status: 400, Records: notUpdated, Want: tt.want}})
	}
}

func TestLanguagesAndTheirTexts(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	const languages = one + "/languages"
	const overrides = languages + "/de/overridesPages/signuporsignin/$value"
	const texts = `{"LocalizedStrings":[{"ElementType":"UxElement","ElementId":null,"StringId":"heading","Override":true,"Value":"Hallo"}]}`
	g.Run(t, []msgraphtest.Step{
		{Name: "listed", Path: languages, Want: `"id":"en","displayName":"English","isEnabled":true`},
		{Name: "one", Path: languages + "/DE", Want: `{"@odata.context":"{base}/graph/beta/$metadata#identity/b2cUserFlows('B2C_1_One')/languages/$entity","id":"de","displayName":"German","isEnabled":false}`},
		{Name: "an unknown one", Path: languages + "/eo", Status: 404, Want: "There is no language with the id 'eo'."},
		{Name: "not yet", Method: "PUT", Path: languages + "/de", Status: 400, Records: notUpdated, Want: "Turn isLanguageCustomizationEnabled of the user flow on first."},
		{Name: "no texts yet", Method: "PUT", Path: overrides, Body: texts, Status: 400, Records: notUpdated, Want: "Turn isLanguageCustomizationEnabled"},
		{Name: "turned on", Method: "PATCH", Path: one, Body: `{"isLanguageCustomizationEnabled":true}`, Status: 204, Records: updated},
		{Name: "enabled", Method: "PUT", Path: languages + "/de", Status: 204, Records: updated},
		{Name: "enabled indeed", Path: languages + "/de", Want: `"isEnabled":true`},
		{Name: "disabled", Method: "PUT", Path: languages + "/de", Body: `{"id":"DE","isEnabled":false}`, Status: 204, Records: updated},
		{Name: "another id", Method: "PUT", Path: languages + "/de", Body: `{"id":"fr"}`, Status: 400, Records: notUpdated, Want: "The id in the body is not that of the address."},
		{Name: "no object", Method: "PUT", Path: languages + "/de", Body: `1`, Status: 400, Records: notUpdated},
		{Name: "one of the flow's own", Method: "PUT", Path: languages + "/eo", Status: 201, Records: updated, Want: `"id":"eo","displayName":"Esperanto","isEnabled":true`},
		{Name: "listed at the end", Path: languages, Want: `,{"id":"eo","displayName":"Esperanto","isEnabled":true}]}`},
		{Name: "no tag", Method: "PUT", Path: languages + "/?", Status: 405, Header: "Allow: GET"},
		{Name: "of none", Method: "PUT", Path: list + "/x/languages/de", Status: 404, Records: notUpdated, Want: none},
		{Name: "removed", Method: "DELETE", Path: languages + "/eo", Status: 204, Records: updated},
		{Name: "removed already", Method: "DELETE", Path: languages + "/eo", Status: 404, Records: notUpdated, Want: "There is no language with the id 'eo'."},
		{Name: "a built-in one", Method: "DELETE", Path: languages + "/de", Status: 400, Records: notUpdated, Want: "A built-in language can't be deleted; set isEnabled to false."},

		{Name: "pages", Path: languages + "/de/defaultPages", Want: `"id":"signuporsignin"`},
		{Name: "pages to override", Path: languages + "/de/overridesPages", Want: `"@odata.context":"{base}/graph/beta/$metadata#Collection(microsoft.graph.userFlowLanguagePage)"`},
		{Name: "built-in texts", Path: languages + "/de/defaultPages/signuporsignin/$value", Want: `{"LocalizedStrings":[{"ElementType":"UxElement","ElementId":null,"StringId":"unifiedssp","Override":false,"Value":"de"}]}`},
		{Name: "no texts", Path: overrides, Want: `{"LocalizedStrings":[]}`},
		{Name: "texts", Method: "PUT", Path: overrides, Body: texts, Status: 204, Records: updated},
		{Name: "those texts", Path: overrides, Want: texts},
		{Name: "texts of a new language", Method: "PUT", Path: languages + "/eo/overridesPages/signuporsignin/$value", Body: texts, Status: 204, Records: updated},
		{Name: "bad texts", Method: "PUT", Path: overrides, Body: `1`, Status: 400, Records: notUpdated, Want: "The body must have LocalizedStrings"},
		{Name: "no body", Method: "PUT", Path: overrides, Status: 400, Records: notUpdated},
		{Name: "texts of no page", Method: "PUT", Path: languages + "/de/overridesPages/x/$value", Body: texts, Status: 404, Records: notUpdated, Want: "There is no page with the id 'x'."},
		{Name: "removed texts", Method: "DELETE", Path: overrides, Status: 204, Records: updated},
		{Name: "removed texts indeed", Path: overrides, Want: `{"LocalizedStrings":[]}`},
		{Name: "built-in texts of no page", Path: languages + "/de/defaultPages/x/$value", Status: 404},
		{Name: "overrides of no page", Path: languages + "/de/overridesPages/x/$value", Status: 404},
		{Name: "languages of none", Path: list + "/x/languages", Status: 404, Want: none},
		{Name: "a language of none", Path: list + "/x/languages/de", Status: 404, Want: none},
		{Name: "pages of none", Path: list + "/x/languages/de/defaultPages", Status: 404, Want: none},
		{Name: "built-in texts of none", Path: list + "/x/languages/de/defaultPages/x/$value", Status: 404, Want: none},
		{Name: "overrides of none", Path: list + "/x/languages/de/overridesPages/x/$value", Status: 404, Want: none},
	})
}
