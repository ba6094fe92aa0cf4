package userflow_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"journeyman.dev/internal/userflow"
)

// shelf keeps flows in memory, and takes their documents.
type shelf struct {
	rows      map[string]userflow.Stored
	saved     int
	published map[string][]byte
	broken    error // of publishing
	loadErr   error
}

func (s *shelf) LoadUserFlows(context.Context) (list []userflow.Stored, err error) {
	for _, row := range s.rows {
		list = append(list, row)
	}
	return list, s.loadErr
}

func (s *shelf) SaveUserFlows(_ context.Context, changes []userflow.Stored) error {
	for _, c := range changes {
		if s.rows[c.Kind+c.ID].Version != c.Version-1 {
			return userflow.ErrConflict
		}
	}
	for _, c := range changes {
		if s.rows[c.Kind+c.ID] = c; c.Data == nil {
			delete(s.rows, c.Kind+c.ID)
		}
	}
	s.saved += len(changes)
	return nil
}

func (s *shelf) PublishFlows(ctx context.Context, documents map[string][]byte, save func(context.Context) error) error {
	if s.broken != nil {
		return s.broken
	}
	if save != nil {
		if err := save(ctx); err != nil {
			return err
		}
	}
	s.published = documents
	return nil
}

func newService(s *shelf) *userflow.Service {
	if s.rows == nil {
		s.rows = make(map[string]userflow.Stored)
	}
	return &userflow.Service{
		Store: s, Publisher: s, TenantName: "contoso.onmicrosoft.com", ExtensionsApp: "app",
		Prepare: func(context.Context) error { return nil }, Now: func() time.Time { return time.Unix(1.7e9, 0) },
	}
}

// adding makes a flow.
func adding(name string) func(*userflow.Tenant) error {
	return func(t *userflow.Tenant) error {
		f, err := userflow.NewFlow(name, userflow.SignIn, 0, nil, time.Unix(1.7e9, 0))
		t.Flows = append(t.Flows, f)
		return err
	}
}

func TestAChangeIsPublishedAndStoredOrNeither(t *testing.T) {
	t.Parallel()
	s := new(shelf)
	service := newService(s)
	if got := service.Tenant(); got.Name != "contoso.onmicrosoft.com" || len(got.Flows) != 0 {
		t.Errorf("before the first load: %+v", got)
	}
	if err := service.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := service.Change(t.Context(), adding("b")); err != nil {
		t.Fatal(err)
	}
	err := service.Change(t.Context(), func(t *userflow.Tenant) error {
		a, err := t.NewAttribute("Level", "", userflow.Int64Attribute)
		t.Attributes = append(t.Attributes, a)
		p := userflow.Provider{Type: "Google", DisplayName: "G", ClientID: "c"}
		p.Identify("")
		t.Providers = append(t.Providers, p)
		return errors.Join(err, adding("A")(t))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := service.Tenant(); len(got.Flows) != 2 || got.Flows[0].ID != "B2C_1_A" || len(s.published) != 2 || s.saved != 4 {
		t.Errorf("%+v, saved %d", got.Flows, s.saved)
	}
	// A change of nothing writes nothing.
	if err := service.Change(t.Context(), func(*userflow.Tenant) error { return nil }); err != nil || s.saved != 4 {
		t.Errorf("%v, saved %d", err, s.saved)
	}
	for _, c := range []struct {
		name   string
		broken error
		change func(*userflow.Tenant) error
		want   error
	}{
		{"refused by the change", nil, func(*userflow.Tenant) error { return userflow.ErrNotFound }, userflow.ErrNotFound},
		{"invalid", nil, func(t *userflow.Tenant) error { t.Flows[0].Providers = nil; return nil }, userflow.ErrInvalid},
		{"doesn't compile", context.Canceled, adding("c"), context.Canceled},
	} {
		s.broken = c.broken
		if err := service.Change(t.Context(), c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if s.broken = nil; s.saved != 4 || len(service.Tenant().Flows) != 2 {
			t.Errorf("%s: something was changed", c.name)
		}
	}
	if err := service.Change(t.Context(), func(t *userflow.Tenant) error { t.Flows = t.Flows[1:]; return nil }); err != nil || len(s.rows) != 3 || len(s.published) != 1 {
		t.Errorf("%v, %d rows", err, len(s.rows))
	}
	// Another node finds the same.
	other := newService(s)
	if err := other.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := other.Tenant()
	if _, err := got.Flow("b2c_1_B"); err != nil || len(got.Attributes) != 1 || len(got.Providers) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, ok := got.Attribute("extension_Level"); !ok {
		t.Error("a stored attribute lost its claim")
	}
}

func TestAFlowThatAnotherNodeChangedMeanwhileIsAConflict(t *testing.T) {
	t.Parallel()
	s := new(shelf)
	service := newService(s)
	err := service.Change(t.Context(), func(tenant *userflow.Tenant) error {
		return errors.Join(adding("a")(tenant), newService(s).Change(t.Context(), adding("a")))
	})
	if !errors.Is(err, userflow.ErrConflict) {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeReadOrPreparedStopsEverything(t *testing.T) {
	t.Parallel()
	s := &shelf{loadErr: context.DeadlineExceeded}
	service := newService(s)
	if err := service.Reload(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("reload: %v", err)
	}
	if err := service.Change(t.Context(), adding("a")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("change: %v", err)
	}
	s.loadErr = nil
	s.rows["x"] = userflow.Stored{Kind: "userFlow", ID: "x", Data: []byte("{")}
	if err := service.Reload(t.Context()); err == nil {
		t.Error("a row that can't be read was taken")
	}
	delete(s.rows, "x")
	service.Prepare = func(context.Context) error { return context.Canceled }
	if err := service.Change(t.Context(), adding("a")); !errors.Is(err, context.Canceled) || s.saved != 0 {
		t.Errorf("prepare: %v", err)
	}
	s.broken = context.Canceled
	if err := service.Reload(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("publish: %v", err)
	}
}
