package selfasserted

import (
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// VerificationControl is the kind of display control that sends a code and checks it: the user
// must get through it before the page goes on (pages §4.3).
var VerificationControl = ControlKind{
	Drawn: &journey.ControlKind{
		Name: "VerificationControl", Texts: texts.VerificationControl,
		// Those of layout 2.0.0, and those of e-mail verification (pages §6 [D]).
		Older: map[string][]string{
			"success_send_code_msg":   {"verification_control_code_sent"},
			"failure_send_code_msg":   {"verification_control_fail_send_code"},
			"failure_verify_code_msg": {"verification_control_fail_verify_code"},
			"but_send_code":           {"verification_control_but_send_code", "ver_but_send"},
			"but_verify_code":         {"verification_control_but_verify_code", "ver_but_verify"},
			"but_send_new_code":       {"verification_control_but_send_new_code", "ver_but_resend"},
			"but_change_claims":       {"verification_control_but_change_claims", "ver_but_edit"},
		},
	},
	Check:  checkVerification,
	Guards: true,
}

// The actions of a verification control (pages §4.3).
const (
	actionSend   = "SendCode"
	actionVerify = "VerifyCode"
)

// claimCode is the ControlClaimType of the claim that holds the code.
const claimCode = "VerificationCode"

// checkVerification warns of a verification control that nobody gets through.
func checkVerification(plan *program.Plan, c *program.DisplayControl) {
	report := func(hint, lacks string) {
		plan.Report(diag.IncompleteControl, c.Position(), hint, "technical profile %q shows the display control %q, which has no %s", plan.Source.ID.Value, c.ID(), lacks)
	}
	for _, id := range []string{actionSend, actionVerify} {
		if _, ok := c.Action(id); !ok {
			report("add <Action Id=\""+id+"\"> to its Actions", "action "+id)
		}
	}
	if !c.Display().Any(func(use *program.ClaimUse) bool { return strings.EqualFold(use.ControlType(), claimCode) }) {
		report("add a DisplayClaim with ControlClaimType=\""+claimCode+"\"", "claim for the verification code")
	}
}
