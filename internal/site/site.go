// Package site serves the public listener: it hands each request to the protocol or to the
// pages, bounds strangers, and turns a panic into an error page.
//
//	request ─► signpost, static files ─► oidc (authorize, token, …) ─► page (a journey's posts)
package site

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/oidc"
	"journeyman.dev/internal/page"
	"journeyman.dev/internal/signpost"
)

// Site serves the public listener of one tenant. All fields must be set.
type Site struct {
	OIDC  *oidc.Server
	Pages *page.Pages
	// HTTPS is set if browsers use https. The site then requires https of them in future.
	HTTPS bool
	// TrustProxy takes the client's address from the proxy in front.
	TrustProxy bool
	// Stopping ends the requests that outlive their clients.
	Stopping context.Context //nolint:containedctx // the life of the server, not of a request
	NewID    func() string
	Log      *slog.Logger
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Protect(s.serve).ServeHTTP(w, r) }

func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	if s.HTTPS {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	switch r.URL.Path {
	case "/healthz":
		_, _ = io.WriteString(w, "ok\n")
		return
	case "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if signpost.Asked(r) {
		signpost.Write(w, signpost.Public())
		return
	}
	if s.Pages.ServeStatic(w, r) {
		return
	}
	r = r.WithContext(directory.Remembering(limit.With(r.Context(), s.caller(r))))
	e, ok, err := endpoint.Parse(r.URL)
	if err != nil {
		s.Pages.Error(w, r, http.StatusBadRequest, &journey.Failure{Code: journey.CodeUnknownPolicy, Public: "The address names two different policies."}, "")
		return
	}
	if ok {
		if s.OIDC.ServeEndpoint(w, r, e) {
			return
		}
		r, done := s.lasting(r)
		defer done()
		if s.OIDC.OwnTenant(e.Tenant) && s.Pages.ServeEndpoint(w, r, e) {
			return
		}
	}
	s.Pages.Error(w, r, http.StatusNotFound, &journey.Failure{Public: "There is nothing at this address."}, "")
}

// caller identifies the sender of a request, for the bounds against strangers. Behind a proxy,
// connections are those of the proxy.
func (s *Site) caller(r *http.Request) *limit.Caller {
	c := &limit.Caller{Client: limit.Client(limit.RemoteIP(r, s.TrustProxy)), Devices: s.Pages.Devices(r)}
	if !s.TrustProxy {
		c.Connection = limit.ConnectionOf(r.Context())
	}
	return c
}

// lasting lets a request of a journey's page outlive its client. A browser that reloads drops the first
// request. If that request couldn't finish and store its answer, the second one would run the step again.
func (s *Site) lasting(r *http.Request) (_ *http.Request, done func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	forget := context.AfterFunc(s.Stopping, cancel)
	return r.WithContext(ctx), func() {
		forget()
		cancel()
	}
}

// Protect catches a panic of a handler. The log contains the panic, and the user sees the error page with its
// correlation id.
func (s *Site) Protect(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler: //nolint:errorlint // a value that net/http compares, too
				panic(p)
			default:
				id := s.NewID()
				s.Log.ErrorContext(r.Context(), "panic", "correlationId", id, "panic", fmt.Sprint(p), "path", r.URL.Path, "stack", string(debug.Stack()))
				s.Pages.Error(w, r, http.StatusInternalServerError, journey.Fail(journey.CodeInternal, nil), id)
			}
		}()
		next(w, r)
	})
}
