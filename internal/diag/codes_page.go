package diag

// Codes JM8xxx: content definitions and the texts of pages.
const (
	LoadURIHost   Code = "JM8001"
	LoadURIScheme Code = "JM8002"
	MisspeltText  Code = "JM8003"
	FrameSource   Code = "JM8004"
)

var pageCodes = map[Code]Entry{
	LoadURIHost: {
		Severity: Error, Title: "Host chosen by a claim resolver",
		Cause:   "A LoadUri has a claim resolver in its host: who sends the request would choose who writes the sign-in page.",
		Cure:    "Write the host, and use the resolver in path or query.",
		Refused: "Documented for path and query of a page's address, not for its host.",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><LoadUri>https://{OIDC:ClientId}.example/page.html</LoadUri></ContentDefinition></ContentDefinitions>`)},
	},
	LoadURIScheme: {
		Severity: Warning, Title: "Page not loaded by https",
		Cause:   "A LoadUri begins neither with https:// nor with ~/; the built-in page is shown.",
		Cure:    "Write an https address.",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><LoadUri>http://cdn.example/page.html</LoadUri></ContentDefinition></ContentDefinitions>`)},
	},
	MisspeltText: {
		Severity: Warning, Title: "Text of nothing",
		Cause: "A localized text is for an element that isn't there, but nearly; it is never shown.",
		Cure:  "Correct ElementType, ElementId or StringId.",
		Example: Example{Policy: blocks("<Localization><LocalizedResources Id=\"api.page.en\"><LocalizedStrings>\n" +
			`<LocalizedString ElementType="ClaimType" ElementId="emial" StringId="DisplayName">Address</LocalizedString>` + "\n</LocalizedStrings></LocalizedResources></Localization>")},
	},
	FrameSource: {
		Severity: Warning, Title: "Source that may not frame pages",
		Cause:   "JourneyFraming names something else than a full https origin; it is left out.",
		Cure:    "Write origins such as https://www.contoso.com, with blanks between them and without wildcards.",
		Example: Example{Policy: party(`<UserJourneyBehaviors><JourneyFraming Enabled="true" Sources="https://*.contoso.com" /></UserJourneyBehaviors>`)},
	},
}
