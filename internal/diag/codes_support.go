package diag

// Codes JM7xxx: parts of the language that this version doesn't run yet. JM7005 was for customers' page
// templates.
const (
	UnsupportedProfile Code = "JM7001"
	UnsupportedStep    Code = "JM7002"
	UnsupportedControl Code = "JM7003"
	UnsupportedSetting Code = "JM7004"
)

var supportCodes = map[Code]Entry{
	UnsupportedProfile: {
		Severity: Warning, Title: "Kind of profile not supported yet",
		Cause:   "A journey uses a kind of technical profile that this version doesn't support. Users who reach it see an error.",
		Cure:    "Remove the profile from the journey, or wait for a version that supports it.",
		Example: Example{Policy: apiInstead(`<TechnicalProfile Id="New"><Protocol Name="SAML2" /><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" /></OutputClaims></TechnicalProfile>`)},
	},
	UnsupportedStep: {
		Severity: Warning, Title: "Step not supported yet",
		Cause:   "A journey contains a type of step that this version doesn't support. Users who reach it see an error.",
		Cure:    "Remove the step, or wait for a version that supports it.",
		Example: Example{Policy: `<UserJourneys><UserJourney Id="SignIn"><OrchestrationSteps><OrchestrationStep Order="3" Type="ConsentScreen" /></OrchestrationSteps></UserJourney></UserJourneys>`},
	},
	UnsupportedControl: {
		Severity: Warning, Title: "Display control not supported yet",
		Cause: "A page shows a kind of display control that this version doesn't support. The page fails.",
		Cure:  "Use display claims without the control, or wait for a version that supports it.",
		Example: Example{Policy: blocks(`<DisplayControls><DisplayControl Id="verify" UserInterfaceControlType="CaptchaControl">
<DisplayClaims><DisplayClaim ClaimTypeReferenceId="email" /></DisplayClaims>
</DisplayControl></DisplayControls>`) + profiles(`<TechnicalProfile Id="Form"><DisplayClaims><DisplayClaim DisplayControlReferenceId="verify" /></DisplayClaims></TechnicalProfile>`)},
	},
	UnsupportedSetting: {
		Severity: Warning, Title: "Setting not supported yet",
		Cause:   "This version knows the setting, but the setting has no effect yet.",
		Cure:    "Don't rely on the setting yet.",
		Example: Example{Policy: party(`<UserJourneyBehaviors><JourneyInsights TelemetryEngine="ApplicationInsights" InstrumentationKey="4d7e7b86-bb8b-41e6-9185-3b13fb625cb5" DeveloperMode="false" ClientEnabled="false" ServerEnabled="true" TelemetryVersion="1.0.0" /></UserJourneyBehaviors>`)},
	},
}
