/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A tc program that tags what leaves a device with VLAN 5: on the VXLAN device
 * of the mirror it makes tagged inner frames, also on kernels without VLAN
 * devices.
 */
struct __sk_buff;

static long (*const bpf_skb_vlan_push)(struct __sk_buff *skb,
				       unsigned short proto,
				       unsigned short tci) = (void *)18;

#define ETH_P_8021Q 0x8100
#define TC_ACT_OK   0

__attribute__((section("tc"), used)) int vlan_push(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, __builtin_bswap16(ETH_P_8021Q), 5);
	return TC_ACT_OK;
}

__attribute__((section("license"), used)) char licence[] = "Dual MIT/GPL";
