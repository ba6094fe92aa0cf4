package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"journeyman.dev/examples/demoapp"
	"journeyman.dev/examples/enrichmentapi"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/listen"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
	"journeyman.dev/policies"
)

type devCommand struct {
	Config configFlag `help:"JSON file of settings."`
	settings.Server
	APIListen  string `name:"api-listen" help:"Listener of the sample enrichment API." default:"127.0.0.1:8445"`
	DemoListen string `name:"demo-listen" help:"Listener of the demo application." default:"127.0.0.1:8446"`

	Policies []string `help:"Your policy files and folders: uploaded at the start and at each save." type:"path" placeholder:"DIR"`
	Settings string   `help:"Replace {Settings:…} in these policies by values of an appsettings.json; ENVIRONMENT names one of its environments." placeholder:"FILE[:ENVIRONMENT]"`
}

// Run starts the server, a sample API, a demo application and an outbox, and prints their addresses.
func (c *devCommand) Run(ctx context.Context, s streams) error {
	config := config(c.Server, s)
	config.Development = true
	own := config.AdminToken == ""
	if own {
		token, err := c.adminToken()
		if err != nil {
			return err
		}
		config.AdminToken = token
	}
	srv, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	serving := make(chan error, 1)
	go func() { serving <- srv.Run(ctx) }()
	if err := c.prepare(ctx, s, srv, own); err != nil {
		stop()
		return errors.Join(err, <-serving)
	}
	if len(c.Policies) == 0 {
		return <-serving
	}
	u := c.uploader(srv)
	watching := make(chan error, 1)
	go func() { watching <- u.watch(ctx, s, ticks(ctx, watchInterval)) }()
	err = <-serving
	stop()
	return errors.Join(err, <-watching)
}

// uploader makes an uploader of an author's policies into this server, whatever tenant they name.
func (c *devCommand) uploader(srv *server.Server) *uploader {
	api := &admin{AdminURL: srv.AdminURL(), AdminToken: srv.Config.AdminToken, CA: srv.CAFile}
	return &uploader{admin: api, paths: c.Policies, tenant: c.Tenant, settings: c.Settings}
}

// starter returns our own starter policies, or none if the author's have the same ids.
func (c *devCommand) starter(srv *server.Server, apiURL string) ([][]byte, error) {
	files, err := policies.LocalAccounts(map[string]string{"Tenant": c.Tenant, "ApiUrl": apiURL + "/api/GetProfile"})
	if err != nil || len(c.Policies) == 0 {
		return files, err
	}
	own, err := c.uploader(srv).files()
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool)
	for _, f := range own {
		if d, _ := policy.Parse(f.Path, f.Source); d != nil {
			ids[policy.Fold(d.PolicyID.Value)] = true
		}
	}
	for _, f := range files {
		if d, _ := policy.Parse("starter.xml", f); d != nil && ids[policy.Fold(d.PolicyID.Value)] {
			return nil, nil
		}
	}
	return files, nil
}

// prepare makes a developer's resources. own reports that we must store the admin token.
func (c *devCommand) prepare(ctx context.Context, s streams, srv *server.Server, own bool) error {
	// The README's walkthrough contains these credentials, too. The sample contains nothing secret.
	basic := enrichmentapi.Basic{Username: "journeyman", Password: "sample"}
	apiURL, err := c.api(ctx, srv, basic)
	if err != nil {
		return err
	}
	if err := srv.EnsureKeys(ctx); err != nil {
		return err
	}
	files, err := c.starter(srv, apiURL)
	if err != nil {
		return err
	}
	if err := ensurePolicies(ctx, srv, files); err != nil {
		return err
	}
	begin := sample{flow: sampleFlow, apiURL: apiURL + "/api/connector", username: basic.Username, password: basic.Password}
	if err := begin.ensureFlow(ctx, srv); err != nil {
		return fmt.Errorf("sample user flow: %w", err)
	}
	demoURL, err := c.demo(ctx, srv)
	if err != nil {
		return err
	}
	token := "its token is the one that you gave"
	if own {
		// All listeners are open now, so the file's token belongs to a running server.
		if err := c.keepToken(srv.Config.AdminToken); err != nil {
			return err
		}
		token = "its token is in " + filepath.Join(c.Data, adminTokenFile)
	}
	fmt.Fprintf(s.out, "\nJourneyman runs the tenant %s. Open the demo application and sign up:\n\n", c.Tenant)
	for _, line := range [][2]string{
		{demoURL + "/", "demo application: shows the decoded token"},
		{srv.AdminURL() + "/outbox", "mail outbox: verification codes arrive here"},
		{srv.AdminURL() + "/", "admin listener; " + token},
		{srv.URL() + "/", "the server; its policies are at /" + c.Tenant + "/POLICY, as in /" + c.Tenant + "/" + sampleFlow},
		{apiURL + "/api/GetProfile", "sample enrichment API, called just before the token; /api/connector for the user flow"},
		{demoURL + "/policies", "every policy and user flow, to be run from there"},
	} {
		fmt.Fprintf(s.out, "  %-42s %s\n", line[0], line[1])
	}
	fmt.Fprintf(s.out, "\nThe certificates are signed by %s.\nTrust it in your browser, or accept the warning once for each address. Ctrl+C stops.\n\n", srv.CAFile)
	return nil
}

// sampleFlow is the user flow of a new development tenant.
const sampleFlow = "B2C_1_susi"

// adminTokenFile contains the admin API's token in a developer's data folder.
const adminTokenFile = "admin.token"

// adminToken reads the token of an earlier start, or makes one.
func (c *devCommand) adminToken() (string, error) {
	b, err := os.ReadFile(filepath.Join(c.Data, adminTokenFile))
	if err == nil && len(bytes.TrimSpace(b)) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return rand.Text(), nil
}

// keepToken writes the token to a file that only the owner may read.
func (c *devCommand) keepToken(token string) error {
	return os.WriteFile(filepath.Join(c.Data, adminTokenFile), []byte(token+"\n"), 0o600)
}

// api starts the sample API. Its address is https, as B2C requires in policies.
func (c *devCommand) api(ctx context.Context, srv *server.Server, basic enrichmentapi.Basic) (string, error) {
	api, err := enrichmentapi.New(filepath.Join(c.Data, "sample-api", "balances.json"), basic)
	if err != nil {
		return "", err
	}
	return beside(ctx, srv, "api-listen", c.APIListen, api.Handler())
}

func (c *devCommand) demo(ctx context.Context, srv *server.Server) (string, error) {
	var app atomic.Pointer[demoapp.App]
	address, err := beside(ctx, srv, "demo-listen", c.DemoListen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := app.Load()
		if a == nil {
			http.Error(w, "The application is starting.", http.StatusServiceUnavailable)
			return
		}
		a.Handler().ServeHTTP(w, r)
	}))
	if err != nil {
		return "", err
	}
	id, secret, err := srv.EnsureApplication(ctx, "Demo application", []string{address + "/callback", address + "/"})
	if err != nil {
		return "", err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := os.ReadFile(srv.CAFile)
	if err != nil {
		return "", err
	}
	pool.AppendCertsFromPEM(pem)
	app.Store(demoapp.New(demoapp.Config{
		Authority: srv.URL() + "/" + c.Tenant, ClientID: id, ClientSecret: secret, URL: address,
		Policies: demoapp.Policies{SignIn: "b2c_1a_signuporsignin", Edit: "b2c_1a_profileedit", Reset: "b2c_1a_passwordreset", Flow: sampleFlow},
		List:     func() []demoapp.Listed { return listed(srv.Policies.Statuses()) },
		HTTP:     &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}},
	}))
	return address, nil
}

// listed returns policies and user flows in the form of the demo application.
func listed(all []live.Status) []demoapp.Listed {
	var list []demoapp.Listed
	for _, p := range all {
		one := demoapp.Listed{ID: p.ID, Kind: "custom policy", State: "current", Good: p.State == live.Current}
		switch {
		case p.UserFlow:
			one.Kind = "user flow"
		case p.Document != nil && p.Document.Base == nil:
			one.Kind = "base"
		case p.Document != nil && p.Document.RelyingParty == nil:
			one.Kind = "extension"
		}
		switch p.State {
		case live.LastGood:
			one.State = "serves its last good version"
		case live.Broken:
			one.State = "broken: serves nothing"
		}
		one.Runs = p.Hash != "" && p.Document != nil && p.Document.RelyingParty != nil
		for _, d := range p.Diagnostics {
			if d.Severity != diag.Info {
				one.Problems = append(one.Problems, d.String())
			}
		}
		list = append(list, one)
	}
	// Runnable policies come first, then their bases.
	slices.SortStableFunc(list, func(a, b demoapp.Listed) int {
		rank := map[bool]int{true: 0, false: 1}
		return rank[a.Runs] - rank[b.Runs]
	})
	return list
}

// beside serves a handler by TLS at a flag's address until ctx ends.
func beside(ctx context.Context, srv *server.Server, flag, address string, h http.Handler) (string, error) {
	l, err := listen.Take(flag, address)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	own := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = own.Serve(tls.NewListener(l, srv.LocalTLS())) }()
	context.AfterFunc(ctx, func() { _ = own.Close() })
	return "https://localhost:" + port, nil
}
