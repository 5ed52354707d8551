#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A private, throw-away PostgreSQL cluster for tests, reached by a unix socket only.
#   pg_fixture.sh start FILE   writes the cluster's directory to FILE; in it are the socket
#                              (port 5432), and superuser.password of the user "postgres"
#   pg_fixture.sh stop FILE    stops the cluster and removes it
# Exit 77: PostgreSQL is not installed. Not for data: fsync is off.
set -eu

command=$1
file=$(realpath -m "$2")

# PostgreSQL refuses to run as root.
as_server() {
	if [ "$(id -u)" = 0 ]; then
		user=postgres
		id "$user" >/dev/null 2>&1 || user=nobody
		setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
	else
		"$@"
	fi
}

find_bin() {
	for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
		if [ -x "$bin/initdb" ]; then
			echo "$bin"
			return 0
		fi
	done
	initdb=$(command -v initdb) && dirname "$initdb"
}

stop() {
	[ -f "$file" ] || return 0
	dir=$(cat "$file")
	if [ -f "$dir/data/postmaster.pid" ]; then
		as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null || true
	fi
	case $dir in */sallyport-pg.*) rm -rf "$dir" ;; esac
	rm -f "$file"
}

bin=$(find_bin) || { echo "skipped: PostgreSQL (initdb) is not installed"; exit 77; }
stop
[ "$command" = start ] || exit 0

dir=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-pg.XXXXXX")
chmod 755 "$dir"
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/superuser.password"
mkdir "$dir/data"
if [ "$(id -u)" = 0 ]; then
	user=postgres
	id "$user" >/dev/null 2>&1 || user=nobody
	chown -R "$user" "$dir"
fi
cd "$dir"
as_server "$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 -E UTF8 --locale=C --no-sync \
	--pwfile="$dir/superuser.password" >"$dir/initdb.log"
as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -o \
	"-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off" \
	start >/dev/null
echo "$dir" >"$file"
