package page

import (
	"maps"
	"strings"

	"journeyman.dev/internal/journey"
)

// texts finds the texts of a page: the policy's, else our own.
type texts struct {
	res      *journey.Resources
	language string
}

// ux is a UxElement's text.
func (t *texts) ux(id string) string {
	key := strings.TrimPrefix(id, "unified_")
	if text, ok := t.res.Text("UxElement", "", key); ok {
		return text
	}
	// The e-mail verification's texts are ver_… in some policies and bare in others.
	if text, ok := english[id]; ok {
		return text
	}
	return english[key]
}

// all are the texts that scripts read in CONTENT.
func (t *texts) all() map[string]string {
	out := maps.Clone(english)
	for id := range english {
		out[id] = t.ux(id)
	}
	return out
}

// english are our own texts, by string id (pages §6).
var english = map[string]string{
	"heading":                     "Your details",
	"unified_heading":             "Sign in",
	"social_intro":                "Sign in with a social account",
	"local_intro_generic":         "Sign in with your account",
	"local_intro_email":           "Sign in with your e-mail address",
	"local_intro_username":        "Sign in with your user name",
	"divider_title":               "or",
	"button_signin":               "Sign in",
	"forgotpassword_link":         "Forgot your password?",
	"createaccount_intro":         "Don't have an account?",
	"createaccount_link":          "Sign up now",
	"createaccount_one_link":      "Sign up now",
	"remember_me":                 "Keep me signed in",
	"unknown_error":               "We can't reach the service. Please try again.",
	"requiredField_generic":       "Please enter your {0}",
	"invalid_generic":             "Please enter a valid {0}",
	"intro":                       "Choose how you want to continue",
	"initial_intro":               "Please give the following details.",
	"button_continue":             "Continue",
	"button_cancel":               "Cancel",
	"preloader_alt":               "Please wait",
	"verifying_blurb":             "Please wait while we process your information.",
	"helplink_text":               "What is this?",
	"required_field":              "This information is required.",
	"error_fieldIncorrect":        "One or more fields are filled out incorrectly. Please check your entries and try again.",
	"error_requiredFieldMissing":  "A required field is missing. Please fill out all required fields and try again.",
	"error_passwordEntryMismatch": "The password entry fields do not match. Please enter the same password in both fields and try again.",
	"day":                         "Day",
	"month":                       "Month",
	"year":                        "Year",
	"months":                      "January, February, March, April, May, June, July, August, September, October, November, December",
	"ver_but_send":                "Send verification code",
	"ver_but_verify":              "Verify code",
	"ver_but_resend":              "Send new code",
	"ver_but_edit":                "Change e-mail",
	"ver_but_default":             "Default",
	"ver_input":                   "Verification code",
	"ver_intro_msg":               "We will send a code to this address to verify that it is yours.",
	"ver_info_msg":                "We have sent a verification code to your inbox. Please copy it to the field below.",
	"ver_success_msg":             "The e-mail address is verified. You can continue now.",
	"ver_fail_retry":              "That code is incorrect. Please try again.",
	"ver_fail_no_retry":           "There were too many incorrect tries. Please send a new code.",
	"ver_fail_throttled":          "There were too many requests to verify this e-mail address. Please wait a while, then try again.",
	"ver_fail_code_expired":       "That code has expired. Please send a new one.",
	"ver_fail_server":             "We can't verify your e-mail address right now. Please try again.",
	"ver_incorrect_format":        "Please enter a valid e-mail address.",
}
