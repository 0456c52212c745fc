#!/usr/bin/env bash
#
# "make bench-peers": installs those of the tools that "make bench" compares
# which the distribution provides. Building and testing do not need them. The
# others (Zeek, Arkime, Packetbeat, GoReplay) are measured if installed.

set -eu

tools="suricata tshark"
missing=""
for p in $tools; do
	command -v "$p" >/dev/null || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "bench-peers: cannot install$missing: not root: sudo make bench-peers" >&2
	exit 1
fi

# Installing a package must not start its daemon.
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
			echo "bench-peers: this distribution has no package $p" \
				"(on Debian 12 enable backports)" >&2
	done
elif command -v dnf >/dev/null; then
	for p in $missing; do
		# Fedora packages tshark as wireshark-cli.
		[ "$p" != tshark ] || p=wireshark-cli
		dnf -q -y install "$p" >&2 ||
			echo "bench-peers: this distribution has no package $p" >&2
	done
else
	echo "bench-peers: found neither apt-get nor dnf: install$missing yourself" >&2
	exit 1
fi
