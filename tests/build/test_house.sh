#!/usr/bin/env bash
#
# The checks of includes.py and house.py pass on this tree and report each kind
# of violation in a copy of it.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/metlo-house.XXXXXX")
trap 'rm -rf "$work"' EXIT
n=0

# result STATUS NAME
result()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/out"
	fi
}

# refused CHECK NAME PATTERN COMMAND: of a copy of the tree in which the COMMAND of
# each call was run, CHECK prints a line that matches PATTERN.
refused()
{
	(cd "$work/tree" && eval "$4") || exit 1
	wanted+=("$1" "$2 is refused by name" "$3")
}

for check in includes house; do
	"tests/build/$check.py" >"$work/out" 2>&1
	result $? "this tree passes $check.py"
done

wanted=()
mkdir "$work/tree"
cp -r bpf include user provision tests "$work/tree/"
refused includes "an upward include" \
	'^user/base/buf.c: .*user/base may not include user/cli' \
	"echo '#include \"cli/help.h\"' >>user/base/buf.c"
refused includes "metlo-mirror using the collector" \
	'^provision/cli/main.c: .*may not include user/stream' \
	"echo '#include \"stream/stream.h\"' >>provision/cli/main.c"
refused includes "a cycle within a folder" \
	'include each other in a cycle: user/base/buf user/base/json' \
	"echo '#include \"base/json.h\"' >>user/base/buf.h"
refused includes "an include of nothing" \
	'^user/base/buf.h: .*which does not exist' \
	"echo '#include \"base/nothing.h\"' >>user/base/buf.h"
refused includes "a folder without a rule" \
	'^user/new: is not in includes.txt' \
	"mkdir user/new && touch user/new/new.c"

refused house "a long file" '^user/base/buf.c: has [0-9]+ lines' \
	"yes '' | head -n 600 >>user/base/buf.c"
refused house "a long function" '^user/base/buf.c:[0-9]+: long_one\(\) has 92 lines' \
	"{ printf 'static void long_one(void)\n{\n'; yes '	;' | head -n 89; echo '}'; } >>user/base/buf.c"
refused house "a file without an opening comment" '^user/base/new.c: does not open' \
	"printf '/* SPDX-License-Identifier: MIT */\nint x;\n' >user/base/new.c"
refused house "a split message" '^user/base/buf.c:[0-9]+: a message is split' \
	"printf 'static const char *const s = \"two\"\n\t\" parts\";\n' >>user/base/buf.c"
refused house "a public function without its header" \
	'^user/base/buf.c:[0-9]+: buf_new\(\) is not declared in user/base/buf.h' \
	"printf 'int buf_new(void)\n{\n\treturn 0;\n}\n' >>user/base/buf.c"
refused house "a tag defined twice" '^struct buf: defined in user/base/buf.h, user/http/buf.c' \
	"printf 'struct buf {\n\tint x;\n};\n' >user/http/buf.c"
refused house "a folder without README" '^user/base: has no README.md' \
	"rm -f user/base/README.md"

for check in includes house; do
	"tests/build/$check.py" "$work/tree" >"$work/$check" 2>&1
	[ $? -eq 1 ]
	result $? "a tree with violations fails $check.py"
done
for ((i = 0; i < ${#wanted[@]}; i += 3)); do
	cp "$work/${wanted[i]}" "$work/out"
	grep -qE "${wanted[i + 2]}" "$work/out"
	result $? "${wanted[i + 1]}"
done

echo "1..$n"
