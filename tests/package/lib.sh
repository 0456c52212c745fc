# shellcheck shell=bash
#
# What the tests of the packaging share. A test sources this file, which takes
# it to the top of the tree, calls the helpers, also those of tests/results.sh,
# and ends with "finish". $TMP is a folder that goes with it.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
TOP=$PWD
O=${O:-build}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/metlo-package.XXXXXX") || exit 1
trap 'rm -rf "$TMP"' EXIT

. tests/results.sh

# --- shell completion ---

# completion_of PROGRAM FOLDER: what follows is about a program that was built,
# and the files for shells in FOLDER. Completion is done in $TMP/files.
completion_of()
{
	local built

	built=$(cd "$O" && pwd) || exit
	export PATH=$built:$PATH
	PROGRAM=$1
	PACKAGING=$TOP/$2
	mkdir "$TMP/files"
}

# Sorted words in one line.
words()
{
	tr -s '[:space:]' '\n' | sort -u | sed '/^$/d' | paste -sd ' '
}

# commands: all that have options of their own, one a line.
commands()
{
	"$PROGRAM" help --list | awk -F '\t' '$1 == "command" &&
		$2 != "help" && $2 != "version" { print $2 }'
}

# options_of COMMAND
options_of()
{
	{
		"$PROGRAM" help --list |
			awk -F '\t' -v c="$1" '$1 == "option" && $2 == c { print $3, $4 }'
		echo --help
	} | words
}

# The help is for people, the list for programs: they must not differ.
# list_has_options PREFIX: of names of tests.
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

# complete_bash LINE: what bash offers at the end of LINE.
complete_bash()
{
	(
		cd "$TMP/files" || exit
		# shellcheck source=/dev/null
		. "$PACKAGING/$PROGRAM.bash"
		# Bash's own way to cut a line into words is not used by it.
		# shellcheck disable=SC2034
		COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("$PROGRAM")
		COMPREPLY=()
		"_${PROGRAM//-/_}"
		printf '%s\n' "${COMPREPLY[@]}"
	) 2>"$TMP/bash.err" | words
	cat "$TMP/bash.err"
}

# complete_zsh LINE: what zsh adds, by its own completion system in a terminal.
complete_zsh()
{
	(cd "$TMP/files" && timeout 20 zsh -f "$TOP/tests/package/complete.zsh" \
		"$PACKAGING" "$1" 2>&1) | words
}

# offered SHELL NAME LINE WORDS: these are, at the end of LINE.
offered()
{
	is "$1: $2" "$("complete_$1" "$3")" "$4"
}

# options_offered SHELL PREFIX LINE: after LINE and each command.
options_offered()
{
	local command

	for command in $(commands); do
		offered "$1" "options of $2$command" "$3 $command -" \
			"$(options_of "$command")"
	done
}

# in_shells COMMAND: calls it for each SHELL that is here.
in_shells()
{
	"$1" bash
	if command -v zsh >/dev/null; then
		"$1" zsh
	else
		skip "zsh" "zsh is not installed: make deps"
	fi
}
