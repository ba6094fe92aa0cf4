package diag

// Codes JM7xxx: the language has it, this version doesn't run it yet.
const (
	UnsupportedProfile Code = "JM7001"
	UnsupportedStep    Code = "JM7002"
	UnsupportedControl Code = "JM7003"
	UnsupportedSetting Code = "JM7004"
	UnsupportedPage    Code = "JM7005"
)

var supportCodes = map[Code]Entry{
	UnsupportedProfile: {Warning, "Kind of profile not supported yet", "A journey uses a kind of technical profile that this version doesn't run; users who come to it see an error.", "Remove it from the journey, or wait for the version that has it."},
	UnsupportedStep:    {Warning, "Step not supported yet", "A journey has a type of step that this version doesn't run; users who come to it see an error.", "Remove the step, or wait for the version that has it."},
	UnsupportedControl: {Warning, "Display control not supported yet", "A page shows a display control, which this version doesn't run; the page fails.", "Use display claims without it, or wait for the version that has it."},
	UnsupportedSetting: {Warning, "Setting not supported yet", "A setting is understood but has no effect in this version.", "Don't rely on it yet."},
	UnsupportedPage:    {Warning, "Custom page not supported yet", "A content definition loads a page of its own; this version shows the built-in page.", "Don't rely on it yet."},
}
