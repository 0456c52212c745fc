#!/usr/bin/env bash
#
# The include check passes on this tree, and fails on an upward include, on a
# circle, on an include that does not exist and on a folder without a rule.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

# result OK NAME
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		cat "$work/out"
	fi
}

# refused NAME PATTERN COMMAND: what COMMAND, run in a copy of the tree, breaks
# is reported in a line that matches PATTERN.
refused()
{
	rm -rf "$work/tree"
	mkdir "$work/tree"
	cp -r bpf include user provision "$work/tree/"
	(cd "$work/tree" && eval "$3")
	if tests/build/includes.py "$work/tree" >"$work/out" 2>&1; then
		result 1 "$1 is refused"
	else
		grep -q "$2" "$work/out"
		result $? "$1 is refused by name"
	fi
}

tests/build/includes.py >"$work/out" 2>&1
result $? "this tree keeps the rules"

refused "an upward include" \
	'^user/base/buf.c: .*user/base may not include user/cli' \
	"echo '#include \"cli/commands.h\"' >>user/base/buf.c"
refused "metlo-mirror using the collector" \
	'^provision/cli/main.c: .*may not include user/stream' \
	"echo '#include \"stream/stream.h\"' >>provision/cli/main.c"
refused "a circle within a folder" \
	'in a circle: user/base/buf user/base/json$' \
	"echo '#include \"base/json.h\"' >>user/base/buf.h"
refused "an include of nothing" \
	'^user/base/buf.h: .*which does not exist' \
	"echo '#include \"base/nothing.h\"' >>user/base/buf.h"
refused "a folder without a rule" \
	'^user/new: is not in includes.txt' \
	"mkdir user/new && touch user/new/new.c"

echo "1..$n"
