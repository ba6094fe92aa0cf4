package journey

import (
	"context"
	"strings"

	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// selection is a step that lets the user choose from the exchanges of the next step. A
// combined one has a sign-in form beside them.
type selection struct {
	combined   bool
	selections []program.Selection
	validation *program.ClaimsExchange // the sign-in form; nil if there is none
	showSingle bool
	content    *program.ContentDefinition
	// forgot is the exchange that the forgot-password link runs; "" for the classic link.
	forgot  string
	signUps []signUp
	// underForm are the folded ids of the exchanges whose buttons stand under the form.
	underForm map[string]bool
}

// signUp is a link of the sign-in form to an exchange of the next step.
type signUp struct {
	id       string
	exchange *program.ClaimsExchange // nil if the next step has none of the id
}

func planCombined(p *program.StepPlan) program.Node { return planSelection(p, true) }

func planProviderSelection(p *program.StepPlan) program.Node { return planSelection(p, false) }

func planSelection(p *program.StepPlan, combined bool) *selection {
	n := &selection{
		combined: combined, selections: p.Selections(), validation: p.Validation(), showSingle: p.ShowsSingle(), content: p.Content(),
		underForm: make(map[string]bool),
	}
	n.forgot = forgotExchange(n.content, n.validation)
	if n.validation != nil {
		n.signUps = signUps(n.validation.Profile().SignUpTarget(), p.Following())
	}
	if n.content != nil {
		for id := range strings.SplitSeq(n.content.Metadata().Get("setting.bottomUnderFormClaimsProviderSelections"), ",") {
			n.underForm[strings.ToLower(strings.TrimSpace(id))] = true
		}
	}
	return n
}

// forgotExchange is setting.forgotPasswordLinkOverride of the validation profile or
// the content definition; unified layouts from 2.1.2 heed it (§4.3).
func forgotExchange(content *program.ContentDefinition, validation *program.ClaimsExchange) string {
	if content == nil || !content.DataURI().AtLeast(2, 1, 2) {
		return ""
	}
	if validation != nil && validation.Profile().ForgotTarget() != "" {
		return validation.Profile().ForgotTarget()
	}
	return content.Metadata().Get("setting.forgotPasswordLinkOverride")
}

// signUps reads SignUpTarget: one exchange, or with a layout from 2.1.0 up to three with
// commas between (pages §2.3 [C→I]).
func signUps(targets string, following []*program.ClaimsExchange) []signUp {
	var list []signUp
	for id := range strings.SplitSeq(targets, ",") {
		if id = strings.TrimSpace(id); id == "" || len(list) == 3 {
			continue
		}
		link := signUp{id: id}
		for _, x := range following {
			if strings.EqualFold(x.ID(), id) {
				link.exchange = x
			}
		}
		list = append(list, link)
	}
	return list
}

// run chooses by domain_hint, by the session, or because there is one provider; else it asks.
func (n *selection) run(ctx context.Context, r *run, at position) (Outcome, error) {
	targets := n.enabled(r)
	if choice := r.hinted(targets); choice != "" {
		at.choose(choice)
		return nil, nil
	}
	if n.validation != nil && r.restore(n.validation.Profile()) {
		r.skipped(ctx, n.validation.Profile(), SessionRemembers)
		at.next()
		return nil, nil
	}
	for _, t := range targets {
		if entry := r.remembered(t.Exchange().Profile().Session()); entry != nil && rememberedChoice(t, entry) {
			at.choose(t.ExchangeID())
			return nil, nil
		}
	}
	// A combined step with one provider and no page has nothing to show either.
	if len(targets) == 1 && !n.showSingle && (!n.combined || n.content == nil && n.validation == nil) {
		at.choose(targets[0].ExchangeID())
		return nil, nil
	}
	switch {
	case n.validation == nil && len(targets) == 0:
		return nil, Fail(CodeNoProvider, nil)
	case r.j.NoUI:
		return nil, Fail(CodeInteractionRequired, nil)
	}
	return n.ask(ctx, r)
}

// ask shows the page.
func (n *selection) ask(ctx context.Context, r *run) (Outcome, error) {
	var form *Form
	pending := &Pending{Kind: PendingSelection}
	if n.validation != nil {
		working := r.j.Claims.Clone()
		result, err := r.runProfile(ctx, n.validation.Profile(), &working, exchangeRun{})
		if err != nil {
			return nil, r.exchangeFailure(err, n.validation)
		}
		if ask, ok := result.(Ask); ok {
			r.j.Claims = working
			form = ask.Form
			pending.Exchange, pending.Memory = n.validation.ID(), ask.Memory
		}
	}
	r.suspend(pending)
	return &ShowPage{Journey: r.j, Page: n.draw(r, form)}, nil
}

// rememberedChoice reports whether a session entry stands for having chosen this
// provider before: an external login of this very exchange, or a local account's
// sign-in that would be restored (policy-engine §5.16).
func rememberedChoice(s program.Selection, entry *session.Entry) bool {
	switch s.Exchange().Profile().Session().Kind() {
	case program.SessionExternalLogin:
		return strings.EqualFold(entry.Exchange, s.ExchangeID())
	case program.SessionDefault:
		return entry.Claims.Len() > 0
	}
	return false
}

// enabled are the selections whose profiles the journey's claims allow.
func (n *selection) enabled(r *run) []program.Selection {
	var targets []program.Selection
	for _, s := range n.selections {
		if s.Exchange().Profile().Enabled().Allows(&r.j.Claims) {
			targets = append(targets, s)
		}
	}
	return targets
}

// hinted finds the target whose claims provider has the domain of domain_hint. An
// unknown hint is ignored; only the first selection heeds it (§4.3).
func (r *run) hinted(targets []program.Selection) string {
	hint := r.j.Request.Parameters["domain_hint"]
	if hint == "" || r.j.HintUsed {
		return ""
	}
	r.j.HintUsed = true
	for _, t := range targets {
		for _, domain := range t.Exchange().Profile().Domains().All() {
			if strings.EqualFold(domain, hint) {
				return t.ExchangeID()
			}
		}
	}
	return ""
}

func (n *selection) exchange(id string) *program.ClaimsExchange {
	if n.validation != nil && n.validation.ID() == id {
		return n.validation
	}
	return nil
}

func (n *selection) page(r *run, _ *program.Step, _ *program.ClaimsExchange, form *Form) *Page {
	return n.draw(r, form)
}

// retries are the defaults seen in B2C's pages (pages §3.4 [P]).
func (n *selection) retries() int {
	if n.combined {
		return 3
	}
	return 7
}

// choice finds the exchange that a link or button of the page means.
func (n *selection) choice(r *run, a Action) (string, *Failure) {
	switch a.Kind {
	case SignUp:
		if len(n.signUps) == 0 {
			return "", nil
		}
		return n.signUps[0].id, nil
	case Forgot:
		if n.forgot == "" {
			return "", Fail(CodeForgotPassword, nil)
		}
		return n.forgot, nil
	}
	for _, t := range n.enabled(r) {
		if strings.EqualFold(t.ExchangeID(), a.Exchange) {
			return t.ExchangeID(), nil
		}
	}
	for _, s := range n.signUps {
		if strings.EqualFold(s.id, a.Exchange) {
			return s.id, nil
		}
	}
	if n.forgot != "" && strings.EqualFold(n.forgot, a.Exchange) {
		return n.forgot, nil
	}
	return "", nil
}

// draw makes the unified page or the provider list.
func (n *selection) draw(r *run, form *Form) *Page {
	kind := PageProviderSelection
	if n.combined {
		kind = PageUnified
	}
	page := r.page(kind, n.content)
	page.Form, page.Forgot = form, n.forgot
	for _, t := range n.enabled(r) {
		if n.forgot != "" && strings.EqualFold(t.ExchangeID(), n.forgot) {
			continue // drawn as the forgot link (§4.3 [D][C])
		}
		page.Providers = append(page.Providers, Choice{
			ID: t.ExchangeID(), Label: exchangeLabel(t.ExchangeID(), t.Exchange(), page.Resources),
			TextLink: t.Exchange().Profile().TextLink(), UnderForm: n.underForm[strings.ToLower(t.ExchangeID())],
		})
	}
	if form != nil && n.validation != nil {
		if form.ShowSignUp {
			for _, s := range n.signUps {
				page.SignUps = append(page.SignUps, Choice{ID: s.id, Label: exchangeLabel(s.id, s.exchange, page.Resources)})
			}
		}
		page.ForgotLink = !strings.EqualFold(form.ForgotPlacement, "None") && hasPassword(form)
		page.KeepSignedIn = form.RememberMe && r.p.RelyingParty().SSO().KeepAlive() > 0
	}
	r.word(page)
	return page
}

// exchangeLabel is the text of a button that runs an exchange.
func exchangeLabel(id string, exchange *program.ClaimsExchange, res *program.Resources) string {
	if text, ok := res.Text("ClaimsProvider", "", id); ok {
		return text
	}
	if text, ok := res.Text("ClaimsProvider", id, "DisplayName"); ok {
		return text
	}
	if exchange == nil || exchange.Profile().DisplayName() == "" {
		return id
	}
	return exchange.Profile().DisplayName()
}
