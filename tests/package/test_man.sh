#!/usr/bin/env bash
#
# The man pages are valid and document exactly what the programs have.

. "$(dirname "$0")/lib.sh"

# page PROGRAM FILE: checks one man page.
page()
{
	if [ ! -x "$O/$1" ]; then
		skip "man: $1" "it is not built"
		return
	fi
	if command -v mandoc >/dev/null; then
		check "man: mandoc has nothing to warn of in ${2##*/}" \
			mandoc -T lint -W warning "$2"
	else
		skip "man: mandoc" "mandoc is not installed: make deps"
	fi
	"$O/$1" help --list >"$TMP/list" && "$O/$1" help >"$TMP/help" || exit
	tally tests/package/man.py "$2" "$TMP/list" "$TMP/help"
}

page metlo-xdp "$O/metlo-xdp.8"
# counters: fails if a line of the counter tables is not in the page.
counters()
{
	! "$O/metlo-xdp" help --counters | grep -Fxv -f "$O/metlo-xdp.8" | grep .
}
[ ! -x "$O/metlo-xdp" ] || check "man: every counter" counters
# generated: the page is as valid without its own texts on options of attach and
# replay.
generated()
{
	local page=user/packaging/metlo-xdp.8
	sed '/^\.Ss attach and replay/,/@OPTIONS@/{/^\.It/,/@OPTIONS@/{/@OPTIONS@/!d}}' \
		"$page" >"$TMP/bare.8"
	"$O/metlo-xdp" help --list >"$TMP/list" && "$O/metlo-xdp" help >"$TMP/help" &&
		awk -f user/packaging/options.awk "$TMP/bare.8" "$TMP/list" >"$TMP/items" &&
		sed -e "/@OPTIONS@/{r $TMP/items" -e 'd}' "$TMP/bare.8" >"$TMP/full.8" &&
		[ "$(grep -c '^\.It Fl' "$TMP/full.8")" = "$(grep -c '^\.It Fl' "$O/metlo-xdp.8")" ] &&
		tests/package/man.py "$TMP/full.8" "$TMP/list" "$TMP/help" >"$TMP/out"
	local status=$?
	grep -A1 '^not ok' "$TMP/out"
	return "$status"
}
[ ! -x "$O/metlo-xdp" ] || check "man: an option without a text of its own" generated
page metlo-mirror provision/packaging/metlo-mirror.1
finish
