# shellcheck shell=bash
#
# A minimal Debian or Ubuntu in a container with its own systemd, for tests that
# install packages and start units. Its version is that of this machine, or
# MACHINE_SUITE (such as trixie). Sourced after tests/e2e/lib.sh; the container
# uses the network namespace $COLLECTOR.
#
# MACHINE returns its root directory to the caller:
# shellcheck disable=SC2034

# Installed in addition to the dependencies of the packages.
MACHINE_PACKAGES="systemd systemd-sysv udev dbus logrotate"
MACHINE_CGROUP=""
MACHINE_PID=""

# machine_can NAME: skips the whole test NAME if the container cannot run here.
machine_can()
{
	local name=$1

	# shellcheck disable=SC1091
	case $(. /etc/os-release && echo "${ID:-}") in
	debian | ubuntu) ;;
	*) skip "$name" "neither Debian nor Ubuntu"; finish ;;
	esac
	[ -n "$(findmnt -n -t cgroup2 -o TARGET)" ] || {
		skip "$name" "no cgroup2 is mounted"
		finish
	}
}

# The version to install, and the mirror this machine gets its packages from.
archive_source()
{
	local version

	# shellcheck disable=SC1091
	version=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(RELEASE) $(SITE)' \
		'Created-By: Packages' |
		awk -v v="$version" -v suite="${MACHINE_SUITE:-$version}" \
			'$1 == v { print suite, $2; exit }'
}

# depends FILE.deb...: prints their dependencies, the first of alternatives.
depends()
{
	local deb

	for deb; do
		dpkg-deb -f "$deb" Depends | tr ',' '\n'
	done | sed 's/|.*//; s/(.*//; s/ //g' | sort -u
}

# machine_archive FILE.deb...: builds a root file system with their dependencies by
# mmdebstrap (a minute) and caches it in $O. Sets MACHINE_ARCHIVE.
machine_archive()
{
	local suite site packages

	packages=$({ echo "$MACHINE_PACKAGES" | tr ' ' '\n'; depends "$@"; } |
		sort -u | paste -sd ,)
	read -r suite site < <(archive_source)
	MACHINE_ARCHIVE=$O/package/$suite.tar
	mkdir -p "$O/package"
	[ "$(cat "$O/package/$suite.of" 2>/dev/null)" != "$suite $packages" ] ||
		return 0
	rm -f "$O/package/$suite.of"
	mmdebstrap --quiet --variant=minbase --include="$packages" \
		"$suite" "$MACHINE_ARCHIVE" "$site" >"$O/package/log" 2>&1 &&
		echo "$suite $packages" >"$O/package/$suite.of"
}

# machine_up: boots a fresh copy and waits until it is up. Sets MACHINE to its root.
machine_up()
{
	local tree

	MACHINE=$TMP/machine
	mkdir -p "$MACHINE" && tar -xf "$MACHINE_ARCHIVE" -C "$MACHINE" || return
	# The devices are those of the real machine and must not be touched:
	# udev gets no coldplug events but the one below, and no default link
	# file, which would assign a new MAC address to the interface.
	ln -s /dev/null "$MACHINE/etc/systemd/network/99-default.link"
	ln -s /dev/null "$MACHINE/etc/systemd/system/systemd-udev-trigger.service"
	tree=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	MACHINE_CGROUP=$tree/metlo-test-$$
	mkdir "$MACHINE_CGROUP" || return
	# Its mounts and processes are in namespaces and vanish with its init.
	# shellcheck disable=SC2016
	nsenter --net="/run/netns/$COLLECTOR" -- bash -c '
		echo $$ >"$1/cgroup.procs" &&
		exec unshare --mount --pid --cgroup --ipc --uts --fork \
			--kill-child=KILL "$2" "$3"' boot \
		"$MACHINE_CGROUP" "$TOP/tests/package/boot.sh" "$MACHINE" \
		>"$TMP/boot.log" 2>&1 </dev/null &
	MACHINE_BOOT=$!
	wait_for 60 machine_running &&
	in_machine udevadm trigger --action=add "/sys/class/net/$IFACE"
}

machine_running()
{
	MACHINE_PID=$(pgrep -P "$MACHINE_BOOT") &&
	case $(in_machine systemctl is-system-running 2>/dev/null) in
	running | degraded) ;;
	*) false ;;
	esac
}

in_machine()
{
	nsenter --target "$MACHINE_PID" --mount --pid --net --uts --ipc \
		--cgroup -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}

machine_down()
{
	[ -z "$MACHINE_PID" ] || kill -KILL "$MACHINE_PID" 2>/dev/null
	[ -z "${MACHINE_BOOT:-}" ] || wait "$MACHINE_BOOT" 2>/dev/null
	# A cgroup can be removed once its children are.
	[ -z "$MACHINE_CGROUP" ] || wait_for 5 cgroup_removed
}

cgroup_removed()
{
	find "$MACHINE_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -d "$MACHINE_CGROUP" ]
}

machine_cleanup()
{
	machine_down
	e2e_cleanup
}
trap machine_cleanup EXIT
