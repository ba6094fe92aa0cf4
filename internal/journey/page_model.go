package journey

import (
	"net/url"
	"strings"
)

// content is the content definition that a profile's page shows.
func (r *run) content(tp *TechnicalProfile) *ContentDefinition {
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

// resources finds the policy's texts of a page for the journey's language: the
// whole tag, then its parent, then the default language (pages §6 [I]).
func (r *run) resources(content *ContentDefinition) *Resources {
	if content == nil {
		return nil
	}
	return content.In(r.j.Language, r.p.DefaultLanguage)
}

// In finds the texts for a language tag.
func (c *ContentDefinition) In(language, def string) *Resources {
	for _, tag := range []string{language, def} {
		tag = strings.ToLower(tag)
		for tag != "" {
			if res, ok := c.Resources[tag]; ok {
				return res
			}
			i := strings.LastIndexByte(tag, '-')
			tag = tag[:max(i, 0)]
		}
	}
	return nil
}

func (r *run) page(kind PageKind, content *ContentDefinition) *Page {
	page := &Page{
		Kind: kind, Content: content, Language: r.j.Language, Resources: r.resources(content),
		Transaction: r.j.ID, CSRF: r.j.Pending.CSRF, PolicyID: r.p.PolicyID, TenantName: r.p.TenantName,
		Tenant: r.j.Request.Tenant, CorrelationID: r.j.CorrelationID, ClientID: r.j.Request.Parameters["client_id"],
		ScriptExecution: r.p.RelyingParty.ScriptExecution, Framing: r.p.RelyingParty.Framing,
	}
	if page.Resources == nil {
		page.Resources = &Resources{Language: r.j.Language}
	}
	res := resolver{r, &r.j.Claims}
	if content != nil {
		page.LoadURI = content.LoadURI.Expand(res, url.QueryEscape)
	}
	if len(r.p.RelyingParty.PageParameters) > 0 {
		page.Parameters = make(map[string]string)
		for _, p := range r.p.RelyingParty.PageParameters {
			page.Parameters[p.Name] = p.Value.Expand(res, nil)
		}
	}
	return page
}

func (r *run) formPage(step *Step, exchange *ClaimsExchange, form *Form) *Page {
	content := step.Content
	if content == nil {
		content = exchange.Profile.Content
	}
	page := r.page(PageSelfAsserted, content)
	page.Form = form
	return page
}

// selectionPage is the unified page or the provider list.
func (r *run) selectionPage(step *Step, targets []Selection, form *Form) *Page {
	kind := PageProviderSelection
	if step.Type == StepCombinedSignInAndSignUp {
		kind = PageUnified
	}
	page := r.page(kind, step.Content)
	page.Form = form
	under := make(map[string]bool)
	if step.Content != nil {
		for id := range strings.SplitSeq(step.Content.Metadata["setting.bottomunderformclaimsproviderselections"], ",") {
			under[strings.ToLower(strings.TrimSpace(id))] = true
		}
	}
	page.Forgot = r.forgotExchange(step)
	for _, t := range targets {
		if page.Forgot != "" && strings.EqualFold(t.ExchangeID, page.Forgot) {
			continue // drawn as the forgot link (§4.3 [D][C])
		}
		label := t.Exchange.Profile.DisplayName
		if text, ok := page.Resources.Text("ClaimsProvider", "", t.ExchangeID); ok {
			label = text
		} else if text, ok := page.Resources.Text("ClaimsProvider", t.ExchangeID, "DisplayName"); ok {
			label = text
		}
		page.Providers = append(page.Providers, Choice{ID: t.ExchangeID, Label: label,
			TextLink: t.Exchange.Profile.TextLink, UnderForm: under[strings.ToLower(t.ExchangeID)]})
	}
	if form != nil && step.Validation != nil {
		page.SignUp = step.Validation.Profile.SignUpTarget
		page.ShowSignUp = page.SignUp != "" && !strings.EqualFold(form.Settings["setting.showSignupLink"], "false")
		page.ForgotLink = !strings.EqualFold(form.ForgotPlacement, "None") && hasPassword(form)
		page.KeepSignedIn = strings.EqualFold(form.Settings["setting.enableRememberMe"], "true") && r.p.RelyingParty.SSO.KeepAlive > 0
	}
	return page
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
func (r *run) forgotExchange(step *Step) string {
	if step.Content == nil || !step.Content.DataURI.AtLeast(2, 1, 2) {
		return ""
	}
	if step.Validation != nil {
		if id := step.Validation.Profile.ForgotTarget; id != "" {
			return id
		}
	}
	return step.Content.Metadata["setting.forgotpasswordlinkoverride"]
}
