package live_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/userflow"
)

// older is a store with a test's programs.
type older struct {
	memory
	programs map[string][][]byte
}

func (o older) Program(_ context.Context, hash string) ([][]byte, error) {
	return o.programs[hash], nil
}

// asked records the key sets that a compilation looks for.
type asked struct {
	mu    sync.Mutex
	names []string
}

func (a *asked) exists(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names = append(a.names, name)
	return true
}

// A journey of a user flow that began before an upgrade finds its provider's secret by the former name. An
// uploaded policy finds only policy keys, whatever names it contains.
func TestOnlyDocumentsOfUserFlowsReachOurOwnKeySets(t *testing.T) {
	t.Parallel()
	tenant := flowTenant()
	var providers []string
	var openID userflow.Provider
	for _, p := range tenant.Providers {
		if p.Type == userflow.TypeOpenIDConnect {
			providers, openID = []string{p.ID}, p
		}
	}
	flow := &userflow.Flow{ID: "B2C_1_susi", Kind: userflow.SignUpOrSignIn, Version: 3, Providers: providers}
	document := userflow.Document(flow, tenant, flow.ID)
	former := bytes.ReplaceAll(document, []byte("journeyman:"), []byte("B2C_1A_Journeyman"))
	uploaded := bytes.ReplaceAll(document, []byte(flow.ID), []byte("B2C_1A_susi"))
	for name, tt := range map[string]struct {
		document []byte
		own      bool
	}{"now": {document, true}, "before": {former, true}, "uploaded": {uploaded, false}, "uploaded before": {bytes.ReplaceAll(former, []byte(flow.ID), []byte("B2C_1A_susi")), false}} {
		var policyKeys, ownKeys asked
		l := &live.Policies{
			Store: older{programs: map[string][][]byte{"h": {tt.document}}}, Now: time.Now, Log: slog.New(slog.DiscardHandler), Keep: time.Hour,
			Options: program.Options{Kinds: kinds.Offline(), TenantName: tenant.Name, KeyExists: policyKeys.exists, OwnKeyExists: ownKeys.exists},
		}
		if err := l.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Program(t.Context(), "h"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := slices.Contains(ownKeys.names, openID.SecretKey()); got != tt.own {
			t.Errorf("%s: our own key sets that were asked for: %v", name, ownKeys.names)
		}
		for _, key := range policyKeys.names {
			if len(key) < 7 || key[:7] != "B2C_1A_" {
				t.Errorf("%s: a policy key %s was asked for", name, key)
			}
		}
	}
}

// An exported flow names a policy key that its new owner must make.
func TestAnExportedFlowNamesAPolicyKey(t *testing.T) {
	t.Parallel()
	tenant := flowTenant()
	flow := &userflow.Flow{ID: "B2C_1_susi", Kind: userflow.SignUpOrSignIn, Version: 3, Providers: []string{"Facebook-OAUTH", "Apple-Managed-OIDC"}}
	exported := userflow.Document(flow, tenant, "B2C_1A_exported")
	for _, key := range []string{`StorageReferenceId="B2C_1A_Facebook_OAUTH_Secret"`, `StorageReferenceId="B2C_1A_Apple_Managed_OIDC_Secret"`} {
		if !bytes.Contains(exported, []byte(key)) {
			t.Errorf("%s isn't there", key)
		}
	}
	if bytes.Contains(bytes.ToLower(exported), []byte("journeyman:")) {
		t.Error("a key set of our own is named")
	}
}
