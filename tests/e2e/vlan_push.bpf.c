/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A tc program that tags the frames a device sends with VLAN 5. On the mirror's
 * VXLAN device this produces tagged inner frames, even on kernels without VLAN
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
