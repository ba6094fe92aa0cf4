package directory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/claims"
	users "journeyman.dev/internal/directory"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/mail"
)

// operation is a policy whose one profile does an operation; begin are pairs of claim and value.
func operation(name, claimUses string, metadata []string, begin ...string) Policy {
	return Policy{
		Claims: "objectId -oid email name upn city ext -new:boolean -enabled:boolean policies alt -force:boolean -created:dateTime kind mails:stringCollection phone pass",
		Profiles: Sets("Begin", begin...) +
			Profile("Directory", "AzureActiveDirectoryProvider", Metadata(append(metadata, "Operation", name)...)+claimUses),
		Steps:   []string{Run("Begin"), Run("Directory")},
		Outputs: `<OutputClaim ClaimTypeReferenceId="oid" PartnerClaimType="sub" DefaultValue="" />` + outputs("name", "upn", "city", "ext", "new", "enabled", "policies", "alt", "force", "kind", "mails", "phone", "email"),
	}
}

func outputs(ids ...string) string {
	var list string
	for _, id := range ids {
		list += `<OutputClaim ClaimTypeReferenceId="` + id + `" DefaultValue="" />`
	}
	return list
}

// create makes a user and returns its object id.
func (h *house) create(t *testing.T, u *users.User, password string) string {
	t.Helper()
	if err := h.users.Create(t.Context(), u, password); err != nil {
		t.Fatal(err)
	}
	return u.ID
}

// ada is a user with an address, a name and attributes.
func ada() *users.User {
	u := &users.User{UPN: "ada@" + Tenant, PasswordPolicies: "DisablePasswordExpiration", Identities: []users.Identity{
		{Type: "emailAddress", ID: "ada@example.com"}, {Type: "userName", ID: "ada"}, {Type: users.Federated, Issuer: "facebook.com", ID: "f1"}}}
	u.SetAttribute("displayName", claims.Text("Ada"))
	u.SetAttribute("city", claims.Text("London"))
	u.SetAttribute("extension_"+extensions+"_Level", claims.Text("gold"))
	u.SetAttribute("otherMails", claims.Collection("a@other.example"))
	return u
}

// read are the output claims of tests that read.
var read = Outputs("oid=objectId", "name=displayName", "upn=userPrincipalName", "city", "ext=extension_Level", "new=newClaimsPrincipalCreated", "enabled=accountEnabled",
	"policies=passwordPolicies", "alt=alternativeSecurityId", "force=passwordProfile.forceChangePasswordNextLogin", "kind=creationType", "mails=otherMails", "phone=signInNames.phoneNumber")

// policy-engine §5.3: Read.
func TestAUserIsRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.create(t, ada(), "")
	u := h.User().Visit(h.Compile(operation("Read", Inputs("email=signInNames.emailAddress")+read, nil, "email", "ADA@example.com")))
	want := `alt={"issuer":"facebook.com","issuerUserId":"ZjE="} city=London email=ADA@example.com enabled=True ext=gold force=False kind=LocalAccount mails=["a@other.example"] name=Ada policies=DisablePasswordExpiration sub=` + id + ` upn=ada@` + Tenant
	if diff := cmp.Diff(strings.Fields(want), strings.Fields(u.Claims())); diff != "" {
		t.Error(diff)
	}
	if got := u.Finished().Journey.Accounts; len(got) != 1 {
		t.Errorf("accounts met: %v", got)
	}
}

// policy-engine §5.3: key claims.
func TestUsersAreFoundByEachKindOfKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.create(t, ada(), "")
	for partner, value := range map[string]string{
		"objectId": strings.ToUpper(id), "userPrincipalName": "ADA@" + Tenant, "signInNames.userName": "ada", "signInNames": "ada@example.com", "signInNames.emailAddress": "ada@example.com",
		"alternativeSecurityId": `{"type":6,"identityProvider":"facebook.com","key":"ZjE="}`,
	} {
		u := h.User().Visit(h.Compile(operation("Read", Inputs("email="+partner)+Outputs("oid=objectId"), nil, "email", value)))
		if got := u.Finished().Subject; got != id {
			t.Errorf("%s: %q", partner, got)
		}
	}
	// The first key with a value counts.
	u := h.User().Visit(h.Compile(operation("Read", Inputs("phone=objectId", "email=signInNames.emailAddress", "name=signInNames.userName")+Outputs("oid=objectId"), nil, "email", "nobody@example.com", "name", "ada")))
	if got := u.Finished().Subject; got != "" {
		t.Errorf("found %q", got)
	}
	bad := h.User().Visit(h.Compile(operation("Read", Inputs("alt=alternativeSecurityId")+Outputs("oid=objectId"), nil, "alt", "no JSON")))
	if f := bad.Failed(); f.Code != journey.CodeInternal {
		t.Errorf("failure: %v", f)
	}
}

// policy-engine §5.3: who isn't found, and who is and should not be.
func TestMissingAndExistingUsers(t *testing.T) {
	t.Parallel()
	find := Inputs("email=signInNames.emailAddress") + Persisted("email=signInNames.emailAddress") + `<OutputClaims><OutputClaim ClaimTypeReferenceId="oid" PartnerClaimType="objectId" DefaultValue="default" /></OutputClaims>`
	const missing, existing = "RaiseErrorIfClaimsPrincipalDoesNotExist", "RaiseErrorIfClaimsPrincipalAlreadyExists"
	for _, c := range []struct {
		name, operation, email string
		metadata               []string
		code                   journey.Code
		public                 string
	}{
		{"reading nobody gives no claims, and no defaults", "Read", "bob@example.com", nil, "", ""},
		{"reading nobody, raised", "Read", "bob@example.com", []string{missing, "true", "UserMessageIfClaimsPrincipalDoesNotExist", "Who?"}, journey.CodeUserNotFound, "Who?"},
		{"reading somebody, raised", "Read", "ada@example.com", []string{existing, "true", "UserMessageIfClaimsPrincipalAlreadyExists", "Taken."}, journey.CodeUserExists, "Taken."},
		{"writing somebody, raised", "Write", "ada@example.com", []string{existing, "true"}, journey.CodeUserExists, ""},
		{"writing nobody, raised", "Write", "bob@example.com", []string{missing, "true"}, journey.CodeUserNotFound, ""},
		{"deleting claims of nobody", "DeleteClaims", "bob@example.com", nil, "", ""},
		{"deleting nobody", "DeleteClaimsPrincipal", "bob@example.com", nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.create(t, ada(), "")
			u := h.User().Visit(h.Compile(operation(c.operation, find, c.metadata, "email", c.email)))
			if c.code == "" {
				if got := u.Finished().Subject; got != "" {
					t.Errorf("subject %q", got)
				}
				return
			}
			if f := u.Failed(); f.Code != c.code || c.public != "" && f.Public != c.public || f.Public == "" {
				t.Errorf("failure: %+v", f)
			}
		})
	}
}

// policy-engine §5.3: Write creates who isn't there, and says so.
func TestAUserIsCreated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	u := h.User().Visit(h.Compile(operation("Write", Inputs("email=signInNames.emailAddress")+
		Persisted("email=signInNames.emailAddress", "pass=password", "name=displayName", "ext=extension_Level", "policies=passwordPolicies", "city=CITY", "alt=alternativeSecurityId", "objectId")+read,
		nil, "email", "Bob@example.com", "pass", "Str0ng!enough", "ext", "silver", "policies", "DisablePasswordExpiration", "city", "Oslo", "alt", `{"type":6,"identityProvider":"google.com","key":"ZzE="}`)))
	got := u.Claims()
	for _, want := range []string{"new=True", "name=unknown", "ext=silver", "city=Oslo", "enabled=True", "kind=LocalAccount"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	id := u.Finished().Subject
	made, err := h.users.Get(t.Context(), id)
	if err != nil || len(made.Identities) != 2 || made.PasswordPolicies != "DisablePasswordExpiration" || made.Attribute("city").String() != "Oslo" {
		t.Errorf("%+v, %v", made, err)
	}
	if u.Finished().Account.ID != id {
		t.Errorf("account: %+v", u.Finished().Account)
	}
	activities := ""
	for _, r := range h.Audits.Take() {
		activities += r.Activity + "; "
	}
	if strings.Count(activities, "; ") != 2 {
		t.Errorf("records: %s", activities)
	}
}

// policy-engine §5.3: an absent claim leaves the attribute, an empty one clears it; sign-in
// names that are written replace the others.
func TestAUserIsUpdated(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.create(t, ada(), "")
	policy := operation("Write", Inputs("objectId")+Persisted("objectId", "email=signInNames.emailAddress", "city", "name=displayName", "enabled=accountEnabled", "force=passwordProfile.forceChangePasswordNextLogin", "upn=userPrincipalName")+read, nil,
		"objectId", id, "email", "new@example.com", "city", "", "enabled", "true", "force", "true", "upn", "countess@"+Tenant)
	got := h.User().Visit(h.Compile(policy)).Claims()
	for want, there := range map[string]bool{"new=True": false, "city=": false, "name=Ada": true, "force=True": true, "upn=countess@": true} {
		if strings.Contains(got, want) != there {
			t.Errorf("%s: %s", want, got)
		}
	}
	u, err := h.users.Get(t.Context(), id)
	if err != nil || len(u.Identities) != 2 || u.Identities[0].ID != "new@example.com" {
		t.Errorf("%+v, %v", u, err)
	}
	// A user who is disabled by the journey gets the last token.
	policy = operation("Write", Inputs("objectId")+Persisted("objectId", "enabled=accountEnabled")+Outputs("oid=objectId"), nil, "objectId", id, "enabled", "false")
	if out := h.User().Visit(h.Compile(policy)).Finished(); !out.Account.Closed {
		t.Errorf("account: %+v", out.Account)
	}
}

// Errors of the directory, as a page or an application reads them.
func TestWritesThatTheDirectoryRefuses(t *testing.T) {
	t.Parallel()
	write := Inputs("email=signInNames.emailAddress") + Persisted("email=signInNames.emailAddress", "name=signInNames.userName", "pass=password", "upn=userPrincipalName") + Outputs("oid=objectId")
	for _, c := range []struct {
		name     string
		begin    []string
		metadata []string
		code     journey.Code
		cause    error
	}{
		{"a name that is somebody's", []string{"email", "bob@example.com", "name", "ada"}, nil, journey.CodeUserExists, users.ErrExists},
		{"a weak password", []string{"email", "bob@example.com", "pass", "weak"}, nil, journey.CodeNotValid, users.ErrWeakPassword},
		{"a password that everybody knows", []string{"email", "bob@example.com", "pass", "Passw0rd!"}, []string{"Journeyman.RefuseKnownPasswords", "true"}, journey.CodeNotValid, users.ErrKnownPassword},
		{"no address", []string{"email", "bob"}, nil, journey.CodeNotValid, users.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.create(t, ada(), "")
			f := h.User().Visit(h.Compile(operation("Write", write, c.metadata, c.begin...))).Failed()
			if f.Code != c.code || !errors.Is(f, c.cause) || f.Public == "" || f.Public == c.cause.Error() {
				t.Errorf("failure: %+v", f)
			}
		})
	}
}

// policy-engine §5.3: DeleteClaims keeps the key; DeleteClaimsPrincipal deletes the user.
func TestClaimsAndUsersAreDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.create(t, ada(), "")
	policy := operation("DeleteClaims", Inputs("objectId")+Persisted("objectId", "city", "email=signInNames.emailAddress", "alt=alternativeSecurityId", "policies=passwordPolicies", "ext=extension_Level")+read, nil, "objectId", id)
	got := h.User().Visit(h.Compile(policy)).Claims()
	if strings.Contains(got, "city=") || strings.Contains(got, "ext=") || strings.Contains(got, "policies=") || !strings.Contains(got, "sub="+id) {
		t.Errorf("claims: %s", got)
	}
	if u, err := h.users.Get(t.Context(), id); err != nil || len(u.Identities) != 1 || u.Identities[0].ID != "ada" {
		t.Errorf("%+v, %v", u, err)
	}
	if out := h.User().Visit(h.Compile(operation("DeleteClaimsPrincipal", Inputs("objectId")+Outputs("oid=objectId"), nil, "objectId", id))).Finished(); !out.Account.Closed {
		t.Errorf("account: %+v", out.Account)
	}
	if _, err := h.users.Get(t.Context(), id); !errors.Is(err, users.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
}

// Identities of other providers, one and several.
func TestIdentitiesOfOtherProviders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.create(t, ada(), "")
	policy := operation("Read", Inputs("objectId")+Outputs("oid=objectId", "ids=userIdentities", "alts=alternativeSecurityIds", "kind=signInNames", "name=signInNames.userName", "since=refreshTokensValidFromDateTime", "created=createdDateTime", "policies=password"), nil, "objectId", id)
	policy.Claims += " -ids:userIdentityCollection -alts:alternativeSecurityIdCollection -since:dateTime"
	policy.Outputs += outputs("ids", "alts", "since", "created")
	got := h.User().Visit(h.Compile(policy)).Claims()
	for _, want := range []string{"facebook.com", "kind=ada@example.com", "name=ada", "since=2030-01-02", "created=2030-01-02"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "policies=") {
		t.Errorf("a password is read: %s", got)
	}
	bare := h.create(t, &users.User{UPN: "bare@" + Tenant}, "")
	policy = operation("Read", Inputs("objectId")+read, nil, "objectId", bare)
	if got := h.User().Visit(h.Compile(policy)).Claims(); strings.Contains(got, "alt=") || strings.Contains(got, "kind=") || strings.Contains(got, "phone=") {
		t.Errorf("claims: %s", got)
	}
}

// The owner of an account gets a notice of changes, at the addresses that the account had before.
func TestOwnersAreToldOfChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, persisted string
		begin           []string
		notify          string
		want            []mail.Change
	}{
		{"a new password", "pass=password", []string{"pass", "Str0ng!enough"}, "true", []mail.Change{mail.PasswordChanged}},
		{"a new address", "email=signInNames.emailAddress", []string{"email", "new@example.com"}, "true", []mail.Change{mail.AddressChanged}},
		{"a new factor", "phone=strongAuthenticationPhoneNumber", []string{"phone", "+15550100"}, "true", []mail.Change{mail.SecondFactorChanged}},
		{"nothing that matters", "city", []string{"city", "Oslo"}, "true", nil},
		{"where the policy doesn't ask", "pass=password", []string{"pass", "Str0ng!enough"}, "false", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			id := h.create(t, ada(), "")
			h.User().Visit(h.Compile(operation("Write", Inputs("objectId")+Persisted("objectId", c.persisted)+Outputs("oid=objectId"), []string{"Journeyman.NotifyOfChanges", c.notify}, append(c.begin, "objectId", id)...))).Finished()
			if len(h.notices.list) != min(len(c.want), 1) {
				t.Fatalf("notices: %+v", h.notices.list)
			}
			if len(c.want) > 0 {
				n := h.notices.list[0]
				if diff := cmp.Diff(c.want, n.Changes); diff != "" || len(n.To) != 1 || n.To[0] != "ada@example.com" || n.Tenant != Tenant {
					t.Errorf("%+v\n%s", n, diff)
				}
			}
		})
	}
}

func TestADirectoryProfileThatFindsNobodyIsReported(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, found := h.Findings(operation("Read", Inputs("city")+Outputs("oid=objectId"), []string{"ClientId", "{Settings:App}", "ApplicationObjectId", "x", "api-version", "1.6"}))
	for _, want := range []string{"no input claim that finds a user", `"api-version", which has no effect`} {
		if text := Text(found); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
