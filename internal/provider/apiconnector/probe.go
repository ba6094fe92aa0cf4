package apiconnector

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/journey"
)

// Dry is a dry run: the request that a journey would make, and for whom.
type Dry struct {
	Request
	// TokenNames are the application claims that count, by folded claim id; the values
	// are their names in tokens. A claim that isn't here doesn't reach the token.
	TokenNames map[string]string
}

// Probed is what came of a dry run. Secrets are left out.
type Probed struct {
	Connector string         `json:"connectorId"`
	Step      string         `json:"step"`
	Request   ProbedRequest  `json:"request"`
	Response  ProbedResponse `json:"response"`
	TLS       *ProbedTLS     `json:"tls"`
	Outcome   ProbedOutcome  `json:"outcome"`
}

// ProbedRequest is the request as sent.
type ProbedRequest struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// ProbedResponse is the answer as it came.
type ProbedResponse struct {
	Status         int               `json:"status"`
	Headers        map[string]string `json:"headers"`
	Body           string            `json:"body"`
	Attempts       int               `json:"attempts"`
	DurationMillis float64           `json:"durationMilliseconds"`
	Error          string            `json:"error,omitempty"`
}

// ProbedTLS is how the connection was secured.
type ProbedTLS struct {
	Version     string `json:"version"`
	CipherSuite string `json:"cipherSuite"`
	Subject     string `json:"subject"`
	Issuer      string `json:"issuer"`
	NotAfter    string `json:"notAfter"`
	Protocol    string `json:"protocol"`
}

// ProbedOutcome is the effect that the answer would have on a journey.
type ProbedOutcome struct {
	Action      Action         `json:"action,omitempty"`
	UserMessage string         `json:"userMessage,omitempty"`
	Error       string         `json:"error,omitempty"` // why the journey would end
	Code        string         `json:"code,omitempty"`  // the code that the application would get
	Claims      []ProbedClaim  `json:"claims"`
	Token       map[string]any `json:"token"` // what would reach the token from this answer
}

// ProbedClaim is a member of the answer.
type ProbedClaim struct {
	Name         string `json:"name"`
	Value        any    `json:"value"`
	ReachesToken bool   `json:"reachesToken"`
	Reason       string `json:"reason,omitempty"`
}

// maxProbedBody bounds the part of an answer that a dry run shows.
const maxProbedBody = 64 << 10

// Probe calls a connector once as a journey would. It keeps nothing and reports everything.
func (p *Provider) Probe(ctx context.Context, id string, d Dry) (Probed, error) {
	c, err := p.Connectors.Get(id)
	if err != nil {
		return Probed{}, err
	}
	body, _, err := d.encode(&c)
	if err != nil {
		return Probed{}, err
	}
	_, answer, err := p.Connectors.Call(ctx, c.ID, connector.Request{Body: body, CorrelationID: d.CorrelationID, Probe: true})
	out := Probed{
		Connector: c.ID, Step: d.Step.Name(), TLS: tlsFacts(answer.TLS),
		Request: ProbedRequest{Method: http.MethodPost, URL: c.TargetURL, Body: body, Headers: map[string]string{
			"Content-Type": "application/json", "Accept": "application/json", "X-Correlation-Id": d.CorrelationID,
		}},
		Response: ProbedResponse{
			Status: answer.Status, Headers: flat(answer.Header), Body: shorten(answer.Body), Attempts: answer.Attempts,
			DurationMillis: float64(answer.Duration.Microseconds()) / 1000,
		},
		Outcome: ProbedOutcome{Claims: []ProbedClaim{}, Token: map[string]any{}},
	}
	if c.Auth.Kind == connector.Basic {
		out.Request.Headers["Authorization"] = "Basic ******"
	}
	var verdict Verdict
	if err != nil {
		out.Response.Error = err.Error()
	} else {
		verdict, err = Read(&c, d.Step, p.ExtensionsApp, answer.Status, answer.Body)
	}
	if err != nil {
		f := journey.AsFailure(failed(answer.Host, err))
		out.Outcome.Error, out.Outcome.Code = err.Error(), string(f.Code)
		return out, nil
	}
	out.Outcome.Action, out.Outcome.UserMessage = verdict.Action, verdict.UserMessage
	out.Outcome.sort(verdict, d)
	return out, nil
}

// sort reports the use of each member.
func (o *ProbedOutcome) sort(v Verdict, d Dry) {
	for _, name := range slices.Sorted(maps.Keys(v.Claims)) {
		claim := ProbedClaim{Name: name, Value: v.Claims[name]}
		token, ok := d.TokenNames[name]
		switch {
		case ok:
			claim.ReachesToken = true
			o.Token[token] = v.Claims[name]
		default:
			claim.Reason = "it is no user attribute that is selected as application claim"
		}
		o.Claims = append(o.Claims, claim)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Ignored)) {
		o.Claims = append(o.Claims, ProbedClaim{Name: name, Reason: v.Ignored[name]})
	}
}

func flat(h http.Header) map[string]string {
	out := make(map[string]string)
	for name, values := range h {
		if strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		out[name] = strings.Join(values, ", ")
	}
	return out
}

func shorten(body []byte) string {
	if len(body) > maxProbedBody {
		body = body[:maxProbedBody]
	}
	return strings.ToValidUTF8(string(body), "�")
}

func tlsFacts(s *tls.ConnectionState) *ProbedTLS {
	if s == nil {
		return nil
	}
	out := &ProbedTLS{Version: tls.VersionName(s.Version), CipherSuite: tls.CipherSuiteName(s.CipherSuite), Protocol: s.NegotiatedProtocol}
	if len(s.PeerCertificates) > 0 {
		leaf := s.PeerCertificates[0]
		out.Subject, out.Issuer, out.NotAfter = leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter.UTC().Format("2006-01-02T15:04:05Z")
	}
	return out
}

// Member makes a member of a dry run's request; one without value is left out.
func (d *Dry) Member(name string, v claims.Value) {
	if !v.Empty() {
		d.Members = append(d.Members, Member{Name: name, Value: v})
	}
}
