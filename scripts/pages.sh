#!/bin/sh
# Fetches what the end users' pages take from npm (web/pages/package.json) and puts jQuery where the next build
# embeds it. Without npm the build goes on: pages then have no jQuery, and the server's log says so.
set -eu
cd "$(dirname "$0")/.."

into=internal/page/jquery
stamp=web/pages/node_modules/.fetched
if [ -f "$stamp" ] && [ "$stamp" -nt web/pages/package-lock.json ] && [ -f $into/jquery-1.12.4.min.js ] && [ -f $into/jquery-3.5.1.min.js ]; then
	exit 0
fi
if ! command -v npm >/dev/null; then
	echo "npm isn't installed: pages have no jQuery, which scripts of customers' templates may need" >&2
	exit 0
fi
if ! npm ci --prefix web/pages --no-audit --no-fund --silent >/dev/null 2>&1; then
	echo "npm can't fetch jQuery: pages have none, which scripts of customers' templates may need" >&2
	exit 0
fi
cp web/pages/node_modules/jquery-1.12/dist/jquery.min.js $into/jquery-1.12.4.min.js
cp web/pages/node_modules/jquery-3.5/dist/jquery.min.js $into/jquery-3.5.1.min.js
touch "$stamp"
