/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_build.h"

static void put8(struct frame *f, unsigned int v)
{
	if (f->len < FRAME_MAX)
		f->data[f->len++] = (uint8_t)v;
}

static void put16(struct frame *f, unsigned int v)
{
	put8(f, v >> 8);
	put8(f, v);
}

static void put32(struct frame *f, uint32_t v)
{
	put16(f, v >> 16);
	put16(f, v);
}

static void put_n(struct frame *f, unsigned int byte, size_t n)
{
	while (n--)
		put8(f, byte);
}

static void set16(struct frame *f, size_t at, size_t v)
{
	f->data[at] = (uint8_t)(v >> 8);
	f->data[at + 1] = (uint8_t)v;
}

/* The sum of RFC 1071, folded. */
static uint32_t add_words(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)(p[i] << 8) + (i + 1 < n ? p[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_l2(struct frame *f, const struct frame_ip *ip)
{
	unsigned int type = ip->ipv6 ? 0x86dd : 0x0800;

	if (ip->ether_type)
		type = ip->ether_type - 1;
	put_n(f, 2, 6);
	put_n(f, 4, 6);
	for (unsigned int i = 0; i < ip->vlans; i++) {
		put16(f, !i && ip->vlan_type ? ip->vlan_type : 0x8100);
		put16(f, 100 + i);
	}
	put16(f, type);
}

/* Addresses 10.x.y.1 and 10.x.y.2, or the same at the end of 2001:db8::. */
static void put_addr(struct frame *f, const struct frame_ip *ip, bool second,
		     uint8_t *mapped)
{
	uint32_t v4 = (10u << 24 | 1) + ((ip->addr_salt & 0xffff) << 8) +
		      (second ? 1 : 0);
	size_t at = f->len;
	uint8_t out[16] = {0};

	if (ip->ipv6) {
		put32(f, 0x20010db8);
		put32(f, ip->addr_salt);
		put32(f, 0);
	}
	put32(f, v4);
	if (ip->ipv6)
		memcpy(out, f->data + at, 16);
	else
		memcpy(out + 12, f->data + at, 4);
	if (!ip->ipv6)
		out[10] = out[11] = 0xff;
	memcpy(mapped, out, 16);
}

static unsigned int ext_type(uint8_t ext)
{
	return ext == EXT_HBH ? 0 : ext;
}

static void put_ext(struct frame *f, const struct frame_ip *ip,
		    unsigned int protocol)
{
	for (size_t i = 0; i < FRAME_EXT_MAX && ip->ext[i]; i++) {
		bool last = i + 1 == FRAME_EXT_MAX || !ip->ext[i + 1];

		put8(f, last ? protocol : ext_type(ip->ext[i + 1]));
		switch (ip->ext[i]) {
		case EXT_AH:
			put8(f, 4); /* (4 + 2) * 4 */
			put_n(f, 0xaa, 22);
			break;
		case EXT_FRAGMENT:
			put8(f, 0);
			put16(f, ip->ext_frag);
			put32(f, 0x12345678);
			break;
		case EXT_ROUTING:
			put8(f, ip->ext_len);
			put_n(f, 0x43, 6 + 8u * ip->ext_len);
			break;
		default:
			put8(f, 0);
			put_n(f, 1, 6);
		}
	}
}

/* Returns the offset of the IP header; end_ip() sets its length field. */
static size_t put_ip(struct frame *f, const struct frame_ip *ip,
		     unsigned int protocol, uint8_t *saddr, uint8_t *daddr)
{
	size_t at = f->len;
	unsigned int version = ip->version ? ip->version : ip->ipv6 ? 6 : 4;

	if (ip->protocol)
		protocol = ip->protocol - 1u;
	if (ip->ipv6) {
		put32(f, version << 28 | 0x12345);
		put16(f, 0);
		put8(f, ip->ext[0] ? ext_type(ip->ext[0]) : protocol);
		put8(f, 64);
	} else {
		put8(f, version << 4 | (ip->ihl ? ip->ihl - 1u
						: 5u + ip->options / 4));
		put8(f, 0);
		put16(f, 0);
		put16(f, 1);
		put16(f, ip->frag);
		put8(f, 64);
		put8(f, protocol);
		put16(f, 0);
	}
	put_addr(f, ip, ip->swap, saddr);
	put_addr(f, ip, !ip->swap, daddr);
	if (ip->ipv6)
		put_ext(f, ip, protocol);
	else if (ip->options)
		put8(f, ip->option ? ip->option : 1);
	if (!ip->ipv6 && ip->options)
		put_n(f, 1, ip->options - 1u);
	return at;
}

static void end_ip(struct frame *f, const struct frame_ip *ip, size_t at)
{
	size_t len = f->len - at;

	if (ip->ipv6)
		len -= 40;
	if (ip->total_len)
		len = ip->total_len - 1;
	set16(f, at + (ip->ipv6 ? 4 : 2), len);
}

/* The checksums of the inner headers, wrong if the spec says so. */
static void end_checksums(struct frame *f, const struct frame_spec *s)
{
	size_t n = s->inner.ipv6 ? 32 : 8, len = f->len - f->tcp;
	uint8_t *ip = f->data + f->inner_ip;
	size_t header = s->inner.ipv6 ? 40 : 20 + s->inner.options;
	uint32_t sum;

	if (!s->inner.ipv6)
		set16(f, f->inner_ip + 10,
		      (~add_words(ip, header, 0) + s->bad_ip) & 0xffff);
	if (len > 0xffff)
		return;
	sum = add_words(ip + (s->inner.ipv6 ? 8 : 12), n, 6 + (uint32_t)len);
	if (!s->partial)
		sum = ~add_words(f->data + f->tcp, len, sum) + s->bad_tcp;
	set16(f, f->tcp + 16, sum & 0xffff);
}

static void put_options(struct frame *f, const struct frame_spec *s)
{
	unsigned int before = s->stamps_at ? s->stamps_at - 1u : 2;

	f->stamped = false;
	if (s->options[0]) {
		for (size_t i = 0; i < s->tcp_options; i++)
			put8(f, s->options[i]);
		return;
	}
	if (before + 10 > s->tcp_options) {
		put_n(f, 1, s->tcp_options);
		return;
	}
	f->stamped = true;
	put_n(f, 1, before);
	put16(f, 0x080a);
	put32(f, ~s->seq);
	put32(f, ~s->ack);
	put_n(f, 1, s->tcp_options - before - 10);
}

static void set_ports(struct frame *f, const struct frame_spec *s)
{
	f->sport = s->sport ? s->sport : 40000;
	f->dport = s->dport ? s->dport : 80;
	if (s->inner.swap) {
		uint16_t port = f->sport;

		f->sport = f->dport;
		f->dport = port;
	}
}

static void put_payload(struct frame *f, const struct frame_spec *s)
{
	for (size_t i = 0; i < s->payload; i++)
		put8(f, frame_payload_byte(i));
}

static void put_datagram(struct frame *f, const struct frame_spec *s)
{
	f->tcp_flags = 0;
	f->stamped = false;
	f->tcp = f->len;
	put16(f, f->sport);
	put16(f, f->dport);
	put32(f, 0);
	f->payload = f->len;
	if (s->version) {
		put8(f, s->first);
		put32(f, s->version);
	}
	put_payload(f, s);
	set16(f, f->tcp + 4,
	      s->datagram_len ? s->datagram_len - 1 : f->len - f->tcp);
}

static void put_tcp(struct frame *f, const struct frame_spec *s)
{
	unsigned int flags = s->payload ? 0x18 : 0x10;

	if (s->tcp_flags)
		flags = s->tcp_flags;
	f->tcp_flags = flags & 0x3f;
	f->tcp = f->len;
	put16(f, f->sport);
	put16(f, f->dport);
	put32(f, s->seq);
	put32(f, s->ack);
	put8(f, (s->doff ? s->doff - 1 : 5u + s->tcp_options / 4) << 4);
	put8(f, flags);
	put16(f, 0xffff);
	put16(f, 0);
	put16(f, s->urg);
	put_options(f, s);
	f->payload = f->len;
	put_payload(f, s);
}

void frame_build(struct frame *f, const struct frame_spec *s)
{
	uint8_t unused[16];

	f->len = f->outer_ip = f->udp = f->vxlan = 0;
	if (!s->raw) {
		put_l2(f, &s->outer);
		f->outer_ip = put_ip(f, &s->outer, 17, unused, unused);
		f->udp = f->len;
		put16(f, 0xc000);
		put16(f, s->udp_dport ? s->udp_dport - 1 : 4789);
		put16(f, 0);
		put16(f, 0);
		f->vxlan = f->len;
		put8(f, s->vxlan_flags ? s->vxlan_flags - 1 : 0x08);
		put_n(f, 0, 3);
		put32(f, s->vni << 8);
	}
	f->inner_eth = f->len;
	put_l2(f, &s->inner);
	f->inner_ip = put_ip(f, &s->inner, s->udp ? 17 : 6, f->saddr, f->daddr);
	set_ports(f, s);
	if (s->udp)
		put_datagram(f, s);
	else
		put_tcp(f, s);
	end_ip(f, &s->inner, f->inner_ip);
	if (!s->udp)
		end_checksums(f, s);
	put_n(f, 0xee, s->padding);
	if (!s->raw) {
		set16(f, f->udp + 4,
		      s->udp_len ? s->udp_len - 1 : f->len - f->udp);
		end_ip(f, &s->outer, f->outer_ip);
		put_n(f, 0xdd, s->outer_padding);
	}
}

uint8_t frame_payload_byte(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

void frame_alloc(struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->data = calloc(1, FRAME_MAX);
	if (!f->data) {
		perror("frame_alloc");
		exit(1);
	}
}

void frame_free(struct frame *f)
{
	free(f->data);
	f->data = NULL;
}

uint64_t frame_rand(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

/* True with probability 1/n. */
static bool once_in(uint64_t *state, unsigned int n)
{
	return frame_rand(state) >> 33 < (1u << 31) / n;
}

static uint32_t below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((frame_rand(state) >> 32) * n >> 32);
}

static void random_ip(struct frame_ip *ip, uint64_t *state)
{
	static const uint8_t types[] = {EXT_HBH, EXT_ROUTING, EXT_DSTOPTS,
					EXT_AH, EXT_FRAGMENT};

	if (once_in(state, 4))
		ip->vlans = (uint8_t)below(state, 4);
	if (once_in(state, 3))
		ip->vlan_type = once_in(state, 2) ? 0x88a8 : 0x9100;
	ip->ipv6 = once_in(state, 3);
	ip->addr_salt = below(state, 1000);
	ip->swap = once_in(state, 2);
	if (!ip->ipv6 && once_in(state, 5))
		ip->options = (uint8_t)(4 * below(state, 11));
	if (!ip->ipv6 && once_in(state, 20))
		ip->frag = (uint16_t)frame_rand(state);
	if (once_in(state, 20))
		ip->total_len = SET(0);
	if (once_in(state, 40))
		ip->protocol = (uint16_t)SET(below(state, 256));
	if (!ip->ipv6 || !once_in(state, 3))
		return;
	for (uint32_t i = 0, n = below(state, FRAME_EXT_MAX); i < n; i++)
		ip->ext[i] = types[below(state, once_in(state, 4) ? 5 : 4)];
	ip->ext_frag = once_in(state, 2) ? 0 : (uint16_t)frame_rand(state);
	ip->ext_len = (uint8_t)(once_in(state, 8) ? below(state, 256)
						  : below(state, 4) * 2);
}

void frame_random_spec(struct frame_spec *s, uint64_t *state)
{
	static const uint16_t ports[] = {80, 8080, 3000, 443};
	static const uint8_t flags[] = {0x10, 0x18, 0x02, 0x12, 0x11,
					0x04, 0x14, 0x19, 0x38, 0x3f};

	memset(s, 0, sizeof(*s));
	random_ip(&s->outer, state);
	random_ip(&s->inner, state);
	if (once_in(state, 30))
		s->udp_len =
			once_in(state, 2) ? SET(0) : SET(below(state, 65536));
	if (once_in(state, 30))
		s->vxlan_flags = SET(below(state, 256));
	s->vni = once_in(state, 4) ? below(state, 1 << 24) : below(state, 8);
	s->sport = (uint16_t)(1024 + below(state, 60000));
	s->dport = ports[below(state, 4)];
	s->seq = (uint32_t)frame_rand(state);
	s->ack = (uint32_t)frame_rand(state);
	s->tcp_flags = flags[below(state, sizeof(flags))];
	s->tcp_options = (uint8_t)(4 * below(state, 11));
	if (once_in(state, 2))
		s->tcp_options = 12;
	if (once_in(state, 3))
		s->stamps_at = (uint8_t)SET(below(state, 31));
	if (once_in(state, 4))
		for (size_t i = 0; i < sizeof(s->options); i++)
			s->options[i] = (uint8_t)below(state, 12);
	s->partial = once_in(state, 10);
	if (once_in(state, 10))
		s->bad_ip = (uint16_t)frame_rand(state);
	s->urg = (uint16_t)frame_rand(state);
	s->udp = once_in(state, 8);
	s->first = (uint8_t)frame_rand(state);
	s->version = once_in(state, 4)	 ? (uint32_t)frame_rand(state)
		     : once_in(state, 2) ? 1
					 : 0x6b3343cf;
	if (once_in(state, 8))
		s->datagram_len = SET(below(state, 2000));
	s->payload = once_in(state, 5)	   ? 0
		     : once_in(state, 100) ? below(state, 65536)
		     : once_in(state, 10)  ? below(state, 9000)
					   : below(state, 1500);
	if (once_in(state, 8))
		s->padding = below(state, 64);
	if (once_in(state, 8))
		s->outer_padding = below(state, 64);
}

static void mutate_once(struct frame *f, uint64_t *state)
{
	/* Mostly in the headers, which the decoder reads. */
	uint32_t headers =
		f->payload < f->len ? (uint32_t)f->payload : (uint32_t)f->len;
	uint32_t at = below(state, headers ? headers : 1);

	switch (below(state, 6)) {
	case 0:
		f->data[at] ^= (uint8_t)(1u << below(state, 8));
		break;
	case 1:
		f->data[at] = (uint8_t)frame_rand(state);
		break;
	case 2: /* an extreme 16-bit value */
		if (at + 2 <= f->len)
			set16(f, at, once_in(state, 2) ? 0 : 0xffff);
		break;
	case 3: /* off by a little */
		f->data[at] += (uint8_t)(below(state, 5) - 2);
		break;
	case 4: /* truncated */
		if (f->len > 14)
			f->len = 14 + (once_in(state, 2)
					       ? below(state, headers)
					       : below(state,
						       (uint32_t)f->len - 13));
		if (f->len > FRAME_MAX)
			f->len = FRAME_MAX;
		break;
	default: /* bytes inserted: later fields are at a wrong offset */
		if (f->len + 4 < FRAME_MAX) {
			memmove(f->data + at + 4, f->data + at, f->len - at);
			f->len += 4;
		}
	}
}

void frame_mutate(struct frame *f, uint64_t *state)
{
	for (uint32_t n = 1 + below(state, 3); n; n--)
		mutate_once(f, state);
}
