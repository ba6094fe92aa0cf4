package msgraph

import (
	"net/http"
	"net/url"
	"strconv"

	"journeyman.dev/internal/audit"
)

// Request is a call of the API on its way through a handler.
type Request struct {
	*http.Request
	// Caller is who calls.
	Caller Caller
	// Beta says that the call came to /beta.
	Beta bool

	s    *Server
	w    http.ResponseWriter
	id   string // of the request
	args []string
	// targets and details go into the audit record of the call.
	targets []audit.Target
	details []audit.Detail
}

// Arg is the argument of an index in the route's path, as the address spells it.
func (q *Request) Arg(i int) string { return q.args[i] }

// Option is an option of the query, such as $expand; "" if it isn't there.
func (q *Request) Option(name string) string { return q.URL.Query().Get(name) }

// Base is the root of the API as it was called, without final slash.
func (q *Request) Base() string {
	version := "v1.0"
	if q.Beta {
		version = "beta"
	}
	return q.s.BaseURL(q.Request) + "/graph/" + version
}

// Top reads $top: def if it isn't there, else a number from 1 to most.
func (q *Request) Top(def, most int) (int, error) {
	v := q.Option("$top")
	if v == "" {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, BadRequest("Invalid page size specified: '" + v + "'. Must be between 1 and " + strconv.Itoa(most) + " inclusive.")
	}
	return n, nil
}

// Filter reads $filter; nil if there is none.
func (q *Request) Filter() (*Filter, error) { return ParseFilter(q.Option("$filter")) }

// link is the address of a next page, on our host.
func (q *Request) link(skipToken string) string {
	values := url.Values{}
	for name, v := range q.URL.Query() {
		if name != "$skiptoken" {
			values[name] = v
		}
	}
	values.Set("$skiptoken", skipToken)
	return q.s.BaseURL(q.Request) + q.URL.Path + "?" + values.Encode()
}

// Target names the thing that the call acts on, for its audit record. The default is the
// address's first argument.
func (q *Request) Target(id, name, kind string) {
	q.targets = []audit.Target{{ID: id, DisplayName: name, Type: kind, Modified: []audit.Modified{}}}
}

// Targets is Target for a call that acts on several things, or on nothing.
func (q *Request) Targets(list []audit.Target) {
	q.targets = append([]audit.Target{}, list...)
}

// Detail adds a fact to the audit record of the call.
func (q *Request) Detail(key, value string) {
	q.details = append(q.details, audit.Detail{Key: key, Value: value})
}
