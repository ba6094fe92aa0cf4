#!/bin/sh
# Runs every test. Installs Chromium and PostgreSQL if that is possible. Otherwise their tests are skipped, and the end
# of the output lists them with their reasons. JOURNEYMAN_TEST_REQUIRE is a list, separated by commas, of things that
# must be present, so that no test is skipped for their lack. Continuous integration sets all: corpus (the policies of
# ../shared), chromium, npm (MSAL, jQuery, axe-core, ESLint), postgres.
set -eu
cd "$(dirname "$0")/.."
JOURNEYMAN_TEST_REQUIRE="${JOURNEYMAN_TEST_REQUIRE:-}"

browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

# The server program; the tests start one of their own, also as root.
postgres() {
	command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true
}

requires() {
	case ",$JOURNEYMAN_TEST_REQUIRE," in *",$1,"*) return 0 ;; esac
	return 1
}

# demand NAME PRESENT: an error if something is required and missing.
demand() {
	if [ -z "$2" ] && requires "$1"; then
		echo "JOURNEYMAN_TEST_REQUIRE contains $1, which is missing on this machine" >&2
		exit 1
	fi
}

missing=""
[ -n "$(browser)" ] || missing="chromium fonts-dejavu-core"
[ -n "$(postgres)" ] || missing="$missing postgresql"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086 # a list of packages
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || true
fi
demand chromium "$(browser)"
demand postgres "$(postgres)"
demand corpus "$(ls -d ../shared/corpus 2>/dev/null || true)"

./scripts/pages.sh
npm=""
if command -v npm >/dev/null && npm ci --prefix test/msal --no-audit --no-fund --silent >/dev/null 2>&1; then
	npm=yes
fi
demand npm "$npm"

# If PostgreSQL is installed, its tests must run: one that doesn't start is an error, no reason to skip.
[ -z "$(postgres)" ] || requires postgres || JOURNEYMAN_TEST_REQUIRE="$JOURNEYMAN_TEST_REQUIRE,postgres"
export JOURNEYMAN_TEST_REQUIRE

./scripts/format.sh
./scripts/eslint.sh
go vet ./...
race=""
if command -v gcc >/dev/null || command -v clang >/dev/null; then
	race="-race"
fi
report=$(mktemp)
trap 'rm -f "$report"' EXIT
go build -o "$report" ./scripts/testreport
go test $race -json -timeout 30m ./... | "$report"
if [ -n "$(postgres)" ]; then
	echo "The end-to-end tests once more, every server on PostgreSQL:"
	JOURNEYMAN_TEST_DATABASE=postgres go test -json -timeout 30m ./test/ | "$report"
fi
