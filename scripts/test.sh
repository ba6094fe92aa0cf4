#!/bin/sh
# Runs every test. Installs Chromium and PostgreSQL for those that need them where that is possible; where
# it isn't, those tests are skipped, and the end says so. With JOURNEYMAN_TEST_REQUIRE=postgres, as continuous
# integration sets it, a missing PostgreSQL is an error.
set -eu
cd "$(dirname "$0")/.."

browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

# The server program; the tests start one of their own, also as root.
postgres() {
	command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true
}

missing=""
[ -n "$(browser)" ] || missing="chromium fonts-dejavu-core"
[ -n "$(postgres)" ] || missing="$missing postgresql"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086 # a list of packages
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || true
fi

./scripts/pages.sh

skipped=""
[ -n "$(browser)" ] || skipped="$skipped Chromium"
if [ -n "$(postgres)" ]; then
	JOURNEYMAN_TEST_REQUIRE=postgres # it is here: that it doesn't start is no reason to skip
	export JOURNEYMAN_TEST_REQUIRE
else
	skipped="$skipped PostgreSQL"
fi
if command -v npm >/dev/null && npm ci --prefix test/msal --no-audit --no-fund --silent >/dev/null 2>&1; then
	:
else
	skipped="$skipped MSAL"
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
if [ -n "$(postgres)" ]; then
	# The end-to-end tests once more, every server on PostgreSQL.
	JOURNEYMAN_TEST_DATABASE=postgres go test -timeout 14m ./test/
fi
[ -z "$skipped" ] || echo "SKIPPED, as they are not installed:$skipped" >&2
