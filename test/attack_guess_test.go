package test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// bothDatabases runs a test of guessing on a server with SQLite, and on two nodes with
// PostgreSQL.
func bothDatabases(t *testing.T, test func(t *testing.T, list []*env)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, []*env{start(t, onSQLite(t))})
	})
	t.Run("PostgreSQL, two nodes", func(t *testing.T) {
		t.Parallel()
		test(t, nodes(t, 2))
	})
}

// verdicts count what guesses were answered.
type verdicts struct {
	mu                            sync.Mutex
	right, wrong, locked, waiting int
	others                        []string
}

func (v *verdicts) add(code, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch code {
	case "":
		v.right++
	case "AADB2C90225", "AADB2C90054", "AADB2C90053":
		v.wrong++
	case "AADB2C90114":
		v.locked++
	case "AADB2C90244":
		v.waiting++
	default:
		v.others = append(v.others, code+" "+text)
	}
}

// atOnce guesses n times at once, each time by way of another node.
func atOnce(list []*env, n int, guess func(e *env, i int) (code, text string)) *verdicts {
	v := new(verdicts)
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-ready
			v.add(guess(list[i%len(list)], i))
		})
	}
	close(ready)
	all.Wait()
	return v
}

// Of 500 wrong passwords at once, as many are tried as one after the other would be; the
// right one is refused while the account is locked. So for names that nobody has: locks
// don't tell who has an account.
func TestManyGuessesAtOnceAreCharged(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, list []*env) {
		policy, _ := list[0].ropc()
		native := list[0].native()
		for _, e := range list {
			if err := e.srv.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		try := func(e *env, name, password string) (string, string) {
			client := e.client(nil)
			defer client.CloseIdleConnections()
			got := e.tokenBy(client, policy, passwordForm(native, map[string]string{"username": name, "password": password}))
			code, text, _ := strings.Cut(got.Description, ":")
			if (code == "AADB2C90244") != (got.status == http.StatusTooManyRequests) {
				return "status", fmt.Sprint(got.status, code)
			}
			return code, text
		}
		for _, name := range []string{"emily@example.com", "nobody@example.com"} {
			n := max(500/stride, 100) // what the race detector makes slow, only for the connections
			v := atOnce(list, n, func(e *env, i int) (string, string) { return try(e, name, fmt.Sprint("Wrong-", i)) })
			if v.wrong != 10 || v.right != 0 || v.others != nil {
				t.Errorf("%s: %d of %d guesses were evaluated, %d locked, %d sent away, %q", name, v.wrong, n, v.locked, v.waiting, v.others)
			}
			t.Logf("%s: %d of %d guesses were evaluated, %d locked, %d sent away", name, v.wrong, n, v.locked, v.waiting)
			for _, e := range list {
				if code, _ := try(e, name, password); code != "AADB2C90114" {
					t.Errorf("%s, right password while locked: %s", name, code)
				}
			}
		}
		for _, e := range list {
			e.clock.advance(61 * time.Second)
		}
		if code, text := try(list[len(list)-1], "emily@example.com", password); code != "" {
			t.Errorf("after the lock: %s %s", code, text)
		}
		// Many that are right don't lock each other out.
		v := atOnce(list, 90, func(e *env, _ int) (string, string) { return try(e, "emily@example.com", password) })
		if v.right != 90 {
			t.Errorf("%d of 90 right ones at once got in: %d locked, %d sent away, %q", v.right, v.locked, v.waiting, v.others)
		}
	})
}

// So on pages, by as many browsers; and the owner, whose browser has signed in before,
// still gets in.
func TestGuessesOnPagesAreChargedAndLockNoOwnerOut(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, list []*env) {
		files := enriched(t, list[0].api.server.URL+"/api/GetProfile")
		list[0].upload(files)
		for _, e := range list {
			if err := e.srv.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		owner := list[0].user()
		owner.signUp(signUpSignIn, "emily@example.com")
		guessOnPages(t, list, signUpSignIn, owner)
	})
}

// So in user flows.
func TestGuessesInUserFlowsAreCharged(t *testing.T) {
	t.Parallel()
	for name, change := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, change(t))
			flow := e.flow("guessed", "signUpOrSignIn")
			owner := e.user()
			owner.register(flow, "emily@example.com", nil)
			guessOnPages(t, []*env{e}, flow, owner)
		})
	}
}

// guessOnPages guesses at a policy's sign-in page. The owner's browser has signed up.
func guessOnPages(t *testing.T, list []*env, policy string, owner *user) {
	t.Helper()
	try := func(u *user, password string) (string, string) {
		u.authorize(policy, map[string]string{"prompt": "login"})
		r := u.submit(map[string]string{"signInName": "emily@example.com", "password": password})
		return r.ErrorCode, r.Message
	}
	// Another browser of the owner's signs in before anybody guesses.
	second := list[len(list)-1].user()
	if code, text := try(second, password); code != "" {
		t.Fatalf("a sign-in: %s %s", code, text)
	}
	const guesses = 60
	v := atOnce(list, guesses, func(e *env, i int) (string, string) { return try(e.user(), fmt.Sprint("Wrong-", i)) })
	if v.wrong != 10 || v.right != 0 || v.others != nil {
		t.Errorf("%d of %d guesses were evaluated, %d locked, %d sent away, %q", v.wrong, guesses, v.locked, v.waiting, v.others)
	}
	if code, _ := try(list[0].user(), password); code != "AADB2C90114" {
		t.Errorf("a strange browser while the account is locked: %s", code)
	}
	// The owner's own tries are bounded, too.
	if code, text := try(owner, password); code != "" {
		t.Errorf("the owner's browser: %s %s", code, text)
	}
	if code, text := try(second, password); code != "" {
		t.Errorf("the owner's other browser: %s %s", code, text)
	}
	for i := range 10 {
		if code, _ := try(owner, fmt.Sprint("Mistaken-", i)); code != "AADB2C90054" {
			t.Errorf("a mistake of the owner: %s", code)
		}
	}
	if code, _ := try(owner, password); code != "AADB2C90114" {
		t.Errorf("the owner's browser after ten mistakes: %s", code)
	}
	// A cookie of another server, or a forged one, knows nobody.
	forged := list[0].user()
	base, err := url.Parse(list[0].base)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range owner.http.Jar.Cookies(base) {
		if strings.Contains(c.Name, "device") {
			c.Value = c.Value[:len(c.Value)-4] + "AAAA"
			forged.http.Jar.SetCookies(base, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/", Secure: true}})
		}
	}
	if code, _ := try(forged, password); code != "AADB2C90114" {
		t.Errorf("a forged cookie: %s", code)
	}
}
