package journey

import (
	"journeyman.dev/internal/program"
	"strings"
)

// content is the content definition that a profile's page shows.
func (r *run) content(tp *program.TechnicalProfile) *program.ContentDefinition {
	if uj, frame := r.top(); uj != nil && frame.Step < len(uj.Steps) {
		// A step's own content definition goes before the profile's.
		if c := uj.Steps[frame.Step].Content; c != nil {
			return c
		}
	}
	if tp == nil {
		return nil
	}
	return tp.Content
}

// resources finds the policy's texts of a page for the journey's language: of the
// whole tag, else of its parents. Where there are none, the built-in texts of the
// language stand in, not another language's (pages §6 [I]).
func (r *run) resources(content *program.ContentDefinition) *program.Resources {
	if content == nil {
		return nil
	}
	return content.In(r.j.Language).Bound(r.wording)
}

func (r *run) page(kind PageKind, content *program.ContentDefinition) *Page {
	page := &Page{
		Kind: kind, Content: content, Language: r.j.Language, Resources: r.resources(content),
		Transaction: r.j.ID, CSRF: r.j.Pending.CSRF, PolicyID: r.p.PolicyID, TenantName: r.p.TenantName,
		Tenant: r.j.Request.Tenant, CorrelationID: r.j.CorrelationID, ClientID: r.j.Request.Parameters["client_id"],
		BaseURL: r.j.Request.BaseURL, Framing: r.p.RelyingParty.Framing,
	}
	if page.Resources == nil {
		page.Resources = &program.Resources{Language: r.j.Language}
	}
	if content != nil {
		page.TemplateURL, page.BuiltIn = r.templateURL(content)
		page.Scripts = r.p.RelyingParty.ScriptExecution && content.DataURI.Contract
	}
	return page
}

func (r *run) formPage(step *program.Step, exchange *program.ClaimsExchange, form *Form) *Page {
	content := step.Content
	if content == nil {
		content = exchange.Profile.Content
	}
	page := r.page(PageSelfAsserted, content)
	page.Form = form
	r.word(page)
	return page
}

// selectionPage is the unified page or the provider list.
func (r *run) selectionPage(step *program.Step, targets []program.Selection, form *Form) *Page {
	kind := PageProviderSelection
	if step.Type == program.StepCombinedSignInAndSignUp {
		kind = PageUnified
	}
	page := r.page(kind, step.Content)
	page.Form = form
	under := make(map[string]bool)
	if step.Content != nil {
		for id := range strings.SplitSeq(step.Content.Metadata.Get("setting.bottomUnderFormClaimsProviderSelections"), ",") {
			under[strings.ToLower(strings.TrimSpace(id))] = true
		}
	}
	page.Forgot = r.forgotExchange(step)
	for _, t := range targets {
		if page.Forgot != "" && strings.EqualFold(t.ExchangeID, page.Forgot) {
			continue // drawn as the forgot link (§4.3 [D][C])
		}
		page.Providers = append(page.Providers, Choice{ID: t.ExchangeID, Label: exchangeLabel(t.ExchangeID, t.Exchange, page.Resources),
			TextLink: t.Exchange.Profile.TextLink, UnderForm: under[strings.ToLower(t.ExchangeID)]})
	}
	if form != nil && step.Validation != nil {
		if !strings.EqualFold(form.Settings.Get("setting.showSignupLink"), "false") {
			page.SignUps = r.signUps(step, page.Resources)
		}
		page.ForgotLink = !strings.EqualFold(form.ForgotPlacement, "None") && hasPassword(form)
		page.KeepSignedIn = form.Settings.True("setting.enableRememberMe") && r.p.RelyingParty.SSO.KeepAlive > 0
	}
	r.word(page)
	return page
}

// signUps are the exchanges that a sign-in page's sign-up links run. With one, its text
// is the page's own.
func (r *run) signUps(step *program.Step, res *program.Resources) []Choice {
	var out []Choice
	for _, id := range signUpTargets(step) {
		var exchange *program.ClaimsExchange
		uj, frame := r.top()
		if frame.Step+1 < len(uj.Steps) {
			for _, x := range uj.Steps[frame.Step+1].Exchanges {
				if strings.EqualFold(x.ID, id) {
					exchange = x
				}
			}
		}
		out = append(out, Choice{ID: id, Label: exchangeLabel(id, exchange, res)})
	}
	return out
}

// signUpTargets reads SignUpTarget: one exchange, or with a layout from 2.1.0 up to
// three with commas between (pages §2.3 [C→I]).
func signUpTargets(step *program.Step) []string {
	var out []string
	for id := range strings.SplitSeq(step.Validation.Profile.SignUpTarget, ",") {
		if id = strings.TrimSpace(id); id != "" && len(out) < 3 {
			out = append(out, id)
		}
	}
	return out
}

// exchangeLabel is what a button that runs an exchange says.
func exchangeLabel(id string, exchange *program.ClaimsExchange, res *program.Resources) string {
	if text, ok := res.Text("ClaimsProvider", "", id); ok {
		return text
	}
	if text, ok := res.Text("ClaimsProvider", id, "DisplayName"); ok {
		return text
	}
	if exchange == nil || exchange.Profile.DisplayName == "" {
		return id
	}
	return exchange.Profile.DisplayName
}

func hasPassword(form *Form) bool {
	for _, f := range form.Fields {
		if f.Claim.Input.String() == "Password" {
			return true
		}
	}
	return false
}

// forgotExchange is setting.forgotPasswordLinkOverride of the validation profile or
// the content definition; unified layouts from 2.1.2 heed it (§4.3).
func (r *run) forgotExchange(step *program.Step) string {
	if step.Content == nil || !step.Content.DataURI.AtLeast(2, 1, 2) {
		return ""
	}
	if step.Validation != nil {
		if id := step.Validation.Profile.ForgotTarget; id != "" {
			return id
		}
	}
	return step.Content.Metadata.Get("setting.forgotPasswordLinkOverride")
}
