#!/usr/bin/env bash
#
# tests/one.sh: which case it runs, and its exit codes.

set -u
cd "$(dirname "$0")/../.." || exit 1
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-one.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

. tests/results.sh

# A script with two sections, of which one fails.
cat >"$TMP/test_script.sh" <<EOF
. tests/results.sh
TMP=$TMP
test_good() { ok "good as gold"; }
test_bad() { not_ok "bad luck"; }
run_sections good bad
finish
EOF
# Stands for a C program: prints the pattern that its filter would get.
mkdir -p "$TMP/tests/unit"
cat >"$TMP/tests/unit/test_program" <<'EOF'
echo "1..1"
echo "ok 1 - $METLO_TEST_CASE"
EOF
chmod +x "$TMP/test_script.sh" "$TMP/tests/unit/test_program"

# one SOURCE [CASE]: the names of the results, and the exit code.
one()
{
	O=$TMP tests/one.sh "$@" >"$TMP/out" 2>"$TMP/err"
	echo "$? $(sed -nE 's/^(not )?ok //p' "$TMP/out" | tr '\n' ',')"
}

script=$TMP/test_script.sh
is "a script" "$(one "$script")" "1 good as gold,bad luck,"
is "a section that passes" "$(one "$script" good)" "0 good as gold,"
is "a section that fails" "$(one "$script" bad)" "1 bad luck,"
is "a result by pattern" "$(one "$script" '*gold')" "0 good as gold,bad luck,"
is "no such case" "$(one "$script" other)" "2 good as gold,bad luck,"
is "a program" "$(one tests/unit/test_program.c)" "0 1 - ,"
is "a case of a program" "$(one tests/unit/test_program.c gap)" "0 1 - test_gap,"
is "cases by pattern" "$(one tests/unit/test_program.c '*gap*')" "0 1 - *gap*,"
finish
