package msgraph

import (
	"net/http"
	"slices"
	"strings"
)

// Source declares resources; each package below this one has one.
type Source interface {
	Resources() []Resource
}

// Resource is a group of routes, with their common properties.
type Resource struct {
	// Kind, Service and Category describe the changes of the resource in audit records:
	// Kind is the type of the changed thing ("custom policy"), the others are constants of
	// package audit.
	Kind, Service, Category string
	// Beta resources exist in /beta alone (admin-surface §1.1).
	Beta bool
	// Failure turns an error of a service into an answer; it returns nil for an error that
	// isn't the caller's business, which is logged and answered as a fault of the service.
	// A nil Failure knows no error.
	Failure func(err error) *Error
	// Routes in the order in which a path is compared with them: one with a name comes
	// before one with an argument in its place.
	Routes []Route
}

// Handler answers a request. It has answered when it returns nil.
type Handler func(q *Request) error

// Route is an operation of a resource.
type Route struct {
	Method string
	// Path below the version; {} stands for an argument. Names are compared without regard
	// to case.
	Path string
	// Permissions by blank; the caller needs one of them.
	Permissions string
	// Activity is the name of the change in audit records, and Operation its type there:
	// Add, Update or Delete. Both are "" for a route that changes nothing.
	Activity, Operation string
	// MaxBody bounds the body in bytes; 0: 8 MiB.
	MaxBody int64
	Handle  Handler
}

// Get is a route that reads, also for HEAD.
func Get(path, permissions string, handle Handler) Route {
	return Route{Method: http.MethodGet, Path: path, Permissions: permissions, Handle: handle}
}

// Add is a POST that makes a member of a collection.
func Add(path, permissions, activity string, handle Handler) Route {
	return Route{Method: http.MethodPost, Path: path, Permissions: permissions, Activity: activity, Operation: "Add", Handle: handle}
}

// Change is a route of any method that changes something that is there.
func Change(method, path, permissions, activity string, handle Handler) Route {
	return Route{Method: method, Path: path, Permissions: permissions, Activity: activity, Operation: "Update", Handle: handle}
}

// Delete is a DELETE that removes a member of a collection.
func Delete(path, permissions, activity string, handle Handler) Route {
	return Route{Method: http.MethodDelete, Path: path, Permissions: permissions, Activity: activity, Operation: "Delete", Handle: handle}
}

// route is a route with its resource.
type route struct {
	Route
	of      *Resource
	pattern []string
}

// add takes the routes of a resource.
func (s *Server) add(resource Resource) {
	for _, r := range resource.Routes {
		made := &route{Route: r, of: &resource, pattern: strings.Split(r.Path, "/")}
		if slices.ContainsFunc(s.routes, func(have *route) bool {
			return have.Method == made.Method && strings.EqualFold(have.Path, made.Path)
		}) {
			panic("msgraph: two routes for " + r.Method + " " + r.Path)
		}
		s.routes = append(s.routes, made)
	}
}

// find finds the route of a method and path, and the path's arguments; allowed are the
// methods of the path if the method isn't among them.
func (s *Server) find(method, path string, beta bool) (found *route, args, allowed []string) {
	segments := split(path)
	for _, r := range s.routes {
		args, fits := r.match(segments)
		if !fits || r.of.Beta && !beta {
			continue
		}
		if r.Method == method || method == http.MethodHead && r.Method == http.MethodGet {
			return r, args, nil
		}
		allowed = append(allowed, r.Method)
	}
	return nil, nil, allowed
}

// match compares a path with the route's.
func (r *route) match(segments []string) (args []string, fits bool) {
	if len(r.pattern) != len(segments) {
		return nil, false
	}
	for i, part := range r.pattern {
		switch {
		case part == "{}":
			args = append(args, segments[i])
		case !strings.EqualFold(part, segments[i]):
			return nil, false
		}
	}
	return args, true
}

// split returns the segments of a path: keySets('x') is keySets and x, and
// applications(appId='x') is applications and appId=x.
func split(path string) []string {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, key, ok := alternateKey(segment); ok {
			segments = append(segments, name, key)
		} else if segment != "" {
			segments = append(segments, segment)
		}
	}
	return segments
}

// alternateKey splits name('key') and name(appId='key'). The key keeps its case.
func alternateKey(segment string) (name, key string, ok bool) {
	const appID = "appId="
	inner, closed := strings.CutSuffix(segment, "')")
	quote := strings.LastIndexByte(inner, '\'')
	if !closed || quote < 0 {
		return "", "", false
	}
	name, key = inner[:quote], inner[quote+1:]
	if n := len(name) - len(appID); n >= 0 && strings.EqualFold(name[n:], appID) {
		name, key = name[:n], appID+key
	}
	name, ok = strings.CutSuffix(name, "(")
	return name, key, ok
}
