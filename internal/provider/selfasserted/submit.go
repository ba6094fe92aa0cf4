package selfasserted

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// maxFieldBytes bounds one posted value; longer ones are refused [I].
const maxFieldBytes = 8 << 10

// submit checks a posted form, runs the validation profiles and gives the output
// claims. Posted fields that the page doesn't show are ignored: a claim that the
// page doesn't ask for is never set (pages §4.1 [I]).
func (x *Exchange) submit(ctx context.Context, call *journey.Call, s *state) (journey.Result, error) {
	if !x.metadata.ShowContinue {
		return refuse(journey.CodeNotValid, "This page can't be continued.", ""), nil
	}
	var page claims.Bag
	for _, f := range x.fields {
		if !f.writable() && f.verify && !s.isVerified(f.use.Claim().ID(), f.address(call)) {
			return refuse(journey.CodeNotVerified, message(call, "UserMessageIfClaimNotVerified", displayName(call, f)), f.use.Claim().ID()), nil
		}
		if !f.writable() || f.code {
			continue // posted values of these are ignored, and a code was checked before
		}
		value, refusal := x.read(call, f)
		if refusal != nil {
			return *refusal, nil
		}
		if f.verify && !s.isVerified(f.use.Claim().ID(), value.String()) {
			name := displayName(call, f)
			return refuse(journey.CodeNotVerified, message(call, "UserMessageIfClaimNotVerified", name), f.use.Claim().ID()), nil
		}
		if f.verify {
			value = claims.Text(canonical.Text(value.String()))
		}
		page.Set(f.use.Claim().ID(), value)
	}
	for _, c := range x.controls {
		if !x.settled(c, s, &page) {
			return refuse(journey.CodeNotVerified, message(call, "UserMessageIfVerificationControlClaimsNotVerified"), ""), nil
		}
	}
	if r := x.mismatch(call, &page); r != nil {
		return *r, nil
	}
	if id := x.metadata.IPAddressClaim; id != "" && call.Journey.Request.RemoteIP != "" {
		page.Set(id, claims.Text(call.Journey.Request.RemoteIP))
	}
	if err := call.Validate(ctx, call.Profile.Validations(), &page); err != nil {
		return nil, err
	}
	return journey.Done{Output: output{page}}, nil
}

// output gives the page's values by the id of the claim: a page has no partner.
type output struct{ page claims.Bag }

// Claim implements journey.Output.
func (o output) Claim(use *program.ClaimUse) (claims.Value, error) {
	return o.page.Get(use.Claim().ID()).Convert(use.Claim().DataType())
}

// writable reports whether the user enters the field.
func (f field) writable() bool {
	return f.input != claims.Readonly && f.input != claims.Paragraph && f.input != claims.Button
}

// read converts and checks one posted field; a refusal contains the message for the user.
func (x *Exchange) read(call *journey.Call, f field) (claims.Value, *journey.Answered) {
	t := f.use.Claim()
	text := call.Answer.Fields[t.ID()]
	if f.input != claims.Password || x.metadata.TrimPassword {
		text = strings.TrimSpace(text)
	}
	bad := func(key string) *journey.Answered {
		r := refuse(journey.CodeNotValid, message(call, key, displayName(call, f)), t.ID())
		return &r
	}
	if len(text) > maxFieldBytes || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return claims.Value{}, bad("UserMessageIfInvalidInput")
	}
	if text == "" {
		if f.use.Required() {
			return claims.Value{}, bad("UserMessageIfMissingRequiredElement")
		}
		if x.metadata.AllowNull && t.DataType() == claims.String {
			return claims.Text(""), nil
		}
		return claims.Value{}, nil
	}
	if !legalChoice(call, f, text) {
		return claims.Value{}, bad("UserMessageIfInvalidInput")
	}
	if failed := f.rule.Check(text, call.Now()); failed != nil {
		text := message(call, "UserMessageIfIncorrectPattern", displayName(call, f))
		if help := failed.Text(call.Resources); help != "" {
			text = help
		}
		r := refuse(journey.CodeNotValid, text, t.ID())
		return claims.Value{}, &r
	}
	if f.input == claims.CheckboxMultiSelect && t.DataType() == claims.StringCollection {
		return claims.Collection(strings.Split(text, ",")...), nil
	}
	value, err := claims.Parse(t.DataType(), text)
	if err != nil {
		return claims.Value{}, bad("UserMessageIfInvalidInput")
	}
	return value, nil
}

// message is the text of a message key: the policy's, else our own.
func message(call *journey.Call, key string, args ...string) string {
	return call.Message(key, texts.For(call.Language).Text(texts.Message, key), args...)
}

// legalChoice reports whether a posted value is in the claim's effective list.
func legalChoice(call *journey.Call, f field, text string) bool {
	has := func(value string) bool {
		return slices.ContainsFunc(choices(call, f.use.Claim()), func(c claims.Choice) bool { return c.Value == value })
	}
	switch f.input {
	case claims.DropdownSingleSelect, claims.RadioSingleSelect:
		return has(text)
	case claims.CheckboxMultiSelect:
		for one := range strings.SplitSeq(text, ",") {
			if !has(one) {
				return false
			}
		}
	}
	return true
}

// mismatch compares the two entries of a new password, paired by id
// (claims-and-transformations §1.1 [D]).
func (x *Exchange) mismatch(call *journey.Call, page *claims.Bag) *journey.Answered {
	var first, second claims.Value
	var shown bool
	for _, f := range x.fields {
		switch strings.ToLower(f.use.Claim().ID()) {
		case "newpassword":
			first = page.Get(f.use.Claim().ID())
		case "password":
			if !first.Exists() {
				first = page.Get(f.use.Claim().ID())
			}
		case "reenterpassword":
			second, shown = page.Get(f.use.Claim().ID()), true
		}
	}
	if !shown || first.String() == second.String() {
		return nil
	}
	r := refuse(journey.CodeNotValid, uxText(call, "error_passwordEntryMismatch"), "")
	return &r
}

func displayName(call *journey.Call, f field) string {
	if text, ok := call.Resources.Text("ClaimType", f.use.Claim().ID(), "DisplayName"); ok {
		return text
	}
	if f.use.Claim().DisplayName() != "" {
		return f.use.Claim().DisplayName()
	}
	return f.use.Claim().ID()
}
