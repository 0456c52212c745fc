#!/usr/bin/env bash
#
# The Debian packages: no lintian warnings, contents, dependencies, and identical
# bytes wherever they are built.

. "$(dirname "$0")/lib.sh"

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

	for library in libbpf1 libc6 libcurl4 libmicrohttpd12 libpcap0.8 libseccomp2; do
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

# Owned by root and writable by no one else.
owners()
{
	! dpkg-deb -c "$deb" | awk '{ print $1, $2, $6 }' |
		grep -v '^.....-..-. root/root '
}

hardened()
{
	dpkg-deb -x "$deb" "$TMP/x" &&
	readelf -Wld "$TMP/x/usr/sbin/metlo-xdp" >"$TMP/elf" &&
	grep -q 'FLAGS_1.*NOW.*PIE' "$TMP/elf" && grep -q GNU_RELRO "$TMP/elf" &&
	! grep -qF "$PWD" "$TMP/x/usr/sbin/metlo-xdp"
}

same_elsewhere()
{
	local there=$TMP/another/place

	mkdir -p "$there" &&
	tar -cf - --anchored --exclude='./build*' --exclude=./.git . |
		tar -xf - -C "$there" &&
	env -u MAKEFLAGS -u MAKELEVEL -u O make -s -C "$there" O=out deb &&
	cmp "$deb" "$there/out/deb/${deb##*/}"
}

command -v dh >/dev/null || {
	skip "deb" "debhelper is not installed"
	finish
}
deb=$(find "$O/deb" -name 'metlo-xdp_*.deb' 2>/dev/null)
check "make deb has made one" test -f "$deb"
[ "$N_FAILED" -eq 0 ] || finish
check "its version is the program's" version
check "it depends on the libraries that it uses" libraries
check "its configuration is marked as such" conffiles
check "everything is root's" owners
check "the program is hardened, and has no path of the build" hardened
if command -v lintian >/dev/null; then
	check "lintian has no warnings" lintian --allow-root \
		--fail-on warning "$deb"
else
	skip "lintian" "lintian is not installed: make deps"
fi
check "built elsewhere it is the same, byte by byte" same_elsewhere
finish
