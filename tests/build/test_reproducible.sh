#!/usr/bin/env bash
#
# The same sources produce the same bytes wherever they are built; "make install"
# is complete, and "make uninstall" removes it.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failed=0

result()
{
	local name=$1
	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok build/$name"
	else
		echo "not ok build/$name"
		tail -n 10 "$tmp/log" | sed 's/^/#   /'
		failed=1
	fi
}

# Builds a copy of the tree with another depth and name, and another output
# directory.
build_elsewhere()
{
	mkdir -p "$1" &&
	(cd "$top" && tar -cf - --anchored --exclude='./build*' --exclude=./.git .) |
		tar -xf - -C "$1" &&
	env -u MAKEFLAGS -u O make -s -j2 -C "$1" O="$2" all
}

installed_and_removed()
{
	local to=$tmp/root

	make -s -C "$tmp/one" install DESTDIR="$to" PREFIX=/opt/metlo &&
	"$to/opt/metlo/sbin/metlo-xdp" version &&
	make -s -C "$tmp/one" uninstall DESTDIR="$to" PREFIX=/opt/metlo &&
	[ -z "$(find "$to" -type f)" ]
}

nothing_to_do()
{
	[ -z "$(make -s -C "$tmp/one" --question all 2>&1)" ]
}

# A changed header rebuilds the files that include it.
header_is_tracked()
{
	local header=$tmp/one/user/base/buf.h

	touch "$header" && ! make -s -C "$tmp/one" --question all
}

no_paths()
{
	! grep -qF "$tmp" "$tmp/one/build/metlo-xdp"
}

result "builds in one folder" build_elsewhere "$tmp/one" build
result "builds in another" build_elsewhere "$tmp/deeper/down/another" out
result "the program is identical" \
	cmp "$tmp/one/build/metlo-xdp" "$tmp/deeper/down/another/out/metlo-xdp"
for object in "$tmp/one/build/bpf/"*.bpf.o; do
	result "${object##*/} is identical" cmp "$object" \
		"$tmp/deeper/down/another/out/bpf/${object##*/}"
done
result "no build path in the program" no_paths
result "a second make has nothing to do" nothing_to_do
result "install and uninstall" installed_and_removed
result "a changed header causes a rebuild" header_is_tracked
exit $failed
