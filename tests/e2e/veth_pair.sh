# shellcheck shell=bash
#
# A client and a server without a mirror: two namespaces joined by a veth pair,
# recorded on the server's side. For tests that replay what they recorded. Source
# it after lib.sh.
#
#   $CLIENT a0 10.77.9.2 --- veth --- b0 10.77.9.1 $SERVER

CLIENT=mh$$-client
SERVER=mh$$-server

veth_pair_up()
{
	ip netns add "$CLIENT" && ip netns add "$SERVER" || return 1
	E2E_NAMESPACES+=("$CLIENT" "$SERVER")
	ip link add a0 netns "$CLIENT" type veth peer name b0 netns "$SERVER" ||
		return 1
	ip -n "$CLIENT" addr add 10.77.9.2/24 dev a0
	ip -n "$SERVER" addr add 10.77.9.1/24 dev b0
	raise "$CLIENT" a0
	raise "$SERVER" b0
}

# Real checksums and no merged packets, as on a wire.
raise()
{
	ip -n "$1" link set lo up
	ip -n "$1" link set "$2" up
	in_ns "$1" ethtool -K "$2" tx off gso off tso off gro off >/dev/null 2>&1
}
