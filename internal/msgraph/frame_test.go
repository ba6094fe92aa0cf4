package msgraph_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/msgraph/msgraphtest"
)

// thing is a resource of these tests.
type thing struct {
	ID    string        `json:"id"`
	Name  *string       `json:"name"`
	Count int           `json:"count"`
	At    *msgraph.Time `json:"at"`
	Tags  []tag         `json:"tags"`
	Done  bool          `json:"isDone"`
}

type tag struct {
	Text string `json:"text"`
}

// things serves some, and has a route for each way in which a handler can end.
type things []thing

var errBusy = errors.New("things are busy")

func (l things) Resources() []msgraph.Resource {
	const read, write = "User.Read.All User.ReadWrite.All", "User.ReadWrite.All"
	small := msgraph.Change(http.MethodPut, "things/{}", write, "Update thing", l.put)
	small.MaxBody = 10
	return []msgraph.Resource{
		{
			Kind: "thing", Service: audit.ServiceDirectory, Category: audit.CategoryUsers,
			Failure: func(err error) *msgraph.Error {
				if !errors.Is(err, errBusy) {
					return nil
				}
				busy := msgraph.NewError(http.StatusTooManyRequests, "TooManyRequests", msgraph.Sentence(err.Error()))
				busy.RetryAfter, busy.Details = 1500*time.Millisecond, []tag{{"a"}}
				return busy
			},
			Routes: []msgraph.Route{
				msgraph.Get("things", read, l.list),
				msgraph.Add("things", write, "Add thing", l.add),
				msgraph.Get("things/all", read, l.page),
				msgraph.Get("things/{}", read, l.get),
				small,
				msgraph.Delete("things/{}", write, "Delete thing", l.fail),
				msgraph.Change(http.MethodPost, "things/{}/touch", write, "Touch thing", l.touch),
				msgraph.Get("things/{}/file", read, func(q *msgraph.Request) error { return q.WriteFile(http.StatusOK, "text/plain", []byte(q.Arg(0))) }),
				msgraph.Get("things/{}/list", read, func(q *msgraph.Request) error { return q.Write(http.StatusOK, "x", []int{1}) }),
				msgraph.Get("things/{}/broken", read, func(q *msgraph.Request) error { return q.Write(http.StatusOK, "", func() {}) }),
			},
		},
		{Beta: true, Routes: []msgraph.Route{msgraph.Get("soon", read, func(q *msgraph.Request) error { return q.Write(http.StatusOK, "soon", struct{}{}) })}},
	}
}

func (l things) list(q *msgraph.Request) error {
	found, err := msgraph.Matching(q, l)
	if err != nil {
		return err
	}
	value, err := msgraph.SelectEach(q, found)
	if err != nil {
		return err
	}
	return msgraph.WriteList(q, "things", value)
}

func (l things) page(q *msgraph.Request) error {
	top, err := q.Top(1, 2)
	if err != nil {
		return err
	}
	return msgraph.WritePage(q, "things", l[:top], l[top-1].ID)
}

func (l things) get(q *msgraph.Request) error {
	for _, v := range l {
		if v.ID == q.Arg(0) {
			return q.Write(http.StatusOK, "things/$entity", v)
		}
	}
	return msgraph.NotFound(q.Arg(0))
}

func (l things) add(q *msgraph.Request) error {
	var v thing
	if err := q.ReadOptional(&v); err != nil {
		return err
	}
	q.Target(v.ID, v.ID, "Thing")
	q.Detail("By", q.Caller.Name())
	return q.WriteCreated("things/"+v.ID, "things/$entity", v)
}

func (l things) put(q *msgraph.Request) error {
	if _, err := q.ReadBody(); err != nil {
		return err
	}
	return q.WriteNothing()
}

func (l things) fail(*msgraph.Request) error { return errBusy }

func (l things) touch(q *msgraph.Request) error {
	q.Targets(nil)
	return errors.New("the disk is gone")
}

func some() things {
	at := msgraph.Time(msgraphtest.Now())
	name := "Ada & <co>"
	return things{{ID: "a", Name: &name, Count: 7, At: &at, Tags: []tag{{"x"}, {"y"}}}, {ID: "b", Count: 8, Tags: []tag{}, Done: true}}
}

func TestAddressesFindTheirRoute(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	const a = `{"@odata.context":"{base}/graph/v1.0/$metadata#things/$entity","id":"a","name":"Ada & <co>","count":7,"at":"2026-01-02T03:04:05Z","tags":[{"text":"x"},{"text":"y"}],"isDone":false}`
	g.Run(t, []msgraphtest.Step{
		{Name: "plain", Path: "/v1.0/things/a", Want: a},
		{Name: "below /graph", Path: "/graph/v1.0/things/a/", Want: a},
		{Name: "in any case", Path: "/GRAPH/V1.0/Things('a')", Want: a},
		{Name: "as it is in HTML", Path: "/v1.0/things/a", Want: `"Ada & <co>"`},
		{Name: "a name before an argument", Path: "/v1.0/things/All?$top=2", Want: `"@odata.nextLink":"{base}/v1.0/things/All?%24skiptoken=b&%24top=2"`},
		{Name: "an argument as it was spelt", Path: "/v1.0/things/Some Thing/file", Header: "Content-Type: text/plain", Want: "Some Thing"},
		{Name: "an alternate key", Path: "/v1.0/things(appId='Some')/file", Want: "appId=Some"},
		{Name: "an alternate key in any case", Path: "/v1.0/things(APPID='Some')/file", Want: "appId=Some"},
		{Name: "parentheses that are no key", Path: "/v1.0/things(a)/file", Status: 404, Want: `{"error":{"code":"BadRequest","message":"Resource not found for the segment 'things(a)/file'. It may be one that this version doesn't have yet."}}`},
		{Name: "quotes that are no key", Path: "/v1.0/x'a')/file", Status: 404},
		{Name: "HEAD", Method: "HEAD", Path: "/v1.0/things/a"},
		{Name: "another method", Method: "PATCH", Path: "/v1.0/things/a", Status: 405, Header: "Allow: GET, PUT, DELETE", Want: `{"error":{"code":"Request_BadRequest","message":"The method isn't allowed here."}}`},
		{Name: "no version", Path: "/v2.0/things", Status: 404, Want: "The address begins with neither /v1.0 nor /beta."},
		{Name: "no resource", Path: "/v1.0/none", Status: 404, Want: "Resource not found for the segment 'none'."},
		{Name: "beta alone", Path: "/beta/soon", Want: `{"@odata.context":"{base}/graph/beta/$metadata#soon"}`},
		{Name: "beta alone, in v1.0", Path: "/v1.0/soon", Status: 404},
		{Name: "a zero in the path", Path: "/v1.0/things/%00", Status: 400, Want: "The address has characters that no name has."},
		{Name: "a query that is no text", Path: "/v1.0/things?$filter=%ff", Status: 400, Want: "The address has characters that no name has."},
		{Name: "an answer that is no object", Path: "/v1.0/things/a/list", Status: 500},
		{Name: "an answer that can't be written", Path: "/v1.0/things/a/broken", Status: 500},
		{Name: "no thing", Path: "/v1.0/things/c", Status: 404, Want: `{"error":{"code":"Request_ResourceNotFound","message":"Resource 'c' does not exist or one of its queried reference-property objects are not present."}}`},
	})
}

func TestASecondRouteOfTheSameNameIsOurBug(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, want := recover(), "msgraph: two routes for GET things"; got != want {
			t.Errorf("panic: got %v, want %s", got, want)
		}
	}()
	msgraph.New(msgraph.Server{}, some(), some())
}

func TestChangesAreRecordedBeforeTheyAreAnswered(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	g.Set("reader", g.Token(t, "User.Read.All"))
	g.Set("writer", g.Token(t, "User.ReadWrite.All"))
	g.Run(t, []msgraphtest.Step{
		{Name: "read", Path: "/v1.0/things/a", Token: "{reader}"},
		{Name: "added", Method: "POST", Path: "/v1.0/things", Body: `{"id":"c",}`, Token: "{writer}", Status: 201, Header: "Location: {base}/graph/v1.0/things/c", Records: "Add thing: success"},
		{Name: "added from nothing", Method: "POST", Path: "/v1.0/things", Status: 201, Records: "Add thing: success"},
		{Name: "added from no object", Method: "POST", Path: "/v1.0/things", Body: `{"count":"x"}`, Status: 400, Records: "Add thing: failure", Want: "The member 'count' has a value of the wrong type."},
		{Name: "changed", Method: "PUT", Path: "/v1.0/things/c", Body: "{}", Status: 204, Records: "Update thing: success"},
		{Name: "changed by much", Method: "PUT", Path: "/v1.0/things/c", Body: `{"a":"12345678"}`, Status: 400, Records: "Update thing: failure", Want: "The body is too large or could not be read."},
		{Name: "an error of the resource's service", Method: "DELETE", Path: "/v1.0/things/c", Status: 429, Header: "Retry-After: 2", Records: "Delete thing: failure", Want: `{"error":{"code":"TooManyRequests","message":"Things are busy.","details":[{"text":"a"}]}}`},
		{Name: "a fault", Method: "POST", Path: "/v1.0/things/c/touch", Status: 500, Records: "Touch thing: failure", Want: `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`},
		{Name: "not allowed", Method: "DELETE", Path: "/v1.0/things/c", Token: "{reader}", Status: 403, Records: "Delete thing: failure", Want: `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation. One of these roles is needed: User.ReadWrite.All."}}`},
	})
	records := g.Audits.All()
	added, touched := records[0], records[len(records)-2]
	if got := added; got.Category != audit.CategoryUsers || got.Service != audit.ServiceDirectory || got.OperationType != "Add" || got.Targets[0].Type != "Thing" || got.InitiatedBy.App.AppID == "" {
		t.Errorf("record of an addition: got %+v", got)
	}
	if got := added.Details; len(got) != 4 || got[0].Key != "TenantId" || got[1].Key != "UserAgent" || got[2].Key != "ClientIpAddress" || got[3].Value != added.InitiatedBy.App.AppID {
		t.Errorf("details of an addition: got %+v, want tenant, agent, address and the handler's own", got)
	}
	if got := touched; len(got.Targets) != 0 || got.ResultReason != "Internal Server Error" || got.InitiatedBy.App.DisplayName != "Static admin token" {
		t.Errorf("record of a fault: got %+v", got)
	}
	if got := records[len(records)-1]; got.Category != audit.CategoryAuthorization || got.Targets[0].ID != "c" || got.Targets[0].Type != "thing" {
		t.Errorf("record of a refusal: got %+v", got)
	}
}

func TestARequestIDIsTheCallers(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	r := httptest.NewRequest(http.MethodGet, "/v1.0/none", nil)
	r.Header.Set("client-request-id", "aaaaaaaa-0000-4000-8000-000000000000")
	w := httptest.NewRecorder()
	g.Server.ServeHTTP(w, r)
	if got, want := w.Body.String(), `"client-request-id":"aaaaaaaa-0000-4000-8000-000000000000"`; !strings.Contains(got, want) {
		t.Errorf("body: got %s, want a part %s", got, want)
	}
	if got, want := w.Body.String(), `"request-id":"`+w.Header().Get("request-id")+`"`; !strings.Contains(got, want) {
		t.Errorf("body: got %s, want a part %s", got, want)
	}
}

func TestAServerWithoutAuditAnswers(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	g.Server.Audit = nil
	for _, tt := range []struct {
		method, token string
		want          int
	}{{"DELETE", msgraphtest.AdminToken, 429}, {"DELETE", g.Token(t), 403}, {"DELETE", "x", 401}} {
		r := httptest.NewRequest(tt.method, "/v1.0/things/a", nil)
		r.Header.Set("Authorization", "Bearer "+tt.token)
		w := httptest.NewRecorder()
		g.Server.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.method, w.Code, tt.want)
		}
	}
}

func TestFiltersCompareMembersAsTheyAreShown(t *testing.T) {
	t.Parallel()
	g := msgraphtest.New(t, some())
	var steps []msgraphtest.Step
	for filter, want := range map[string]string{
		"id eq 'A'": "a", "id ne 'a'": "b", "name eq null": "b", "name ne null": "a", "count gt 7": "b", "count ge 7": "a b", "count lt 8": "a", "count le 7.5": "a", "not (count eq 7)": "b",
		"isDone eq true": "b", "isDone eq false or id eq 'b'": "a b", "isDone eq false and id eq 'b'": "", "at ge 2026-01-02T03:04:05Z": "a", "at lt 2026-01-02T03:04:05Z": "",
		"startswith(name,'ada')": "a", "endswith(name,'>')": "a", "contains(name,'<')": "a", "tags/any(t:t/text eq 'Y')": "a", "tags/all(t:t/text ne 'z')": "a b",
		"tags/all(t:t/text eq 'x')": "b", "tags/any(t:t/text eq 'x' and t/text eq 'y')": "", "ID eq 'a'": "a", "none eq null": "a b", "none/other eq null": "a b", "name gt 'A'": "a", "count eq 'x'": "", "id eq 7": "",
		"isDone eq 'x'": "", "at eq 7": "", "id ge 2026-01-02T03:04:05Z": "",
	} {
		values := []string{}
		for id := range strings.FieldsSeq(want) {
			values = append(values, `{"id":"`+id+`"}`)
		}
		steps = append(steps, msgraphtest.Step{Name: filter, Path: "/v1.0/things?$select=id&$filter=" + filter, Want: `{"@odata.context":"{base}/graph/v1.0/$metadata#things","value":[` + strings.Join(values, ",") + `]}`})
	}
	for _, filter := range []string{"id", "count add 1 eq 8", "toupper(id) eq 'A'", "id and isDone", "((", "tags/none(t:t eq 1)", strings.Repeat("id eq 'a' or ", 400) + "id eq 'b'", "not id", "tags/any(t:toupper(t) eq 'x')"} {
		steps = append(steps, msgraphtest.Step{Name: filter[:min(30, len(filter))], Path: "/v1.0/things?$filter=" + filter, Status: 400, Want: "Request_BadRequest"})
	}
	steps = append(steps,
		msgraphtest.Step{Name: "all members", Path: "/v1.0/things?$select=*&$filter=id eq 'b'", Want: `"value":[{"id":"b","name":null,"count":8,"at":null,"tags":[],"isDone":true}]`},
		msgraphtest.Step{Name: "members in their own order", Path: "/v1.0/things?$select=isdone, COUNT ,none,id&$filter=id eq 'b'", Want: `"value":[{"id":"b","count":8,"isDone":true}]`},
	)
	g.Run(t, steps)
}

func TestObjectsKeepTheOrderOfTheirMembers(t *testing.T) {
	t.Parallel()
	type known struct {
		B int    `json:"b"`
		A string `json:"a"`
	}
	object, err := msgraph.ObjectOf(known{1, "<&>"})
	if err != nil {
		t.Fatal(err)
	}
	if object, err = object.With("c", []int{}); err != nil {
		t.Fatal(err)
	}
	if object, err = object.With("b", nil); err != nil {
		t.Fatal(err)
	}
	got, err := object.MarshalJSON()
	if want := `{"b":null,"a":"<&>","c":[]}`; err != nil || string(got) != want {
		t.Errorf("object: got %s, %v, want %s", got, err, want)
	}
	got, err = msgraph.MarshalOpen(known{1, "x"}, map[string]any{"z": 1, "d": map[string]any{"f": 2}, "a": "hidden"})
	if want := `{"b":1,"a":"x","d":{"f":2},"z":1}`; err != nil || strings.TrimSpace(string(got)) != want {
		t.Errorf("open object: got %s, %v, want %s", got, err, want)
	}
	strange, err := msgraph.ObjectOf(map[string]any{`a"b\c`: `,}"\`, "d": []any{map[string]any{"e": "]"}}, "": nil})
	if err != nil || len(strange) != 3 || strange[1].Name != `a"b\c` || string(strange[1].Value) != `",}\"\\"` || string(strange[2].Value) != `[{"e":"]"}]` {
		t.Errorf("members with brackets and quotes: got %q, %v", strange, err)
	}
	if empty, err := msgraph.ObjectOf(struct{}{}); err != nil || len(empty) != 0 {
		t.Errorf("an empty object: got %q, %v", empty, err)
	}
	got, err = msgraph.MarshalOpen(struct {
		A any `json:"a"`
	}{map[string]any{"b": 1}}, map[string]any{"b": 2})
	if want := `{"a":{"b":1},"b":2}`; err != nil || strings.TrimSpace(string(got)) != want {
		t.Errorf("a member of the name of an inner one: got %s, %v, want %s", got, err, want)
	}
	for name, bad := range map[string]any{"a list": []int{}, "a function": func() {}, "no JSON": make(chan int)} {
		if _, err := msgraph.ObjectOf(bad); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if _, err := object.With("x", bad); err == nil && name != "a list" {
			t.Errorf("%s: got no error of a member", name)
		}
	}
}

func TestComparisonsOfAFilterBoundAQuery(t *testing.T) {
	t.Parallel()
	f, err := msgraph.ParseFilter("Name eq 'x' and (count gt 3 and tags/any(t:t eq 'y'))")
	if err != nil {
		t.Fatal(err)
	}
	got := f.Comparisons()
	if len(got) != 2 || got[0] != (msgraph.Comparison{Property: "name", Operator: "eq", Value: "x"}) || got[1] != (msgraph.Comparison{Property: "count", Operator: "gt", Value: 3.0}) {
		t.Errorf("comparisons: got %+v", got)
	}
	if got := f.Literals("NAME"); len(got) != 1 || got[0] != "x" {
		t.Errorf("literals: got %v, want x", got)
	}
	if f.HasOr() {
		t.Error("an or was found where there is none")
	}
	var none *msgraph.Filter
	if none.Comparisons() != nil || none.Literals("name") != nil || none.HasOr() {
		t.Error("no filter has terms")
	}
	if ok, err := none.Matches(nil); !ok || err != nil {
		t.Errorf("no filter: got %t, %v, want everything to pass", ok, err)
	}
}

func TestEmptyValuesAreNullOrEmpty(t *testing.T) {
	t.Parallel()
	if msgraph.OrNull("") != nil || *msgraph.OrNull("x") != "x" || msgraph.TimeOrNull(time.Time{}) != nil || msgraph.TimeOrNull(msgraphtest.Now()) == nil {
		t.Error("a text or time that isn't there must be null, and one that is there itself")
	}
	if msgraph.OrEmpty[int](nil) == nil || len(msgraph.OrEmpty([]int{1})) != 1 {
		t.Error("a list is never null")
	}
	if !msgraph.IsMasked(msgraph.Masked) || msgraph.IsMasked("") || msgraph.IsMasked("**x") {
		t.Error("a text of asterisks alone is masked")
	}
	if got, want := msgraph.NewError(400, "Code", "Text.").Error(), "Code: Text."; got != want {
		t.Errorf("error: got %s, want %s", got, want)
	}
}
