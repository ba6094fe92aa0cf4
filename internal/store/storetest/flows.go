package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/userflow"
)

func connectors(t *testing.T, reopen func() *store.DB) {
	ctx := context.Background()
	s := store.Resources{DB: reopen()}
	check(t, s.PutConnector(ctx, connector.Stored{ID: "Ab", Version: 1, Data: []byte{0, 1}}))
	if err := s.PutConnector(ctx, connector.Stored{ID: "aB", Version: 1, Data: []byte{2}}); !errors.Is(err, connector.ErrConflict) {
		t.Errorf("a second of the id: %v", err)
	}
	check(t, s.PutConnector(ctx, connector.Stored{ID: "Ab", Version: 2, Data: []byte{3}}))
	if err := s.PutConnector(ctx, connector.Stored{ID: "Ab", Version: 2, Data: []byte{4}}); !errors.Is(err, connector.ErrConflict) {
		t.Errorf("an older version: %v", err)
	}
	check(t, s.SaveUserFlows(ctx, []userflow.Stored{{Kind: "userFlow", ID: "f", Version: 1, Data: []byte(`{}`)}}))
	again := store.Resources{DB: reopen()}
	list := must(again.LoadConnectors(ctx))(t)
	if len(list) != 1 || list[0].ID != "Ab" || list[0].Version != 2 || string(list[0].Data) != "\x03" {
		t.Errorf("%+v", list)
	}
	check(t, again.DeleteConnector(ctx, "AB"))
	if list := must(again.LoadConnectors(ctx))(t); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}

func userFlows(t *testing.T, reopen func() *store.DB) {
	ctx := context.Background()
	s := store.Resources{DB: reopen()}
	put := func(kind, id string, version int64, data string) userflow.Stored {
		return userflow.Stored{Kind: kind, ID: id, Version: version, Data: []byte(data)}
	}
	check(t, s.SaveUserFlows(ctx, []userflow.Stored{put("userFlow", "B2C_1_a", 1, `{"a":1}`), put("identityProvider", "X", 1, `{}`)}))
	// One stale change undoes all.
	if err := s.SaveUserFlows(ctx, []userflow.Stored{put("identityProvider", "X", 2, `{"new":1}`), put("userFlow", "B2C_1_a", 1, `{}`)}); !errors.Is(err, userflow.ErrConflict) {
		t.Errorf("a stale change: %v", err)
	}
	if err := s.SaveUserFlows(ctx, []userflow.Stored{{Kind: "userFlow", ID: "B2C_1_a", Version: 5}}); !errors.Is(err, userflow.ErrConflict) {
		t.Errorf("a stale deletion: %v", err)
	}
	list := must(store.Resources{DB: reopen()}.LoadUserFlows(ctx))(t)
	if len(list) != 2 || list[0].Kind != "identityProvider" || string(list[0].Data) != `{}` || list[1].ID != "B2C_1_a" || list[1].Version != 1 {
		t.Errorf("%+v", list)
	}
	check(t, s.SaveUserFlows(ctx, []userflow.Stored{put("userFlow", "B2C_1_a", 2, `{"a":2}`), {Kind: "identityProvider", ID: "x", Version: 2}}))
	if list := must(s.LoadUserFlows(ctx))(t); len(list) != 1 || string(list[0].Data) != `{"a":2}` {
		t.Errorf("%+v", list)
	}
	// Of two that change one at once, one wins.
	var wins sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if s.SaveUserFlows(ctx, []userflow.Stored{put("userFlow", "B2C_1_a", 3, fmt.Sprint(i))}) == nil {
				wins.Store(i, true)
			}
		})
	}
	all.Wait()
	count := 0
	wins.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d changes of one version were taken", count)
	}
}

func audits(t *testing.T, reopen func() *store.DB) {
	ctx := context.Background()
	s := store.Audits{DB: reopen()}
	var records []audit.Record
	for i := range 200 {
		at := now.Add(time.Duration(i) * time.Second)
		activity, service := "a", audit.ServiceB2C
		if i%4 == 0 {
			activity = "b'; DROP TABLE audits"
		}
		if i%10 == 0 {
			service = audit.ServiceDirectory
		}
		records = append(records, audit.Record{ID: fmt.Sprintf("B2C_%014X_%010x", at.UnixMicro(), i), At: audit.Time{Time: at}, Activity: activity, Service: service, Result: audit.Success,
			Details: []audit.Detail{{Key: "k", Value: "ü"}}})
	}
	check(t, s.AppendAudits(ctx, records[:150]))
	check(t, s.AppendAudits(ctx, records[100:])) // existing records are ignored
	s = store.Audits{DB: reopen()}
	count := func(q audit.Query, want int, first, last int) {
		t.Helper()
		q.Limit = 1000
		got := must(s.Audits(ctx, q))(t)
		if len(got) != want || want > 0 && (got[0].ID != records[first].ID || got[want-1].ID != records[last].ID) {
			t.Errorf("%+v: %d records, want %d from %d to %d", q, len(got), want, first, last)
		}
	}
	count(audit.Query{}, 200, 199, 0)
	count(audit.Query{Oldest: true}, 200, 0, 199)
	count(audit.Query{From: now.Add(50 * time.Second), To: now.Add(59 * time.Second)}, 10, 59, 50)
	count(audit.Query{Activity: "b'; DROP TABLE audits"}, 50, 196, 0)
	count(audit.Query{Service: audit.ServiceDirectory, Activity: "b'; DROP TABLE audits"}, 10, 180, 0)
	count(audit.Query{Before: records[10].ID}, 10, 9, 0)
	count(audit.Query{Before: records[190].ID, Oldest: true}, 9, 191, 199)
	if got := must(s.Audits(ctx, audit.Query{Limit: 3}))(t); len(got) != 3 {
		t.Errorf("%d records, want 3", len(got))
	}
	one := must(s.GetAudit(ctx, records[7].ID))(t)
	if !one.At.Equal(records[7].At.Time) || one.Details[0].Value != "ü" {
		t.Errorf("%+v", one)
	}
	if _, err := s.GetAudit(ctx, "none"); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("%v", err)
	}
	check(t, s.PurgeAudits(ctx, now.Add(100*time.Second)))
	count(audit.Query{}, 100, 199, 100)
}
