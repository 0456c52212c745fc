/* SPDX-License-Identifier: MIT */
/*
 * Sealing a packet is the reverse of quic/keys.c, from which only the keys come;
 * test_quic compares both with what the RFCs print.
 */
#include "quic_kit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

const uint8_t quic_client_hello[241] = {
	0x01, 0x00, 0x00, 0xed, 0x03, 0x03, 0xeb, 0xf8, 0xfa, 0x56, 0xf1, 0x29,
	0x39, 0xb9, 0x58, 0x4a, 0x38, 0x96, 0x47, 0x2e, 0xc4, 0x0b, 0xb8, 0x63,
	0xcf, 0xd3, 0xe8, 0x68, 0x04, 0xfe, 0x3a, 0x47, 0xf0, 0x6a, 0x2b, 0x69,
	0x48, 0x4c, 0x00, 0x00, 0x04, 0x13, 0x01, 0x13, 0x02, 0x01, 0x00, 0x00,
	0xc0, 0x00, 0x00, 0x00, 0x10, 0x00, 0x0e, 0x00, 0x00, 0x0b, 0x65, 0x78,
	0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x63, 0x6f, 0x6d, 0xff, 0x01, 0x00,
	0x01, 0x00, 0x00, 0x0a, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1d, 0x00, 0x17,
	0x00, 0x18, 0x00, 0x10, 0x00, 0x07, 0x00, 0x05, 0x04, 0x61, 0x6c, 0x70,
	0x6e, 0x00, 0x05, 0x00, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x33,
	0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0x93, 0x70, 0xb2, 0xc9,
	0xca, 0xa4, 0x7f, 0xba, 0xba, 0xf4, 0x55, 0x9f, 0xed, 0xba, 0x75, 0x3d,
	0xe1, 0x71, 0xfa, 0x71, 0xf5, 0x0f, 0x1c, 0xe1, 0x5d, 0x43, 0xe9, 0x94,
	0xec, 0x74, 0xd7, 0x48, 0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04, 0x00,
	0x0d, 0x00, 0x10, 0x00, 0x0e, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x02,
	0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x00, 0x2d, 0x00, 0x02, 0x01,
	0x01, 0x00, 0x1c, 0x00, 0x02, 0x40, 0x01, 0x00, 0x39, 0x00, 0x32, 0x04,
	0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0x04, 0x80,
	0x00, 0xff, 0xff, 0x07, 0x04, 0x80, 0x00, 0xff, 0xff, 0x08, 0x01, 0x10,
	0x01, 0x04, 0x80, 0x00, 0x75, 0x30, 0x09, 0x01, 0x10, 0x0f, 0x08, 0x83,
	0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08, 0x06, 0x04, 0x80, 0x00, 0xff,
	0xff,
};

const uint8_t quic_server_hello[90] = {
	0x02, 0x00, 0x00, 0x56, 0x03, 0x03, 0xee, 0xfc, 0xe7, 0xf7, 0xb3, 0x7b,
	0xa1, 0xd1, 0x63, 0x2e, 0x96, 0x67, 0x78, 0x25, 0xdd, 0xf7, 0x39, 0x88,
	0xcf, 0xc7, 0x98, 0x25, 0xdf, 0x56, 0x6d, 0xc5, 0x43, 0x0b, 0x9a, 0x04,
	0x5a, 0x12, 0x00, 0x13, 0x01, 0x00, 0x00, 0x2e, 0x00, 0x33, 0x00, 0x24,
	0x00, 0x1d, 0x00, 0x20, 0x9d, 0x3c, 0x94, 0x0d, 0x89, 0x69, 0x0b, 0x84,
	0xd0, 0x8a, 0x60, 0x99, 0x3c, 0x14, 0x4e, 0xca, 0x68, 0x4d, 0x10, 0x81,
	0x28, 0x7c, 0x83, 0x4d, 0x53, 0x11, 0xbc, 0xf3, 0x2b, 0xb9, 0xda, 0x1a,
	0x00, 0x2b, 0x00, 0x02, 0x03, 0x04,
};

static const uint8_t rfc_cid[] = {0x83, 0x94, 0xc8, 0xf0,
				  0x3e, 0x51, 0x57, 0x08};
const struct tls_span quic_rfc_cid = {rfc_cid, sizeof(rfc_cid)};

#define TAG 16

static void put(struct buf *b, uint32_t v, unsigned int bytes)
{
	while (bytes--) {
		const uint8_t byte = (uint8_t)(v >> 8 * bytes);

		buf_add(b, &byte, 1);
	}
}

static void put_cid(struct buf *b, const struct tls_span *cid)
{
	put(b, cid->len, 1);
	if (cid->len)
		buf_add(b, cid->p, cid->len);
}

void quic_kit_crypto(struct buf *to, uint32_t offset, const void *p, size_t n)
{
	put(to, 6, 1);
	put(to, 0x80000000u | offset, 4);
	put(to, 0x4000u | (uint32_t)n, 2);
	buf_add(to, p, n);
}

static void check(int ok)
{
	if (ok <= 0)
		abort();
}

/* Encrypts what begins at header, whose last 4 bytes are the packet number. */
static void protect(uint8_t *packet, size_t header, size_t body,
		    const struct quic_keys *keys, uint32_t number)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[12], mask[16], *text = packet + header;
	int n;

	check(ctx != NULL);
	memcpy(iv, keys->iv, sizeof(iv));
	for (unsigned int i = 0; i < 4; i++)
		iv[11 - i] ^= (uint8_t)(number >> 8 * i);
	check(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys->key, iv));
	check(EVP_EncryptUpdate(ctx, NULL, &n, packet, (int)header));
	check(EVP_EncryptUpdate(ctx, text, &n, text, (int)body));
	check(EVP_EncryptFinal_ex(ctx, text + n, &n));
	check(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
				  text + body));
	check(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, keys->hp, NULL));
	check(EVP_EncryptUpdate(ctx, mask, &n, text, 16));
	packet[0] ^= mask[0] & 15;
	for (unsigned int i = 0; i < 4; i++)
		packet[header - 4 + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(ctx);
}

void quic_kit_packet(struct buf *to, const struct quic_kit_packet *p,
		     const void *frames, size_t n)
{
	const uint32_t version = p->version ? p->version : QUIC_V1;
	const size_t start = to->len;
	struct quic_crypto *crypto = quic_crypto_new();
	struct quic_keys keys;
	uint8_t *w;
	size_t header, body = n < TAG ? TAG : n;

	check(crypto != NULL);
	check(quic_derive(crypto, version,
			  p->first.p ? &p->first : &quic_rfc_cid, p->side,
			  &keys));
	quic_crypto_free(crypto);
	put(to, version == QUIC_V2 ? 0xd3 : 0xc3, 1);
	put(to, version, 4);
	put_cid(to, &p->dcid);
	put_cid(to, &p->scid);
	put(to, p->token ? (uint32_t)strlen(p->token) : 0, 1);
	if (p->token)
		buf_add(to, p->token, strlen(p->token));
	header = to->len - start + 6;
	if (p->size > header + body + TAG)
		body = p->size - header - TAG;
	put(to, 0x4000u | (uint32_t)(4 + body + TAG), 2);
	put(to, p->number, 4);
	w = buf_reserve(to, body + TAG);
	check(w != NULL);
	memset(w, 0, body + TAG);
	if (n)
		memcpy(w, frames, n);
	to->len += body + TAG;
	protect(to->p + start, header, body, &keys, p->number);
}

/* --- the engine -------------------------------------------------------------------- */

static void on_report(void *ctx, const struct tls_report *r)
{
	struct quic_kit *k = ctx;

	k->n++;
	k->last = *r;
	if (r->sni.len)
		memcpy(k->sni, r->sni.p, r->sni.len);
	k->sni[r->sni.len] = 0;
}

void quic_kit_init(struct quic_kit *k, uint64_t memory_limit)
{
	const struct quic_conf conf = {
		.memory_limit = memory_limit ? memory_limit : 1 << 20,
		.emit = on_report,
		.emit_ctx = k,
	};

	memset(k, 0, sizeof(*k));
	k->e = quic_new(&conf);
	check(k->e != NULL);
	k->rec.ts_ns = 1700000000000000000ull;
	k->rec.flags = METLO_REC_FRAGMENT | METLO_REC_DPORT;
	k->rec.proto = METLO_REC_UDP;
	memcpy(k->rec.saddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(k->rec.daddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
	k->rec.sport = 40000;
	k->rec.dport = 443;
	k->rec.hash = 12345;
}

int quic_kit_sums(const struct quic_engine *e)
{
	const struct quic_stats *s = quic_stats(e);

	return s->packets == s->packets_decrypted + s->packets_undecryptable +
				     s->packets_malformed + s->packets_cut +
				     s->packets_limited &&
	       s->connections == s->reported + s->connections_live;
}

void quic_kit_done(struct quic_kit *k)
{
	quic_flush(k->e);
	check(quic_kit_sums(k->e));
	check(!quic_stats(k->e)->connections_live);
	check(k->n == quic_stats(k->e)->reported);
	quic_free(k->e);
}

void quic_kit_turn(struct quic_kit *k)
{
	uint8_t addr[16];
	uint16_t port = k->rec.sport;

	memcpy(addr, k->rec.saddr, 16);
	memcpy(k->rec.saddr, k->rec.daddr, 16);
	memcpy(k->rec.daddr, addr, 16);
	k->rec.sport = k->rec.dport;
	k->rec.dport = port;
}

void quic_kit_feed(struct quic_kit *k, const struct buf *datagram)
{
	k->rec.len = k->rec.wire_len = (uint32_t)datagram->len;
	k->rec.ts_ns += 1000000;
	quic_record(k->e, &k->rec, datagram->p);
}
