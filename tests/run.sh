#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/run.sh [STAGE]: install what is missing, build, test; see tests/README.md.
# The last line is `N passed, N failed, N skipped`, from the runners' own reports.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
source gateway/deploy/packages.sh

readonly root=$PWD
readonly logs=$root/build/test-logs
readonly stages="all unit fuzz integration conformance browser house tsan valgrind soak"
readonly dull='^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .*(Passed|Skipped)' # lines of ctest
node_seconds=2400 # a hanging test file must not hang the run
export SALLYPORT_BUILD=$root/build
export SALLYPORT_SHARED=${SALLYPORT_SHARED:-$root/../shared}
passed=0 failed=0 skipped=0 complete=no

say() { printf '%s\n' "$*"; }

# Count a stage, and show the end of its log if it failed.
record() { # NAME PASSED FAILED SKIPPED LOG
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	printf '  %-22s %4d passed, %d failed, %d skipped\n' "$1" "$2" "$3" "$4"
	if [ "$3" != 0 ]; then
		say "--- the end of $5, without what passed"
		grep -vE "$dull" "$5" | tail -n 60
		say "---"
	fi
}

# However the run ends: a run cut short is not a good one.
finish() {
	[ "$complete" = yes ] || [ "$failed" != 0 ] || failed=1
	say "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
	exit 0
}

# Run a command into a log. One that fails is a failure of its own.
step() { # NAME COMMAND...
	local name=$1 log=$logs/$1.log
	shift
	say "$name"
	"$@" >"$log" 2>&1 </dev/null && return
	record "$name" 0 1 0 "$log"
	return 1
}

cmake_and_ninja() { # FOLDER TYPE OPTION...
	local folder=$1 type=$2
	shift 2
	cmake -G Ninja -S . -B "$folder" -DCMAKE_BUILD_TYPE="$type" -DSALLYPORT_TESTS=ON \
		-DSALLYPORT_SHARED="$SALLYPORT_SHARED" "$@" && nice ninja -C "$folder"
}

build() { # FOLDER TYPE OPTION...
	step "$1" cmake_and_ninja "$@"
}

# Run the tests of one label; KIND says how tests/count.py counts them.
run_ctest() { # NAME FOLDER LABEL KIND [COMMAND BEFORE CTEST...]
	local name=$1 folder=$2 label=$3 kind=$4 log=$logs/$1.log report=$logs/$1.xml status=0
	local p f s
	shift 4
	rm -f "$report"
	"$@" ctest --test-dir "$folder" -L "^$label\$" --no-tests=error --output-on-failure \
		--output-junit "$report" --test-output-size-passed 10000000 \
		--test-output-size-failed 10000000 >"$log" 2>&1 </dev/null || status=$?
	read -r p f s < <(python3 -B tests/count.py "$kind" "$report" 2>>"$log")
	[ "$status" = 0 ] || [ "${f:-0}" != 0 ] || f=1
	record "$name" "${p:-0}" "${f:-1}" "${s:-0}" "$log"
}

ctest_has() { # FOLDER LABEL
	! ctest --test-dir "$1" -N -L "^$2\$" | grep -q '^Total Tests: 0$'
}

node_tests_of() { # FOLDER: one file a line
	[ ! -d "$1" ] || find "$1" -mindepth 1 \( -name node_modules -o -name soak \) -prune -o \
		-name '*.test.*js' -print | sort
}

# Exactly what the lock file names; nothing to do, and no network, if that is there already.
npm_install() { # FOLDER
	[ -f "$1/package.json" ] || return 0
	if [ ! -f "$1/package-lock.json" ]; then
		say "$1/package-lock.json is missing: run npm install there and commit it"
		return 1
	fi
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed-for" && return
	(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) &&
		cp "$1/package-lock.json" "$1/node_modules/.installed-for"
}

run_node() { # NAME FOLDER
	local name=$1 folder=$2 log=$logs/$1.log report=$logs/$1.tap status=0 files options=() p f s
	mapfile -t files < <(node_tests_of "$folder")
	step "$name-npm" npm_install "$folder" || return
	# Two files at once: a suite mostly waits, and each has its own gateway and ports.
	node --help | grep -q -- --test-concurrency && options=(--test-concurrency=2)
	timeout -k 30 "$node_seconds" node --test --test-reporter=tap "${options[@]}" \
		"${files[@]}" >"$report" 2>"$log" </dev/null || status=$?
	read -r p f s < <(python3 -B tests/count.py tap "$report" 2>>"$log")
	[ "$status" = 0 ] || [ "${f:-0}" != 0 ] || f=1
	grep -A 15 '^ *not ok' "$report" >>"$log"
	record "$name" "${p:-0}" "${f:-1}" "${s:-0}" "$log"
}

# Tests that speak to running processes: those of ctest, then those of Node's runner.
run_live() { # STAGE FOLDER
	local none=yes
	if ctest_has build "$1"; then
		none=no
		run_ctest "$1" build "$1" ctest
	fi
	if [ -n "$(node_tests_of "$2")" ]; then
		none=no
		run_node "$1-node" "$2"
	fi
	if [ "$none" = yes ] && [ "$asked" = "$1" ]; then
		say "  there are no $1 tests yet: $2 holds none"
		record "$1" 0 0 1 /dev/null
	fi
}

run_tsan() {
	local still=()
	# Tsan wants its addresses where it expects them; some kernels scatter them too widely.
	setarch "$(uname -m)" -R true 2>/dev/null && still=(setarch "$(uname -m)" -R)
	# What was not built with it (oneDNN, libcrypto) it cannot judge.
	export TSAN_OPTIONS="ignore_noninstrumented_modules=1"
	build build-tsan Tsan && run_ctest tsan build-tsan unit cmocka "${still[@]}"
}

run_valgrind() {
	local options="--quiet;--error-exitcode=99;--leak-check=full"
	build build-valgrind Debug -DSALLYPORT_TEST_SECONDS=900 \
		"-DCMAKE_CROSSCOMPILING_EMULATOR=valgrind;$options" &&
		run_ctest valgrind build-valgrind unit cmocka
}

run_all() {
	run_ctest unit build unit cmocka
	run_ctest house build house ctest
	if build build-asan Asan; then
		run_ctest unit-asan build-asan unit cmocka
		run_ctest fuzz-asan build-asan fuzz ctest
	fi
	# The other compiler reads everything once; its warnings are errors.
	CC=clang build build-clang Debug
	for stage in integration conformance browser; do
		run_live "$stage" "tests/$stage"
	done
}

# The packages one stage needs beyond those of the build.
packages_of() { # STAGE
	case $1 in
	valgrind) echo valgrind ;;
	browser) echo chromium "${packages_integration[@]}" ;;
	integration | soak) echo "${packages_integration[@]}" ;;
	conformance) echo "${packages_integration[@]}" "${packages_conformance[@]}" ;;
	all)
		packages_of conformance
		[ -z "$(node_tests_of tests/browser)" ] || packages_of browser
		;;
	esac
	case $1 in
	all | integration | conformance | browser | soak) node_is_here || echo nodejs npm ;;
	esac
}

install_for() { # STAGE
	local extra
	read -r -d '' -a extra < <(packages_of "$1")
	install_packages "${packages_runtime[@]}" "${packages_tests[@]}" "${extra[@]}"
}

main() {
	asked=${1:-all}
	if [ $# -gt 1 ] || [[ " $stages " != *" $asked "* ]]; then
		say "usage: tests/run.sh [${stages// /|}]" >&2
		exit 2
	fi
	trap finish EXIT
	mkdir -p "$logs" || exit
	step install install_for "$asked" || exit
	case $asked in
	fuzz) build build-asan Asan && run_ctest fuzz-asan build-asan fuzz ctest ;;
	tsan | valgrind) "run_$asked" ;;
	*)
		build build Release || exit
		case $asked in
		all) run_all ;;
		house) run_ctest house build house ctest ;;
		unit)
			run_ctest unit build unit cmocka
			build build-asan Asan && run_ctest unit-asan build-asan unit cmocka
			;;
		soak)
			node_seconds=$((12 * 3600))
			run_live soak tests/integration/soak
			;;
		*) run_live "$asked" "tests/$asked" ;;
		esac
		;;
	esac
	complete=yes
}

main "$@"
