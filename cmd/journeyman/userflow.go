package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type userflowCommand struct {
	Export exportCommand `cmd:"" help:"Print a user flow as custom policy XML."`
	List   listCommand   `cmd:"" help:"List the user flows."`
}

type connectorCommand struct {
	Probe probeCommand `cmd:"" help:"Call an API connector's API once as a sign-in would, and show all details."`
	List  connectors   `cmd:"" help:"List the API connectors."`
}

// admin is a client of a running server's admin API.
type admin struct {
	Config     configFlag `help:"JSON file of settings."`
	AdminURL   string     `name:"admin-url" help:"Address of the admin listener." default:"https://localhost:8444"`
	AdminToken string     `help:"Static bearer token of the admin API; for 'journeyman dev' read from the data folder."`
	Data       string     `help:"Data folder, for the local authority's certificate and the token of 'journeyman dev'." default:"./data" type:"path"`
	CA         string     `name:"ca" help:"PEM file of the authority that signed the admin listener's certificate." type:"path"`

	http *http.Client // made at the first call
}

// maxAnswer limits the read size of an answer.
const maxAnswer = 16 << 20

// call sends a request to the admin API. An error contains the API's own text.
func (a *admin) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(b)
	}
	status, answer, err := a.send(ctx, method, path, "application/json", reader)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		var failed struct {
			Error struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal(answer, &failed) == nil && failed.Error.Message != "" {
			return nil, errors.New(failed.Error.Message)
		}
		return nil, fmt.Errorf("the admin API answered %d", status)
	}
	return answer, nil
}

// send sends a request to the admin API.
func (a *admin) send(ctx context.Context, method, path, contentType string, body io.Reader) (status int, answer []byte, err error) {
	token := a.AdminToken
	if token == "" {
		b, err := os.ReadFile(filepath.Join(a.Data, adminTokenFile))
		if err != nil {
			return 0, nil, errors.New("give --admin-token or JOURNEYMAN_ADMIN_TOKEN")
		}
		token = strings.TrimSpace(string(b))
	}
	if a.http == nil {
		if a.http, err = a.client(); err != nil {
			return 0, nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(a.AdminURL, "/")+"/graph/beta/"+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	res, err := a.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("the admin API can't be reached; is the server running? %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, answer, err
}

// client trusts the system's authorities, and that of the data folder or --ca.
func (a *admin) client() (*http.Client, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	file := a.CA
	if file == "" {
		file = filepath.Join(a.Data, "tls", "ca.pem")
	}
	pem, err := os.ReadFile(file)
	switch {
	case err == nil:
		pool.AppendCertsFromPEM(pem)
	case a.CA != "":
		return nil, err
	}
	return &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}, nil
}

type exportCommand struct {
	admin
	ID     string `arg:"" help:"Id of the user flow, such as B2C_1_susi."`
	Policy string `help:"Id of the custom policy to print; B2C_1A_… of the flow's name if not given."`
}

// Run prints the policy.
func (c *exportCommand) Run(ctx context.Context, s streams) error {
	xml, err := c.call(ctx, http.MethodGet, "identity/b2cUserFlows/"+url.PathEscape(c.ID)+"/policy/$value?policyId="+url.QueryEscape(c.Policy), nil)
	if err != nil {
		return err
	}
	_, err = s.out.Write(xml)
	return err
}

type listCommand struct{ admin }

// Run prints id and type of each flow.
func (c *listCommand) Run(ctx context.Context, s streams) error {
	return c.list(ctx, s, "identity/b2cUserFlows", "userFlowType")
}

type connectors struct{ admin }

// Run prints id and name of each connector.
func (c *connectors) Run(ctx context.Context, s streams) error {
	return c.list(ctx, s, "identity/apiConnectors", "displayName")
}

func (a *admin) list(ctx context.Context, s streams, path, member string) error {
	answer, err := a.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	var list struct {
		Value []map[string]any `json:"value"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return err
	}
	for _, item := range list.Value {
		fmt.Fprintf(s.out, "%v\t%v\n", item["id"], item[member])
	}
	return nil
}

type probeCommand struct {
	admin
	ID       string `arg:"" help:"Id of the API connector."`
	User     string `help:"Object id or sign-in name of the user in the request."`
	Step     string `help:"PostFederationSignup, PostAttributeCollection or PreTokenIssuance." default:"PreTokenIssuance"`
	Flow     string `name:"userflow" help:"User flow whose application claims are used; all user attributes if not given."`
	ClientID string `name:"client-id" help:"Application that the user signs in to."`
	Locales  string `name:"ui-locales" help:"The user's languages." default:"en-US"`
}

// Run prints request, answer, timing, TLS facts and the claims for the token. The exit code is 1 if a journey
// would have ended there.
func (c *probeCommand) Run(ctx context.Context, s streams) error {
	answer, err := c.call(ctx, http.MethodPost, "identity/apiConnectors/"+url.PathEscape(c.ID)+"/probe", map[string]string{
		"user": c.User, "step": c.Step, "userFlow": c.Flow, "clientId": c.ClientID, "uiLocales": c.Locales,
	})
	if err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, answer, "", "  "); err != nil {
		return err
	}
	fmt.Fprintln(s.out, strings.TrimSpace(pretty.String()))
	var result struct {
		Outcome struct {
			Error string `json:"error"`
		} `json:"outcome"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return err
	}
	if result.Outcome.Error != "" {
		return errFound
	}
	return nil
}
