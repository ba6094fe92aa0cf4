package journeytest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// The tenant of all policies.
const (
	Tenant   = "contoso.onmicrosoft.com"
	TenantID = "11111111-2222-3333-4444-555555555555"
)

// Stage is an engine with all that it needs, in memory.
type Stage struct {
	T       testing.TB
	Engine  *journey.Engine
	Clock   *Clock
	Store   *Journeys
	Records *Records
	Story   *Story
	Log     *Lines // what the engine logs
	Audits  *Audits

	kinds    *program.Kinds
	mu       sync.Mutex
	programs map[string]*program.Program
	scripts  map[string]Script
	token    *Token
}

// New makes a stage for policies with the kinds of technical profiles that are given, beside
// scripted ones, session profiles and an issuer.
func New(t testing.TB, profiles ...program.ProfileKind) *Stage {
	s := &Stage{
		T: t, Clock: newClock(), Store: new(Journeys), Records: new(Records), Story: new(Story), Log: new(Lines), Audits: new(Audits),
		programs: make(map[string]*program.Program), scripts: make(map[string]Script), token: &Token{Registers: true},
	}
	s.Engine = &journey.Engine{
		Store: s.Store, Sealer: seal{}, Programs: s, Accounts: s.Records, Sessions: s.Records,
		Secret: func(_ context.Context, id string) ([]byte, error) { return []byte("secret of " + id), nil },
		Now:    s.Clock.Now, Rand: newDice(), Log: slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug})), Audit: s.Audits,
		Observe: func(*journey.Journey, *program.Program) journey.Observer { return s.Story },
	}
	s.kinds = program.NewKinds(append([]program.ProfileKind{
		{Name: ScriptedHandler, Plan: journey.Plans(scripts{s}), Resolving: program.ResolvesInputs},
		{Name: "JWT", Role: program.AsIssuer, Plan: journey.Plans(scripts{s})},
		{Name: "JSON", Role: program.AsIssuer, Plan: journey.Plans(scripts{s})},
		{Role: program.AsHint, Plan: journey.Plans(scripts{s})},
		{Role: program.AsAuthorization, Plan: journey.Plans(scripts{s})},
		{Name: "None", Protocol: true, Plan: journey.Plans(scripts{s})},
		{Name: "DefaultSSOSessionProvider", Session: program.SessionDefault},
		{Name: "ExternalLoginSSOSessionProvider", Session: program.SessionExternalLogin},
		{Name: "NoopSSOSessionProvider", Session: program.SessionNoop},
		{Name: "OAuthSSOSessionProvider", Session: program.SessionOAuth},
	}, profiles...), journey.StepKinds(), []program.ControlKind{{Name: "VerificationControl", Built: true}})
	return s
}

// Compile compiles a policy; an error in it ends the test.
func (s *Stage) Compile(p Policy) *program.Program {
	s.T.Helper()
	compiled, found := s.Findings(p)
	if found.HasErrors() {
		s.T.Fatalf("the policy has errors:\n%s", Text(found))
	}
	return compiled
}

// Findings compiles a policy and returns what is found in it, warnings too.
func (s *Stage) Findings(p Policy) (*program.Program, diag.List) {
	s.T.Helper()
	src := p.XML()
	document, found := policy.Parse("test.xml", src)
	if found.HasErrors() {
		return nil, found
	}
	effective, found := policy.Inherit([]*policy.Document{document})
	found = append(found, policy.Check(effective, s.kinds.Names())...)
	hash := sha256.Sum256(src)
	compiled, more := program.Compile(effective, program.Options{
		Kinds: s.kinds, TenantName: Tenant, TenantID: TenantID, Hash: hex.EncodeToString(hash[:]), KeyExists: func(string) bool { return true },
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.programs[compiled.Hash()] = compiled
	return compiled, append(found, more...).Sort()
}

// Program implements journey.Programs.
func (s *Stage) Program(_ context.Context, hash string) (*program.Program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.programs[hash]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no program %s", hash)
}

// Text is findings as lines.
func Text(found diag.List) string {
	text := ""
	for _, d := range found {
		text += d.String() + "\n"
	}
	return text
}

// Audits collects audit records, as journeys write them.
type Audits struct {
	mu   sync.Mutex
	list []audit.Record
}

// Add implements journey.Auditor.
func (a *Audits) Add(r audit.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, r)
}

// Take returns the records so far, and forgets them.
func (a *Audits) Take() []audit.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.list
	a.list = nil
	return list
}

// Lines collects a text, such as a log.
type Lines struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	return len(b), nil
}

// String is the text so far.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

var _ journey.Programs = (*Stage)(nil)
