package page

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/texts"
)

// maxPost limits a page's post [I].
const maxPost = 256 << 10

// ServeEndpoint answers requests of the pages. It returns false for other paths.
func (p *Pages) ServeEndpoint(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint) bool {
	switch {
	case p.Kinds.posts[e.Path] != nil:
		p.only(w, r, func(w http.ResponseWriter, r *http.Request) { p.scripted(w, r, e.Path) }, http.MethodPost)
	case strings.HasPrefix(e.Path, "selfasserted/displaycontrolaction/"):
		p.only(w, r, p.controlAction, http.MethodPost)
	case e.Path == "client/perftrace":
		w.Header().Set("Content-Type", "text/json; charset=utf-8")
		_, _ = w.Write([]byte(`{}`)) // measurements of the page, not kept
	case strings.HasPrefix(e.Path, "api/"):
		p.only(w, r, func(w http.ResponseWriter, r *http.Request) { p.navigate(w, r, strings.Split(e.Path, "/")[1:]) }, http.MethodGet)
	case e.Path == "oauth2/authresp":
		p.only(w, r, p.returned, http.MethodGet, http.MethodPost)
	default:
		return false
	}
	return true
}

func (p *Pages) only(w http.ResponseWriter, r *http.Request, h http.HandlerFunc, methods ...string) {
	for _, m := range methods {
		if r.Method == m {
			h(w, r)
			return
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}

// scripted handles the posts of a page's script. The answer's JSON contains the result; the HTTP status is
// 200 even after a user's mistake (pages §3.1).
func (p *Pages) scripted(w http.ResponseWriter, r *http.Request, path string) {
	p.posted(w, r, func(form url.Values) (journey.Answer, bool) { return p.Kinds.read(path, form) })
}

// controlAction handles the posts of a display control's buttons, at
// SelfAsserted/DisplayControlAction/vbeta/{control}/{action} (pages §3.1 row 6).
func (p *Pages) controlAction(w http.ResponseWriter, r *http.Request) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	p.posted(w, r, func(form url.Values) (journey.Answer, bool) {
		fields, ok := single(form)
		control, action := path[len(path)-2], path[len(path)-1]
		return journey.Answer{Kind: journey.ControlAction, Control: control, Action: action, Fields: fields}, ok
	})
}

func (p *Pages) posted(w http.ResponseWriter, r *http.Request, read func(url.Values) (journey.Answer, bool)) {
	r.Body = http.MaxBytesReader(w, r.Body, maxPost)
	if err := r.ParseForm(); err != nil {
		p.refuse(w, r, http.StatusBadRequest, "unreadable")
		return
	}
	transaction, ok := parseTx(r.URL.Query().Get("tx"))
	if !ok {
		p.refuse(w, r, http.StatusBadRequest, string(journey.CodeStateLost))
		return
	}
	a, ok := read(r.PostForm)
	if !ok {
		p.refuse(w, r, http.StatusBadRequest, "unreadable")
		return
	}
	reply, err := p.Engine.Post(r.Context(), p.visit(r, transaction), a)
	p.rememberDevice(w, r)
	switch {
	case err == nil:
		p.answerTo(w, reply)
	case lost(err):
		p.refuse(w, r, http.StatusBadRequest, string(journey.CodeStateLost))
	case errors.Is(err, journey.ErrConflict):
		p.refuse(w, r, http.StatusConflict, "sent_twice")
	default:
		p.Log.ErrorContext(r.Context(), "post failed", "correlationId", transaction, "err", err)
		p.answer(w, http.StatusInternalServerError, journey.Reply{Code: string(journey.CodeInternal), Message: journey.CodeInternal.Text()})
	}
}

func lost(err error) bool {
	return errors.Is(err, journey.ErrNoJourney) || errors.Is(err, journey.ErrStale) || errors.Is(err, journey.ErrForeign)
}

// single reads a form. A repeated field makes it unreadable, because it isn't certain which value counts.
func single(form url.Values) (map[string]string, bool) {
	fields := make(map[string]string, len(form))
	for name, values := range form {
		if len(values) > 1 {
			return nil, false
		}
		fields[name] = values[0]
	}
	return fields, true
}

// read reads a post to a path. It returns false if no page posts such a form there.
func (k *Kinds) read(path string, form url.Values) (journey.Answer, bool) {
	fields, ok := single(form)
	if !ok {
		return journey.Answer{}, false
	}
	kind := journey.AnswerKind(strings.ToUpper(fields["request_type"]))
	delete(fields, "request_type")
	return journey.Answer{Kind: kind, Path: path, Fields: fields}, k.takes(path, kind)
}

// answerTo answers a post. A successful answer to a request other than the form contains a result.
func (p *Pages) answerTo(w http.ResponseWriter, reply journey.Reply) {
	if reply.OK && reply.Result != nil {
		writeJSON(w, http.StatusOK, struct {
			Status string `json:"status"`
			Result int    `json:"result"`
		}{"200", *reply.Result})
		return
	}
	if reply.Throttled {
		w.Header().Set("Retry-After", strconv.Itoa(int(limit.RetryAfter.Seconds())))
		p.answer(w, http.StatusTooManyRequests, reply)
		return
	}
	p.answer(w, http.StatusOK, reply)
}

func (p *Pages) answer(w http.ResponseWriter, status int, reply journey.Reply) {
	if reply.OK {
		writeJSON(w, status, struct {
			Status string `json:"status"`
		}{"200"})
		return
	}
	writeJSON(w, status, struct {
		Status  string `json:"status"`
		Code    string `json:"errorCode,omitempty"`
		Message string `json:"message"`
		Field   string `json:"claimId,omitempty"`
	}{"400", reply.Code, reply.Message, reply.Field})
}

// refuse answers a post that belongs to no page, in the browser's language, because the journey's is unknown.
// id is one of our texts.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, status int, id string) {
	p.Log.InfoContext(r.Context(), "post refused", "status", status)
	language := claims.ChooseLanguage(nil, texts.Default, "", r.Header.Get("Accept-Language"))
	p.answer(w, status, journey.Reply{Code: string(journey.CodeStateLost), Message: texts.For(language).Text(texts.Failure, id)})
}

// writeJSON writes compact JSON: scripts search it as text.
func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// navigate handles the navigations of a page. path is api/{page}/{action}.
func (p *Pages) navigate(w http.ResponseWriter, r *http.Request, path []string) {
	q := r.URL.Query()
	transaction, ok := parseTx(q.Get("tx"))
	if !ok || len(path) < 2 {
		p.Error(w, r, http.StatusBadRequest, journey.Fail(journey.CodeStateLost, nil), "")
		return
	}
	a := journey.Action{Kind: journey.Reload}
	switch path[1] {
	case "confirmed":
		a = journey.Action{Kind: journey.Confirm, KMSI: strings.EqualFold(q.Get("rememberMe"), "true")}
	case "unified":
		switch {
		case strings.EqualFold(q.Get("local"), "signup"):
			a.Kind = journey.SignUp
		case q.Get("claimsexchange") != "":
			a = journey.Action{Kind: journey.Choose, Exchange: q.Get("claimsexchange")}
		}
	case "forgotpassword":
		a.Kind = journey.Forgot
	case "error":
		a.Kind = journey.Cancel
	default:
		p.Error(w, r, http.StatusNotFound, journey.Fail(journey.CodeStateLost, nil), "")
		return
	}
	p.run(w, r, transaction, a)
}

// returned handles the return from another site.
func (p *Pages) returned(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxPost)
	if err := r.ParseForm(); err != nil {
		p.Error(w, r, http.StatusBadRequest, journey.Fail(journey.CodeProviderResponse, err), "")
		return
	}
	form := r.Form
	if r.Method == http.MethodPost {
		form = r.PostForm
	}
	fields := make(map[string]string)
	for name, values := range form {
		if len(values) != 1 {
			p.Error(w, r, http.StatusBadRequest, journey.Fail(journey.CodeProviderResponse, errors.New("repeated parameter")), "")
			return
		}
		fields[name] = values[0]
	}
	transaction, ok := journey.StateTransaction(fields["state"])
	if !ok {
		p.Error(w, r, http.StatusBadRequest, journey.Fail(journey.CodeStateLost, nil), "")
		return
	}
	p.run(w, r, transaction, journey.Action{Kind: journey.Return, Fields: fields})
}

func (p *Pages) run(w http.ResponseWriter, r *http.Request, transaction string, a journey.Action) {
	ran, err := p.Engine.Continue(r.Context(), p.visit(r, transaction), a)
	switch {
	case err == nil:
		p.Deliver(w, r, ran)
	case lost(err):
		p.Error(w, r, http.StatusBadRequest, journey.Fail(journey.CodeStateLost, err), "")
	case errors.Is(err, journey.ErrConflict):
		p.Error(w, r, http.StatusConflict, journey.Fail(journey.CodeStateLost, err), "")
	default:
		p.Log.ErrorContext(r.Context(), "navigation failed", "err", err)
		p.Error(w, r, http.StatusInternalServerError, journey.Fail(journey.CodeInternal, err), "")
	}
}
