#!/usr/bin/env bash
#
# The same sources produce the same bytes wherever they are built; "make install"
# is complete, and "make uninstall" removes it.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
there=$tmp/deeper/down/another
here=$(cd "$top" && cd "${O:-build}" && pwd)
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

# flags DIRECTORY: what it was built with, but for the paths that "make" maps.
flags()
{
	sed 's/-ffile-prefix-map=[^ ]*//g; s/-I[^ ]*gen//' "$1/.flags"
}

installed_and_removed()
{
	local to=$tmp/root

	make -s -C "$there" O=out install DESTDIR="$to" PREFIX=/opt/metlo &&
	"$to/opt/metlo/sbin/metlo-xdp" version &&
	make -s -C "$there" O=out uninstall DESTDIR="$to" PREFIX=/opt/metlo &&
	[ -z "$(find "$to" -type f)" ]
}

nothing_to_do()
{
	[ -z "$(make -s -C "$there" O=out --question all 2>&1)" ]
}

# A changed header rebuilds the files that include it.
header_is_tracked()
{
	local header=$there/user/base/buf.h

	touch "$header" && ! make -s -C "$there" O=out --question all
}

no_paths()
{
	! grep -qF "$tmp" "$there/out/metlo-xdp"
}

result "builds in another folder" build_elsewhere "$there" out
# Compares with what is tested, unless it was built with other options.
if ! cmp -s <(flags "$here") <(flags "$there/out"); then
	here=$tmp/one/build
	result "builds in a third" build_elsewhere "$tmp/one" build
fi
result "the program is identical" cmp "$here/metlo-xdp" "$there/out/metlo-xdp"
for object in "$here/bpf/"*.bpf.o; do
	result "${object##*/} is identical" cmp "$object" \
		"$there/out/bpf/${object##*/}"
done
result "no build path in the program" no_paths
result "a second make has nothing to do" nothing_to_do
result "install and uninstall" installed_and_removed
result "a changed header causes a rebuild" header_is_tracked
exit $failed
