package test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/server"
)

// guessing makes a client that keeps a connection from an address of this machine's own,
// as whoever guesses does.
func (e *env) guessing(from string) *http.Client {
	client := e.dialling(from)
	own := client.Transport.(*http.Transport)
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.caPool}, DialContext: own.DialContext}
	return client
}

// While 200 connections guess passwords of as many names as they like, with the real cost
// of a hash, an honest sign-in is never sent away, neither from another address nor from
// the one that they guess from. The time it takes is printed; nothing is asserted about it.
func TestHonestSignInsGetThroughAStormOfGuesses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs more than one address of the loopback interface")
	}
	if stride > 1 {
		t.Skip("hashes of the real cost take too long under the race detector")
	}
	connections, honest := 200, 15
	if os.Getenv("JOURNEYMAN_TEST_STORM") != "" {
		honest = 200
	}
	for name, from := range map[string]string{"from elsewhere": "127.0.0.2", "from the same address": "127.0.0.1"} {
		t.Run(name, func(t *testing.T) {
			e := start(t, func(c *server.Config) { c.PasswordCost = directory.DefaultCost })
			policy, _ := e.ropc()
			native := e.native()
			var took []time.Duration
			signIn := func(i int) {
				client := e.dialling("127.0.0.1")
				at := time.Now()
				got := e.tokenBy(client, policy, passwordForm(native, nil))
				took = append(took, time.Since(at))
				if got.status != http.StatusOK {
					t.Errorf("honest sign-in %d: %d %s", i, got.status, got.Description)
				}
			}
			report := func() string {
				slices.Sort(took)
				return fmt.Sprintf("median %v, p99 %v, longest %v", took[len(took)/2].Round(time.Millisecond),
					took[(len(took)*99-1)/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
			}
			for i := range honest {
				signIn(i)
			}
			alone := report()
			took = nil
			var guesses, evaluated, away atomic.Int64
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			begun := make(chan struct{}, connections)
			for i := range connections {
				all.Go(func() {
					client := e.guessing(from)
					defer client.CloseIdleConnections()
					for n := 0; ctx.Err() == nil; n++ {
						form := passwordForm(native, map[string]string{"username": fmt.Sprintf("guess%d-%d@example.com", i, n), "password": fmt.Sprint("Wrong-", n)})
						got := e.tokenBy(client, policy, form)
						guesses.Add(1)
						switch code, _, _ := strings.Cut(got.Description, ":"); code {
						case "AADB2C90225":
							evaluated.Add(1)
						case "AADB2C90244":
							away.Add(1)
						default:
							t.Errorf("a guess: %d %s", got.status, got.Description)
							return
						}
						if n == 0 {
							begun <- struct{}{}
						}
					}
				})
			}
			for range connections {
				<-begun
			}
			for i := range honest {
				signIn(i)
			}
			stop()
			all.Wait()
			if away.Load() == 0 {
				t.Error("nobody was sent away: nothing was bounded")
			}
			t.Logf("honest sign-ins alone: %s; beside %d connections: %s; of %d guesses %d were evaluated, %d sent away",
				alone, connections, report(), guesses.Load(), evaluated.Load(), away.Load())
		})
	}
}
