package test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/server"
)

// countedUsers counts the directory's writes.
type countedUsers struct {
	directory.Store
	writes atomic.Int64
}

func (c *countedUsers) CreateUser(ctx context.Context, u *directory.User) error {
	c.writes.Add(1)
	return c.Store.CreateUser(ctx, u)
}

func (c *countedUsers) UpdateUser(ctx context.Context, id string, change func(*directory.User) error) (*directory.User, error) {
	c.writes.Add(1)
	return c.Store.UpdateUser(ctx, id, change)
}

// nodes are servers on one PostgreSQL database with one master key, behind a load
// balancer that sends a browser now here, now there.
func nodes(t *testing.T, n int) []*env {
	t.Helper()
	api := newAPI(t)
	postgres := onPostgres(t)
	list := make([]*env, n)
	for i := range list {
		list[i] = startWith(t, api, func(c *server.Config) {
			postgres(c)
			c.MasterKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
		})
		if i > 0 {
			list[i].spa = list[0].spa
		}
	}
	return list
}

// at is the user's browser at another node.
func (u *user) at(e *env) *user {
	u.t.Helper()
	moved := *u
	moved.e = e
	other := e.client(u.http.Jar)
	from, err := url.Parse(u.e.srv.URL())
	if err != nil {
		u.t.Fatal(err)
	}
	to, err := url.Parse(e.srv.URL())
	if err != nil {
		u.t.Fatal(err)
	}
	other.Jar.SetCookies(to, u.http.Jar.Cookies(from))
	moved.http = other
	return &moved
}

// doubled is one journey whose every request arrives many times.
func doubled(t *testing.T, list []*env) {
	const times = 4
	first := list[0]
	files := enriched(t, first.api.server.URL+"/api/GetProfile")
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, `<ClaimsProvider><DisplayName>Local</DisplayName><TechnicalProfiles>
        <TechnicalProfile Id="LocalAccountSignUpWithLogonEmail"><ValidationTechnicalProfiles>
          <ValidationTechnicalProfile ReferenceId="REST-GetProfile" />
          <ValidationTechnicalProfile ReferenceId="AAD-UserWriteUsingLogonEmail" />
        </ValidationTechnicalProfiles></TechnicalProfile></TechnicalProfiles></ClaimsProvider>
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`)
	first.upload(files)
	var writes []*countedUsers
	for _, e := range list {
		if err := e.srv.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := &countedUsers{Store: e.srv.Users.Store}
		e.srv.Users.Store = c
		writes = append(writes, c)
	}
	counts := func(what string, calls, written int64) {
		t.Helper()
		if got := int64(len(first.api.take())); got != calls {
			t.Errorf("%s: %d calls of the API, want %d", what, got, calls)
		}
		var got int64
		for _, c := range writes {
			got += c.writes.Swap(0)
		}
		if got != written {
			t.Errorf("%s: %d writes of users, want %d", what, got, written)
		}
	}
	u := first.user()
	u.authorize(signUpSignIn, nil)
	signIn := *u
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	counts("before", 0, 0)

	// many sends a request from every node at once; the API answers when one of them has
	// come as far.
	many := func(send func(u *user)) {
		slow := newGate(first.api)
		var all sync.WaitGroup
		for i := range times * len(list) {
			moved := u.at(list[i%len(list)])
			all.Go(func() { send(moved) })
		}
		slow.await(t, 1)
		close(slow.open)
		all.Wait()
	}
	form := map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily", "givenName": "Emily", "surname": "Smith"}
	many(func(u *user) {
		if r := u.submit(form); r.Status != "200" {
			t.Errorf("a doubled post: %+v", r)
		}
	})
	counts("doubled posts", 1, 1)

	// Reordered: an older page's requests, and this page's post once more.
	late := signIn.at(list[len(list)-1])
	if r := late.submit(map[string]string{"signInName": "emily@example.com", "password": password}); r.Status != "400" || r.ErrorCode != "AADB2C90046" {
		t.Errorf("a post of the page before: %+v", r)
	}
	late.confirm()
	if late.callback != nil {
		t.Error("the navigation of the page before led on")
	}
	if r := u.submit(form); r.Status != "200" {
		t.Errorf("a replayed post: %+v", r)
	}
	counts("reordered", 0, 0)

	codes := make(chan string, times*len(list))
	many(func(u *user) {
		u.confirm()
		codes <- u.result().Get("code")
	})
	counts("doubled navigations", 1, 0)
	close(codes)
	won := 0
	for code := range codes {
		got := first.token(signUpSignIn, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
		if got.status == http.StatusOK {
			won++
		} else if got.Error != "invalid_grant" {
			t.Errorf("a doubled navigation's code: %+v", got)
		}
	}
	if won != 1 {
		t.Errorf("%d codes of one journey were redeemed", won)
	}
	// After the end, everything again.
	if r := u.submit(form); r.Status != "400" || r.ErrorCode != "AADB2C90046" {
		t.Errorf("a post after the end: %+v", r)
	}
	late.confirm()
	counts("after the end", 0, 0)
}

// Doubled, replayed and reordered requests of pages: each step runs once, on one node
// and on several.
func TestEachStepRunsOnce(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		doubled(t, []*env{start(t, nil)})
	})
	t.Run("PostgreSQL, three nodes", func(t *testing.T) {
		t.Parallel()
		doubled(t, nodes(t, 3))
	})
}

// A request that ends without a result gives its journey free for other nodes.
func TestAFailedRequestLeavesTheJourneyFree(t *testing.T) {
	t.Parallel()
	list := nodes(t, 2)
	e := list[0]
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	if err := list[1].srv.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.user().signUp(signUpSignIn, "emily@example.com")
	u := e.user()
	u.authorize(signUpSignIn, nil)
	// Nothing comes of a confirmation before the form: the page is shown again.
	u.confirm()
	e.api.handle(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"balance":"1"}`) })
	moved := u.at(list[1])
	moved.pass(map[string]string{"signInName": "emily@example.com", "password": password})
	moved.redeem(signUpSignIn)
}
