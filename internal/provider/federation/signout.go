package federation

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// signOut is the address that signs a browser out at the provider; "" for none. No
// id_token_hint goes with it, as documented.
func (c *common) signOut(p *program.Program, address string) (string, error) {
	if !c.singleLogout || address == "" {
		return "", nil
	}
	address = strings.NewReplacer("{tenant}", url.PathEscape(p.TenantName()), "{policy}", url.PathEscape(p.PolicyID())).Replace(address)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("technical profile %s: end_session_endpoint is no address", c.profileID)
	}
	return u.String(), nil
}

// SignOutURL implements journey.SignsOut: OAuth 2 providers have no metadata but the profile's.
func (x *oauth2Exchange) SignOutURL(_ context.Context, p *program.Program, _ time.Time) (string, error) {
	return x.signOut(p, x.endSession)
}

// SignOutURL implements journey.SignsOut: the profile's own address, else the one in the
// provider's metadata.
func (x *oidcExchange) SignOutURL(ctx context.Context, p *program.Program, now time.Time) (string, error) {
	if x.endSession != "" || x.metadataURL == "" || !x.singleLogout {
		return x.signOut(p, x.endSession)
	}
	md, err := x.cache.metadata(ctx, strings.ReplaceAll(x.metadataURL, "{tenant}", url.PathEscape(p.TenantName())), now)
	if err != nil {
		return "", fmt.Errorf("technical profile %s: metadata: %w", x.profileID, err)
	}
	return x.signOut(p, md.EndSession)
}

var (
	_ journey.SignsOut = (*oauth2Exchange)(nil)
	_ journey.SignsOut = (*oidcExchange)(nil)
)
