#!/usr/bin/env bash
#
# Installs those peers of "make bench" that the distribution has: "make
# bench-peers". They are no part of what building and testing need; the others
# (Zeek, Arkime, Packetbeat, GoReplay) are measured where they are installed.

set -eu

peers="suricata tshark"
missing=""
for p in $peers; do
	command -v "$p" >/dev/null || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "bench-peers: missing:$missing; needs root: sudo make bench-peers" >&2
	exit 1
fi

# A daemon must not start because its program is to be measured.
keep_services_down()
{
	local policy=/usr/sbin/policy-rc.d

	[ ! -e $policy ] || return 0
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

if command -v apt-get >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update
	keep_services_down
	for p in $missing; do
		apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 \
			install "$p" </dev/null >&2 ||
			echo "bench-peers: this distribution has no $p (Debian 12:" \
				"backports)" >&2
	done
elif command -v dnf >/dev/null; then
	for p in $missing; do
		# Here tshark is part of this package.
		[ "$p" != tshark ] || p=wireshark-cli
		dnf -q -y install "$p" >&2 ||
			echo "bench-peers: this distribution has no $p" >&2
	done
else
	echo "bench-peers: neither apt-get nor dnf here; wanted are$missing" >&2
	exit 1
fi
