package test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journeyman.dev/internal/server"
)

// These measure, they don't assert: bench/README.md says how to read them.

// BenchmarkSignIn is an enriched sign-in of a user with a session, BenchmarkRefresh the
// redemption of a refresh token; each beside the bare loop in the same run.
func BenchmarkSignIn(b *testing.B) {
	measured(b, func(bench *bench) work { return bench.signIn(signUpSignIn, "signInName", "emily@example.com") }, "/authorize")
}

// BenchmarkConnector is the same at a user flow, whose connector is called just before
// the token.
func BenchmarkConnector(b *testing.B) {
	measured(b, func(bench *bench) work { return bench.signIn(benchFlow, "signInName", "flora@example.com") }, "/authorize")
}

const benchFlow = "B2C_1_bench"

// connected makes the user flow of BenchmarkConnector: it asks for the balance, as the
// walkthrough's custom policy does.
func (m *bench) connected(address string) {
	e := m.e
	id := e.flow("bench", "signUpOrSignIn")
	balance := e.attribute("balance", "string")
	e.settings(id, object{"applicationClaims": []any{"objectId", "displayName", balance}})
	e.bind(id, "preTokenIssuance", e.connector(address))
	e.user().register(id, "flora@example.com", nil)
}

// signIn is an enriched sign-in of a user with a session.
func (m *bench) signIn(policy, field, name string) work {
	u := m.e.user()
	u.authorize(policy, nil)
	u.pass(map[string]string{field: name, "password": password})
	authorize := m.e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/authorize?" + url.Values{
		"client_id": {m.e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid offline_access"},
		"code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}, "nonce": {"n"}, "state": {"st"}, "ui_locales": {"en-US"},
	}.Encode()
	u.http.Transport = m.transport
	return func() error {
		res, err := u.http.Get(authorize)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		at, err := res.Location()
		if err != nil {
			return fmt.Errorf("authorize: status %d: %w", res.StatusCode, err)
		}
		got, err := m.token(policy, url.Values{"grant_type": {"authorization_code"}, "code": {at.Query().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
		if err == nil && got.IDToken == "" {
			err = errors.New("no token")
		}
		return err
	}
}

func BenchmarkRefresh(b *testing.B) {
	measured(b, func(bench *bench) work {
		u := bench.e.user()
		u.authorize(signUpSignIn, nil)
		u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
		token := u.redeem(signUpSignIn).RefreshToken
		return func() error {
			got, err := bench.token(signUpSignIn, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
			token = got.RefreshToken
			return err
		}
	})
}

// BenchmarkPassword is a sign-in by password on the page, with cheap passwords: what the
// hash costs is a choice of the operator.
func BenchmarkPassword(b *testing.B) {
	measured(b, func(bench *bench) work {
		return func() error {
			u := bench.e.user()
			u.http.Transport = bench.transport
			u.authorize(signUpSignIn, nil)
			u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
			_, err := bench.token(signUpSignIn, url.Values{"grant_type": {"authorization_code"}, "code": {u.result().Get("code")}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
			return err
		}
	}, "/authorize")
}

// work is one operation of one user.
type work func() error

// bench is a server in a process of its own with the walkthrough's policies and a user.
type bench struct {
	e         *env
	transport http.RoundTripper
}

func (m *bench) token(policy string, form url.Values) (tokens, error) {
	form.Set("client_id", m.e.spa.AppID)
	res, err := (&http.Client{Transport: m.transport}).PostForm(m.e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/token", form)
	if err != nil {
		return tokens{}, err
	}
	defer func() { _ = res.Body.Close() }()
	var out tokens
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return out, err
	}
	if res.StatusCode != http.StatusOK {
		return out, fmt.Errorf("token: status %d: %s", res.StatusCode, out.Description)
	}
	return out, nil
}

// measured runs users at 1, 8 and 64 at a time on both databases. The floor's requests
// before its token request are the paths of before.
func measured(b *testing.B, user func(*bench) work, before ...string) {
	signature := signatureCost(b)
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		b.Run(database, func(b *testing.B) {
			data, postgres := b.TempDir(), false
			address, floorAddress := "sqlite:"+filepath.Join(data, "bench.db"), filepath.Join(data, "floor.db")
			if database == "PostgreSQL" {
				var one, two server.Config
				onPostgres(b)(&one)
				onPostgres(b)(&two)
				address, floorAddress, postgres = one.Database, two.Database, true
			}
			var config childConfig
			e := start(b, func(s *server.Config) {
				s.Data, s.Database = data, address
				config = childConfig{Data: data, Database: address, OutboundCA: s.OutboundCA, TLS: "off"}
			})
			answer := `{"balance":"760.50"}`
			e.api.handle(func(w http.ResponseWriter, r *http.Request) {
				e.api.take()
				_, _ = io.WriteString(w, answer)
			})
			e.upload(enriched(b, e.api.server.URL+"/api/GetProfile"))
			e.user().signUp(signUpSignIn, "emily@example.com")
			(&bench{e: e}).connected(e.api.server.URL + "/api/GetProfile")
			answer = `{"balance":"760.50","version":"1.0.0","action":"Continue","extension_balance":"760.50"}`
			e.stop()
			transport := &http.Transport{MaxIdleConns: 200, MaxIdleConnsPerHost: 200}
			defer transport.CloseIdleConnections()
			served := startChild(b, config)
			defer served.kill()
			config.Floor, config.Database, config.API = true, floorAddress, e.api.server.URL
			floor := startChild(b, config)
			defer floor.kill()
			e.base = served.public
			for _, n := range []int{1, 8, 64} {
				users, loops := make([]work, n), make([]work, n)
				for i := range users {
					users[i] = user(&bench{e: e, transport: transport})
					loops[i] = func() error { return floorOperation(transport, floor.public, before) }
				}
				b.Run(strconv.Itoa(n), func(b *testing.B) {
					warm := max(n, 50)
					run(b, users, warm)
					run(b, loops, warm)
					bare := costs(b, floor, postgres, b.N, func() { run(b, loops, b.N) })
					b.ResetTimer()
					var took []time.Duration
					cost := costs(b, served, postgres, b.N, func() { took = run(b, users, b.N) })
					b.ReportMetric(float64(cost)/float64(bare), "x-floor")
					b.ReportMetric(float64(cost)/float64(signature), "signatures")
					b.ReportMetric(float64(bare)/float64(signature), "floor-signatures")
					b.ReportMetric(float64(quantile(took, 0.50))/1e6, "p50-ms")
					b.ReportMetric(float64(quantile(took, 0.99))/1e6, "p99-ms")
					b.ReportMetric(resident(b, served), "MB")
				})
			}
		})
	}
}

// run lets all users work side by side until n operations are done.
func run(b *testing.B, users []work, n int) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var all sync.WaitGroup
	for _, operation := range users {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				begun := time.Now()
				if err := operation(); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(begun)
			}
		})
	}
	all.Wait()
	return took
}

func quantile(took []time.Duration, q float64) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, int(q*float64(len(took))))]
}

// costs is the CPU time per operation, of the server and of PostgreSQL.
func costs(b *testing.B, c child, postgres bool, n int, do func()) time.Duration {
	b.Helper()
	cpu := func() time.Duration {
		total := processCPU(b, strconv.Itoa(c.process.Process.Pid))
		if postgres {
			all, _ := filepath.Glob("/proc/[0-9]*/comm")
			for _, file := range all {
				if name, _ := os.ReadFile(file); strings.TrimSpace(string(name)) == "postgres" {
					total += processCPU(b, filepath.Base(filepath.Dir(file)))
				}
			}
		}
		return total
	}
	before := cpu()
	do()
	return (cpu() - before) / time.Duration(n)
}

// processCPU reads user and system time from /proc, in ticks of 10 ms.
func processCPU(b *testing.B, pid string) time.Duration {
	b.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		b.Skip("CPU time of a process is read from /proc: " + err.Error())
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}

// resident is the memory that a process has, in MB.
func resident(b *testing.B, c child) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.process.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / 1e6
}

// signatureCost is the CPU time of one RSA-2048 signature, the unit of the results.
func signatureCost(b *testing.B) time.Duration {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	const n = 500
	before := processCPU(b, "self")
	for range n {
		if _, err := sign(key); err != nil {
			b.Fatal(err)
		}
	}
	return (processCPU(b, "self") - before) / n
}

func sign(key crypto.Signer) ([]byte, error) {
	sum := sha256.Sum256([]byte("token"))
	return key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// floorOperation is what an application does, of the bare loop.
func floorOperation(transport http.RoundTripper, base string, before []string) error {
	client := &http.Client{Transport: transport}
	for _, path := range before {
		res, err := client.Get(base + path)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
	res, err := client.PostForm(base+"/token", url.Values{"code": {"x"}})
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("token: status %d", res.StatusCode)
	}
	return nil
}

// serveFloor is the bare loop: it does what no server of this kind can leave out. One
// request posts to the API, the other writes durably and signs.
func serveFloor(ctx context.Context, c childConfig) error {
	write, err := floorWriter(ctx, c.Database)
	if err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	api, err := floorAPI(c)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		res, err := api.Post(c.API, "application/json", strings.NewReader(`{"objectId":"1","lang":"1033"}`))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		_, _ = io.Copy(w, res.Body)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(r.ParseForm(), write()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		signed, err := sign(key)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, base64.RawURLEncoding.EncodeToString(signed))
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://"+l.Addr().String(), "-")
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(l)
}

// floorAPI is a client that trusts the API and keeps its connections.
func floorAPI(c childConfig) (*http.Client, error) {
	authority, err := os.ReadFile(c.OutboundCA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100, TLSClientConfig: &tls.Config{RootCAs: pool}}}, nil
}

// floorWriter makes a function that writes one row durably: on SQLite those that wait
// share a commit, on PostgreSQL each has its own.
func floorWriter(ctx context.Context, address string) (func() error, error) {
	const table, insert = "CREATE TABLE IF NOT EXISTS floor (id TEXT PRIMARY KEY, data TEXT)", "INSERT INTO floor (id, data) VALUES ($1, $2)"
	if strings.HasPrefix(address, "postgres") {
		db, err := sql.Open("pgx", address)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
		_, err = db.ExecContext(ctx, table)
		return func() error {
			_, err := db.ExecContext(ctx, insert, rand.Text(), "data")
			return err
		}, err
	}
	db, err := sql.Open("sqlite", "file:"+address+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, table); err != nil {
		return nil, err
	}
	jobs := make(chan chan error, 128)
	go func() {
		for first := range jobs {
			batch := []chan error{first}
			for len(jobs) > 0 {
				batch = append(batch, <-jobs)
			}
			err := func() error {
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				for range batch {
					if _, err := tx.ExecContext(ctx, insert, rand.Text(), "data"); err != nil {
						return errors.Join(err, tx.Rollback())
					}
				}
				return tx.Commit()
			}()
			for _, done := range batch {
				done <- err
			}
		}
	}()
	return func() error {
		done := make(chan error, 1)
		jobs <- done
		return <-done
	}, nil
}
