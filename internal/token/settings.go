package token

import "time"

// Settings are the metadata of a token issuer profile (protocol §3.3, §4.2). They are what
// such a profile ends a journey with: the tokens themselves are made from the grant.
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
	// RefreshIdentity is the id of the claim that names the account,
	// issuer_refresh_token_user_identity_claim_type.
	RefreshIdentity string
	// SingleSignOut reports that session management is OAuthSSOSessionProvider.
	SingleSignOut bool
}

// AccountClaim is the claim that names the account before objectId does.
func (s *Settings) AccountClaim() string { return s.RefreshIdentity }

// RegistersApplication reports that the application takes part in single sign-out.
func (s *Settings) RegistersApplication() bool { return s.SingleSignOut }
