package keyset_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/seal"
)

// rows is a Store.
type rows map[string]keyset.Stored

func (r rows) LoadKeySets(context.Context) (list []keyset.Stored, err error) {
	for _, row := range r {
		list = append(list, row)
	}
	return list, nil
}

func (r rows) CreateKeySet(_ context.Context, s keyset.Stored) error {
	if _, ok := r[strings.ToLower(s.ID)]; ok {
		return keyset.ErrExists
	}
	r[strings.ToLower(s.ID)] = s
	return nil
}

func (r rows) SaveKeySet(_ context.Context, s keyset.Stored) error {
	if have, ok := r[strings.ToLower(s.ID)]; !ok || have.Version != s.Version {
		return keyset.ErrConflict
	}
	s.Version++
	r[strings.ToLower(s.ID)] = s
	return nil
}

func (r rows) DeleteKeySet(_ context.Context, id string) error {
	delete(r, strings.ToLower(id))
	return nil
}

func (r rows) MoveKeySet(ctx context.Context, from keyset.Stored, others []string, to keyset.Stored) error {
	have, ok := r[strings.ToLower(from.ID)]
	if !ok || have.Version != from.Version {
		return keyset.ErrConflict
	}
	delete(r, strings.ToLower(from.ID))
	for _, id := range others {
		delete(r, strings.ToLower(id))
	}
	if err := r.CreateKeySet(ctx, to); err != nil {
		r[strings.ToLower(from.ID)] = have
		return err
	}
	return nil
}

func sealer(t *testing.T) *seal.Sealer {
	t.Helper()
	s, err := seal.New(make([]byte, seal.MasterKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNamespacesDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	store, s := rows{}, sealer(t)
	own, err := keyset.NewOwn(t.Context(), store, s, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	policies, err := keyset.NewService(t.Context(), store, s, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Create(t.Context(), "AdminTokens", keyset.NewSecret("sig", []byte("ours"))); err != nil {
		t.Fatal(err)
	}
	if _, err := policies.Create(t.Context(), "Api", keyset.NewSecret("sig", []byte("theirs"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"journeyman:AdminTokens", "JOURNEYMAN:admintokens", "B2C_1A_JourneymanIdentityProvider_x", "b2c_1a_journeymanADMINTOKENS"} {
		if policies.Exists(name) {
			t.Errorf("a policy reaches %s", name)
		}
	}
	if _, err := policies.Create(t.Context(), "JourneymanAdminTokens"); !errors.Is(err, keyset.ErrExists) {
		t.Errorf("a former name: %v", err)
	}
	if _, err := policies.Create(t.Context(), "JourneymanReports"); err != nil {
		t.Errorf("a name that was never ours: %v", err)
	}
	if err := errors.Join(own.Reload(t.Context()), policies.Reload(t.Context())); err != nil {
		t.Fatal(err)
	}
	if len(own.List()) != 1 || len(policies.List()) != 2 || own.Exists("Api") {
		t.Errorf("%d and %d sets", len(own.List()), len(policies.List()))
	}
	ring := keyset.Ring{Policies: policies, Own: own}
	for id, want := range map[string]string{"journeyman:AdminTokens": "ours", "B2C_1A_Api": "theirs", "AdminTokens": ""} {
		if secret, _ := ring.Secret(t.Context(), id); string(secret) != want {
			t.Errorf("%s: %q", id, secret)
		}
	}
	// Our own key sets leave no copy.
	if err := own.Delete(t.Context(), "AdminTokens"); err != nil || len(store) != 2 {
		t.Errorf("%d rows, %v", len(store), err)
	}
}

func TestSeveralNodesMoveOurOwnKeySetsOnce(t *testing.T) {
	t.Parallel()
	store, s := rows{}, sealer(t)
	before := func(name, secret string) {
		data := []byte(`[{"kid":"k","use":"sig","kty":"oct","secret":"` + secret + `"}]`)
		store[strings.ToLower(name)] = keyset.Stored{ID: name, Version: 4, Data: s.Seal(seal.Secret, "keyset "+strings.ToLower(name), data)}
	}
	before("B2C_1A_JourneymanAdminTokens", "b25l")
	before("B2C_1A_JourneymanIdentityProvider_Google_OAUTH", "dHdv")
	before("B2C_1A_Api", "YXBp")
	check := func() {
		t.Helper()
		own, err := keyset.NewOwn(t.Context(), store, s, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"AdminTokens": "one", "journeyman:IdentityProvider_Google_OAUTH": "two"} {
			if secret, err := own.Secret(t.Context(), id); err != nil || string(secret) != want {
				t.Errorf("%s: %q, %v", id, secret, err)
			}
		}
		if len(store) != 3 || len(own.List()) != 2 {
			t.Errorf("%d rows, %d of ours", len(store), len(own.List()))
		}
	}
	check()
	check()
	// A node of the earlier version made its own key set again: the new version's counts.
	before("B2C_1A_JourneymanAdminTokens", "b3RoZXI=")
	check()
}
