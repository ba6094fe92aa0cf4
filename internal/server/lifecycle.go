package server

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"journeyman.dev/internal/chores"
	"journeyman.dev/internal/listen"
)

// defaultShutdown limits the length of a stop. Orchestrators kill a process after about this time.
const defaultShutdown = 30 * time.Second

// Run serves until ctx ends, then stops within Config.ShutdownTimeout: it accepts no new requests, and
// running requests finish. Shortly before the limit it cancels the remaining requests and their calls out, so
// that they can answer with an error. Then it closes the remaining connections.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	servers := listen.NewServers(s.Config.Log)
	servers.Serve(s.stopping, s.public, s.Handler())
	if s.admin != nil {
		servers.Serve(s.stopping, s.admin, s.AdminHandler())
	}
	background, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { chores.Run(background, s.Config.Log, s.chores()...) })
	// Write audit records until the last request has ended.
	recording, endRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer endRecording()
	recorded := make(chan error, 1)
	go func() { recorded <- s.Audit.Run(recording) }()
	var notifying sync.WaitGroup
	if s.notices != nil {
		notifying.Go(func() { s.notices.Run(recording) })
	}
	var err error
	select {
	case <-ctx.Done():
		err = s.announce(servers.Failed())
	case err = <-servers.Failed():
	}
	servers.Drain(cmp.Or(s.Config.ShutdownTimeout, defaultShutdown), s.stop)
	s.stop()
	stop()
	working.Wait()
	s.engine.Wait(afterSteps)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	endRecording()
	notifying.Wait()
	return errors.Join(err, <-recorded)
}

// afterSteps limits a stop's wait for steps after SendClaims.
const afterSteps = 3 * time.Second

// announce lets load balancers notice the coming stop while the server still accepts their requests.
func (s *Server) announce(failed <-chan error) error {
	s.ready.Leave()
	if s.Config.ShutdownDelay <= 0 {
		return nil
	}
	s.Config.Log.Info("stopping: requests are taken for a while, and readiness says no", "delay", s.Config.ShutdownDelay)
	over := time.NewTimer(s.Config.ShutdownDelay)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case err := <-failed:
		return err
	}
}

// Sync reads the changes by other nodes on the database: policies, keys and applications.
func (s *Server) Sync(ctx context.Context) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.Apps.Forget()
	now, err := s.db.Fingerprint(ctx)
	if err != nil || now == s.fingerprint {
		return err
	}
	if err := errors.Join(s.Keys.Reload(ctx), s.OwnKeys.Reload(ctx), s.Connectors.Reload(ctx), s.Policies.Reload(ctx), s.Flows.Reload(ctx)); err != nil {
		return err
	}
	s.fingerprint = now
	return nil
}

// defaultAuditKeep is the time for which B2C keeps audit records.
const defaultAuditKeep = 7 * 24 * time.Hour

// chores returns the regular work: looking for other nodes' changes, and removing expired rows. The latter
// may take long, and nobody waits for it.
func (s *Server) chores() []chores.Chore {
	return []chores.Chore{
		{Every: 2 * time.Second, Do: s.Sync, Failure: "changes of other nodes can't be read"},
		{Every: 10 * time.Minute, Timeout: 5 * time.Minute, Do: s.clean, Failure: "housekeeping failed"},
	}
}

func (s *Server) clean(ctx context.Context) error {
	now := s.Config.Now()
	return errors.Join(s.db.Purge(ctx, now), s.Users.Store.PurgeUsers(ctx, now.AddDate(0, 0, -30)), s.Policies.Remember(ctx), s.apple.Renew(ctx, s.Flows.Tenant().Providers),
		s.Audit.Store.PurgeAudits(ctx, now.Add(-cmp.Or(s.Config.AuditKeep, defaultAuditKeep))))
}

func (s *Server) close() {
	s.stop()
	for _, l := range []net.Listener{s.public, s.admin} {
		if l != nil {
			_ = l.Close()
		}
	}
	if s.Outbound != nil {
		s.Outbound.Close()
	}
	if s.db != nil {
		_ = s.db.Close()
	}
}
