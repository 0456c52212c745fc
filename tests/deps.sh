#!/usr/bin/env bash
#
# make deps: installs the packages that building and testing need and that are
# missing, with apt-get (Debian, Ubuntu) or dnf (Amazon Linux 2023, Fedora). Needs
# root only if a package is missing.

set -euo pipefail

debian_build="gcc libc6-dev make clang llvm pkg-config bpftool libbpf-dev
	libelf-dev zlib1g-dev libpcap-dev libmicrohttpd-dev libseccomp-dev libbrotli-dev
	libzstd-dev libssl-dev libcurl4-openssl-dev libexpat1-dev libcjson-dev
	librdkafka-dev"
debian_test="dpkg-dev build-essential debhelper lintian mmdebstrap mandoc zsh systemd openssl
	libcmocka-dev libclang-rt-dev clang-format clang-tidy shellcheck
	libnghttp2-dev nginx-light haproxy curl nghttp2-client nghttp2-proxy iproute2
	ethtool util-linux procps
	jq python3 xz-utils zstd valgrind python3-botocore python3-jsonschema
	python3-protobuf awscli
	prometheus logrotate sqlite3"
redhat_build="gcc glibc-devel make clang llvm pkgconf-pkg-config bpftool
	libbpf-devel elfutils-libelf-devel zlib-devel libpcap-devel
	libmicrohttpd-devel libseccomp-devel brotli-devel libzstd-devel openssl-devel
	libcurl-devel expat-devel cjson-devel"
redhat_test="libcmocka-devel compiler-rt libasan libubsan
	clang-tools-extra ShellCheck libnghttp2-devel nginx haproxy curl nghttp2 iproute iproute-tc
	ethtool util-linux procps-ng jq python3 xz zstd valgrind python3-botocore
	python3-jsonschema python3-protobuf awscli2 golang-github-prometheus logrotate
	mandoc zsh systemd openssl sqlite librdkafka-devel"

say()
{
	echo "deps: $*" >&2
}

need_root()
{
	[ "$(id -u)" = 0 ] && return
	say "missing:$1"
	say "installing packages needs root: sudo make deps"
	exit 1
}

# In Ubuntu, bpftool is in other packages, and later versions lack the AWS CLI; the
# tests that need it skip.
ubuntu_names()
{
	# shellcheck disable=SC1091
	if (. /etc/os-release && [ "${ID:-}" = ubuntu ]); then
		sed 's/\<bpftool\>/linux-tools-common linux-tools-generic/; s/\<awscli\>//'
	else
		cat
	fi
}

debian_missing()
{
	local p

	for p in $(echo "$debian_build $debian_test" | ubuntu_names); do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || printf ' %s' "$p"
	done
}

# Tests need the programs of some packages, not their services.
keep_services_down()
{
	local policy=/usr/sbin/policy-rc.d

	[ ! -e $policy ] || return 0
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

debian()
{
	local missing p

	missing=$(debian_missing)
	[ -n "$missing" ] || return 0
	need_root "$missing"
	say "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	apt-get -qq --simulate install $missing >/dev/null 2>&1 ||
		apt-get -qq update
	keep_services_down
	# shellcheck disable=SC2086
	apt-get -qq -y --no-install-recommends \
		-o Dpkg::Use-Pty=0 install $missing >&2 </dev/null
	for p in nginx haproxy prometheus; do
		case $missing in *$p*) ;; *) continue ;; esac
		! command -v systemctl >/dev/null ||
			systemctl -q disable $p 2>/dev/null || true
	done
}

redhat()
{
	local missing="" missing_tests="" p

	for p in $redhat_build; do
		rpm -q --quiet --whatprovides "$p" || missing="$missing $p"
	done
	for p in $redhat_test; do
		rpm -q --quiet --whatprovides "$p" ||
			missing_tests="$missing_tests $p"
	done
	[ -n "$missing$missing_tests" ] || return 0
	need_root "$missing$missing_tests"
	say "installing$missing$missing_tests"
	# shellcheck disable=SC2086
	[ -z "$missing" ] || dnf -q -y install $missing >&2
	# Tests skip and name the tool if the distribution lacks it.
	for p in $missing_tests; do
		dnf -q -y install "$p" >&2 || say "no package $p in this distribution"
	done
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
	debian
elif command -v dnf >/dev/null && command -v rpm >/dev/null; then
	redhat
else
	say "neither apt-get nor dnf found; install these packages (Debian's names):"
	say "$(echo "$debian_build $debian_test" | tr -s '\n\t' '  ')"
	exit 1
fi
