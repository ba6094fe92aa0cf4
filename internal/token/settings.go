package token

import "time"

// Settings are the metadata of a token issuer profile (protocol §3.3, §4.2). Such a profile ends a journey
// with them; the tokens are made later from the grant.
type Settings struct {
	ProfileID        string
	SigningKey       string // key set id
	EncryptionKey    string // key set id
	AccessLifetime   time.Duration
	IDLifetime       time.Duration
	RefreshLifetime  time.Duration
	RefreshWindow    time.Duration
	InfiniteWindow   bool
	IssuerWithPolicy bool // AuthorityWithTfp
	NoACR            bool // AuthenticationContextReferenceClaimPattern None
	NumbersAsText    bool // SendTokenResponseBodyWithJsonNumbers false
	// RefreshIdentity is the id of the claim that identifies the account,
	// issuer_refresh_token_user_identity_claim_type.
	RefreshIdentity string
	// SingleSignOut reports that session management is OAuthSSOSessionProvider.
	SingleSignOut bool
}

// AccountClaim returns the id of the claim that identifies the account with priority over objectId.
func (s *Settings) AccountClaim() string { return s.RefreshIdentity }

// RegistersApplication reports that the application takes part in single sign-out.
func (s *Settings) RegistersApplication() bool { return s.SingleSignOut }
