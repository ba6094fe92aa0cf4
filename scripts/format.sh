#!/bin/sh
# Lists the Go files that goimports would change, and fails if there are any: it formats as gofmt does, and sorts
# imports into the standard library, other modules, and this one.
set -eu
cd "$(dirname "$0")/.."
bad=$(go tool goimports -l -local journeyman.dev cmd internal test policies examples scripts)
if [ -n "$bad" ]; then
	echo "not formatted (go tool goimports -w -local journeyman.dev FILE):" >&2
	echo "$bad" >&2
	exit 1
fi
