package journey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/session"
)

// Store keeps suspended journeys. Data is sealed by the engine's Sealer.
type Store interface {
	Create(ctx context.Context, id string, data []byte, expires time.Time) error
	// Load returns ErrNoJourney if there is none.
	Load(ctx context.Context, id string) (data []byte, version int64, err error)
	// Claim reserves a journey of this version for one request, among the processes that
	// share the store, until it is saved or the time is over; it returns the version to
	// save. ErrConflict: another has it, or has changed it.
	Claim(ctx context.Context, id string, version int64, now, until time.Time) (int64, error)
	// Release ends the claim of a journey that was not saved.
	Release(ctx context.Context, id string, version int64) error
	// Save replaces a journey if its version is still the given one, else
	// ErrConflict; it ends the claim.
	Save(ctx context.Context, id string, version int64, data []byte, expires time.Time) error
}

// ErrNoJourney says that no journey waits under an id; ErrConflict that another
// request changed it meanwhile.
var (
	ErrNoJourney = errors.New("no such journey")
	ErrConflict  = errors.New("journey was changed by another request")
)

// Sealer encrypts suspended journeys.
type Sealer interface {
	SealJourney(id string, data []byte) []byte
	OpenJourney(id string, sealed []byte) ([]byte, error)
}

// Programs finds the program that a journey began with.
type Programs interface {
	Program(ctx context.Context, hash string) (*program.Program, error)
}

// Accounts knows how the accounts of the directory stand.
type Accounts interface {
	// Standing returns directory.ErrNotFound if there is no such account. sessionID is a
	// session to look for in the same read; "" for none.
	Standing(ctx context.Context, objectID, sessionID string) (directory.Standing, error)
}

// Sessions keeps records of single sign-on sessions.
type Sessions interface {
	// SaveSession makes or renews a record, and ends the session that it replaces, if one is
	// named.
	SaveSession(ctx context.Context, r session.Record, replaced string) error
	// SessionLive reports whether a session without account is there.
	SessionLive(ctx context.Context, id string) (bool, error)
	// DropSession ends a session.
	DropSession(ctx context.Context, id string) error
}

// Engine runs journeys. All fields must be set; it is safe for concurrent use.
type Engine struct {
	Store    Store
	Sealer   Sealer
	Programs Programs
	Accounts Accounts
	Sessions Sessions
	// AllowDisabled lets disabled accounts through that the policy lets through, as B2C does.
	AllowDisabled bool
	// Secret returns the secret of a policy key, for claims transformations.
	Secret func(ctx context.Context, keyID string) ([]byte, error)
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger
	// Audit keeps what administrators ask for afterwards; nil: nothing is kept.
	Audit Auditor
	// Observe finds the observer of a journey, at its start and whenever it goes on; nil, or a
	// nil observer: nobody looks.
	Observe func(j *Journey, p *program.Program) Observer
	// Lifetime of a suspended journey, renewed by each step; 0 means one hour.
	Lifetime time.Duration
	// Waiting bounds the journeys that a client leaves; nil: nothing does.
	Waiting Waiting

	locks locks
	after afters
}

// Waiting bounds what clients leave behind.
type Waiting interface {
	// Begin counts units for a client; false if it has left too many.
	Begin(client string, units int) bool
	// End takes them back.
	End(client string, units int)
}

// ErrTooMany says that the client has left too many journeys.
var ErrTooMany = errors.New("the client has left too many journeys")

// Ran is an outcome, with the session to give back to the browser.
type Ran struct {
	Outcome Outcome
	// Session is to be written to the browser when SessionChanged.
	Session        *session.Session
	SessionChanged bool
}

// Start begins a journey and runs it to its first outcome.
func (e *Engine) Start(ctx context.Context, b Begin) (Ran, error) {
	j := &Journey{
		ID: e.NewID(), PolicyID: b.Program.PolicyID(), ProgramHash: b.Program.Hash(), CorrelationID: b.CorrelationID,
		Request: b.Request.bounded(b.Program), Protocol: b.Protocol, Language: b.Language, Started: e.Now(),
	}
	if j.CorrelationID == "" {
		j.CorrelationID = e.NewID()
	}
	b.Mode.prepare(j)
	uj := b.Mode.journey(b.Program)
	if uj == nil {
		return Ran{}, fmt.Errorf("policy %s has no user journey for %T", b.Program.PolicyID(), b.Mode)
	}
	j.Stack = []Frame{{Journey: policy.Fold(uj.ID())}}
	r := &run{e: e, p: b.Program, j: j}
	ctx = r.attach(ctx)
	if browser, ok := b.Mode.(*Browser); ok {
		r.session = browser.Session
		if err := r.checkSession(ctx); err != nil {
			return Ran{}, err
		}
		if browser.Asserted != nil {
			for _, in := range r.inputs(r.p.RelyingParty().Inputs(), browser.Asserted) {
				r.j.Claims.Set(in.Use.Claim().ID(), in.Value)
			}
		}
	}
	if err := r.authorize(ctx, uj); err != nil {
		return r.settle(ctx, r.fail(AsFailure(err)), nil)
	}
	return r.settle(ctx, r.advance(ctx), nil)
}

// authorize runs the profiles that may authorize a journey, until one accepts the
// request's token; no step runs before (policy-engine §4.10).
func (r *run) authorize(ctx context.Context, uj *program.UserJourney) error {
	var refused error
	for _, tp := range uj.Authorization().All() {
		working := r.j.Claims.Clone()
		if _, refused = r.runProfile(ctx, tp, &working, exchangeRun{}); refused == nil {
			r.j.Claims = working
			return nil
		}
	}
	return refused
}

// settle stores a journey that waits and finishes one that ended.
func (r *run) settle(ctx context.Context, out Outcome, version *int64) (Ran, error) {
	r.observeOutcome(ctx, out)
	j := r.j
	secret := ""
	switch o := out.(type) {
	case *ShowPage, *GoTo:
		if j.Browser == nil {
			secret = r.e.secretText()
			hash := sha256.Sum256([]byte(secret))
			j.Browser = hash[:]
		}
	case *Finished:
		if !j.sessionless {
			(&browserMemory{r}).forget()
			if err := r.saveSession(ctx, o.Account, session.Client{ID: j.Request.Parameters["client_id"], LogoutURL: j.LogoutURL}, o.Issued.RegistersApplication()); err != nil {
				return Ran{}, err
			}
		}
		o.AuthTime = r.authTime()
	case *Failed:
		j.Ended, j.EndedAt, j.Failure = true, r.e.Now(), o.Failure.stored()
		r.logFailure(ctx, o.Failure)
	}
	switch o := out.(type) {
	case *ShowPage:
		o.BrowserSecret = secret
	case *GoTo:
		o.BrowserSecret = secret
	}
	if err := r.store(ctx, version); err != nil {
		return Ran{}, err
	}
	if _, ended := out.(*Finished); ended {
		r.afterwards(ctx)
	}
	return Ran{Outcome: out, Session: r.session, SessionChanged: r.sessionChanged}, nil
}

// authTime is the value of auth_time: the time of this journey, as an SSO hit counts
// as an authentication (protocol §4.1 [D]).
func (r *run) authTime() time.Time { return r.e.Now() }

func (r *run) logFailure(ctx context.Context, f *Failure) {
	attrs := []any{"correlationId", r.j.CorrelationID, "policyId", r.p.PolicyID(), "failure", f, "step", f.Step}
	if f.Exchange != "" {
		attrs = append(attrs, "claimsExchange", f.Exchange)
	}
	switch f.Code {
	case CodeCancelled, CodeForgotPassword, CodeInteractionRequired:
		r.e.Log.InfoContext(ctx, "journey ended without a token", attrs...)
	case CodeInternal:
		r.e.Log.ErrorContext(ctx, "journey failed", attrs...)
	default:
		r.e.Log.WarnContext(ctx, "journey failed", attrs...)
	}
}

// store writes a journey that waits. One that never waited is never stored; one
// that did is kept for a little while after its end, so that a doubled navigation gets
// the same end again.
func (r *run) store(ctx context.Context, version *int64) error {
	if version == nil && (r.j.Pending == nil || r.j.NoUI) {
		return nil
	}
	expires := r.e.Now().Add(r.e.lifetime())
	if r.j.Ended {
		expires = r.e.Now().Add(2 * replayWindow)
	}
	r.j.Expires = expires
	data, err := json.Marshal(r.j)
	if err != nil {
		return fmt.Errorf("journey %s: %w", r.j.CorrelationID, err)
	}
	sealed := r.e.Sealer.SealJourney(r.j.ID, data)
	if version != nil {
		err := r.e.Store.Save(ctx, r.j.ID, *version, sealed, expires)
		// A cancelled or failed journey still counts as abandoned: strangers can make them for free.
		if err == nil && r.j.Ended && r.j.Failure == nil && r.e.Waiting != nil {
			r.e.Waiting.End(r.j.client(), r.j.units())
		}
		return err
	}
	if r.e.Waiting != nil && !r.e.Waiting.Begin(r.j.client(), r.j.units()) {
		return ErrTooMany
	}
	return r.e.Store.Create(ctx, r.j.ID, sealed, expires)
}

// unit is how many bytes of a request count as one journey that waits.
const unit = 4 << 10

// units is the weight of a waiting journey: by the size of its request, which doesn't change.
func (j *Journey) units() int {
	n := len(j.Protocol)
	for _, v := range j.Request.Parameters {
		n += len(v)
	}
	return 1 + n/unit
}

func (j *Journey) client() string { return limit.Client(j.Request.RemoteIP) }

func (e *Engine) lifetime() time.Duration {
	if e.Lifetime == 0 {
		return time.Hour
	}
	return e.Lifetime
}

// Visit identifies a request of a browser that has a suspended journey.
type Visit struct {
	Transaction string // journey id
	PolicyID    string // of the address; "" if it names none
	// Secrets are the values of the browser's binding cookies for the transaction.
	Secret  string
	CSRF    string
	Session *session.Session
}

// ErrStale says that the request belongs to an earlier page of the journey;
// ErrForeign that it comes from another browser or was forged.
var (
	ErrStale   = errors.New("request belongs to an earlier page")
	ErrForeign = errors.New("request does not belong to this browser's journey")
)

// open loads a journey for a request of its browser. The caller holds the lock.
func (e *Engine) open(ctx context.Context, v Visit) (*run, int64, error) {
	sealed, version, err := e.Store.Load(ctx, v.Transaction)
	if err != nil {
		return nil, 0, err
	}
	data, err := e.Sealer.OpenJourney(v.Transaction, sealed)
	if err != nil {
		return nil, 0, fmt.Errorf("journey can't be opened: %w", err)
	}
	j := new(Journey)
	if err := json.Unmarshal(data, j); err != nil {
		return nil, 0, fmt.Errorf("journey can't be read: %w", err)
	}
	if !e.Now().Before(j.Expires) {
		return nil, 0, ErrNoJourney
	}
	if v.PolicyID != "" && !strings.EqualFold(v.PolicyID, j.PolicyID) {
		return nil, 0, ErrForeign
	}
	hash := sha256.Sum256([]byte(v.Secret))
	if subtle.ConstantTimeCompare(hash[:], j.Browser) != 1 {
		return nil, 0, ErrForeign
	}
	p, err := e.Programs.Program(ctx, j.ProgramHash)
	if err != nil {
		return nil, 0, fmt.Errorf("program of the journey: %w", err)
	}
	r := &run{e: e, p: p, j: j, session: v.Session}
	return r, version, r.checkSession(ctx)
}

// suspend makes the journey wait.
func (r *run) suspend(p *Pending) {
	if r.j.Pending != nil {
		p.Before = r.j.Pending.CSRF
	}
	p.CSRF = r.newCSRF()
	r.j.Pending = p
}

// newCSRF makes the token of a page: base64 of text with a time stamp and the
// step, as B2C's is, plus a random part (pages §3.2).
func (r *run) newCSRF() string {
	_, frame := r.top()
	content, _ := json.Marshal(struct {
		OrchestrationStep int    `json:"OrchestrationStep"`
		Nonce             string `json:"Nonce"`
	}{frame.Step + 1, r.e.secretText()})
	return base64.StdEncoding.EncodeToString([]byte(r.e.Now().UTC().Format(time.RFC3339) + ";" + string(content)))
}

// newState makes the state of a Leave: it names the journey, so that the callback
// finds it, and is compared whole.
func (r *run) newState() string { return r.j.ID + "." + r.e.secretText() }

// StateTransaction returns the journey id in a state of ours.
func StateTransaction(state string) (string, bool) {
	id, _, ok := strings.Cut(state, ".")
	return id, ok && len(id) == 36
}

// NewID makes a GUID, as journeys and correlation ids have it.
func (e *Engine) NewID() string {
	id, err := uuid.NewRandomFromReader(e.Rand)
	if err != nil {
		panic("journey: no randomness: " + err.Error())
	}
	return id.String()
}

func (e *Engine) secretText() string {
	var b [24]byte
	if _, err := io.ReadFull(e.Rand, b[:]); err != nil {
		panic("journey: no randomness: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}
