#!/bin/sh
# Looks for known vulnerabilities in the code that the program calls. A finding is an error. An unreachable database, as
# on a machine without the internet, is no error; the last line reports it.
set -eu
cd "$(dirname "$0")/.."
version=v1.9.0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Not by "go run", which hides the exit status: 3 is a finding, any other number a failure.
if ! GOBIN="$folder" timeout 300 go install "golang.org/x/vuln/cmd/govulncheck@$version" >"$folder/log" 2>&1; then
	cat "$folder/log" >&2
	echo "govulncheck: can't be installed, skipped" >&2
	exit 0
fi
status=0
timeout "${JOURNEYMAN_VULN_TIMEOUT:-600}" "$folder/govulncheck" ${JOURNEYMAN_VULN_DB:+-db "$JOURNEYMAN_VULN_DB"} ./... >"$folder/log" 2>&1 || status=$?
case $status in
0)
	echo "govulncheck: no known vulnerability"
	;;
3)
	cat "$folder/log" >&2
	echo "govulncheck: known vulnerabilities, see above" >&2
	exit 1
	;;
124)
	echo "govulncheck: database out of reach, skipped (no answer in time)" >&2
	;;
*)
	if grep -Eq 'fetching vulnerabilities|lookup |dial tcp|no such host|connection (refused|reset)|i/o timeout|TLS handshake|Service Unavailable|Bad Gateway|Forbidden' "$folder/log"; then
		echo "govulncheck: database out of reach, skipped" >&2
	else
		cat "$folder/log" >&2
		echo "govulncheck: failed" >&2
		exit 1
	fi
	;;
esac
