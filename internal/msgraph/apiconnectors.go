package msgraph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"journeyman.dev/internal/connector"
)

// masked stands for a secret that is there and never shown.
const masked = "******"

// connectorJSON is a connector as Graph shows it, without its secrets.
func connectorJSON(c connector.Connector, now time.Time) map[string]any {
	auth := map[string]any{}
	switch c.Auth.Kind {
	case connector.Basic:
		auth["@odata.type"], auth["username"], auth["password"] = "#microsoft.graph.basicAuthentication", c.Auth.Username, masked
	case connector.ClientCertificate:
		active, _ := c.Auth.Active(now)
		list := []map[string]any{}
		for i := range c.Auth.Certificates {
			one := &c.Auth.Certificates[i]
			list = append(list, map[string]any{
				"thumbprint": one.Thumbprint(), "notBefore": one.NotBefore.Unix(), "notAfter": one.NotAfter.Unix(), "isActive": one == active,
			})
		}
		auth["@odata.type"], auth["certificateList"] = "#microsoft.graph.clientCertificateAuthentication", list
	}
	return map[string]any{"id": c.ID, "displayName": c.DisplayName, "targetUrl": c.TargetURL, "authenticationConfiguration": auth}
}

func (q *Request) writeConnector(status int, c connector.Connector) error {
	return q.Write(status, "identity/apiConnectors/$entity", connectorJSON(c, q.s.Now()))
}

func (q *Request) listConnectors() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	value := []map[string]any{}
	for _, c := range q.s.Connectors.List() {
		object := connectorJSON(c, q.s.Now())
		ok, err := f.Matches(object)
		if err != nil {
			return err
		}
		if ok {
			value = append(value, choose(object, q.URL.Query().Get("$select")))
		}
	}
	return q.Write(http.StatusOK, "identity/apiConnectors", map[string]any{"value": value})
}

func (q *Request) connector() (connector.Connector, error) {
	c, err := q.s.Connectors.Get(q.Arg(0))
	if errors.Is(err, connector.ErrNotFound) {
		return c, B2CNotFound("API connector", q.Arg(0))
	}
	return c, err
}

func (q *Request) getConnector() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	return q.writeConnector(http.StatusOK, c)
}

// connectorInput is what callers send; absent members are nil.
type connectorInput struct {
	DisplayName *string         `json:"displayName"`
	TargetURL   *string         `json:"targetUrl"`
	Auth        json.RawMessage `json:"authenticationConfiguration"`
}

type authInput struct {
	Type     string `json:"@odata.type"`
	Username string `json:"username"`
	Password string `json:"password"`
	PKCS12   string `json:"pkcs12Value"`
}

// authentication reads an authenticationConfiguration, which replaces what was there
// whole. A masked password, as a reader of the connector sends it back, stands for the
// one that is there.
func (q *Request) authentication(raw json.RawMessage, had connector.Authentication) (connector.Authentication, error) {
	var in authInput
	if err := json.Unmarshal(raw, &in); err != nil {
		return connector.Authentication{}, B2CBadRequest("authenticationConfiguration has members of the wrong type.")
	}
	switch strings.ToLower(strings.TrimPrefix(in.Type, "#")) {
	case "microsoft.graph.basicauthentication":
		if isMasked(in.Password) && had.Kind == connector.Basic {
			in.Password = had.Password
		}
		return connector.Authentication{Kind: connector.Basic, Username: in.Username, Password: in.Password}, nil
	case "microsoft.graph.pkcs12certificate":
		c, err := q.certificate(in.PKCS12, in.Password)
		return connector.Authentication{Kind: connector.ClientCertificate, Certificates: []connector.Certificate{c}}, err
	case "microsoft.graph.clientcertificateauthentication":
		if had.Kind == connector.ClientCertificate {
			return had, nil // what was read, sent back
		}
	}
	return connector.Authentication{}, B2CBadRequest("authenticationConfiguration must have the @odata.type microsoft.graph.basicAuthentication or microsoft.graph.pkcs12Certificate.")
}

func isMasked(text string) bool { return text != "" && strings.Trim(text, "*") == "" }

func (q *Request) certificate(text, password string) (connector.Certificate, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(data) == 0 {
		return connector.Certificate{}, B2CBadRequest("pkcs12Value must be a PKCS #12 file in base64.")
	}
	return q.s.Connectors.Certificate(data, password)
}

func (q *Request) createConnector() error {
	var in connectorInput
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.DisplayName == nil || in.TargetURL == nil || in.Auth == nil {
		return B2CBadRequest("displayName, targetUrl and authenticationConfiguration are required.")
	}
	auth, err := q.authentication(in.Auth, connector.Authentication{})
	if err != nil {
		return err
	}
	c, err := q.s.Connectors.Create(q.Context(), connector.Connector{DisplayName: *in.DisplayName, TargetURL: *in.TargetURL, Auth: auth})
	if err != nil {
		return err
	}
	q.Target(c.ID, c.DisplayName, "ApiConnector")
	q.SetHeader("Location", q.Base()+"/identity/apiConnectors/"+c.ID)
	return q.writeConnector(http.StatusCreated, c)
}

func (q *Request) patchConnector() error {
	was, err := q.connector()
	if err != nil {
		return err
	}
	var in connectorInput
	if err := q.Read(&in); err != nil {
		return err
	}
	q.Target(was.ID, was.DisplayName, "ApiConnector")
	_, err = q.s.Connectors.Update(q.Context(), was.ID, func(c *connector.Connector) error {
		if in.DisplayName != nil {
			c.DisplayName = *in.DisplayName
		}
		if in.TargetURL != nil {
			c.TargetURL = *in.TargetURL
		}
		if in.Auth != nil {
			c.Auth, err = q.authentication(in.Auth, c.Auth)
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

// deleteConnector refuses while a user flow calls the connector: its users would see an
// error.
func (q *Request) deleteConnector() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	for _, f := range q.s.Flows.Tenant().Flows {
		for _, id := range f.Connectors {
			if strings.EqualFold(id, c.ID) {
				return B2CBadRequest("The user flow " + f.ID + " calls this API connector. Remove it there first.")
			}
		}
	}
	q.Target(c.ID, c.DisplayName, "ApiConnector")
	if err := q.s.Connectors.Delete(q.Context(), c.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

func (q *Request) uploadClientCertificate() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	var in struct {
		PKCS12   string  `json:"pkcs12Value"`
		Password *string `json:"password"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	if in.Password == nil {
		return B2CBadRequest(`password is required; it is "" for a file without one.`)
	}
	q.Target(c.ID, c.DisplayName, "ApiConnector")
	one, err := q.certificate(in.PKCS12, *in.Password)
	if err != nil {
		return err
	}
	if c, err = q.s.Connectors.AddCertificate(q.Context(), c.ID, one); err != nil {
		return err
	}
	return q.writeConnector(http.StatusOK, c)
}

// connectorSettings are what Graph has no members for, in our own sub-resource; zero
// stands for the server's own or for off.
type connectorSettings struct {
	Contract       string          `json:"contract"`
	Strict         bool            `json:"strict"`
	TimeoutSeconds float64         `json:"timeoutSeconds"`
	Attempts       int             `json:"attempts"`
	Cache          cacheSettings   `json:"cache"`
	CircuitBreaker breakerSettings `json:"circuitBreaker"`
	Hedging        hedgingSettings `json:"hedging"`
	MaxConcurrent  int             `json:"maxConcurrent"`
}

type cacheSettings struct {
	TTLSeconds float64 `json:"timeToLiveSeconds"`
}

type breakerSettings struct {
	Failures    int     `json:"failures"`
	OpenSeconds float64 `json:"openSeconds"`
}

type hedgingSettings struct {
	AfterMilliseconds float64 `json:"afterMilliseconds"`
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func connectorSettingsOf(s connector.Settings) connectorSettings {
	contract := s.Contract
	if contract == "" {
		contract = connector.ContractConnector
	}
	return connectorSettings{
		Contract: string(contract), Strict: s.Strict, TimeoutSeconds: s.Timeout.Seconds(), Attempts: s.Attempts,
		Cache:          cacheSettings{s.CacheFor.Seconds()},
		CircuitBreaker: breakerSettings{s.BreakAfter, s.BreakFor.Seconds()},
		Hedging:        hedgingSettings{float64(s.HedgeAfter) / float64(time.Millisecond)},
		MaxConcurrent:  s.MaxConcurrent,
	}
}

func (s connectorSettings) settings() connector.Settings {
	return connector.Settings{
		Contract: connector.Contract(s.Contract), Strict: s.Strict, Timeout: seconds(s.TimeoutSeconds), Attempts: s.Attempts,
		CacheFor: seconds(s.Cache.TTLSeconds), BreakAfter: s.CircuitBreaker.Failures, BreakFor: seconds(s.CircuitBreaker.OpenSeconds),
		HedgeAfter: time.Duration(s.Hedging.AfterMilliseconds * float64(time.Millisecond)), MaxConcurrent: s.MaxConcurrent,
	}
}

func (q *Request) getConnectorSettings() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	return q.writeStruct(http.StatusOK, "identity/apiConnectors('"+c.ID+"')/settings", connectorSettingsOf(c.Settings))
}

func (q *Request) patchConnectorSettings() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	q.Target(c.ID, c.DisplayName, "ApiConnector")
	_, err = q.s.Connectors.Update(q.Context(), c.ID, func(c *connector.Connector) error {
		set := connectorSettingsOf(c.Settings)
		if err := Merge(body, &set); err != nil {
			return err
		}
		c.Settings = set.settings()
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

// ProbeRequest asks for a dry run of a connector.
type ProbeRequest struct {
	// User is an object id or sign-in name; "" calls with an unknown user.
	User string `json:"user"`
	// Step is one of the connector's steps; "": PreTokenIssuance.
	Step     string `json:"step"`
	UserFlow string `json:"userFlow"` // whose application claims count; "": all attributes
	ClientID string `json:"clientId"`
	Locales  string `json:"uiLocales"`
}

// Prober makes dry runs. Its errors wrap connector.ErrNotFound or ErrInvalid, or are
// internal; what goes wrong with the call is a part of the result.
type Prober interface {
	Probe(ctx context.Context, connectorID string, r ProbeRequest) (any, error)
}

// probeConnector makes a dry run: the API is called once as in a journey, nothing is
// kept, and the answer says what would have come of it.
func (q *Request) probeConnector() error {
	c, err := q.connector()
	if err != nil {
		return err
	}
	var in ProbeRequest
	if q.ContentLength != 0 {
		if err := q.Read(&in); err != nil {
			return err
		}
	}
	q.Target(c.ID, c.DisplayName, "ApiConnector")
	result, err := q.s.Prober.Probe(q.Context(), c.ID, in)
	if err != nil {
		return err
	}
	return q.writeStruct(http.StatusOK, "identity/apiConnectors('"+c.ID+"')/probe", result)
}
