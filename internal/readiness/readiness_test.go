package readiness_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/readiness"
)

// answer requests the readiness as text.
func answer(t *testing.T, r *readiness.Readiness) (status int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
	return w.Code, w.Body.String()
}

func TestWhatIsBrokenDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	broken := []live.Problem{{PolicyID: "B2C_1A_SignIn", Text: "broken: line 1"}}
	for name, c := range map[string]struct {
		write    error
		problems []live.Problem
		leaves   bool
		status   int
		text     string
	}{
		"nothing":               {nil, nil, false, 200, "ready\n"},
		"a policy":              {nil, broken, false, 200, "degraded\npolicy B2C_1A_SignIn: broken: line 1\n"},
		"the database":          {errors.New("disk full"), nil, false, 503, "down\ndatabase: takes no writes\n"},
		"database and a policy": {errors.New("disk full"), broken, false, 503, "down\ndatabase: takes no writes\npolicy B2C_1A_SignIn: broken: line 1\n"},
		"a stop":                {nil, nil, true, 503, "down\nserver: is stopping\n"},
	} {
		r := &readiness.Readiness{Write: func() error { return c.write }, Problems: func() []live.Problem { return c.problems }, Now: time.Now}
		if c.leaves {
			r.Leave()
		}
		if status, text := answer(t, r); status != c.status || text != c.text {
			t.Errorf("%s: %d %q, want %d %q", name, status, text, c.status, c.text)
		}
	}
}

func TestAsJSONEveryCheckIsThere(t *testing.T) {
	t.Parallel()
	r := &readiness.Readiness{Write: func() error { return nil }, Problems: func() []live.Problem { return nil }, Now: time.Now}
	w, q := httptest.NewRecorder(), httptest.NewRequest("GET", "/readyz", nil)
	q.Header.Set("Accept", "application/json")
	r.ServeHTTP(w, q)
	var got any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"status": "ready", "checks": []any{map[string]any{"name": "database", "status": "ok"}, map[string]any{"name": "policies", "status": "ok"}}}
	if diff := cmp.Diff(want, got); diff != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Error(diff, w.Header())
	}
}

func TestTheDatabaseIsAskedOnceASecondAndOnceAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		var hangs atomic.Bool
		goOn := make(chan struct{})
		write := func() error {
			writes.Add(1)
			if hangs.Load() {
				<-goOn
			}
			return nil
		}
		r := &readiness.Readiness{Write: write, Problems: func() []live.Problem { return nil }, Now: time.Now}
		for range 5 {
			if status, text := answer(t, r); status != 200 {
				t.Error(text)
			}
		}
		// The first answer didn't use the limit, and the second took its only place.
		before := writes.Load()
		if before > 2 {
			t.Errorf("%d writes within a second", before)
		}
		time.Sleep(time.Second)
		hangs.Store(true)
		for range 3 {
			if status, text := answer(t, r); status != 503 || !strings.Contains(text, "database: does not answer") {
				t.Errorf("a database that hangs: %d %s", status, text)
			}
		}
		if asked := writes.Load() - before; asked != 1 {
			t.Errorf("a database that hangs was asked %d times", asked)
		}
		close(goOn)
		synctest.Wait()
	})
}

func TestAClientThatLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		r := &readiness.Readiness{Write: func() error { <-hang; return nil }, Problems: func() []live.Problem { return nil }, Now: time.Now}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		began := time.Now()
		r.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
		if took := time.Since(began); took > 0 || !strings.Contains(w.Body.String(), "was not waited for") {
			t.Errorf("%v %s", took, w.Body)
		}
		close(hang)
		synctest.Wait()
	})
}
