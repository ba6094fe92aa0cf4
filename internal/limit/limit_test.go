package limit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// crowd starts goroutines that enter, one after the other, and records the order of their admission.
func crowd(t *testing.T, g *Gate, entries ...Entry) (order []string, away int) {
	t.Helper()
	first, err := g.Enter(t.Context(), Entry{Client: "first"})
	if err != nil {
		t.Fatal(err)
	}
	in := make(chan string, len(entries))
	for i, e := range entries {
		go func() {
			leave, err := g.Enter(t.Context(), e)
			if err != nil {
				if !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
				in <- ""
				return
			}
			in <- fmt.Sprint(e.Client, i)
			leave(false)
		}()
		synctest.Wait()
	}
	first(false)
	for range entries {
		if name := <-in; name == "" {
			away++
		} else {
			order = append(order, name)
		}
	}
	return order, away
}

func TestTheGateTakesClientsInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 100, 1, 100)
		order, away := crowd(t, g, Entry{Client: "a"}, Entry{Client: "a"}, Entry{Client: "a"}, Entry{Client: "b"}, Entry{Client: "b"}, Entry{Client: "c"})
		if got, want := fmt.Sprint(order), "[a0 b3 c5 a1 b4 a2]"; got != want || away != 0 {
			t.Errorf("order %s, want %s; %d sent away", got, want, away)
		}
	})
}

func TestTheGateLetsThoseInFirstThatDidNotFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 5, 1, 100)
		for range 100 {
			g.Refuse(t.Context(), Entry{Client: "attacker"})
		}
		bad, good := new(Connection), new(Connection)
		g.Refuse(t.Context(), Entry{Client: "office", Connection: bad})
		order, away := crowd(t, g, Entry{Client: "attacker"}, Entry{Client: "attacker"}, Entry{Client: "attacker"},
			Entry{Client: "office", Connection: bad}, Entry{Client: "office", Connection: good}, Entry{Client: "office", Connection: good}, Entry{Client: "person"})
		// Two of the attacker's requests leave for later ones.
		if got, want := fmt.Sprint(order), "[office4 person6 office5 office3 attacker0]"; got != want || away != 2 {
			t.Errorf("order %s, want %s; %d sent away", got, want, away)
		}
	})
}

func TestOfVeryManyFailuresFewAreTold(t *testing.T) {
	g := NewGate(1, 1, 1, 1)
	told := func(client string, n int) (told int) {
		for range n {
			e := Entry{Client: client}
			g.Refuse(t.Context(), e)
			if !g.Noisy(e) {
				told++
			}
		}
		return told
	}
	if n := told("attacker", 1200); n != 220 {
		t.Errorf("of 1200 failures %d were reported, want 220", n)
	}
	if n := told("person", 10); n != 10 {
		t.Errorf("of 10 failures %d were reported", n)
	}
}

func TestTheGateBoundsOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(3, 100, 1, 2)
		leave, err := g.Enter(t.Context(), Entry{Account: "x"})
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 3)
		for range 3 {
			go func() {
				leave, err := g.Enter(t.Context(), Entry{Account: "x"})
				if err == nil {
					leave(false)
				}
				results <- err
			}()
			synctest.Wait()
		}
		if err := <-results; !errors.Is(err, ErrBusy) {
			t.Errorf("the third that waits: %v", err)
		}
		other, err := g.Enter(t.Context(), Entry{Account: "y"})
		if err != nil {
			t.Fatal(err)
		}
		other(false)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		leave(true)
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if _, err := g.Enter(ctx, Entry{Account: "z"}); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		if g.inside > 1 || len(g.waiting) != 0 || len(g.accounts) > 1 {
			t.Errorf("%d inside, %d waiting, %d accounts are left", g.inside, len(g.waiting), len(g.accounts))
		}
	})
}

func TestWhatWasUsedLongestAgoMakesWay(t *testing.T) {
	r := newRecent(3, func(v int) bool { return v == 0 })
	for i := range 5 {
		r.put(fmt.Sprint(i), i)
		r.get("1")
	}
	for key, want := range map[string]bool{"0": true, "1": true, "2": false, "3": false, "4": true} {
		if _, ok := r.get(key); ok != want {
			t.Errorf("%s is there: %v", key, ok)
		}
	}
}

func TestWhatClientsLeaveIsBoundedAndForgiven(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w := &Waiting{Most: 10, Within: time.Hour, Now: func() time.Time { return now }}
	// A client that ends its work reaches no limit.
	for range 1000 {
		if !w.Begin("office", 1) {
			t.Fatal("a success was counted")
		}
		w.End("office", 1)
	}
	begun := func() (n int) {
		for w.Begin("attacker", 2) {
			n++
		}
		return n
	}
	if n := begun(); n != 5 {
		t.Errorf("%d were left, want 5", n)
	}
	if !w.Begin("office", 1) {
		t.Error("one client's bound is another's")
	}
	now = now.Add(30 * time.Minute)
	if n := begun(); n != 2 {
		t.Errorf("half an hour later, %d more, want 2", n)
	}
	if !(*Waiting)(nil).Begin("x", 1) {
		t.Error("no bound is one")
	}
}

func TestClientsOfIPv6AreNetworks(t *testing.T) {
	for address, want := range map[string]string{"203.0.113.1": "203.0.113.1", "::ffff:203.0.113.1": "203.0.113.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9%eth0": "2001:db8:1:2::/64", "": ""} {
		if got := Client(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if Key("k", "a", "bc") == Key("k", "ab", "c") {
		t.Error("parts run into each other")
	}
}

// fromClient is a connection of a client.
type fromClient struct {
	net.Conn
	address string
}

func (c fromClient) RemoteAddr() net.Addr { return stringAddr(c.address + ":1") }

type stringAddr string

func (stringAddr) Network() string  { return "tcp" }
func (a stringAddr) String() string { return string(a) }

type queue chan net.Conn

func (q queue) Accept() (net.Conn, error) { return <-q, nil }
func (q queue) Close() error              { return nil }
func (q queue) Addr() net.Addr            { return stringAddr("here:1") }

func TestAFullListenerTakesPlacesFromWhoHasMost(t *testing.T) {
	q := make(queue, 10)
	l := Listen(q, 3)
	accept := func(client string) *Conn {
		t.Helper()
		near, far := net.Pipe()
		t.Cleanup(func() { _, _ = near.Close(), far.Close() })
		q <- fromClient{near, client}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c.(*Conn)
	}
	a1, a2, a3 := accept("10.0.0.1"), accept("10.0.0.1"), accept("10.0.0.1")
	a1.SetIdle(false)
	a2.SetIdle(true)
	b1 := accept("10.0.0.2") // a2 goes, the oldest idle one
	if a1.gone || !a2.gone || a3.gone || b1.gone || l.Open() != 3 {
		t.Errorf("%v %v %v, %d open", a1.gone, a2.gone, a3.gone, l.Open())
	}
	a3.SetIdle(false)
	b1.SetIdle(false)
	near, far := net.Pipe()
	q <- fromClient{near, "10.0.0.1"} // all are busy, and its client has most: refused
	c := make(chan *Conn, 1)
	go func() { c <- accept("10.0.0.3") }()
	if _, err := far.Read(make([]byte, 1)); err == nil {
		t.Error("a refused connection is open")
	}
	if c1 := <-c; c1.gone || !a1.gone || a3.gone || b1.gone {
		t.Errorf("a third client: %v %v %v %v", c1.gone, a1.gone, a3.gone, b1.gone)
	}
	if err := b1.Close(); err != nil {
		t.Fatal(err)
	}
	_ = b1.Close()
	if l.Open() != 2 {
		t.Errorf("%d are open", l.Open())
	}
}
