package msgraph

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/keyset"
)

// Server serves the admin API. All fields must be set, except AdminToken, Audit and
// RemoteIP; New fills in the routes.
type Server struct {
	TenantName string
	TenantID   string
	// AdminToken is a static bearer token with every permission; "" for none.
	AdminToken string
	// Apps finds who asks for tokens and who calls.
	Apps Applications
	// OwnKeys holds the key that signs admin tokens.
	OwnKeys *keyset.Service
	// Assertions makes the assertions of clients with certificates single-use.
	Assertions application.Assertions
	// Audit keeps a record of each change; nil for none.
	Audit *audit.Log
	// Failures slows down clients that fail to authenticate.
	Failures Throttle
	// RemoteIP is the client's address; nil: the address of the connection.
	RemoteIP func(r *http.Request) string
	// BaseURL of the admin listener, for links; without final slash.
	BaseURL func(r *http.Request) string
	Now     func() time.Time
	Log     *slog.Logger

	routes []*route
}

// maxBody bounds the bodies of requests in bytes, where a route has no bound of its own.
const maxBody = 8 << 20

// New returns a server that has the settings of s and serves the resources of all
// sources. It panics if two routes have the same method and path: that is our own bug.
func New(s Server, sources ...Source) *Server {
	made := &s
	for _, source := range sources {
		for _, resource := range source.Resources() {
			made.add(resource)
		}
	}
	return made
}

// ServeHTTP answers /graph/…, and /v1.0/… and /beta/… for tools that know only a host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &Request{Request: r, s: s, w: w, id: uuid.NewString()}
	whole := r.Body
	r.Body = http.MaxBytesReader(w, whole, maxBody)
	w.Header().Set("request-id", q.id)
	w.Header().Set("Cache-Control", "no-store")
	path := strings.Trim(r.URL.Path, "/")
	if len(path) >= 6 && strings.EqualFold(path[:6], "graph/") {
		path = path[6:]
	}
	version, path, _ := strings.Cut(path, "/")
	switch strings.ToLower(version) {
	case "v1.0":
	case "beta":
		q.Beta = true
	default:
		q.fail(NewError(http.StatusNotFound, "BadRequest", "The address begins with neither /v1.0 nor /beta."))
		return
	}
	if !readable(r) {
		q.fail(NewError(http.StatusBadRequest, "BadRequest", "The address has characters that no name has."))
		return
	}
	found, args, allowed := s.find(r.Method, path, q.Beta)
	switch {
	case found == nil && len(allowed) > 0:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		q.fail(NewError(http.StatusMethodNotAllowed, "Request_BadRequest", "The method isn't allowed here."))
		return
	case found == nil:
		q.fail(NewError(http.StatusNotFound, "BadRequest", "Resource not found for the segment '"+path+"'. It may be one that this version doesn't have yet."))
		return
	}
	q.args = args
	if !q.admit(found) {
		return
	}
	if found.MaxBody > 0 {
		r.Body = http.MaxBytesReader(w, whole, found.MaxBody)
	}
	q.run(found)
}

// admit authenticates the caller and checks its permissions. It answers a caller that may
// not go on.
func (q *Request) admit(h *route) bool {
	var err error
	if q.Caller, err = q.s.authenticate(q.Request, q.id); err != nil {
		var tooMany *throttled
		if errors.As(err, &tooMany) {
			retryAfter(q.w, tooMany.wait)
			q.fail(errTooMany)
			return false
		}
		q.SetHeader("WWW-Authenticate", `Bearer realm="", authorization_uri="`+q.s.BaseURL(q.Request)+"/"+q.s.TenantID+`/oauth2/v2.0/authorize"`)
		q.fail(err)
		return false
	}
	if !q.Caller.May(h.Permissions) {
		q.recordDenied(h)
		q.fail(Denied("One of these roles is needed: " + strings.ReplaceAll(h.Permissions, " ", ", ") + "."))
		return false
	}
	return true
}

// readable reports whether path and query are text that a database can look for.
func readable(r *http.Request) bool {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	return err == nil && utf8.ValidString(r.URL.Path) && utf8.ValidString(query) && !strings.ContainsRune(r.URL.Path+query, 0)
}

var _ http.Handler = (*Server)(nil)
