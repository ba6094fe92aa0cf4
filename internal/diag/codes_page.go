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
		Cause:   "The host of a LoadUri contains a claim resolver. The sender of a request could then choose who writes the sign-in page.",
		Cure:    "Write the host literally, and use the resolver in path or query.",
		Refused: "Documented: claim resolvers may be in path and query of a page's address, not in its host.",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><LoadUri>https://{OIDC:ClientId}.example/page.html</LoadUri></ContentDefinition></ContentDefinitions>`)},
	},
	LoadURIScheme: {
		Severity: Warning, Title: "Page not loaded by https",
		Cause:   "A LoadUri begins neither with https:// nor with ~/; the built-in page is shown.",
		Cure:    "Write an https address.",
		Example: Example{Policy: blocks(`<ContentDefinitions><ContentDefinition Id="api.page"><LoadUri>http://cdn.example/page.html</LoadUri></ContentDefinition></ContentDefinitions>`)},
	},
	MisspeltText: {
		Severity: Warning, Title: "Text of an undeclared element",
		Cause: "A localized text belongs to an undeclared element, whose name is similar to a declared one. The text is never shown.",
		Cure:  "Correct ElementType, ElementId or StringId.",
		Example: Example{Policy: blocks("<Localization><LocalizedResources Id=\"api.page.en\"><LocalizedStrings>\n" +
			`<LocalizedString ElementType="ClaimType" ElementId="emial" StringId="DisplayName">Address</LocalizedString>` + "\n</LocalizedStrings></LocalizedResources></Localization>")},
	},
	FrameSource: {
		Severity: Warning, Title: "Source that may not frame pages",
		Cause:   "JourneyFraming names a source that isn't a full https origin. The source is ignored.",
		Cure:    "Write origins such as https://www.contoso.com, with blanks between them and without wildcards.",
		Example: Example{Policy: party(`<UserJourneyBehaviors><JourneyFraming Enabled="true" Sources="https://*.contoso.com" /></UserJourneyBehaviors>`)},
	},
}
