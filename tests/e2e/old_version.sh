# shellcheck shell=bash
#
# Builds the program of 0.1.0 from its commit, for tests of upgrades. A test sources
# this file after lib.sh.
#
# OLD and OLD_MISSING return results to the caller:
# shellcheck disable=SC2034

OLD_COMMIT=3feb6db68eec45e595d124a0130dbb978725940e
OLD_MISSING="git has no commit ${OLD_COMMIT:0:7} here (a shallow clone or no repository)"
BUILDS=$O/upgrade

# build DIRECTORY: builds the program in a tree, quickly. The log is beside it.
build()
{
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u O -u SANITIZE \
		make -s -C "$1" -j"$(nproc)" WARN= CFLAGS=-O0 build/metlo-xdp \
		>"$1/build.log" 2>&1 ||
		{ tail -n 20 "$1/build.log"; return 1; }
}

# Sets OLD to the program of 0.1.0, or to nothing where git does not have it, for
# the reason OLD_MISSING.
build_old()
{
	local tree=$BUILDS/$OLD_COMMIT

	OLD=$tree/build/metlo-xdp
	[ ! -x "$OLD" ] || return 0
	git -c safe.directory='*' -C "$TOP" cat-file -e "$OLD_COMMIT^{commit}" \
		2>/dev/null || { OLD=; return 0; }
	rm -rf "$tree" && mkdir -p "$tree" &&
	git -c safe.directory='*' -C "$TOP" archive "$OLD_COMMIT" bpf include \
		user vmlinux Makefile tests/build |
		tar -xf - -C "$tree" &&
	build "$tree"
}
