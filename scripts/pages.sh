#!/bin/sh
# Fetches the end users' pages' packages from npm (web/pages/package.json) and copies jQuery to the folder that the next
# build embeds. Without npm the build works, too: pages then lack jQuery, and the server's log reports it.
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
