package journeytest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// User is a scripted user with a browser, which keeps the session and the secrets of its
// journeys. It stands where its latest request has led.
type User struct {
	stage   *Stage
	Request journey.Request  // parts of each request; Parameters are added to those of a visit
	Session *session.Session // nil: none
	Ran     journey.Ran      // of the latest navigation

	secrets map[string]string // by transaction
	at      journey.Visit     // where the browser stands
}

// User makes a user with a new browser.
func (s *Stage) User() *User {
	return &User{stage: s, Request: journey.Request{BaseURL: "https://login.example", Tenant: Tenant, RemoteIP: "192.0.2.1", UserAgent: "Test"}, secrets: make(map[string]string)}
}

func (u *User) t() testing.TB { return u.stage.T }

// Visit begins a journey in the browser; parameters are pairs of name and value.
func (u *User) Visit(p *program.Program, parameters ...string) *User {
	u.t().Helper()
	return u.Run(p, &journey.Browser{Session: u.Session}, parameters...)
}

// Run begins a journey of any mode; a Browser's session is the caller's.
func (u *User) Run(p *program.Program, mode journey.Mode, parameters ...string) *User {
	u.t().Helper()
	ran, err := u.Start(u.t().Context(), p, mode, parameters...)
	if err != nil {
		u.t().Fatalf("start: %v", err)
	}
	u.take(ran)
	return u
}

// Start begins a journey and returns what the engine does.
func (u *User) Start(ctx context.Context, p *program.Program, mode journey.Mode, parameters ...string) (journey.Ran, error) {
	request := u.Request
	request.Parameters = map[string]string{"client_id": "app"}
	maps.Copy(request.Parameters, u.Request.Parameters)
	for i := 0; i+1 < len(parameters); i += 2 {
		request.Parameters[parameters[i]] = parameters[i+1]
	}
	language := p.Language(request.Parameters["ui_locales"], request.AcceptLanguage)
	return u.stage.Engine.Start(ctx, journey.Begin{Program: p, Request: request, Mode: mode, Language: language})
}

// take keeps what a browser keeps of an answer.
func (u *User) take(ran journey.Ran) {
	u.t().Helper()
	u.Ran = ran
	var j *journey.Journey
	switch out := ran.Outcome.(type) {
	case *journey.ShowPage:
		j = out.Journey
		if out.BrowserSecret != "" {
			u.secrets[j.ID] = out.BrowserSecret
		}
	case *journey.GoTo:
		j = out.Journey
		if out.BrowserSecret != "" {
			u.secrets[j.ID] = out.BrowserSecret
		}
	}
	if j != nil {
		u.at = journey.Visit{Transaction: j.ID, PolicyID: j.PolicyID, Secret: u.secrets[j.ID], CSRF: j.Pending.CSRF}
	}
	if ran.SessionChanged {
		u.Session = u.cookie(ran.Session)
	}
}

// cookie brings a session through its cookie.
func (u *User) cookie(s *session.Session) *session.Session {
	u.t().Helper()
	data, err := json.Marshal(s)
	if err != nil {
		u.t().Fatalf("session: %v", err)
	}
	out := new(session.Session)
	if err := json.Unmarshal(data, out); err != nil {
		u.t().Fatalf("session: %v", err)
	}
	return out
}

// Here is the visit that the browser's next request makes.
func (u *User) Here() journey.Visit {
	v := u.at
	v.Session = u.Session
	return v
}

// Page is the page on which the user stands.
func (u *User) Page() *journey.Page {
	u.t().Helper()
	out, ok := u.Ran.Outcome.(*journey.ShowPage)
	if !ok {
		u.t().Fatalf("no page: %s", Describe(u.Ran.Outcome))
	}
	return out.Page
}

// Fields are the fields of the page, in order: claim=value.
func (u *User) Fields() string {
	u.t().Helper()
	var list []string
	if form := u.Page().Form; form != nil {
		for _, f := range form.Fields {
			list = append(list, f.Claim.ID()+"="+f.Value)
		}
	}
	return strings.Join(list, " ")
}

// Buttons are the ids of the page's provider buttons, in order.
func (u *User) Buttons() string { return choices(u.t(), u.Page().Providers) }

// SignUps are the ids of the page's links to sign up.
func (u *User) SignUps() string { return choices(u.t(), u.Page().SignUps) }

func choices(t testing.TB, list []journey.Choice) string {
	t.Helper()
	var ids []string
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, " ")
}

// Post sends the form: pairs of claim and value.
func (u *User) Post(fields ...string) journey.Reply {
	u.t().Helper()
	return u.Send(journey.Answer{Kind: journey.Submitted}, fields...)
}

// Act runs an action of a display control.
func (u *User) Act(control, action string, fields ...string) journey.Reply {
	u.t().Helper()
	return u.Send(journey.Answer{Kind: journey.ControlAction, Control: control, Action: action}, fields...)
}

// Send sends what a page's script sends.
func (u *User) Send(a journey.Answer, fields ...string) journey.Reply {
	u.t().Helper()
	a.Fields = make(map[string]string)
	for i := 0; i+1 < len(fields); i += 2 {
		a.Fields[fields[i]] = fields[i+1]
	}
	reply, err := u.stage.Engine.Post(u.t().Context(), u.Here(), a)
	if err != nil {
		u.t().Fatalf("post: %v", err)
	}
	return reply
}

// Submit sends the form, which must be accepted, and goes on.
func (u *User) Submit(fields ...string) *User {
	u.t().Helper()
	if reply := u.Post(fields...); !reply.OK {
		u.t().Fatalf("the form was refused: %+v", reply)
	}
	return u.Confirm()
}

// Confirm goes on after an accepted form.
func (u *User) Confirm() *User { u.t().Helper(); return u.Go(journey.Action{Kind: journey.Confirm}) }

// ConfirmAndStay goes on, with the box to stay signed in.
func (u *User) ConfirmAndStay() *User {
	u.t().Helper()
	return u.Go(journey.Action{Kind: journey.Confirm, KMSI: true})
}

// Choose follows a button or link to an exchange.
func (u *User) Choose(exchange string) *User {
	u.t().Helper()
	return u.Go(journey.Action{Kind: journey.Choose, Exchange: exchange})
}

// SignUp follows the first link to sign up.
func (u *User) SignUp() *User { u.t().Helper(); return u.Go(journey.Action{Kind: journey.SignUp}) }

// Forgot follows the link for who has forgotten a password.
func (u *User) Forgot() *User { u.t().Helper(); return u.Go(journey.Action{Kind: journey.Forgot}) }

// Cancel ends the journey.
func (u *User) Cancel() *User { u.t().Helper(); return u.Go(journey.Action{Kind: journey.Cancel}) }

// Reload loads the page again.
func (u *User) Reload() *User { u.t().Helper(); return u.Go(journey.Action{Kind: journey.Reload}) }

// Return comes back from another site, with its parameters; state is the right one, unless a
// parameter says otherwise.
func (u *User) Return(fields ...string) *User {
	u.t().Helper()
	a := journey.Action{Kind: journey.Return, Fields: make(map[string]string)}
	if out, ok := u.Ran.Outcome.(*journey.GoTo); ok {
		a.Fields["state"] = out.Journey.Pending.State
	}
	for i := 0; i+1 < len(fields); i += 2 {
		a.Fields[fields[i]] = fields[i+1]
	}
	return u.Go(a)
}

// Go makes a navigation.
func (u *User) Go(a journey.Action) *User {
	u.t().Helper()
	if err := u.Try(a); err != nil {
		u.t().Fatalf("navigation %+v: %v", a, err)
	}
	return u
}

// Try makes a navigation, and returns the engine's error.
func (u *User) Try(a journey.Action) error {
	ran, err := u.stage.Engine.Continue(u.t().Context(), u.Here(), a)
	if err != nil {
		return err
	}
	u.take(ran)
	return nil
}

// Away is the address of the other site to which the user was sent.
func (u *User) Away() string {
	u.t().Helper()
	out, ok := u.Ran.Outcome.(*journey.GoTo)
	if !ok {
		u.t().Fatalf("not away: %s", Describe(u.Ran.Outcome))
	}
	return out.URL
}

// Finished is the end at which the application gets its answer.
func (u *User) Finished() *journey.Finished {
	u.t().Helper()
	out, ok := u.Ran.Outcome.(*journey.Finished)
	if !ok {
		u.t().Fatalf("not finished: %s", Describe(u.Ran.Outcome))
	}
	return out
}

// Claims are what the application gets: name=value in alphabetical order.
func (u *User) Claims() string {
	u.t().Helper()
	var list []string
	for _, c := range u.Finished().Claims {
		list = append(list, c.Name+"="+c.Value.String())
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// Failed is how the journey failed.
func (u *User) Failed() *journey.Failure {
	u.t().Helper()
	out, ok := u.Ran.Outcome.(*journey.Failed)
	if !ok {
		u.t().Fatalf("not failed: %s", Describe(u.Ran.Outcome))
	}
	return out.Failure
}

// Describe is an outcome in a few words.
func Describe(out journey.Outcome) string {
	switch out := out.(type) {
	case *journey.ShowPage:
		return "page " + out.Page.Kind.Name
	case *journey.GoTo:
		return "away at " + out.URL
	case *journey.Finished:
		return "finished"
	case *journey.Failed:
		return "failed: " + out.Failure.Error() + " (" + out.Failure.Public + ")"
	}
	return "nowhere"
}
