# shellcheck shell=bash
#
# Helpers of the packaging tests. A test sources this file, which changes to the
# top of the tree, calls these helpers and those of tests/results.sh, and ends with
# "finish". The directory $TMP is removed at exit.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
TOP=$PWD
O=${O:-build}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-package.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT

. tests/results.sh

# --- shell completion ---

# completion_of PROGRAM DIRECTORY: selects the program to test and the directory of
# its completion files. Completion runs in $TMP/files.
completion_of()
{
	local built

	built=$(cd "$O" && pwd) || exit
	export PATH=$built:$PATH
	PROGRAM=$1
	PACKAGING=$TOP/$2
	mkdir "$TMP/files"
}

# Prints the words of standard input sorted, on one line.
words()
{
	tr -s '[:space:]' '\n' | sort -u | sed '/^$/d' | paste -sd ' '
}

# commands: prints the commands that have options, one per line.
commands()
{
	"$PROGRAM" help --list | awk -F '\t' '$1 == "command" &&
		$2 != "help" && $2 != "version" { print $2 }'
}

# options_of COMMAND: prints its options on one line.
options_of()
{
	{
		"$PROGRAM" help --list |
			awk -F '\t' -v c="$1" '$1 == "option" && $2 == c { print $3, $4 }'
		echo --help
	} | words
}

# list_has_options PREFIX: the help for people and the list for programs agree.
# PREFIX is that of the test names.
list_has_options()
{
	local command

	for command in $(commands); do
		is "$1$command: help and its list name the same options" \
			"$("$PROGRAM" help "$command" | sed -n '/^Options:/,$ {
				s/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p
				s/^  \(--[a-z0-9-]*\).*/\1/p }' | cat - <(echo --help) | words)" \
			"$(options_of "$command")"
	done
}

# complete_bash LINE: prints what bash offers at the end of LINE.
complete_bash()
{
	(
		cd "$TMP/files" || exit
		# shellcheck source=/dev/null
		. "$PACKAGING/$PROGRAM.bash"
		# The completion does not use bash's own word splitting.
		# shellcheck disable=SC2034
		COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("$PROGRAM")
		COMPREPLY=()
		"_${PROGRAM//-/_}"
		printf '%s\n' "${COMPREPLY[@]}"
	) 2>"$TMP/bash.err" | words
	cat "$TMP/bash.err"
}

# complete_zsh LINE: prints what zsh offers, in an interactive shell.
complete_zsh()
{
	(cd "$TMP/files" && timeout 20 zsh -f "$TOP/tests/package/complete.zsh" \
		"$PACKAGING" "$1" 2>&1) | words
}

# offered SHELL NAME LINE WORDS: exactly these are offered at the end of LINE.
offered()
{
	is "$1: $2" "$("complete_$1" "$3")" "$4"
}

# options_offered SHELL PREFIX LINE: LINE and each command offer its options.
options_offered()
{
	local command

	for command in $(commands); do
		offered "$1" "options of $2$command" "$3 $command -" \
			"$(options_of "$command")"
	done
}

# in_shells COMMAND: calls "COMMAND SHELL" for each installed shell.
in_shells()
{
	"$1" bash
	if command -v zsh >/dev/null; then
		"$1" zsh
	else
		skip "zsh" "zsh is not installed: make deps"
	fi
}
