package tenant

import (
	"context"

	"journeyman.dev/internal/keyset"
)

// EnsureKeys makes missing key sets of token issuers.
func EnsureKeys(ctx context.Context, keys *keyset.Service) error {
	for name, use := range map[string]string{"TokenSigningKeyContainer": "sig", "TokenEncryptionKeyContainer": "enc"} {
		if keys.Exists(name) {
			continue
		}
		k, err := keyset.GenerateRSA(use)
		if err != nil {
			return err
		}
		if _, err := keys.Create(ctx, name, k); err != nil {
			return err
		}
	}
	return nil
}
