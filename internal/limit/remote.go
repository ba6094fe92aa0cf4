package limit

import (
	"net"
	"net/http"
	"strings"
)

// RemoteIP returns the address of a request's sender, "" if unknown. With behindProxy it is the last entry of
// X-Forwarded-For, which the nearest proxy added. The client may have written the earlier entries.
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
