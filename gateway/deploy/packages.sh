# SPDX-License-Identifier: Apache-2.0
# packages.sh: what Sallyport needs from Debian (12 or 13), and how to get what is missing.
# Sourced by gateway/quickstart.sh and tests/run.sh; it only defines.

# To build and to run.
packages_runtime=(
	build-essential cmake ninja-build pkg-config ca-certificates
	libsodium-dev libssl-dev libpq-dev libdnnl-dev libjansson-dev libinih-dev libseccomp-dev
	libpcre2-dev libutf8proc-dev libcurl4-openssl-dev libnghttp2-dev
	libyaml-dev zlib1g-dev
	postgresql
)
# To build and run the unit tests and the checks of the house.
packages_tests=(libcmocka-dev python3 clang clang-format)
# What integration tests put in front of the gateway: clients nobody here wrote.
packages_integration=(age curl openssl)
# To build a verifier of the log that nobody here wrote.
packages_conformance=(golang-go golang-golang-x-mod-dev python3-cryptography python3-sentencepiece)

package_is_installed() { # NAME
	local status
	status=$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) || return 1
	[ "$status" = installed ]
}

packages_missing() { # NAME...: one a line
	local name
	for name in "$@"; do
		package_is_installed "$name" || echo "$name"
	done
}

# Node 18 or newer with npm: whatever is there will do.
node_is_here() {
	local version
	command -v npm >/dev/null && version=$(node --version 2>/dev/null) || return 1
	version=${version#v}
	[ "${version%%.*}" -ge 18 ]
}

as_root() { # COMMAND...
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -- "$@"
	fi
}

apt_install() { # NAME...
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Lists may be absent (a fresh container) or name files that are gone: then fetch them first.
apt_install_fresh() { # NAME...
	if apt-cache show "$@" >/dev/null 2>&1 && apt_install "$@"; then
		return
	fi
	as_root apt-get update -q -o DPkg::Lock::Timeout=300 </dev/null && apt_install "$@"
}

# Debian's PostgreSQL makes and starts a cluster of its own when installed. We want its programs
# only, so that is switched off for this one installation.
apt_install_postgresql() {
	local settings=/etc/postgresql-common/createcluster.conf
	apt_install_fresh postgresql-common || return
	as_root cp -p "$settings" "$settings.before-sallyport"
	echo 'create_main_cluster = false' | as_root tee -a "$settings" >/dev/null
	local status=0
	apt_install_fresh postgresql || status=$?
	as_root mv "$settings.before-sallyport" "$settings"
	return "$status"
}

# Install what is missing of these, and nothing else; without a network if nothing is.
install_packages() { # NAME...
	local missing
	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "missing: ${missing[*]}; this machine has no apt-get: install them by hand" >&2
		return 1
	fi
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		echo "missing, and there is no sudo; as root: apt-get install ${missing[*]}" >&2
		return 1
	fi
	echo "installing ${missing[*]}"
	local rest=() name
	for name in "${missing[@]}"; do
		[ "$name" = postgresql ] || rest+=("$name")
	done
	[ "${#rest[@]}" = 0 ] || apt_install_fresh "${rest[@]}" || return
	[ "${#rest[@]}" = "${#missing[@]}" ] || apt_install_postgresql
}
