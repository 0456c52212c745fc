#!/usr/bin/env bash
#
# The Debian packages: nothing for lintian to warn of, what they have and need,
# and the same bytes wherever they are built.

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-deb.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failed=0

# check NAME COMMAND...
check()
{
	local name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		tail -n 10 "$tmp/log" | sed 's/^/#   /'
		failed=1
	fi
}

skip()
{
	echo "skip $1 # $2"
	[ $failed -eq 0 ]
	exit
}

field()
{
	dpkg-deb -f "$deb" "$1"
}

version()
{
	[ "$(field Version)" = "$(metlo_version)-1" ]
}

metlo_version()
{
	"$O/metlo-xdp" version | cut -d ' ' -f 2
}

libraries()
{
	local library

	for library in libbpf1 libc6 libcurl4 libmicrohttpd12 libpcap0.8; do
		case $(field Depends) in
		*"$library"*" (>= "*) ;;
		*) field Depends; echo "no $library"; return 1 ;;
		esac
	done
}

conffiles()
{
	dpkg-deb -I "$deb" conffiles | sort | diff - <(printf '%s\n' \
		/etc/default/metlo-xdp /etc/metlo-xdp/metlo-xdp.conf)
}

# Of root, and nobody else may write.
owners()
{
	! dpkg-deb -c "$deb" | awk '{ print $1, $2, $6 }' |
		grep -v '^.....-..-. root/root '
}

hardened()
{
	dpkg-deb -x "$deb" "$tmp/x" &&
	readelf -Wld "$tmp/x/usr/sbin/metlo-xdp" >"$tmp/elf" &&
	grep -q 'FLAGS_1.*NOW.*PIE' "$tmp/elf" && grep -q GNU_RELRO "$tmp/elf" &&
	! grep -qF "$PWD" "$tmp/x/usr/sbin/metlo-xdp"
}

same_elsewhere()
{
	local there=$tmp/another/place

	mkdir -p "$there" &&
	tar -cf - --anchored --exclude='./build*' --exclude=./.git . |
		tar -xf - -C "$there" &&
	env -u MAKEFLAGS -u MAKELEVEL -u O make -s -C "$there" O=out deb &&
	cmp "$deb" "$there/out/deb/${deb##*/}"
}

command -v dh >/dev/null || skip "deb" "debhelper is not installed"
deb=$(find "$O/deb" -name 'metlo-xdp_*.deb' 2>/dev/null)
check "make deb has made one" test -f "$deb"
[ $failed -eq 0 ] || exit 1
check "its version is the program's" version
check "it depends on the libraries that it uses" libraries
check "its configuration is marked as such" conffiles
check "everything is root's" owners
check "the program is hardened, and has no path of the build" hardened
if command -v lintian >/dev/null; then
	check "lintian has nothing to warn of" lintian --allow-root \
		--fail-on warning "$deb"
else
	echo "skip lintian # lintian is not installed: make deps"
fi
check "built elsewhere it is the same, byte by byte" same_elsewhere
exit $failed
