#!/bin/sh
# Installs what `make test` needs beside Go: Postgres, Redis, Chromium, Node's packages
# for the browser test. What cannot be installed is named, and the tests that
# need it fail rather than pass unseen.
set -u
cd "$(dirname "$0")/.." || exit 1

missing=""
have() { command -v "$1" >/dev/null 2>&1; }
have_postgres() { have initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
have_chromium() { have chromium || have chromium-browser || have google-chrome; }

have_postgres || missing="$missing postgresql"
have redis-server || missing="$missing redis-server"
have_chromium || missing="$missing chromium"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"
[ -x /usr/sbin/nginx ] || have nginx || missing="$missing nginx"       # reads and runs the sample of deploy/
have faketime || missing="$missing faketime" # for a database whose clock is wrong

if [ -n "$missing" ]; then
	if [ "$(id -u)" = 0 ] && have apt-get; then
		echo "setup: installing$missing"
		apt-get update -qq >/dev/null 2>&1
		# Postgres's package would start a server of its own, which nobody needs here.
		mkdir -p /etc/postgresql-common
		[ -f /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
			echo "setup: could not install$missing"
	else
		echo "setup: please install:$missing"
	fi
fi

if [ -f test/browser/package.json ] && have npm && [ ! -d test/browser/node_modules ]; then
	echo "setup: fetching the browser test's packages"
	(cd test/browser && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-audit --no-fund --silent)
fi
exit 0
