#!/bin/sh
# Runs every test. Installs what the browser tests need where that is possible; where
# it isn't, those tests say that they are skipped.
set -eu
cd "$(dirname "$0")/.."

browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

if [ -z "$(browser)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
		echo "Chromium can't be installed: the browser tests are skipped" >&2
fi

bad=$(gofmt -l cmd internal test policies examples 2>/dev/null || true)
if [ -n "$bad" ]; then
	echo "not formatted:" >&2
	echo "$bad" >&2
	exit 1
fi
go vet ./...
race=""
if command -v gcc >/dev/null || command -v clang >/dev/null; then
	race="-race"
fi
go test $race -timeout 14m ./...
