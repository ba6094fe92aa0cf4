package journeytest

import (
	"context"
	"errors"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// ScriptedHandler is the handler class of the profiles that tests run.
const ScriptedHandler = "ScriptedProvider"

// Script is the work of a technical profile.
type Script func(ctx context.Context, call *journey.Call) (journey.Result, error)

// Script gives a scripted profile its work, by its id. One without script is done at once and
// puts out the defaults of its claims; an issuer issues the stage's Token.
func (s *Stage) Script(profile string, run Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[profile] = run
}

// Issues is the token that issuers without script give.
func (s *Stage) Issues(t *Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = t
}

// Token is what the stage's issuers issue.
type Token struct {
	Account   string // see journey.Issued.AccountClaim
	Registers bool   // see journey.Issued.RegistersApplication
}

// AccountClaim implements journey.Issued.
func (t *Token) AccountClaim() string { return t.Account }

// RegistersApplication implements journey.Issued.
func (t *Token) RegistersApplication() bool { return t.Registers }

// scripts plans the profiles that a test runs.
type scripts struct{ stage *Stage }

// Plan implements journey.Provider.
func (p scripts) Plan(plan *program.Plan) journey.Exchange {
	plan.Metadata.Prefixed("") // any metadata will do
	return script{p.stage, plan.Source.ID.Value, plan.Source.OutputTokenFormat.Value != ""}
}

type script struct {
	stage  *Stage
	id     string
	issues bool
}

// Run implements journey.Exchange.
func (x script) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	x.stage.mu.Lock()
	run, token := x.stage.scripts[x.id], x.stage.token
	x.stage.mu.Unlock()
	switch {
	case run != nil:
		return run(ctx, call)
	case x.issues:
		return journey.Issue{Issued: token}, nil
	}
	return journey.Done{Output: journey.Nothing{}}, nil
}

// Texts is an Output of texts by partner name.
type Texts map[string]string

// Claim implements journey.Output.
func (v Texts) Claim(use *program.ClaimUse) (claims.Value, error) {
	text, ok := v[use.Partner()]
	if !ok {
		return claims.Value{}, nil
	}
	return claims.Parse(use.Claim().DataType(), text)
}

// Leaves is a script that leaves for another site, and gives the values that come back by
// their partner names.
func Leaves(address string) Script {
	return func(_ context.Context, call *journey.Call) (journey.Result, error) {
		if call.Answer == nil {
			return journey.Leave{URL: address + "?state=" + call.State}, nil
		}
		return journey.Done{Output: Texts(call.Answer.Fields)}, nil
	}
}

// Gives is a script that puts out texts by partner name.
func Gives(values map[string]string) Script {
	return func(context.Context, *journey.Call) (journey.Result, error) {
		return journey.Done{Output: Texts(values)}, nil
	}
}

// Fails is a script that fails.
func Fails(err error) Script {
	return func(context.Context, *journey.Call) (journey.Result, error) { return nil, err }
}

// ErrTest is a failure that no part of the engine knows; its text must reach nobody but the log.
var ErrTest = errors.New("cause for the log")

var (
	_ journey.Provider = scripts{}
	_ journey.Exchange = script{}
	_ journey.Issued   = (*Token)(nil)
)
