#!/usr/bin/env bash
#
# Completion of metlo-mirror in bash and zsh offers every command, every option of
# each command, and nothing else.

. "$(dirname "$0")/lib.sh"

# offers SHELL: the same checks for both.
offers()
{
	local shell=$1

	offered "$shell" "first words" "metlo-mirror " "aws help version"
	offered "$shell" "mirror commands" "metlo-mirror aws " \
		"$(commands | words)"
	offered "$shell" "mirror commands by their beginning" \
		"metlo-mirror aws ve" verify
	offered "$shell" "mirror commands to be helped with" \
		"metlo-mirror help sy" sync
	options_offered "$shell" "mirror " "metlo-mirror aws"
	offered "$shell" "mirror values" "metlo-mirror aws setup --side " \
		"both client server"
	is "$shell: mirror values by their beginning, after =" \
		"$("complete_$shell" "metlo-mirror aws plan --output=t" | sed 's/^--output=//')" \
		terraform
	offered "$shell" "beginnings of targets" \
		"metlo-mirror aws setup --target e" "eni- eni:auto"
	offered "$shell" "profiles" "metlo-mirror aws list --profile " \
		"default four two"
	offered "$shell" "commands of a policy" "metlo-mirror aws policy list s" \
		"setup sync"
	offered "$shell" "no words where none belong" "metlo-mirror aws list x" ""
}

[ -x "$O/metlo-mirror" ] || {
	skip "completion of metlo-mirror" "it is not built"
	finish
}
completion_of metlo-mirror provision/packaging
# None of the questions is one for a file.
touch "$TMP"/files/{e,s,t,ve,x}.pcap
printf '[default]\nregion = x\n[profile two]\n[sso-session three]\n' >"$TMP/config"
printf '[four]\naws_access_key_id = x\n' >"$TMP/credentials"
export AWS_CONFIG_FILE=$TMP/config AWS_SHARED_CREDENTIALS_FILE=$TMP/credentials
is "mirror: help and its list name the same commands" \
	"$(metlo-mirror help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | words)" \
	"$(metlo-mirror help --list | awk -F '\t' '$1 == "command" { print $2 }' | words)"
list_has_options "mirror "
in_shells offers
offered bash "what follows a colon" "metlo-mirror aws setup --target nlb:n" new

# Names that others choose are never evaluated.
export HOME=$TMP/home
unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
mkdir -p "$HOME/.aws"
# shellcheck disable=SC2016
printf '[profile $(touch %s/x)]\n[profile `touch %s/y`]\n[profile plain]\n' \
	"$TMP" "$TMP" >"$HOME/.aws/config"
check_hostile()
{
	"complete_$1" "metlo-mirror aws list --profile " >"$TMP/offered"
	is "$1: profiles beside a hostile one are offered" \
		"$(grep -c plain "$TMP/offered")" 1
	is "$1: a hostile profile name is not evaluated" \
		"$(find "$TMP" -name '[xy]' | wc -l)" 0
}
in_shells check_hostile
finish
