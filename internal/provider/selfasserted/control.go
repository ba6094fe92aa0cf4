package selfasserted

import (
	"context"
	"maps"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// ControlKind is a kind of display control. All but Drawn may be nil.
type ControlKind struct {
	// Drawn is how pages draw it.
	Drawn *journey.ControlKind
	// Check reports the faults of a control when the policy is compiled.
	Check func(plan *program.Plan, c *program.DisplayControl)
	// Body makes the data of the control's template beside its fields.
	Body func(call *journey.Call, c *program.DisplayControl) (any, error)
	// Guards makes the page wait until the control's action VerifyCode has passed.
	Guards bool
}

// control is a display control of the page: fields with actions of their own.
type control struct {
	*program.DisplayControl
	kind *ControlKind // nil if this version doesn't run it
}

// control finds the kind of a UserInterfaceControlType; nil if this version has none.
func (p *Provider) control(name string) *ControlKind {
	for i, k := range p.Controls {
		if strings.EqualFold(k.Drawn.Name, name) {
			return &p.Controls[i]
		}
	}
	return nil
}

// controlState is the state of a control between posts.
type controlState struct {
	// Values are the entered values at the last action, by claim id, without the code: a
	// verification holds for these values alone.
	Values map[string]string `json:"v,omitempty"`
	// Claims are the control's output claims.
	Claims claims.Bag `json:"c"`
	Sent   time.Time  `json:"s,omitzero"`
	Done   bool       `json:"d,omitempty"`
}

// control finds the state of a control; an empty one if nothing has happened.
func (s *state) control(c *control) *controlState {
	if have := s.Controls[c.ID()]; have != nil {
		return have
	}
	return new(controlState)
}

// act runs an action of a display control. Claims that its profiles put out are
// forgotten, except the control's output claims, which later actions see and the page
// gets in the end: so the code that one profile makes and another sends stays on the
// server (pages §4.3 [D][I]).
func (x *Exchange) act(ctx context.Context, call *journey.Call, s *state) (journey.Result, error) {
	unknown := refuse(journey.CodeNotValid, texts.For(call.Language).Text(texts.Failure, string(journey.CodeNotValid)), "")
	c := x.named(call.Answer.Control)
	if c == nil {
		return unknown, nil
	}
	action, ok := c.Action(call.Answer.Action)
	if !ok {
		return unknown, nil
	}
	verifying := strings.EqualFold(action.ID(), actionVerify)
	page, values, refusal := x.entered(call, c, verifying)
	if refusal != nil {
		return *refusal, nil
	}
	was := s.control(c)
	if _, sends := c.Action(actionSend); verifying && sends && !maps.Equal(values, was.Values) {
		// The code that was sent says nothing about a value that was changed since.
		return refuse(journey.CodeNotVerified, message(call, "UserMessageIfSessionDoesNotExist"), ""), nil
	}
	sending := strings.EqualFold(action.ID(), actionSend)
	if was.Done && verifying || sending && maps.Equal(values, was.Values) && call.Now().Sub(was.Sent) < repeated {
		return s.reply(journey.Reply{OK: true})
	}
	if maps.Equal(values, was.Values) {
		// The outputs of earlier actions for these values; the values of the page win.
		before := was.Claims.Clone()
		before.Merge(page)
		page = &before
	}
	if err := call.Validate(ctx, action.Validations(), page); err != nil {
		return nil, err
	}
	now := &controlState{Values: values, Done: verifying}
	if sending {
		now.Sent = call.Now()
	}
	for _, use := range c.Outputs().All() {
		if v := page.Get(use.Claim().ID()); v.Exists() && use.Claim().Input() != claims.Password {
			now.Claims.Set(use.Claim().ID(), v)
		}
	}
	if s.Controls == nil {
		s.Controls = make(map[string]*controlState)
	}
	s.Controls[c.ID()] = now
	return s.reply(journey.Reply{OK: true})
}

func (x *Exchange) named(id string) *control {
	for _, c := range x.controls {
		if strings.EqualFold(c.ID(), id) {
			return c
		}
	}
	return nil
}

// entered reads a control's fields: as claims, with the code where one is checked, and
// as text without it.
func (x *Exchange) entered(call *journey.Call, c *control, verifying bool) (*claims.Bag, map[string]string, *journey.Answered) {
	page, values := new(claims.Bag), make(map[string]string)
	for _, f := range x.fields {
		if f.control != c || !f.writable() || f.code && !verifying {
			continue
		}
		value, refusal := x.read(call, f)
		if refusal != nil {
			return nil, nil, refusal
		}
		page.Set(f.use.Claim().ID(), value)
		if !f.code && value.Exists() {
			values[f.use.Claim().ID()] = value.String()
		}
	}
	return page, values, nil
}

// settled reports whether a control is done for the values on the page, and adds its
// output claims to them.
func (x *Exchange) settled(c *control, s *state, page *claims.Bag) bool {
	if !c.kind.Guards {
		return true
	}
	have := s.control(c)
	if !have.Done {
		return false
	}
	values := make(map[string]string)
	for _, f := range x.fields {
		if f.control == c && f.writable() && !f.code {
			if v := page.Get(f.use.Claim().ID()); v.Exists() {
				values[f.use.Claim().ID()] = v.String()
			}
		}
	}
	if !maps.Equal(values, have.Values) {
		return false
	}
	page.Merge(&have.Claims)
	return true
}
