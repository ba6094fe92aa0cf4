package application_test

import (
	"context"
	"testing"

	"journeyman.dev/internal/application"
)

// onRead is a store of one application that calls a function while it is read.
type onRead struct {
	application.Store
	name  string
	reads int
	then  func()
}

func (s *onRead) GetByAppID(_ context.Context, appID string) (application.Application, error) {
	s.reads++
	if appID != "app" && appID != "APP" {
		return application.Application{}, application.ErrNotFound
	}
	a := application.Application{AppID: "app", DisplayName: s.name}
	if s.then != nil {
		s.then()
	}
	return a, nil
}

func (s *onRead) Update(_ context.Context, _ string, change func(*application.Application) error) (application.Application, error) {
	a := application.Application{DisplayName: s.name}
	err := change(&a)
	s.name = a.DisplayName
	return a, err
}

func (s *onRead) List(context.Context) ([]application.Application, error) {
	s.reads++
	all := []application.Application{{DisplayName: s.name}}
	if s.then != nil {
		s.then()
	}
	return all, nil
}

func (s *onRead) Create(_ context.Context, a application.Application) error {
	s.name = a.DisplayName
	return nil
}

func TestTheCacheListsOnceUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	s := &onRead{name: "first"}
	c := application.NewCache(s)
	list := func() string {
		t.Helper()
		all, err := c.List(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0].DisplayName
	}
	create := func(name string) {
		t.Helper()
		if err := c.Create(t.Context(), application.Application{DisplayName: name}); err != nil {
			t.Fatal(err)
		}
	}
	if list() != "first" || list() != "first" || s.reads != 1 {
		t.Errorf("%d reads", s.reads)
	}
	create("second")
	if list() != "second" {
		t.Error("a new application isn't seen")
	}
	c.Forget()
	s.then = func() { s.then = nil; create("third") }
	if list() != "second" || list() != "third" {
		t.Error("what was read before a change was kept after it")
	}
}

func TestTheCacheReadsOnceAndForgetsWhatChanges(t *testing.T) {
	t.Parallel()
	s := &onRead{name: "first"}
	c := application.NewCache(s)
	get := func(appID string) string {
		t.Helper()
		a, err := c.GetByAppID(t.Context(), appID)
		if err != nil {
			t.Fatal(err)
		}
		return a.DisplayName
	}
	if get("app") != "first" || get("APP") != "first" || s.reads != 1 {
		t.Errorf("%d reads", s.reads)
	}
	for range 2 {
		if _, err := c.GetByAppID(t.Context(), "other"); err == nil {
			t.Error("an application that isn't there")
		}
	}
	if s.reads != 3 {
		t.Error("that an application isn't there was kept: anybody could fill the memory")
	}
	rename := func(to string) {
		t.Helper()
		if _, err := c.Update(t.Context(), "id", func(a *application.Application) error { a.DisplayName = to; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	rename("second")
	if get("app") != "second" {
		t.Error("a change isn't seen")
	}
	c.Forget()
	s.then = func() { s.then = nil; rename("third") }
	if get("app") != "second" || get("app") != "third" {
		t.Error("what was read before a change was kept after it")
	}
}
