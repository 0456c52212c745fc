#!/usr/bin/env bash
#
# Shell completion of metlo-mirror, as bash and zsh do it: every command and
# every option of each command is offered and nothing else.

set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
O=${O:-build}
case $O in /*) ;; *) O=$top/$O ;; esac
if [ ! -x "$O/metlo-mirror" ]; then
	echo "skip completion of metlo-mirror # it is not built"
	exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/metlo-completion.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export PATH=$O:$PATH
printf '[default]\nregion = x\n[profile two]\n[sso-session three]\n' >"$tmp/config"
printf '[four]\naws_access_key_id = x\n' >"$tmp/credentials"
export AWS_CONFIG_FILE=$tmp/config AWS_SHARED_CREDENTIALS_FILE=$tmp/credentials
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

# Sorted words in one line.
words()
{
	tr -s '[:space:]' '\n' | sort -u | sed '/^$/d' | paste -sd ' '
}

options_of()
{
	{
		metlo-mirror help --list |
			awk -F '\t' -v c="$1" '$1 == "option" && $2 == c { print $3, $4 }'
		echo --help
	} | words
}

# The help is for people, the list for programs: they must not differ.
list_is_complete()
{
	local command

	is "mirror: help and its list name the same commands" \
		"$(metlo-mirror help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | words)" \
		"$(echo "$commands" | words)"
	for command in $commands; do
		is "mirror $command: help and its list name the same options" \
			"$(metlo-mirror help "$command" | sed -n '/^Options:/,$ {
				s/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p
				s/^  \(--[a-z0-9-]*\).*/\1/p }' | cat - <(echo --help) | words)" \
			"$(options_of "$command")"
	done
}

# complete_bash LINE: what bash offers at the end of LINE.
complete_bash()
{
	(
		# shellcheck source=../../provision/packaging/metlo-mirror.bash
		. "$top/provision/packaging/metlo-mirror.bash"
		COMP_LINE=$1
		COMP_POINT=${#1}
		# Bash's own way to cut a line into words is not used by it.
		COMP_WORDS=(metlo-mirror)
		COMPREPLY=()
		_metlo_mirror
		printf '%s\n' "${COMPREPLY[@]}"
	) 2>"$tmp/bash.err" | words
	cat "$tmp/bash.err"
}

# complete_zsh LINE: what zsh adds, by its own completion system in a terminal.
complete_zsh()
{
	timeout 20 zsh -f "$top/tests/package/complete.zsh" \
		"$top/provision/packaging" "$1" 2>&1 | words
}

# offers SHELL: the same questions to both.
offers()
{
	local shell=$1 command

	is "$shell: first words" "$("complete_$shell" "metlo-mirror ")" "aws help version"
	is "$shell: mirror commands" "$("complete_$shell" "metlo-mirror aws ")" \
		"$(echo "$commands" | words)"
	is "$shell: mirror commands by their beginning" \
		"$("complete_$shell" "metlo-mirror aws ve")" verify
	is "$shell: mirror commands to be helped with" \
		"$("complete_$shell" "metlo-mirror help sy")" sync
	for command in $commands; do
		is "$shell: options of mirror $command" \
			"$("complete_$shell" "metlo-mirror aws $command -")" \
			"$(options_of "$command")"
	done
	is "$shell: mirror values" \
		"$("complete_$shell" "metlo-mirror aws setup --side ")" "both client server"
	is "$shell: mirror values by their beginning, after =" \
		"$("complete_$shell" "metlo-mirror aws plan --output=t" | sed 's/^--output=//')" \
		terraform
	is "$shell: beginnings of targets" \
		"$("complete_$shell" "metlo-mirror aws setup --target e")" eni-
	is "$shell: profiles" "$("complete_$shell" "metlo-mirror aws list --profile ")" \
		"default four two"
	is "$shell: commands of a policy" \
		"$("complete_$shell" "metlo-mirror aws policy list s")" "setup sync"
	is "$shell: no words where none belong" \
		"$("complete_$shell" "metlo-mirror aws list x")" ""
}

commands=$(metlo-mirror help --list | awk -F '\t' '$1 == "command" { print $2 }')
list_is_complete
offers bash
is "bash: what follows a colon" \
	"$(complete_bash "metlo-mirror aws setup --target nlb:n")" new
if command -v zsh >/dev/null; then
	offers zsh
else
	echo "skip zsh # zsh is not installed: make deps"
fi
exit $failed
