package live

import (
	"context"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/userflow"
)

// PublishFlows implements userflow.Publisher. It handles the documents of all user flows like uploaded
// policies. If one doesn't compile, the fault is ours or in a text of the administrator; the error contains
// the diagnostics.
func (l *Policies) PublishFlows(ctx context.Context, documents map[string][]byte, save func(context.Context) error) error {
	l.changes.Lock()
	defer l.changes.Unlock()
	flows := make(map[string]Policy)
	for id, xml := range documents {
		flows[policy.Fold(id)] = Policy{ID: id, XML: xml}
	}
	was := l.current()
	next := &state{sources: was.sources, flows: flows, docs: parseAll(was.sources, flows)}
	for id, f := range flows {
		if save == nil {
			break
		}
		if have, ok := was.flows[id]; ok && string(have.XML) == string(f.XML) {
			continue
		}
		if c := l.compile(next, f.ID); c.found.HasErrors() {
			return refusal.Because(userflow.ErrInvalid, "user flow %s: %s", f.ID, firstError(c.found))
		}
	}
	if save != nil {
		if err := save(ctx); err != nil {
			return err
		}
	}
	published, err := l.compileAll(ctx, was.sources, flows)
	if err != nil {
		return err
	}
	for id := range was.flows {
		if _, stays := flows[id]; !stays {
			// A new user flow of the same id is independent of the deleted one.
			if err := l.Store.Delete(ctx, id); err != nil {
				return err
			}
		}
	}
	l.flows = flows
	l.publish(ctx, published)
	return l.Remember(ctx)
}

func firstError(list diag.List) string {
	for _, d := range list {
		if d.Severity == diag.Error {
			return d.String()
		}
	}
	return ""
}
