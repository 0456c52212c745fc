#!/usr/bin/env bash
#
# Completion in bash and zsh offers every command, every option of each command,
# and nothing else; and values according to the type of the option.

. "$(dirname "$0")/lib.sh"

# offers SHELL: the same checks for both.
offers()
{
	local shell=$1

	offered "$shell" "commands" "metlo-xdp " \
		"$(echo "$(commands) help version" | words)"
	offered "$shell" "commands by their beginning" "metlo-xdp de" detach
	options_offered "$shell" "" metlo-xdp
	offered "$shell" "values" "metlo-xdp attach lo --mode " \
		"auto native skb"
	is "$shell: values by their beginning, after =" \
		"$("complete_$shell" "metlo-xdp attach lo --mode=n" | sed 's/^--mode=//')" \
		native
	offered "$shell" "interfaces" "metlo-xdp attach " \
		"$(find /sys/class/net -mindepth 1 -printf '%f\n' | words)"
	offered "$shell" "files" "metlo-xdp replay " "one.pcap two.pcap"
	offered "$shell" "the file of an option" \
		"metlo-xdp replay one.pcap --summary t" two.pcap
	offered "$shell" "commands to be helped with" "metlo-xdp help st" status
	offered "$shell" "users" "metlo-xdp attach lo --user roo" root
}

completion_of metlo-xdp user/packaging
touch "$TMP/files/one.pcap" "$TMP/files/two.pcap"
is "help and its list name the same commands" \
	"$(metlo-xdp help | sed -n 's/^Usage:\|^  metlo-xdp \([a-z]*\).*/\1/p' | words)" \
	"$(metlo-xdp help --list | awk -F '\t' '$1 == "command" { print $2 }' | words)"
list_has_options ""
in_shells offers
offered bash "files after ndjson:" "metlo-xdp attach lo --output ndjson:t" \
	two.pcap

# Names that others choose are never evaluated. The kernel accepts such names of
# interfaces.
# shellcheck disable=SC2016
ls()
{
	printf '%s\n' '$(>x)' '`>y`' eth0
}
complete_bash "metlo-xdp attach " >"$TMP/offered"
unset -f ls
is "bash: a hostile interface name is offered quoted" \
	"$(grep -c eth0 "$TMP/offered") $(grep -cF '\$\(\>x\)' "$TMP/offered")" "1 1"
is "bash: it is not evaluated" "$(find "$TMP" -name '[xy]' | wc -l)" 0
finish
