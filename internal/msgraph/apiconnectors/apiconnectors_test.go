package apiconnectors_test

import (
	"context"
	"errors"
	"testing"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/msgraph/apiconnectors"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/userflow"
)

// prober answers a dry run with what it was asked, or with an error.
type prober struct{ err error }

func (p *prober) Probe(_ context.Context, _ string, r apiconnectors.ProbeRequest) (any, error) {
	return r, p.err
}

// tenant has the user flows of a test.
type tenant struct{ flows userflow.Tenant }

func (t *tenant) Tenant() *userflow.Tenant { return &t.flows }

// start runs an admin API with the real service over connectors in memory.
func start(t *testing.T) (*msgraphtest.Graph, *tenant, *prober) {
	t.Helper()
	service := &connector.Service{
		Store: &msgraphtest.Connectors{}, Sealer: msgraphtest.Sealer(t), Now: msgraphtest.Now,
		Decode: func(data []byte, password string) ([][]byte, []byte, error) {
			k, err := keyset.FromPKCS12(data, password)
			return k.Chain, k.Private, err
		},
	}
	if err := service.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	flows, probes := &tenant{}, &prober{}
	g := msgraphtest.New(t, &apiconnectors.Handler{
		Find: service, Change: service, Certificates: service, Flows: flows, Prober: probes, Now: msgraphtest.Now,
	})
	g.Set("pfx", msgraphtest.PKCS12(t, "client", "secret"))
	return g, flows, probes
}

var (
	created    = msgraphtest.Twice("Create Api connector", "success")
	notCreated = msgraphtest.Twice("Create Api connector", "failure")
	updated    = msgraphtest.Twice("Update Api connector", "success")
	notUpdated = msgraphtest.Twice("Update Api connector", "failure")
	uploaded   = msgraphtest.Twice("Upload certificate to Api connector", "success")
	notUpload  = msgraphtest.Twice("Upload certificate to Api connector", "failure")
	probed     = msgraphtest.Twice("Probe Api connector", "success")
	notProbed  = msgraphtest.Twice("Probe Api connector", "failure")
	notDeleted = msgraphtest.Twice("Delete Api connector", "failure")
)

const (
	list  = "/v1.0/identity/apiConnectors"
	basic = `{"displayName":"Enrich","targetUrl":"https://api.example/enrich","authenticationConfiguration":{"@odata.type":"#microsoft.graph.basicAuthentication","username":"u","password":"p"}}`
	shown = `"displayName":"Enrich","targetUrl":"https://api.example/enrich","authenticationConfiguration":{"@odata.type":"#microsoft.graph.basicAuthentication","username":"u","password":"******"}`
)

func TestAConnectorIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	g, flows, _ := start(t)
	g.Set("reader", g.Token(t, "APIConnectors.Read.All"))
	const entity = `"@odata.context":"{base}/graph/v1.0/$metadata#identity/apiConnectors/$entity"`
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: list, Body: basic, Status: 201, Records: created, Save: "id=id", Want: `{` + entity + `,"id":"*",` + shown + `}`},
		{Name: "read", Path: list + "/{id}", Token: "{reader}", Want: `{` + entity + `,"id":"{id}",` + shown + `}`},
		{Name: "another", Method: "POST", Path: list, Body: `{"displayName":"Other","targetUrl":"https://api.example/other","authenticationConfiguration":{"@odata.type":"microsoft.graph.pkcs12Certificate","pkcs12Value":"{pfx}","password":"secret"}}`, Status: 201, Records: created, Save: "other=id"},
		{Name: "filtered", Path: list + "?$filter=displayName eq 'enrich'&$select=id", Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/apiConnectors","value":[{"id":"{id}"}]}`},
		{Name: "no filter", Path: list + "?$filter=((", Status: 400, Want: "Invalid filter clause."},
		{Name: "not by a reader", Method: "PATCH", Path: list + "/{id}", Token: "{reader}", Body: "{}", Status: 403, Records: "Update Api connector: failure"},
		{Name: "changed", Method: "PATCH", Path: list + "/{id}", Body: `{"displayName":"New","targetUrl":"https://api.example/new","authenticationConfiguration":{"@odata.type":"microsoft.graph.basicAuthentication","username":"v","password":"******"}}`, Status: 204, Records: updated},
		{Name: "left as it is", Method: "PATCH", Path: list + "/{id}", Body: `{"displayName":null}`, Status: 204, Records: updated},
		{Name: "as it is now", Path: list + "/{id}", Want: `"displayName":"New","targetUrl":"https://api.example/new","authenticationConfiguration":{"@odata.type":"#microsoft.graph.basicAuthentication","username":"v"`},
		{Name: "what can't be", Method: "PATCH", Path: list + "/{id}", Body: `{"targetUrl":"ftp://x"}`, Status: 400, Records: notUpdated, Want: `{"error":{"code":"AADB2C","message":"*"}}`},
		{Name: "of the wrong type", Method: "PATCH", Path: list + "/{id}", Body: `{"targetUrl":1}`, Status: 400, Records: notUpdated},
		{Name: "nothing to change", Method: "PATCH", Path: list + "/x", Body: `{}`, Status: 404, Records: notUpdated, Want: `{"error":{"code":"AADB2C","message":"There is no API connector with the id 'x'."}}`},
		{Name: "nothing", Path: list + "/x", Status: 404},
	})
	flows.flows.Flows = []userflow.Flow{{ID: "B2C_1_Flow", Connectors: map[userflow.ConnectorStep]string{userflow.PreTokenIssuance: g.Var("id")}}}
	g.Run(t, []msgraphtest.Step{
		{Name: "in use", Method: "DELETE", Path: list + "/{id}", Status: 400, Records: notDeleted, Want: "The user flow B2C_1_Flow calls this API connector. Remove it there first."},
		{Name: "not in use", Method: "DELETE", Path: list + "/{other}", Status: 204, Records: msgraphtest.Twice("Delete Api connector", "success")},
		{Name: "gone", Method: "DELETE", Path: list + "/{other}", Status: 404, Records: notDeleted},
	})
}

func TestConnectorsThatCantBeAreRefused(t *testing.T) {
	t.Parallel()
	g, _, _ := start(t)
	with := func(auth string) string {
		return `{"displayName":"X","targetUrl":"https://api.example","authenticationConfiguration":` + auth + `}`
	}
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", `{}`, "displayName, targetUrl and authenticationConfiguration are required."},
		{"no object", `[]`, "wrong type"},
		{"authentication of no type", with(`{}`), "must have the @odata.type"},
		{"authentication that is none", with(`1`), "authenticationConfiguration has members of the wrong type."},
		{"a certificate that was never there", with(`{"@odata.type":"microsoft.graph.clientCertificateAuthentication"}`), "must have the @odata.type"},
		{"no base64", with(`{"@odata.type":"microsoft.graph.pkcs12Certificate","pkcs12Value":"-"}`), "PKCS #12 file in base64"},
		{"a wrong password", with(`{"@odata.type":"microsoft.graph.pkcs12Certificate","pkcs12Value":"{pfx}","password":"x"}`), "AADB2C"},
		{"no user name", with(`{"@odata.type":"microsoft.graph.basicAuthentication"}`), `"code":"AADB2C"`},
	} {
		g.Run(t, []msgraphtest.Step{{Name: tt.name, Method: "POST", Path: list, Body: tt.body, Status: 400, Records: notCreated, Want: tt.want}})
	}
}

func TestACertificateIsAdded(t *testing.T) {
	t.Parallel()
	g, _, _ := start(t)
	const upload = list + "/{id}/uploadClientCertificate"
	g.Run(t, []msgraphtest.Step{
		{Name: "a connector", Method: "POST", Path: list, Body: `{"displayName":"Other","targetUrl":"https://api.example/other","authenticationConfiguration":{"@odata.type":"microsoft.graph.pkcs12Certificate","pkcs12Value":"{pfx}","password":"secret"}}`, Status: 201, Records: created, Save: "id=id"},
		{
			Name: "a second", Method: "POST", Path: upload, Body: `{"pkcs12Value":"{pfx}","password":"secret"}`, Records: uploaded,
			Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/apiConnectors/$entity","id":"{id}","displayName":"Other","targetUrl":"https://api.example/other",
				"authenticationConfiguration":{"@odata.type":"#microsoft.graph.clientCertificateAuthentication","certificateList":[
				{"thumbprint":"*","notBefore":1767319445,"notAfter":1798859045,"isActive":"*"},{"thumbprint":"*","notBefore":1767319445,"notAfter":1798859045,"isActive":"*"}]}}`,
		},
		{Name: "sent back as it was read", Method: "PATCH", Path: list + "/{id}", Body: `{"authenticationConfiguration":{"@odata.type":"#microsoft.graph.clientCertificateAuthentication"}}`, Status: 204, Records: updated},
		{Name: "no password", Method: "POST", Path: upload, Body: `{"pkcs12Value":"{pfx}"}`, Status: 400, Records: notUpload, Want: "password is required"},
		{Name: "no file", Method: "POST", Path: upload, Body: `{"password":""}`, Status: 400, Records: notUpload},
		{Name: "no body", Method: "POST", Path: upload, Status: 400, Records: notUpload},
		{Name: "no connector", Method: "POST", Path: list + "/x/uploadClientCertificate", Body: `{}`, Status: 404, Records: notUpload},
		{Name: "a Basic one", Method: "POST", Path: list, Body: basic, Status: 201, Records: created, Save: "basic=id"},
		{Name: "takes none", Method: "POST", Path: list + "/{basic}/uploadClientCertificate", Body: `{"pkcs12Value":"{pfx}","password":"secret"}`, Status: 400, Records: notUpload, Want: "The connector doesn't authenticate with a certificate"},
	})
}

func TestSettingsAreMerged(t *testing.T) {
	t.Parallel()
	g, _, _ := start(t)
	const settings = list + "/{id}/settings"
	context := `"@odata.context":"{base}/graph/v1.0/$metadata#identity/apiConnectors('{id}')/settings"`
	g.Run(t, []msgraphtest.Step{
		{Name: "a connector", Method: "POST", Path: list, Body: basic, Status: 201, Records: created, Save: "id=id"},
		{Name: "as made", Path: settings, Want: `{` + context + `,"contract":"apiConnector","strict":false,"timeoutSeconds":0,"attempts":0,"cache":{"timeToLiveSeconds":0},"circuitBreaker":{"failures":0,"openSeconds":0},"hedging":{"afterMilliseconds":0},"maxConcurrent":0}`},
		{Name: "some", Method: "PATCH", Path: settings, Body: `{"timeoutSeconds":1.5,"circuitBreaker":{"failures":3},"hedging":{"afterMilliseconds":250},"cache":{"timeToLiveSeconds":60}}`, Status: 204, Records: updated},
		{Name: "others", Method: "PATCH", Path: settings, Body: `{"circuitBreaker":{"openSeconds":10},"strict":true}`, Status: 204, Records: updated},
		{Name: "as they are now", Path: settings, Want: `{` + context + `,"contract":"apiConnector","strict":true,"timeoutSeconds":1.5,"attempts":0,"cache":{"timeToLiveSeconds":60},"circuitBreaker":{"failures":3,"openSeconds":10},"hedging":{"afterMilliseconds":250},"maxConcurrent":0}`},
		{Name: "a misspelt one", Method: "PATCH", Path: settings, Body: `{"stricht":true}`, Status: 400, Records: notUpdated, Want: `There is no setting \"stricht\".`},
		{Name: "of the wrong type", Method: "PATCH", Path: settings, Body: `{"cache":{"timeToLiveSeconds":"x"}}`, Status: 400, Records: notUpdated, Want: "The member 'cache.timeToLiveSeconds' has a value of the wrong type."},
		{Name: "no JSON", Method: "PATCH", Path: settings, Body: `{`, Status: 400, Records: notUpdated, Want: "The body is no valid JSON."},
		{Name: "no body", Method: "PATCH", Path: settings, Status: 400, Records: notUpdated},
		{Name: "of nothing", Path: list + "/x/settings", Status: 404},
		{Name: "of nothing, changed", Method: "PATCH", Path: list + "/x/settings", Body: `{}`, Status: 404, Records: notUpdated},
	})
}

func TestADryRunShowsItsResult(t *testing.T) {
	t.Parallel()
	g, _, probes := start(t)
	const probe = list + "/{id}/probe"
	g.Run(t, []msgraphtest.Step{
		{Name: "a connector", Method: "POST", Path: list, Body: basic, Status: 201, Records: created, Save: "id=id"},
		{Name: "for a user", Method: "POST", Path: probe, Body: `{"user":"ada"}`, Records: probed, Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#identity/apiConnectors('{id}')/probe","user":"ada","step":"","userFlow":"","clientId":"","uiLocales":""}`},
		{Name: "without a body", Method: "POST", Path: probe, Records: probed, Want: `"user":""`},
		{Name: "a bad body", Method: "POST", Path: probe, Body: `1`, Status: 400, Records: notProbed},
		{Name: "of nothing", Method: "POST", Path: list + "/x/probe", Status: 404, Records: notProbed},
	})
	for _, tt := range []struct {
		err    error
		status int
		want   string
	}{
		{refusal.Because(connector.ErrInvalid, "there is no such user"), 400, `{"error":{"code":"AADB2C","message":"There is no such user."}}`},
		{refusal.Because(userflow.ErrNotFound, "user flow x: not found"), 404, `{"error":{"code":"AADB2C","message":"User flow x: not found."}}`},
		{connector.ErrNotFound, 404, `{"error":{"code":"AADB2C","message":"No such API connector."}}`},
		{connector.ErrConflict, 409, `{"error":{"code":"AADB2C","message":"The API connector was changed by another request."}}`},
		{directory.ErrAmbiguous, 409, `{"error":{"code":"Request_BadRequest","message":"*"}}`},
		{errors.New("the network is gone"), 500, `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`},
	} {
		probes.err = tt.err
		g.Run(t, []msgraphtest.Step{{Name: tt.err.Error(), Method: "POST", Path: probe, Status: tt.status, Records: notProbed, Want: tt.want}})
	}
}
