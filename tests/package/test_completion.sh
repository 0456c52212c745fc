#!/usr/bin/env bash
#
# Shell completion, as bash and zsh do it: every command and every option of
# each command is offered and nothing else, and values by what is taken.

set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
O=${O:-build}
case $O in /*) ;; *) O=$top/$O ;; esac
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-completion.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export PATH=$O:$PATH
failed=0

is()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		printf 'got:  %s\nwant: %s\n' "$2" "$3" | sed 's/^/#   /'
		failed=1
	fi
}

skip()
{
	echo "skip $1 # $2"
}

# Sorted words in one line.
words()
{
	tr -s '[:space:]' '\n' | sort -u | sed '/^$/d' | paste -sd ' '
}

options_of()
{
	{
		metlo-xdp help --list |
			awk -F '\t' -v c="$1" '$1 == "option" && $2 == c { print $3, $4 }'
		echo --help
	} | words
}

# The help is for people, the list for programs: they must not differ.
list_is_complete()
{
	local command

	is "help and its list name the same commands" \
		"$(metlo-xdp help | sed -n 's/^Usage:\|^  metlo-xdp \([a-z]*\).*/\1/p' | words)" \
		"$(metlo-xdp help --list | awk -F '\t' '$1 == "command" { print $2 }' | words)"
	for command in $commands; do
		is "$command: help and its list name the same options" \
			"$(metlo-xdp help "$command" | sed -n '/^Options:/,$ {
				s/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p
				s/^  \(--[a-z0-9-]*\).*/\1/p }' | cat - <(echo --help) | words)" \
			"$(options_of "$command")"
	done
}

# complete_bash LINE: what bash offers at the end of LINE.
complete_bash()
{
	(
		cd "$tmp/files" || exit
		# shellcheck source=../../user/packaging/metlo-xdp.bash
		. "$top/user/packaging/metlo-xdp.bash"
		COMP_LINE=$1
		COMP_POINT=${#1}
		# Bash's own way to cut a line into words is not used by it.
		COMP_WORDS=(metlo-xdp)
		COMPREPLY=()
		_metlo_xdp
		printf '%s\n' "${COMPREPLY[@]}"
	) 2>"$tmp/bash.err" | words
	cat "$tmp/bash.err"
}

# complete_zsh LINE: what zsh adds, by its own completion system in a terminal.
complete_zsh()
{
	(cd "$tmp/files" && timeout 20 zsh -f "$top/tests/package/complete.zsh" \
		"$top/user/packaging" "$1" 2>&1) | words
}

# offers SHELL: the same questions to both.
offers()
{
	local shell=$1 command

	is "$shell: commands" "$("complete_$shell" "metlo-xdp ")" \
		"$(echo "$commands help version" | words)"
	is "$shell: commands by their beginning" \
		"$("complete_$shell" "metlo-xdp de")" detach
	for command in $commands; do
		is "$shell: options of $command" \
			"$("complete_$shell" "metlo-xdp $command -")" \
			"$(options_of "$command" | dashes "$shell")"
	done
	is "$shell: values" "$("complete_$shell" "metlo-xdp attach lo --mode ")" \
		"auto native skb"
	is "$shell: values by their beginning, after =" \
		"$("complete_$shell" "metlo-xdp attach lo --mode=n" | sed 's/^--mode=//')" \
		native
	is "$shell: interfaces" "$("complete_$shell" "metlo-xdp attach ")" \
		"$(find /sys/class/net -mindepth 1 -printf '%f\n' | words)"
	is "$shell: files" "$("complete_$shell" "metlo-xdp replay ")" \
		"one.pcap two.pcap"
	is "$shell: the file of an option" \
		"$("complete_$shell" "metlo-xdp replay one.pcap --summary t")" two.pcap
	is "$shell: commands to be helped with" \
		"$("complete_$shell" "metlo-xdp help st")" status
	is "$shell: users" \
		"$("complete_$shell" "metlo-xdp attach lo --user roo")" root
}

dashes()
{
	cat
}

commands=$(metlo-xdp help --list | awk -F '\t' '$1 == "command" &&
	$2 != "help" && $2 != "version" { print $2 }')
mkdir "$tmp/files"
touch "$tmp/files/one.pcap" "$tmp/files/two.pcap"
list_is_complete
offers bash
is "bash: files after ndjson:" \
	"$(complete_bash "metlo-xdp attach lo --output ndjson:t")" two.pcap
if command -v zsh >/dev/null; then
	offers zsh
else
	skip "zsh" "zsh is not installed: make deps"
fi
exit $failed
