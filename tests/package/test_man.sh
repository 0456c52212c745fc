#!/usr/bin/env bash
#
# The man page is sound and says what the program has, no more and no less.

set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
page=user/packaging/metlo-xdp.8
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-man.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failed=0

if command -v mandoc >/dev/null; then
	if mandoc -T lint -W warning "$page" >"$tmp/lint" 2>&1; then
		echo "ok man: mandoc has nothing to warn of"
	else
		echo "not ok man: mandoc has nothing to warn of"
		sed 's/^/#   /' "$tmp/lint"
		failed=1
	fi
else
	echo "skip man: mandoc # mandoc is not installed: make deps"
fi
"$O/metlo-xdp" help --list >"$tmp/list" && "$O/metlo-xdp" help >"$tmp/help" || exit
tests/package/man.py "$page" "$tmp/list" "$tmp/help" || failed=1
exit $failed
