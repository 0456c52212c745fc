#!/usr/bin/env bash
#
# The man pages are sound and say what the programs have, no more and no less.

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-man.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failed=0

# check PROGRAM PAGE
check()
{
	if [ ! -x "$O/$1" ]; then
		echo "skip man: $1 # it is not built"
		return
	fi
	if ! command -v mandoc >/dev/null; then
		echo "skip man: mandoc # mandoc is not installed: make deps"
	elif mandoc -T lint -W warning "$2" >"$tmp/lint" 2>&1; then
		echo "ok man: mandoc has nothing to warn of in ${2##*/}"
	else
		echo "not ok man: mandoc has nothing to warn of in ${2##*/}"
		sed 's/^/#   /' "$tmp/lint"
		failed=1
	fi
	"$O/$1" help --list >"$tmp/list" && "$O/$1" help >"$tmp/help" || exit
	tests/package/man.py "$2" "$tmp/list" "$tmp/help" || failed=1
}

check metlo-xdp user/packaging/metlo-xdp.8
check metlo-mirror provision/packaging/metlo-mirror.1
exit $failed
