#!/bin/sh
# Runs every test. Installs Chromium and PostgreSQL for those that need them where that is possible; where
# it isn't, those tests say that they are skipped.
set -eu
cd "$(dirname "$0")/.."

browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

postgres() {
	command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true
}

missing=""
[ -n "$(browser)" ] || missing="chromium fonts-dejavu-core"
[ -n "$(postgres)" ] || missing="$missing postgresql"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086 # a list of packages
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
		echo "$missing can't be installed: tests that need it are skipped" >&2
fi

./scripts/pages.sh
if command -v npm >/dev/null; then
	npm ci --prefix test/msal --no-audit --no-fund --silent >/dev/null 2>&1 ||
		echo "MSAL can't be installed: its test is skipped" >&2
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
