package apiconnector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/userflow"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
)

// Connectors finds and calls API connectors.
type Connectors interface {
	Get(id string) (connector.Connector, error)
	Call(ctx context.Context, id string, q connector.Request) (connector.Connector, connector.Answer, error)
	Keep(id string, key []byte, a connector.Answer)
}

// Applications finds the application that a user signs in to.
type Applications interface {
	GetByAppID(ctx context.Context, appID string) (application.Application, error)
}

// Provider plans API connector profiles.
type Provider struct {
	Connectors   Connectors // nil in an offline compilation
	Applications Applications
	// ExtensionsApp is the app id that custom attributes are named with, without dashes.
	ExtensionsApp string
}

// Step is when a connector is called (rest-and-connectors §1.2).
type Step = userflow.ConnectorStep

// The steps.
const (
	PostFederationSignup    = userflow.PostFederationSignup
	PostAttributeCollection = userflow.PostAttributeCollection
	PreTokenIssuance        = userflow.PreTokenIssuance
)

// stepNames are the names of all steps, in their order.
func stepNames() []string {
	var names []string
	for _, s := range userflow.ConnectorSteps {
		names = append(names, s.Name())
	}
	return names
}

// Metadata are the metadata items of a profile.
type Metadata struct {
	ConnectorID string
	Step        Step
}

// Exchange is a planned profile.
type Exchange struct {
	m Metadata
	p *Provider
	// takesAction is set if an output claim takes the answer's action: then the policy
	// shows the block page itself, else a blocking answer ends the journey.
	takesAction bool
}

// Plan implements journey.Provider.
func (p *Provider) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &Exchange{p: p, m: Metadata{ConnectorID: m.Required("ConnectorId")}}
	x.m.Step, _ = userflow.ParseStep(m.RequiredChoice("Step", PreTokenIssuance.Name(), stepNames()...))
	if x.m.ConnectorID != "" && plan.ConnectorExists != nil && !plan.ConnectorExists(x.m.ConnectorID) {
		plan.Report(diag.MissingConnector, m.At("ConnectorId"), "create the API connector before users come this way",
			"the tenant has no API connector %q, which technical profile %q calls", x.m.ConnectorID, plan.Source.ID.Value)
	}
	x.takesAction = plan.Profile.Outputs().Any(func(u *program.ClaimUse) bool { return strings.EqualFold(u.Partner(), memberAction) })
	return x
}

// Run implements journey.Exchange.
func (x *Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	c, err := x.p.Connectors.Get(x.m.ConnectorID)
	if err != nil {
		return nil, fatal(journey.CodeInternal, fmt.Errorf("technical profile %s: %w: %s", call.Profile.ID(), err, x.m.ConnectorID))
	}
	r := &Request{
		Step: x.m.Step, ClientID: call.Journey.Request.Parameters["client_id"], Locales: locales(call),
		CorrelationID: call.Journey.CorrelationID, TenantID: call.Program.TenantID(), IP: call.Journey.Request.RemoteIP,
	}
	if c.Settings.Contract == connector.ContractTokenIssuance {
		if x.m.Step != PreTokenIssuance {
			return nil, fatal(journey.CodeProviderResponse, fmt.Errorf("API connector %s has the contract %s, which has no step %s", c.ID, c.Settings.Contract, x.m.Step.Name()))
		}
		if app, err := x.p.Applications.GetByAppID(ctx, r.ClientID); err == nil {
			r.ClientObjectID, r.ClientName = app.ID, app.DisplayName
		}
	}
	if err := r.fill(call.Inputs); err != nil {
		return nil, err
	}
	body, key, err := r.encode(&c)
	if err != nil {
		return nil, err
	}
	_, answer, err := x.p.Connectors.Call(ctx, c.ID, connector.Request{Body: body, CorrelationID: r.CorrelationID, CacheKey: key})
	var result Verdict
	if err == nil {
		result, err = Read(&c, x.m.Step, x.p.ExtensionsApp, answer.Status, answer.Body)
	}
	x.audit(call, &c, answer, result, err)
	if err != nil {
		return nil, failed(answer.Host, err)
	}
	switch result.Action {
	case ActionValidationError:
		return nil, &journey.Failure{Code: journey.CodeExchangeFailed, Public: result.UserMessage, Reason: "ValidationError", Cause: errors.New(answer.Host + " refused what was entered")}
	case ActionShowBlockPage:
		if !x.takesAction {
			f := fatal(journey.CodeExchangeFailed, errors.New(answer.Host+" blocked the user"))
			f.Public, f.Reason = result.UserMessage, "ShowBlockPage"
			return nil, f
		}
	case ActionContinue:
		x.p.Connectors.Keep(c.ID, key, answer)
	}
	return journey.Done{Output: result}, nil
}

// locales are the languages that the application asked for, else the browser's languages as OpenID Connect
// writes a list of them, else the language that was chosen.
func locales(call *journey.Call) string {
	if asked := strings.TrimSpace(call.Journey.Request.Parameters["ui_locales"]); asked != "" {
		return asked
	}
	if tags := claims.AcceptedLanguages(call.Journey.Request.AcceptLanguage); len(tags) > 0 {
		return strings.Join(tags, " ")
	}
	return call.Language
}

// fatal is a failure that ends the journey: nothing that the user could enter would
// mend it (rest-and-connectors §1.6).
func fatal(code journey.Code, cause error) *journey.Failure {
	f := journey.Fail(code, cause)
	f.Fatal = true
	return f
}

// failed turns an error of the call, or of reading its answer, into the failure that the
// application gets.
func failed(host string, err error) error {
	cause := fmt.Errorf("%s: %w", host, err)
	var refused *refusedAnswer
	switch {
	case errors.As(err, &refused):
		f := fatal(refused.code, cause)
		if refused.code == journey.CodeExchangeFailed {
			f.Reason, f.Public = reasonOf(refused.status), http.StatusText(refused.status)
		}
		return f
	case errors.Is(err, outbound.ErrTimeout), errors.Is(err, outbound.ErrIncomplete), errors.Is(err, connector.ErrBreakerOpen), errors.Is(err, connector.ErrBusy):
		return fatal(journey.CodeIncompleteExchange, cause)
	case errors.Is(err, outbound.ErrTooLarge):
		return fatal(journey.CodeProviderResponse, cause)
	case errors.Is(err, connector.ErrNoCertificate):
		return fatal(journey.CodeNoActiveKey, cause)
	}
	return fatal(journey.CodeUntrusted, cause)
}

// reasonOf is a status as .NET's enumeration spells it, which applications' logs know.
func reasonOf(status int) string {
	text := http.StatusText(status)
	if text == "" {
		return strconv.Itoa(status)
	}
	return strings.NewReplacer(" ", "", "-", "", "'", "").Replace(text)
}

// audit records the call: one record, retries included (rest-and-connectors §1.8).
func (x *Exchange) audit(call *journey.Call, c *connector.Connector, a connector.Answer, v Verdict, err error) {
	e := journey.Event{Activity: audit.ConnectorCalled, Result: audit.Success, Reason: string(v.Action), Details: []audit.Detail{
		{Key: "numberOfAttempts", Value: strconv.Itoa(a.Attempts)}, {Key: "Step", Value: x.m.Step.Name()},
		{Key: "ApiConnectorId", Value: c.ID}, {Key: "ApiConnectorName", Value: c.DisplayName}, {Key: "TargetHost", Value: a.Host},
		{Key: "HttpStatus", Value: statusText(a.Status)}, {Key: "DurationInMilliseconds", Value: strconv.FormatInt(a.Duration.Round(time.Millisecond).Milliseconds(), 10)},
	}}
	if a.Cached {
		e.Details = append(e.Details, audit.Detail{Key: "Cached", Value: "true"})
	}
	if a.Hedged {
		e.Details = append(e.Details, audit.Detail{Key: "Hedged", Value: "true"})
	}
	switch {
	case errors.Is(err, outbound.ErrTimeout):
		e.Result, e.Reason = audit.Timeout, err.Error()
	case err != nil:
		e.Result, e.Reason = audit.Failure, err.Error()
	}
	call.Audit(e)
}

func statusText(status int) string {
	if status == 0 {
		return "N/A"
	}
	return strconv.Itoa(status)
}

var (
	_ journey.Provider = (*Provider)(nil)
	_ journey.Exchange = (*Exchange)(nil)
	_ Connectors       = (*connector.Service)(nil)
)
