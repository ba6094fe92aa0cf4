package journey

import (
	"context"
	"errors"
	"fmt"

	"journeyman.dev/internal/program"
)

// getClaims is a step that reads id_token_hint through a profile; a missing hint is no error
// (policy-engine §4.2).
type getClaims struct{ hint *program.TechnicalProfile }

func planGetClaims(p *program.StepPlan) program.Node { return getClaims{p.Hint()} }

func (n getClaims) run(ctx context.Context, r *run, at position) (Outcome, error) {
	if n.hint == nil {
		return nil, Fail(CodeInternal, errors.New("GetClaims without a technical profile"))
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, n.hint, &working, exchangeRun{})
	if err != nil {
		return nil, err
	}
	if _, ok := result.(Done); !ok {
		return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s gave no claims", n.hint.ID()))
	}
	// Only the relying party's input claims flow on; one that the hint lacks has its default
	// (§5.8).
	for _, in := range r.inputs(r.p.RelyingParty().Inputs(), &working) {
		r.j.Claims.Set(in.Use.Claim().ID(), in.Value)
	}
	at.next()
	return nil, nil
}

// sendClaims is a step that ends the journey with the relying party's claims.
type sendClaims struct{ issuer *program.TechnicalProfile }

func planSendClaims(p *program.StepPlan) program.Node { return sendClaims{p.Issuer()} }

func (n sendClaims) run(ctx context.Context, r *run, _ position) (Outcome, error) {
	issuer := n.issuer
	if issuer == nil {
		return nil, Fail(CodeInternal, errors.New("SendClaims without an issuer"))
	}
	working := r.j.Claims.Clone()
	result, err := r.runProfile(ctx, issuer, &working, exchangeRun{})
	if err != nil {
		return nil, err // OAuth2Error issuers end here, too
	}
	issue, ok := result.(Issue)
	if !ok {
		return nil, Fail(CodeInternal, fmt.Errorf("technical profile %s issues no token", issuer.ID()))
	}
	out := &Finished{Journey: r.j, Program: r.p, Issued: issue.Issued}
	r.j.Claims = working
	for _, use := range r.p.RelyingParty().Outputs().All() {
		v := r.j.Claims.Get(use.Claim().ID())
		if v.Empty() || use.AlwaysDefault() {
			if d, ok := r.defaultValue(use, &r.j.Claims); ok {
				v = d
			}
		}
		if !v.Exists() {
			continue
		}
		out.Kept.Set(use.Claim().ID(), v)
		if v.Empty() {
			continue // null and empty claims are left out of tokens
		}
		out.Claims = append(out.Claims, SentClaim{Name: use.Partner(), Value: v})
		if use.Partner() == r.p.RelyingParty().Subject() {
			out.Subject = v.String()
		}
	}
	for _, id := range r.p.GrantClaims().All() {
		if v := r.j.Claims.Get(id); v.Exists() {
			out.Kept.Set(id, v)
		}
	}
	if out.Account, err = r.admit(ctx, out); err != nil {
		return nil, err
	}
	if !r.j.Ended {
		r.j.Ended, r.j.EndedAt = true, r.e.Now()
	}
	r.j.Pending = nil
	return out, nil
}
