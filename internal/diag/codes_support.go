package diag

// Codes JM7xxx: the language has it, this version doesn't run it yet. JM7005 was for
// customers' page templates.
const (
	UnsupportedProfile Code = "JM7001"
	UnsupportedStep    Code = "JM7002"
	UnsupportedControl Code = "JM7003"
	UnsupportedSetting Code = "JM7004"
)

var supportCodes = map[Code]Entry{
	UnsupportedProfile: {
		Severity: Warning, Title: "Kind of profile not supported yet",
		Cause: "A journey uses a kind of technical profile that this version doesn't run; users who come to it see an error.",
		Cure:  "Remove it from the journey, or wait for the version that has it.",
	},
	UnsupportedStep: {
		Severity: Warning, Title: "Step not supported yet",
		Cause: "A journey has a type of step that this version doesn't run; users who come to it see an error.",
		Cure:  "Remove the step, or wait for the version that has it.",
	},
	UnsupportedControl: {
		Severity: Warning, Title: "Display control not supported yet",
		Cause: "A page shows a display control, which this version doesn't run; the page fails.",
		Cure:  "Use display claims without it, or wait for the version that has it.",
	},
	UnsupportedSetting: {
		Severity: Warning, Title: "Setting not supported yet",
		Cause: "A setting is understood but has no effect in this version.",
		Cure:  "Don't rely on it yet.",
	},
}
