package limit

import (
	"net"
	"net/http"
	"strings"
)

// RemoteIP is the address that a request comes from, "" if it isn't known. With behindProxy
// it is the last of X-Forwarded-For, which the nearest proxy added; those before it are
// whatever the client wrote.
func RemoteIP(r *http.Request, behindProxy bool) string {
	if behindProxy {
		parts := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if ip := net.ParseIP(strings.TrimSpace(parts[len(parts)-1])); ip != nil {
			return ip.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
