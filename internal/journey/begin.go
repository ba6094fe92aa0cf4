package journey

import (
	"encoding/json"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// Begin contains the arguments of Engine.Start, which a protocol fills in.
type Begin struct {
	Program *program.Program
	Request Request
	// Mode decides which user journey runs, and whether it may show pages.
	Mode Mode
	// Protocol is the protocol's own, which it gets back with the outcome.
	Protocol json.RawMessage
	Language string // of pages and texts: see [program.Program.Language]
	// CorrelationID is a GUID; "" makes one.
	CorrelationID string
}

// Mode identifies the beneficiary of a journey: *Browser, *ResourceOwner, *Renewal, *Application or
// *Bearer. All but Browser show no pages, and neither use nor leave a single sign-on session.
type Mode interface {
	// journey is the user journey that runs; nil if the policy has none.
	journey(p *program.Program) *program.UserJourney
	// prepare fills in the journey's fields.
	prepare(j *Journey)
}

// Browser is a user at a browser.
type Browser struct {
	Session *session.Session // of the browser; nil if there is none
	// Fresh makes the journey ignore the session: the user has to sign in again.
	Fresh bool
	// NoPages makes the journey fail where it would show a page.
	NoPages bool
	// LogoutURL of the application, for single sign-out.
	LogoutURL string
	// Asserted are the relying party's input claims that the application sent; nil if it sent
	// none.
	Asserted *claims.Bag
}

func (*Browser) journey(p *program.Program) *program.UserJourney { return p.RelyingParty().Journey() }

func (m *Browser) prepare(j *Journey) { j.Fresh, j.NoUI, j.LogoutURL = m.Fresh, m.NoPages, m.LogoutURL }

// ResourceOwner is a user whose application has the user name (a request parameter) and
// Password, which {OIDC:Password} gives. The journey is not stored.
type ResourceOwner struct{ Password string }

func (*ResourceOwner) journey(p *program.Program) *program.UserJourney {
	return p.RelyingParty().Journey()
}

func (m *ResourceOwner) prepare(j *Journey) {
	j.alone()
	j.ResourceOwner, j.password = true, m.Password
}

// Renewal is a grant that was issued to a user earlier and is presented for new tokens.
type Renewal struct {
	Claims   claims.Bag // Finished.Kept of the first journey
	IssuedAt time.Time  // of the grant that the application presents
}

func (*Renewal) journey(p *program.Program) *program.UserJourney { return p.RelyingParty().Refresh() }

func (m *Renewal) prepare(j *Journey) {
	j.alone()
	j.Renewal = m
}

// Application is an application that acts for itself.
type Application struct{}

func (*Application) journey(p *program.Program) *program.UserJourney {
	return p.RelyingParty().Credentials()
}

func (*Application) prepare(j *Journey) { j.alone() }

// Bearer is a caller with a token, which must authorize the journey. Issuer is the issuer of
// this server's own tokens.
type Bearer struct {
	Token  string
	Issuer string
}

func (*Bearer) journey(p *program.Program) *program.UserJourney { return p.RelyingParty().UserInfo() }

func (m *Bearer) prepare(j *Journey) {
	j.alone()
	j.Bearer = m
}

// alone makes a journey that has no browser. Session profiles are not called in it
// (policy-engine §4.10).
func (j *Journey) alone() { j.NoUI, j.sessionless, j.Fresh = true, true, true }
