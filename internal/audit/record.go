package audit

import "time"

// Record is a directoryAudit in the form of the admin API and the store.
type Record struct {
	// ID orders records by time: greater ids are later.
	ID            string    `json:"id"`
	Category      string    `json:"category"`
	CorrelationID string    `json:"correlationId"`
	Result        string    `json:"result"`
	ResultReason  string    `json:"resultReason"`
	Activity      string    `json:"activityDisplayName"`
	At            Time      `json:"activityDateTime"`
	Service       string    `json:"loggedByService"`
	OperationType string    `json:"operationType"`
	InitiatedBy   Initiator `json:"initiatedBy"`
	Targets       []Target  `json:"targetResources"`
	// Details keep their order, because workbooks read them by position.
	Details []Detail `json:"additionalDetails"`
}

// Time is an instant in the form of audit records: UTC with seven fraction digits.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.0000000Z"

// UnmarshalJSON reads the output of MarshalJSON.
func (t *Time) UnmarshalJSON(b []byte) error { return t.Time.UnmarshalJSON(b) }

// MarshalJSON writes the fixed form.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(`"` + t.UTC().Format(timeLayout) + `"`), nil
}

// Initiator is the author of an activity: a user or an application; the other is null.
type Initiator struct {
	User *User `json:"user"`
	App  *App  `json:"app"`
}

// User is a person, with the known members.
type User struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	UPN         string `json:"userPrincipalName"`
	IPAddress   string `json:"ipAddress"`
}

// App is an application.
type App struct {
	AppID                string `json:"appId"`
	DisplayName          string `json:"displayName"`
	ServicePrincipalID   string `json:"servicePrincipalId"`
	ServicePrincipalName string `json:"servicePrincipalName"`
}

// Target is the object of an activity.
type Target struct {
	ID          string     `json:"id"`
	DisplayName string     `json:"displayName"`
	Type        string     `json:"type"` // User, Application, Policy …
	UPN         string     `json:"userPrincipalName"`
	GroupType   *string    `json:"groupType"`
	Modified    []Modified `json:"modifiedProperties"`
}

// Modified is a changed property. Only the name is recorded, never a value.
type Modified struct {
	DisplayName string `json:"displayName"`
	OldValue    string `json:"oldValue"`
	NewValue    string `json:"newValue"`
}

// Detail is a further fact. The value is always a text.
type Detail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// The services that write records.
const (
	ServiceB2C       = "B2C"
	ServiceDirectory = "Core Directory"
)

// The results.
const (
	Success = "success"
	Failure = "failure"
	Timeout = "timeout"
)

// The categories of our records.
const (
	CategoryAuthentication = "Authentication"
	CategoryAuthorization  = "Authorization"
	CategoryResources      = "ResourceManagement"
	CategoryKeys           = "KeyManagement"
	CategoryApplications   = "ApplicationManagement"
	CategoryUsers          = "UserManagement"
)

// Activities of sign-ups and sign-ins in B2C's spelling (admin-surface §6).
const (
	ConnectorCalled     = "An API was called as part of a user flow"
	SignUpCompleted     = "A self-service sign-up request was completed"
	CredentialsChecked  = "Validate local account credentials" //nolint:gosec // a name, no secret
	Federated           = "Federate with an identity provider"
	CodeIssued          = "Issue an authorization code to the application"
	IDTokenIssued       = "Issue an id_token to the application"     //nolint:gosec // a name, no secret
	AccessTokenIssued   = "Issue an access token to the application" //nolint:gosec // a name, no secret
	TokenExchanged      = "Exchange token"                           //nolint:gosec // a name, no secret
	VerificationSent    = "Send verification email"
	ClientAuthenticated = "Validate Client Credentials"
	UserAdded           = "Add user"
	PasswordReset       = "Reset user password" //nolint:gosec // a name, no secret
)
