// Package policies has our own starter policies: local accounts with an API that
// enriches the token. `journeyman dev` uploads them; they are also a base to write
// policies on.
package policies

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed LocalAccounts/*.xml
var files embed.FS

// Order is the order in which the files of LocalAccounts are uploaded.
var Order = []string{"Base", "Extensions", "SignUpOrSignIn", "ProfileEdit", "PasswordReset"}

// LocalAccounts returns the files in order, settings filled in: {Settings:Tenant} is
// the tenant's name, {Settings:ApiUrl} the address of the enrichment API.
func LocalAccounts(settings map[string]string) ([][]byte, error) {
	var pairs []string
	for name, value := range settings {
		pairs = append(pairs, "{Settings:"+name+"}", value)
	}
	replacer := strings.NewReplacer(pairs...)
	var out [][]byte
	for _, name := range Order {
		b, err := fs.ReadFile(files, "LocalAccounts/"+name+".xml")
		if err != nil {
			return nil, fmt.Errorf("starter policies: %w", err)
		}
		out = append(out, []byte(replacer.Replace(string(b))))
	}
	return out, nil
}
