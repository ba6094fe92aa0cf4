#!/bin/sh
# Lints the page script and the scripts of tests with ESLint, which npm fetches into web/lint. A finding is an
# error. Without npm nothing is linted, unless JOURNEYMAN_TEST_REQUIRE contains npm.
set -eu
cd "$(dirname "$0")/.."

lint=web/lint
stamp=$lint/node_modules/.fetched
missing() {
	echo "$1: scripts aren't linted" >&2
	case ",${JOURNEYMAN_TEST_REQUIRE:-}," in *,npm,*) exit 1 ;; esac
	exit 0
}
command -v npm >/dev/null || missing "npm isn't installed"
if [ ! -f "$stamp" ] || [ $lint/package-lock.json -nt "$stamp" ]; then
	npm ci --prefix $lint --no-audit --no-fund --silent >/dev/null 2>&1 || missing "npm can't fetch ESLint"
	touch "$stamp"
fi
$lint/node_modules/.bin/eslint --config $lint/eslint.config.js --max-warnings 0 \
	internal/page/assets/script test/msal/client.js $lint/eslint.config.js
