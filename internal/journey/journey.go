package journey

import (
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/program"
)

// Journey is one user's way through a Program: plain data, stored only while it
// waits for the user, under its ID.
type Journey struct {
	ID            string          `json:"id"` // GUID, unguessable
	PolicyID      string          `json:"policy"`
	ProgramHash   string          `json:"program"`
	CorrelationID string          `json:"correlation"`
	Request       Request         `json:"request"`
	Protocol      json.RawMessage `json:"protocol,omitempty"` // the protocol's own; we don't look
	Language      string          `json:"language"`           // chosen tag

	Claims  claims.Bag `json:"claims"`
	Stack   []Frame    `json:"stack"`
	Pending *Pending   `json:"pending,omitempty"`
	// Notes are what providers remember: see [Call.Notes].
	Notes map[string]json.RawMessage `json:"notes,omitempty"`

	// Accounts are those of the directory that the journey has met, by object id, with their
	// epoch as of then: see [Call.Met].
	Accounts map[string]int64 `json:"accounts,omitempty"`

	// Browser is the hash of the secret in the cookie that binds the browser.
	Browser []byte    `json:"browser,omitempty"`
	Started time.Time `json:"started"`
	// Expires is when it stops waiting; each step renews it.
	Expires time.Time `json:"expires,omitzero"`
	// Fresh is set once the user proved an identity in this journey, or asked to
	// (prompt=login): what an older session remembers isn't used any more.
	Fresh bool `json:"fresh,omitempty"`
	// Credentials is when the user last proved an identity.
	Credentials time.Time `json:"credentials,omitzero"`
	KMSI        bool      `json:"kmsi,omitempty"`
	// Writes are the session entries to keep once the journey has finished.
	Writes []SessionWrite `json:"writes,omitempty"`
	// HintUsed is set once domain_hint made a choice: only the first selection heeds it.
	HintUsed bool `json:"hintUsed,omitempty"`
	Ended    bool `json:"ended,omitempty"`
	// EndedAt is when it ended: for a little while its end is given again.
	EndedAt time.Time `json:"endedAt,omitzero"`

	// Renewal is the grant that the journey renews; nil in other journeys. It is never stored.
	Renewal   *Renewal `json:"-"`
	LogoutURL string   `json:"logoutURL,omitempty"`
	// ResourceOwner is set for a journey on the user name and password of a token
	// request; it never waits, so that the password is never stored.
	ResourceOwner bool   `json:"-"`
	password      string // what {OIDC:Password} gives
	// Bearer is the token that authorizes the journey; nil if the request has none.
	Bearer *Bearer `json:"-"`
	// sessionless journeys neither use nor leave a single sign-on session: those of other
	// endpoints than authorize. They never wait.
	sessionless bool
	// Failure is how an ended journey failed.
	Failure *StoredFailure `json:"failure,omitempty"`
	// NoUI is set for requests that can't show pages: prompt=none, refresh, ROPC.
	NoUI bool `json:"noUI,omitempty"`
}

// LogValue leaves the token out.
func (Bearer) LogValue() slog.Value { return slog.StringValue("…") }

func (j *Journey) notes() map[string]json.RawMessage {
	if j.Notes == nil {
		j.Notes = make(map[string]json.RawMessage)
	}
	return j.Notes
}

// Request is the request of the application, and of the browser that brought it.
type Request struct {
	// Parameters are the protocol's request parameters, by name. They never hold a
	// password when the journey is stored: see [Journey.NoUI].
	Parameters     map[string]string `json:"parameters"`
	AcceptLanguage string            `json:"acceptLanguage,omitempty"`
	RemoteIP       string            `json:"remoteIP,omitempty"`
	Host           string            `json:"host,omitempty"`
	UserAgent      string            `json:"userAgent,omitempty"` // cut to 256 bytes
	// BaseURL is scheme and host that the browser uses, without a final slash.
	BaseURL string `json:"baseURL"`
	// Tenant is the tenant segment as requested.
	Tenant string `json:"tenant"`
}

// The lengths of headers that a journey keeps [I]: no language list and no host name is longer.
const (
	maxLanguages = 512
	maxHost      = 300
)

// bounded drops the parts of a request that the program doesn't read.
func (r Request) bounded(p *program.Program) Request {
	r.Parameters = p.Keeps(r.Parameters)
	r.AcceptLanguage = strings.ToValidUTF8(r.AcceptLanguage[:min(len(r.AcceptLanguage), maxLanguages)], "")
	r.Host = strings.ToValidUTF8(r.Host[:min(len(r.Host), maxHost)], "")
	return r
}

// LogValue leaves the parameters out: they may hold personal data.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("clientId", r.Parameters["client_id"]))
}

// Frame is a position in a journey or sub journey.
type Frame struct {
	Journey string `json:"journey"` // folded id
	Sub     bool   `json:"sub,omitempty"`
	Step    int    `json:"step"` // index
	// Choice is the exchange that a selection step chose, for the next step.
	Choice string `json:"choice,omitempty"`
}

// Pending is the state of a suspended journey: the page or the site that it waits for.
type Pending struct {
	Kind     PendingKind     `json:"kind"`
	CSRF     string          `json:"csrf"`
	Before   string          `json:"before,omitempty"` // the CSRF of the page before
	Exchange string          `json:"exchange,omitempty"`
	Memory   json.RawMessage `json:"memory,omitempty"`
	State    string          `json:"state,omitempty"` // of a Leave
	Tries    int             `json:"tries,omitempty"`
	// Done is set when the form was accepted: the navigation that follows goes on.
	Done bool `json:"done,omitempty"`
	// Exhausted is set when the tries are used up: the navigation ends the journey.
	Exhausted bool `json:"exhausted,omitempty"`
	// Failed is set when posting the form met a fatal failure: the navigation ends the
	// journey with it.
	Failed *StoredFailure `json:"failed,omitempty"`
}

// PendingKind says whether a journey waits for a form, a choice or another site.
type PendingKind string

// The kinds.
const (
	PendingForm      PendingKind = "form"
	PendingSelection PendingKind = "selection"
	PendingAway      PendingKind = "away"
)

// SessionWrite is an entry for the single sign-on session.
type SessionWrite struct {
	Rule   string              `json:"rule"`
	Kind   program.SessionKind `json:"kind"`
	Claims claims.Bag          `json:"claims"`
	// Exchange is the id of the provider's exchange (ExternalLogin).
	Exchange string `json:"exchange,omitempty"`
	// Profile is set if the browser is signed in at another site by this profile.
	Profile string `json:"profile,omitempty"`
}

// Outcome is where a run ended: *ShowPage, *GoTo, *Finished or *Failed.
type Outcome interface{ outcome() }

// ShowPage asks the user. BrowserSecret, if not "", is new: the caller keeps it in
// the cookie that binds the browser to the journey.
type ShowPage struct {
	Journey       *Journey
	Page          *Page
	BrowserSecret string
}

// GoTo sends the browser to another site, which will send it back.
type GoTo struct {
	Journey       *Journey
	URL           string
	BrowserSecret string
}

// Finished means that the application gets its answer.
type Finished struct {
	Journey *Journey
	Program *program.Program
	Issued  Issued
	Claims  []SentClaim // the relying party's output claims
	Subject string
	// Account is whom of the directory the journey ended with.
	Account Account
	// AuthTime is when the user was authenticated; an SSO hit counts.
	AuthTime time.Time
	// Kept are the claims that a journey for a renewal may restore.
	Kept claims.Bag
}

// Failed means that the application or the user gets an error. Journey may be nil.
type Failed struct {
	Journey *Journey
	Failure *Failure
}

func (*ShowPage) outcome() {}
func (*GoTo) outcome()     {}
func (*Finished) outcome() {}
func (*Failed) outcome()   {}

// Account is an account of the directory in a journey.
type Account struct {
	ID    string // object id; "" for none: the policy keeps no accounts
	Epoch int64  // of the account when the journey met it
	// Closed reports that the journey itself has deleted or disabled the account: its tokens
	// can't be renewed.
	Closed bool
}
