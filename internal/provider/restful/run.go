package restful

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
)

// Run implements journey.Exchange.
func (x *Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	request, err := x.request(ctx, call)
	if err != nil {
		return nil, err
	}
	answer, err := x.p.Caller.Do(ctx, request)
	if err != nil {
		return nil, x.noAnswer(call, request, err)
	}
	if answer.Status < 200 || answer.Status > 299 {
		return nil, x.refused(call, request, answer)
	}
	body, err := parseBody(answer.Body)
	if err != nil {
		if call.Profile.Outputs().Len() == 0 {
			return journey.Done{Output: journey.Nothing{}}, nil
		}
		return nil, x.failure(call, request, journey.CodeUnparsableReply, fmt.Errorf("%s answered %d with a body that is no JSON object", host(request.URL), answer.Status))
	}
	return journey.Done{Output: output{x: x, body: body}}, nil
}

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return "?"
}

// request builds the call: address, headers, body.
func (x *Exchange) request(ctx context.Context, call *journey.Call) (outbound.Request, error) {
	r := outbound.Request{
		Method: http.MethodGet, Header: http.Header{"Accept": {"application/json"}}, Timeout: x.p.Timeout, Attempts: x.p.Attempts,
	}
	if r.Timeout == 0 {
		r.Timeout = 30 * time.Second
	}
	if r.Attempts == 0 {
		r.Attempts = 3
	}
	r.Header.Set("X-Correlation-Id", call.Journey.CorrelationID)
	if err := x.authenticate(ctx, call, &r); err != nil {
		return r, err
	}
	var err error
	if r.Certificate, err = x.certificate(ctx); err != nil {
		return r, err
	}
	address := x.m.ServiceURL
	if x.m.ResolveURL {
		address = x.template.Expand(call.Resolver, url.PathEscape)
	}
	inputs := x.sent(call)
	switch x.m.SendClaims {
	case inBody:
		r.Method = http.MethodPost
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Body, err = x.jsonBody(call, inputs)
	case inForm:
		r.Method = http.MethodPost
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = []byte(query(inputs))
	case inHeader:
		err = headers(r.Header, inputs)
	case inQuery:
		address = withQuery(address, query(inputs))
	case inURL:
		address = fillPlaceholders(address, inputs)
	}
	r.URL = address
	return r, err
}

// sent are the input claims that go into the request: the bearer token's claim goes
// only into its header.
func (x *Exchange) sent(call *journey.Call) journey.Inputs {
	if x.m.BearerClaim == "" {
		return call.Inputs
	}
	var out journey.Inputs
	for _, in := range call.Inputs {
		if in.Use.Claim().ID() != x.m.BearerClaim {
			out = append(out, in)
		}
	}
	return out
}

func (x *Exchange) authenticate(ctx context.Context, call *journey.Call, r *outbound.Request) error {
	secret := func(id string) (string, error) {
		b, err := x.p.Keys.Secret(ctx, id)
		if err != nil {
			return "", journey.Fail(journey.CodeNoActiveKey, fmt.Errorf("technical profile %s: %w", call.Profile.ID(), err))
		}
		// A secret that was read from a file has the file's last line break, which no header
		// could carry; blanks are part of it.
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	switch x.m.Auth {
	case authBasic:
		user, err := secret(x.m.Username)
		if err != nil {
			return err
		}
		password, err := secret(x.m.Password)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	case authBearer:
		token := ""
		if x.m.BearerClaim != "" {
			v, ok := call.Inputs.Claim(x.m.BearerClaim)
			switch {
			case !ok:
				return journey.Fail(journey.CodeBearerMissing, fmt.Errorf("technical profile %s: the claim %s has no value", call.Profile.ID(), x.m.BearerClaim))
			case v.Empty():
				return journey.Fail(journey.CodeBearerEmpty, fmt.Errorf("technical profile %s: the claim %s is empty", call.Profile.ID(), x.m.BearerClaim))
			}
			token = v.String()
		} else {
			var err error
			if token, err = secret(x.m.Token); err != nil {
				return err
			}
		}
		if strings.ContainsAny(token, "\r\n\x00") {
			return journey.Fail(journey.CodeBearerMissing, fmt.Errorf("technical profile %s: the bearer token has characters that a header can't have", call.Profile.ID()))
		}
		r.Header.Set("Authorization", "Bearer "+token)
	case authAPIKey:
		key, err := secret(x.m.APIKey)
		if err != nil {
			return err
		}
		r.Header.Set(x.m.APIKeyHeader, key)
	}
	return nil
}

// jsonBody is one flat object, members in the order of the policy, or the text of
// the payload claim.
func (x *Exchange) jsonBody(call *journey.Call, inputs journey.Inputs) ([]byte, error) {
	if x.m.PayloadClaim != "" {
		v, ok := call.Inputs.Claim(x.m.PayloadClaim)
		if !ok {
			return nil, journey.Fail(journey.CodeExchangeFailed, fmt.Errorf("technical profile %s: the payload claim %s has no value", call.Profile.ID(), x.m.PayloadClaim))
		}
		return []byte(v.String()), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	seen := make(map[string]bool)
	for _, in := range inputs {
		if seen[in.Use.Partner()] {
			continue // the first with a value wins (policy-engine §2.3)
		}
		seen[in.Use.Partner()] = true
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		for i, part := range []any{in.Use.Partner(), in.Value.JSON()} {
			if i == 1 {
				b.WriteByte(':')
			}
			var text bytes.Buffer
			enc := json.NewEncoder(&text)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(part); err != nil {
				return nil, fmt.Errorf("input claim %s: %w", in.Use.Claim().ID(), err)
			}
			b.Write(bytes.TrimRight(text.Bytes(), "\n"))
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// query is the claims as name=value pairs, in the order of the policy.
func query(inputs journey.Inputs) string {
	var pairs []string
	for _, in := range inputs {
		pairs = append(pairs, url.QueryEscape(in.Use.Partner())+"="+url.QueryEscape(in.Value.String()))
	}
	return strings.Join(pairs, "&")
}

func withQuery(address, query string) string {
	switch {
	case query == "":
		return address
	case !strings.Contains(address, "?"):
		return address + "?" + query
	case strings.HasSuffix(address, "?"), strings.HasSuffix(address, "&"):
		return address + query
	}
	return address + "&" + query
}

// headers puts each claim into a header; what would break out of one is refused.
func headers(h http.Header, inputs journey.Inputs) error {
	for _, in := range inputs {
		text := in.Value.String()
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) || !validHeaderName(in.Use.Partner()) {
			return journey.Fail(journey.CodeExchangeFailed, fmt.Errorf("input claim %s can't be sent as a header", in.Use.Claim().ID()))
		}
		h.Set(in.Use.Partner(), text)
	}
	return nil
}

func validHeaderName(name string) bool {
	for _, r := range name {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
			return false
		}
	}
	return name != ""
}

// fillPlaceholders replaces {name} in path and query by percent-encoded values; one
// without value becomes empty.
func fillPlaceholders(address string, inputs journey.Inputs) string {
	for _, name := range placeholderNames(address) {
		value := ""
		for _, in := range inputs {
			if matches(in.Use, name) {
				value = in.Value.String()
				break
			}
		}
		address = strings.ReplaceAll(address, "{"+name+"}", escapeSegment(value))
	}
	return address
}

// escapeSegment escapes for path and query alike; dots alone would climb the path.
func escapeSegment(value string) string {
	if value == "." || value == ".." {
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

// parseBody reads a JSON object; an empty body is an empty object.
func parseBody(body []byte) (any, error) {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\xef\xbb\xbf"))
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON value")
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, nil
	}
	return nil, errors.New("neither object nor array")
}

// output reads output claims from the answer.
type output struct {
	x    *Exchange
	body any
}

// Claim implements journey.Output: the member of the claim's partner name, or the
// value at its JSON path.
func (o output) Claim(use *program.ClaimUse) (claims.Value, error) {
	raw, ok := o.find(use)
	if !ok {
		return claims.Value{}, nil
	}
	v, err := claims.FromJSON(use.Claim().DataType(), raw)
	if err != nil {
		return claims.Value{}, fmt.Errorf("the API's answer for %s: %w", use.Partner(), err)
	}
	return v, nil
}

func (o output) find(use *program.ClaimUse) (any, bool) {
	if path, ok := o.x.paths[use.Partner()]; ok {
		return path.Get(o.body)
	}
	object, ok := o.body.(map[string]any)
	if !ok {
		return nil, false
	}
	raw, ok := object[use.Partner()]
	return raw, ok
}

// errorBody is how an API refuses with a message for the user (§2.6).
type errorBody struct {
	UserMessage      string `json:"userMessage"`
	Code             any    `json:"code"`
	RequestID        any    `json:"requestId"`
	DeveloperMessage any    `json:"developerMessage"`
	MoreInfo         any    `json:"moreInfo"`
}

// refused makes the failure of an answer that is no success.
func (x *Exchange) refused(call *journey.Call, request outbound.Request, answer outbound.Response) error {
	cause := fmt.Errorf("%s answered %d", host(request.URL), answer.Status)
	reason := strings.ReplaceAll(http.StatusText(answer.Status), " ", "")
	var body errorBody
	if answer.Status >= 400 && answer.Status < 500 && json.Unmarshal(bytes.TrimPrefix(answer.Body, []byte("\xef\xbb\xbf")), &body) == nil && body.UserMessage != "" {
		text := body.UserMessage
		if x.m.Debug {
			for _, detail := range []struct {
				name  string
				value any
			}{{"code", body.Code}, {"requestId", body.RequestID}, {"developerMessage", body.DeveloperMessage}, {"moreInfo", body.MoreInfo}} {
				if detail.value != nil {
					text += fmt.Sprintf(" %s: %v", detail.name, detail.value)
				}
			}
		}
		return &journey.Failure{Code: journey.CodeExchangeFailed, Public: text, Reason: reason, Cause: cause}
	}
	f := x.failure(call, request, journey.CodeExchangeFailed, cause)
	f.Reason = reason
	if call.Message("DefaultUserMessageIfRequestFailed", "", x.publicURL()) == "" {
		f.ReasonText = http.StatusText(answer.Status) // the application gets the status, unless the policy has a text
	}
	if f.MessageKey == "" && f.Public == "" {
		f.Public = http.StatusText(answer.Status)
	}
	return f
}

// noAnswer makes the failure of a call without answer.
func (x *Exchange) noAnswer(call *journey.Call, request outbound.Request, err error) error {
	cause := fmt.Errorf("%s: %w", host(request.URL), err)
	switch {
	case errors.Is(err, outbound.ErrTimeout):
		f := x.failure(call, request, journey.CodeIncompleteExchange, cause)
		f.Public = x.message(call, "UserMessageIfRequestTimeout", f.Public, strconv.Itoa(int(request.Timeout.Seconds())), x.publicURL())
		return f
	case errors.Is(err, outbound.ErrUnresolved):
		f := x.failure(call, request, journey.CodeExchangeFailed, cause)
		f.Public = x.message(call, "UserMessageIfDnsResolutionFailed", f.Public, x.publicURL())
		return f
	case errors.Is(err, outbound.ErrTooLarge), errors.Is(err, outbound.ErrIncomplete):
		return x.failure(call, request, journey.CodeUnparsableReply, cause)
	}
	return x.failure(call, request, journey.CodeExchangeFailed, cause)
}

// publicURL is the address as the policy has it, without values.
func (x *Exchange) publicURL() string { return x.m.ServiceURL }

// message finds a text of the policy for a key, else what there is.
func (x *Exchange) message(call *journey.Call, key, otherwise string, args ...string) string {
	text := call.Message(key, "", args...)
	if text == "" {
		return otherwise
	}
	return text
}

// failure is the generic one, with the policy's text if it has one.
func (x *Exchange) failure(call *journey.Call, _ outbound.Request, code journey.Code, cause error) *journey.Failure {
	f := journey.Fail(code, cause)
	f.Public = call.Message("DefaultUserMessageIfRequestFailed", "Failed to establish connection to the restful service end point.", x.publicURL())
	f.MessageKey = ""
	return f
}
