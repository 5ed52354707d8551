#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gateway/quickstart.sh [--once] [--signed] [--dir DIR] [--port PORT]
# Install what is missing, build, and run the demo: the main job from end to end, on one machine.
set -euo pipefail
# PostgreSQL does not run as root: there the demo gives it a user of its own, which must be able to
# reach DIR, and cannot look into /root.
if [ "$(id -u)" = 0 ]; then
	dir=/var/lib/sallyport-demo
else
	dir=${XDG_STATE_HOME:-$HOME/.local/state}/sallyport-demo
fi
port=8443
readonly default_dir=$dir default_port=$port
once=()

usage() {
	cat <<-END
		usage: gateway/quickstart.sh [--once] [--signed] [--dir DIR] [--port PORT]
		  --once       stop after the demonstration; exit 0 only if every step held
		  --signed     approvals carry an approver's own signature, which the keeper checks
		  --dir DIR    where everything is kept (default $default_dir)
		  --port PORT  where the gateway listens (default $default_port)
	END
}

refuse() { # REASON
	echo "quickstart: $1" >&2
	usage >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--once) once+=(--once) ;;
	--signed) once+=(--signed) ;;
	--dir | --port)
		[ $# -gt 1 ] && [ -n "$2" ] || refuse "$1 needs a value"
		if [ "$1" = --dir ]; then dir=$2; else port=$2; fi
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) refuse "$1 is not known" ;;
	esac
	shift
done
if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then
	refuse "--port $port: a number from 1 to 65535 is expected"
fi
dir=$(realpath -m -- "$dir") # DIR counts from where the caller stands

cd "$(dirname "${BASH_SOURCE[0]}")/.."
source gateway/deploy/packages.sh
install_packages "${packages_runtime[@]}"
# For the web console; whatever Node is there will do.
node_is_here || install_packages nodejs npm

echo "building into build/ (a few minutes the first time)"
mkdir -p build
# Whose packages could not be fetched the last time, it is tried again.
readonly console=build/gateway/console/assets.bin
console_is_left_out() { [ -f $console ] && [ "$(wc -c <$console)" -le 1 ]; }
if console_is_left_out; then rm $console; fi
if ! { cmake -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=Release -DSALLYPORT_TESTS=OFF &&
	ninja -C build; } >build/quickstart.log 2>&1; then
	tail -n 40 build/quickstart.log >&2
	echo "quickstart: the build failed; all it said is in build/quickstart.log" >&2
	exit 1
fi

if console_is_left_out; then
	echo "the web console is left out, since npm could not fetch what it is built with:" \
		"build/quickstart.log says why. Everything else works; run this again to try again."
fi

echo "the demo is kept in $dir"
exec build/bin/sallyport demo --dir "$dir" --port "$port" "${once[@]}"
