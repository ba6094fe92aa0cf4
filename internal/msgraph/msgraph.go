// Package msgraph is the admin API: the part of Microsoft Graph that tools for Azure
// AD B2C use, so that they go on working: policies, key sets, applications, users.
//
//	/graph/v1.0/… and /graph/beta/… ─► router ─► caller's role ─► a resource's handler
//	/{tenant}/oauth2/v2.0/token     ─► a token for an application that has roles
//
// Reference: admin-surface §1–§5.
package msgraph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/session"
	"journeyman.dev/internal/userflow"
)

// Policies manages the tenant's policies; the errors are those of package library.
type Policies interface {
	List() []library.Policy
	Get(id string) (library.Policy, error)
	Upload(ctx context.Context, files ...library.Policy) (library.Uploaded, error)
	UploadSet(ctx context.Context, files ...library.Policy) (library.Uploaded, error)
	Delete(ctx context.Context, id string) error
	Status(id string) (library.Status, error)
	Statuses() []library.Status
	Versions(ctx context.Context, id string) ([]library.Policy, error)
	Restore(ctx context.Context, id string, version int64, by string) (library.Uploaded, error)
	// RemoveKey runs remove unless policies name one of the policy keys: then it returns
	// their ids.
	RemoveKey(ctx context.Context, keys []string, remove func() error) (users []string, err error)
}

// Server serves the admin API. All fields must be set, but AdminToken.
type Server struct {
	TenantName    string
	TenantID      string
	ExtensionsApp string
	// AdminToken is a static bearer token with every right; "" for none.
	AdminToken string
	Policies   Policies
	Keys       *keyset.Service
	// OwnKeys has the keys of admin tokens and the secrets of identity providers.
	OwnKeys *keyset.Service
	Apps    application.Store
	// Assertions makes the assertions of clients with certificates single-use.
	Assertions application.Assertions
	Users      *directory.Directory
	// RefuseKnownPasswords refuses passwords from administrators that are common or stolen.
	RefuseKnownPasswords bool
	Sessions             session.Store
	// Connectors, Flows and Audit are the tenant's API connectors, user flows and records.
	Connectors *connector.Service
	Flows      *userflow.Service
	Audit      *audit.Log
	Prober     Prober
	// ExportFlow prints a user flow as a custom policy of an id; "" makes one.
	ExportFlow func(flowID, policyID string) ([]byte, error)
	// AppleSecret makes the client secret of Sign in with Apple from its private key, and
	// keeps the key to renew it.
	AppleSecret func(ctx context.Context, p *userflow.Provider, private []byte) (keyset.Key, error)
	// PageTexts are the built-in texts of a kind of page in a language.
	PageTexts func(layout, language string) []PageText
	// Failures slows down who can't be authenticated.
	Failures Throttle
	// RemoteIP is the client's address; nil: of the connection.
	RemoteIP func(r *http.Request) string
	// BaseURL of the admin listener, for links; without final slash.
	BaseURL func(r *http.Request) string
	Now     func() time.Time
	Log     *slog.Logger
}

// request is a call of the API on its way to a handler.
type request struct {
	*http.Request
	s      *Server
	w      http.ResponseWriter
	id     string // of the request
	args   []string
	caller caller
	beta   bool
	// targets is what the call acts on, and details what else its
	// audit record says.
	targets []audit.Target
	details []audit.Detail
}

// PageText is a built-in text.
type PageText struct{ ElementType, StringID, Value string }

// route is a resource: segments in lower case, {} for an argument.
type route struct {
	method  string
	pattern string
	roles   string // any of these, by blank
	handle  func(q *request) error
}

// The rights of admin-surface §1.2, by what they allow here.
const (
	readPolicies  = "Policy.Read.All Policy.ReadWrite.TrustFramework"
	writePolicies = "Policy.ReadWrite.TrustFramework"
	readKeys      = "TrustFrameworkKeySet.Read.All TrustFrameworkKeySet.ReadWrite.All"
	writeKeys     = "TrustFrameworkKeySet.ReadWrite.All"
	readApps      = "Application.Read.All Application.ReadWrite.All Directory.ReadWrite.All"
	writeApps     = "Application.ReadWrite.All Directory.ReadWrite.All"
	readUsers     = "User.Read.All User.ReadWrite.All Directory.Read.All Directory.ReadWrite.All"
	writeUsers    = "User.ReadWrite.All Directory.ReadWrite.All"
	restoreUsers  = "User.DeleteRestore.All User.ReadWrite.All Directory.ReadWrite.All"
	readTenant    = "Organization.Read.All Domain.Read.All Directory.Read.All Directory.ReadWrite.All Policy.Read.All Policy.ReadWrite.TrustFramework"
)

var routes = append(identityRoutes, []route{
	{"GET", "trustframework/policies", readPolicies, (*request).listPolicies},
	{"POST", "trustframework/policies", writePolicies, (*request).createPolicy},
	{"POST", uploadRoute, writePolicies, (*request).uploadPolicies},
	{"GET", "trustframework/policies/details", readPolicies, (*request).listPolicyDetails},
	{"GET", "trustframework/policies/{}", readPolicies, (*request).getPolicy},
	{"GET", "trustframework/policies/{}/details", readPolicies, (*request).policyDetails},
	{"GET", "trustframework/policies/{}/versions", readPolicies, (*request).policyVersions},
	{"GET", "trustframework/policies/{}/versions/{}/$value", readPolicies, (*request).policyVersionXML},
	{"POST", "trustframework/policies/{}/versions/{}/restore", writePolicies, (*request).restorePolicy},
	{"GET", "trustframework/policies/{}/$value", readPolicies, (*request).getPolicyXML},
	{"PUT", "trustframework/policies/{}/$value", writePolicies, (*request).putPolicy},
	{"DELETE", "trustframework/policies/{}", writePolicies, (*request).deletePolicy},

	{"GET", "trustframework/keysets", readKeys, (*request).listKeySets},
	{"POST", "trustframework/keysets", writeKeys, (*request).createKeySet},
	{"GET", "trustframework/keysets/{}", readKeys, (*request).getKeySet},
	{"PUT", "trustframework/keysets/{}", writeKeys, (*request).replaceKeySet},
	{"DELETE", "trustframework/keysets/{}", writeKeys, (*request).deleteKeySet},
	{"POST", "trustframework/keysets/{}/restore", writeKeys, (*request).restoreKeySet},
	{"GET", "trustframework/keysets/{}/keys_v2", readKeys, (*request).listKeys},
	{"GET", "trustframework/keysets/{}/keys_v2/{}", readKeys, (*request).getKey},
	{"PATCH", "trustframework/keysets/{}/keys_v2/{}", writeKeys, (*request).patchKey},
	{"DELETE", "trustframework/keysets/{}/keys_v2/{}", writeKeys, (*request).deleteKey},
	{"GET", "trustframework/keysets/{}/getactivekey", readKeys, (*request).activeKey},
	{"POST", "trustframework/keysets/{}/generatekey", writeKeys, (*request).generateKey},
	{"POST", "trustframework/keysets/{}/uploadsecret", writeKeys, (*request).uploadSecret},
	{"POST", "trustframework/keysets/{}/uploadcertificate", writeKeys, (*request).uploadCertificate},
	{"POST", "trustframework/keysets/{}/uploadpkcs12", writeKeys, (*request).uploadPKCS12},

	{"GET", "applications", readApps, (*request).listApplications},
	{"POST", "applications", writeApps, (*request).createApplication},
	{"GET", "applications/{}", readApps, (*request).getApplication},
	{"PATCH", "applications/{}", writeApps, (*request).patchApplication},
	{"DELETE", "applications/{}", writeApps, (*request).deleteApplication},
	{"POST", "applications/{}/addpassword", writeApps, (*request).addPassword},
	{"POST", "applications/{}/removepassword", writeApps, (*request).removePassword},
	{"POST", "applications/{}/addkey", writeApps, (*request).addKey},
	{"POST", "applications/{}/removekey", writeApps, (*request).removeKey},

	{"GET", "users", readUsers, (*request).listUsers},
	{"POST", "users", writeUsers, (*request).createUser},
	{"GET", "users/{}", readUsers, (*request).getUser},
	{"PATCH", "users/{}", writeUsers, (*request).patchUser},
	{"DELETE", "users/{}", writeUsers, (*request).deleteUser},
	{"POST", "users/{}/revokesigninsessions", writeUsers, (*request).revokeSessions},
	{"GET", "users/{}/sessions", readUsers, (*request).listSessions},
	{"DELETE", "users/{}/sessions/{}", writeUsers, (*request).endSession},

	{"GET", "directory/deleteditems/microsoft.graph.user", readUsers, (*request).listDeleted},
	{"GET", "directory/deleteditems/{}", readUsers, (*request).getDeleted},
	{"POST", "directory/deleteditems/{}/restore", restoreUsers, (*request).restoreDeleted},
	{"DELETE", "directory/deleteditems/{}", restoreUsers, (*request).purgeDeleted},

	{"GET", "domains", readTenant, (*request).domains},
	{"GET", "organization", readTenant, (*request).organization},
}...)

// uploadRoute takes several policies, and so a larger body than the others.
const uploadRoute = "trustframework/policies/upload"

// betaOnly are resources that v1.0 doesn't have (admin-surface §1.1).
var betaOnly = []string{"trustframework/", "identity/b2cuserflows"}

var alternateKey = regexp.MustCompile(`^(.*?)\((?:appid=)?'([^']*)'\)$`)

// ServeHTTP answers /graph/…, and /v1.0/… and /beta/… for tools that know only a host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, s: s, w: w, id: uuid.NewString()}
	whole := r.Body
	r.Body = http.MaxBytesReader(w, whole, 8<<20)
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
		q.beta = true
	default:
		q.fail(&apiError{http.StatusNotFound, "BadRequest", "The address begins with neither /v1.0 nor /beta."})
		return
	}
	if !readable(r) {
		q.fail(&apiError{http.StatusBadRequest, "BadRequest", "The address has characters that no name has."})
		return
	}
	handler, allowed := q.find(path)
	switch {
	case handler == nil && len(allowed) > 0:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		q.fail(&apiError{http.StatusMethodNotAllowed, "Request_BadRequest", "The method isn't allowed here."})
		return
	case handler == nil:
		q.fail(&apiError{http.StatusNotFound, "BadRequest", "Resource not found for the segment '" + path + "'. It may be one that this version doesn't have yet."})
		return
	}
	var err error
	if q.caller, err = s.authenticate(r, q.id); err != nil {
		var tooMany *throttled
		if errors.As(err, &tooMany) {
			retryAfter(w, tooMany.wait)
			q.fail(errTooMany)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+s.BaseURL(r)+"/"+s.TenantID+`/oauth2/v2.0/authorize"`)
		q.fail(&apiError{http.StatusUnauthorized, "InvalidAuthenticationToken", err.Error()})
		return
	}
	if !q.caller.hasAny(handler.roles) {
		q.recordDenied(handler)
		q.fail(&apiError{http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation. One of these roles is needed: " + strings.ReplaceAll(handler.roles, " ", ", ") + "."})
		return
	}
	if handler.pattern == uploadRoute {
		r.Body = http.MaxBytesReader(w, whole, maxSetBytes)
	}
	q.run(handler)
}

// readable reports whether path and query are text that a database can look for.
func readable(r *http.Request) bool {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	return err == nil && utf8.ValidString(r.URL.Path) && utf8.ValidString(query) && !strings.ContainsRune(r.URL.Path+query, 0)
}

// find matches a path without regard to case; keySets('x') is keySets/x.
func (q *request) find(path string) (*route, []string) {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		if m := alternateKey.FindStringSubmatch(lowerKey(segment)); m != nil {
			// The id keeps its case: take it from the segment as it came.
			open := strings.Index(segment, "'")
			segments = append(segments, m[1], segment[open+1:strings.LastIndex(segment, "'")])
			if strings.Contains(strings.ToLower(segment), "appid=") {
				segments[len(segments)-1] = "appId=" + segments[len(segments)-1]
			}
			continue
		}
		if segment != "" {
			segments = append(segments, segment)
		}
	}
	var allowed []string
	for i := range routes {
		pattern := strings.Split(routes[i].pattern, "/")
		if len(pattern) != len(segments) {
			continue
		}
		var args []string
		fits := true
		for j, part := range pattern {
			switch {
			case part == "{}":
				args = append(args, segments[j])
			case !strings.EqualFold(part, segments[j]):
				fits = false
			}
		}
		if !fits || !q.beta && slices.ContainsFunc(betaOnly, func(prefix string) bool { return strings.HasPrefix(routes[i].pattern, prefix) }) {
			continue
		}
		if routes[i].method == q.Method || q.Method == http.MethodHead && routes[i].method == http.MethodGet {
			q.args = args
			return &routes[i], nil
		}
		allowed = append(allowed, routes[i].method)
	}
	return nil, allowed
}

func lowerKey(segment string) string {
	open := strings.IndexByte(segment, '(')
	if open < 0 {
		return segment
	}
	return strings.ToLower(segment)
}

// write answers with JSON; context is the @odata.context's fragment, "" for none.
func (q *request) write(status int, context string, body map[string]any) error {
	if context != "" {
		body["@odata.context"] = q.base() + "/$metadata#" + context
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(b.Bytes())
	return nil
}

func (q *request) noContent() error {
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// base is the root of the API as it was called.
func (q *request) base() string {
	version := "v1.0"
	if q.beta {
		version = "beta"
	}
	return q.s.BaseURL(q.Request) + "/graph/" + version
}

// apiError is an error as tools read it (admin-surface §1.3).
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// writePage answers with some of a list; next is the token of the following page, "" on
// the last.
func (q *request) writePage(kind string, value []map[string]any, next string) error {
	body := map[string]any{"value": value}
	if next != "" {
		body["@odata.nextLink"] = q.link(next)
	}
	return q.write(http.StatusOK, kind, body)
}

// sentence makes a text of an error's: packages write them small and without a stop.
func sentence(text string) string {
	text = strings.TrimPrefix(strings.ReplaceAll(text, ": invalid: ", ": "), "invalid: ")
	text = strings.TrimPrefix(text, "invalid API connector: ")
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:] + "."
}

func badRequest(message string) error {
	return &apiError{http.StatusBadRequest, "Request_BadRequest", message}
}

func notFound(id string) error {
	return &apiError{http.StatusNotFound, "Request_ResourceNotFound", "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."}
}

// fail answers with an error; what isn't meant for the caller is logged.
func (q *request) fail(err error) {
	var e *apiError
	var fault *keyset.Fault
	switch {
	case errors.As(err, &e):
	case errors.As(err, &fault):
		e = &apiError{http.StatusBadRequest, fault.Code, fault.Text}
	case errors.Is(err, keyset.ErrConflict):
		e = &apiError{http.StatusConflict, "AADB2C", sentence(err.Error())}
	case errors.Is(err, connector.ErrInvalid), errors.Is(err, userflow.ErrInvalid):
		e = &apiError{http.StatusBadRequest, "AADB2C", sentence(err.Error())}
	case errors.Is(err, directory.ErrNotFound): // deleted by another meanwhile
		e = &apiError{http.StatusNotFound, "Request_ResourceNotFound", "The user does not exist."}
	case errors.Is(err, directory.ErrAmbiguous):
		e = &apiError{http.StatusConflict, "Request_BadRequest", "Two users have this name. Address them by id, and rename or delete one of them."}
	case errors.Is(err, userflow.ErrExists), errors.Is(err, userflow.ErrConflict), errors.Is(err, connector.ErrConflict):
		e = &apiError{http.StatusConflict, "AADB2C", sentence(err.Error())}
	case errors.Is(err, userflow.ErrNotFound), errors.Is(err, connector.ErrNotFound), errors.Is(err, audit.ErrNotFound):
		e = &apiError{http.StatusNotFound, "AADB2C", sentence(err.Error())}
	case errors.Is(err, directory.ErrBusy):
		q.w.Header().Set("Retry-After", strconv.Itoa(int(limit.RetryAfter.Seconds())))
		e = &apiError{http.StatusTooManyRequests, "TooManyRequests", "There are many requests at this moment. Please wait for some time and try again."}
	case errors.Is(err, application.ErrInvalid), errors.Is(err, directory.ErrInvalid), errors.Is(err, directory.ErrWeakPassword):
		e = &apiError{http.StatusBadRequest, "Request_BadRequest", err.Error()}
	default:
		q.s.Log.ErrorContext(q.Context(), "admin API failed", "requestId", q.id, "path", q.URL.Path, "err", err)
		e = &apiError{http.StatusInternalServerError, "AADB2C90063", "There is a problem with the service."}
	}
	q.respond(e, nil)
}

func (q *request) respond(e *apiError, details []map[string]any) {
	inner := map[string]any{"date": q.s.Now().UTC().Format("2006-01-02T15:04:05"), "request-id": q.id, "client-request-id": q.id, "correlationId": q.id}
	if id := q.Header.Get("client-request-id"); uuid.Validate(id) == nil {
		inner["client-request-id"] = id
	}
	body := map[string]any{"code": e.code, "message": e.message, "innerError": inner}
	if details != nil {
		body["details"] = details
	}
	_ = q.write(e.status, "", map[string]any{"error": body})
}

// link is an address of a next page, on our host.
func (q *request) link(skipToken string) string {
	values := url.Values{}
	for name, v := range q.URL.Query() {
		if name != "$skiptoken" {
			values[name] = v
		}
	}
	values.Set("$skiptoken", skipToken)
	return q.s.BaseURL(q.Request) + q.URL.Path + "?" + values.Encode()
}

func (q *request) domains() error {
	return q.write(http.StatusOK, "domains", map[string]any{"value": []map[string]any{{"id": q.s.TenantName, "isDefault": true, "isInitial": true, "isVerified": true}}})
}

func (q *request) organization() error {
	return q.write(http.StatusOK, "organization", map[string]any{"value": []map[string]any{{"id": q.s.TenantID, "displayName": q.s.TenantName,
		"verifiedDomains": []map[string]any{{"name": q.s.TenantName, "isDefault": true, "isInitial": true}}}}})
}
