package main

import (
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
	"strings"
	"sync/atomic"
	"time"

	"journeyman.dev/examples/demoapp"
	"journeyman.dev/examples/enrichmentapi"
	"journeyman.dev/internal/server"
	"journeyman.dev/policies"
)

type devCommand struct {
	// The addresses are what a developer wants to see.
	settings   `set:"log_level=warn"`
	Tenant     string `help:"Name of the tenant." default:"contoso.onmicrosoft.com"`
	Outbound   string `help:"strict: only https to public addresses; development: also loopback and private ones." enum:"strict,development" default:"development"`
	APIListen  string `name:"api-listen" help:"Listener of the sample enrichment API." default:"127.0.0.1:8445" env:"JOURNEYMAN_API_LISTEN"`
	DemoListen string `help:"Listener of the demo application." default:"127.0.0.1:8446"`
}

// Run starts the server, a sample API, a demo application and an outbox, and says
// where they are.
func (c *devCommand) Run(ctx context.Context, s streams) error {
	config := c.config(s)
	config.Tenant, config.Outbound, config.Development = c.Tenant, c.Outbound, true
	if config.AdminToken == "" {
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
	if err := c.prepare(ctx, s, srv); err != nil {
		stop()
		return errors.Join(err, <-serving)
	}
	return <-serving
}

func (c *devCommand) prepare(ctx context.Context, s streams, srv *server.Server) error {
	// The README's walkthrough writes them, too; the sample has nothing worth a secret.
	basic := enrichmentapi.Basic{Username: "journeyman", Password: "sample"}
	apiURL, err := c.api(ctx, srv, basic)
	if err != nil {
		return err
	}
	if err := srv.EnsureKeys(ctx); err != nil {
		return err
	}
	files, err := policies.LocalAccounts(map[string]string{"Tenant": c.Tenant, "ApiUrl": apiURL + "/api/GetProfile"})
	if err != nil {
		return err
	}
	if err := srv.EnsurePolicies(ctx, files); err != nil {
		return err
	}
	sample := server.Sample{Flow: sampleFlow, APIURL: apiURL + "/api/connector", Username: basic.Username, Password: basic.Password}
	if err := srv.EnsureSampleFlow(ctx, sample); err != nil {
		return fmt.Errorf("sample user flow: %w", err)
	}
	demoURL, err := c.demo(ctx, srv)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nJourneyman runs the tenant %s. Open the demo application and sign up:\n\n", c.Tenant)
	for _, line := range [][2]string{
		{demoURL + "/", "demo application: shows the decoded token"},
		{srv.AdminURL() + "/outbox", "mail outbox: verification codes arrive here"},
		{srv.AdminURL() + "/", "admin listener; its token is in " + filepath.Join(c.Data, adminTokenFile)},
		{srv.URL() + "/", "the server; its policy is at /" + c.Tenant + "/B2C_1A_SignUpOrSignIn, its user flow at /" + c.Tenant + "/" + sampleFlow},
		{apiURL + "/api/GetProfile", "sample enrichment API, called just before the token; /api/connector for the user flow"},
	} {
		fmt.Fprintf(s.out, "  %-34s %s\n", line[0], line[1])
	}
	fmt.Fprintf(s.out, "\nThe certificates are signed by %s.\nTrust it in your browser, or accept the warning once for each address. Ctrl+C stops.\n\n", srv.CAFile)
	return nil
}

// sampleFlow is the user flow that development begins with.
const sampleFlow = "B2C_1_susi"

// adminTokenFile has the admin API's token in a developer's data folder.
const adminTokenFile = "admin.token"

// adminToken reads the token, or makes one that only the owner may read.
func (c *devCommand) adminToken() (string, error) {
	file := filepath.Join(c.Data, adminTokenFile)
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return "", err
	}
	token := rand.Text()
	return token, os.WriteFile(file, []byte(token+"\n"), 0o600)
}

// api starts the sample API; its address is https, as B2C asks of policies.
func (c *devCommand) api(ctx context.Context, srv *server.Server, basic enrichmentapi.Basic) (string, error) {
	api, err := enrichmentapi.New(filepath.Join(c.Data, "sample-api", "balances.json"), basic)
	if err != nil {
		return "", err
	}
	return beside(ctx, srv, c.APIListen, api.Handler())
}

func (c *devCommand) demo(ctx context.Context, srv *server.Server) (string, error) {
	var app atomic.Pointer[demoapp.App]
	address, err := beside(ctx, srv, c.DemoListen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		HTTP:     &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}},
	}))
	return address, nil
}

// beside serves a handler by TLS until ctx ends.
func beside(ctx context.Context, srv *server.Server, address string, h http.Handler) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	own := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = own.Serve(tls.NewListener(l, srv.LocalTLS())) }()
	context.AfterFunc(ctx, func() { _ = own.Close() })
	return "https://localhost:" + port, nil
}
