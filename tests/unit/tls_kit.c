/* SPDX-License-Identifier: MIT */
/* Records and messages, with fixed randoms. */
#include "tls_kit.h"

#include "tls/record.h"

void tls_put(struct buf *b, uint32_t v, unsigned int bytes)
{
	while (bytes--) {
		uint8_t byte = (uint8_t)(v >> 8 * bytes);

		buf_add(b, &byte, 1);
	}
}

size_t tls_begin(struct buf *b, unsigned int bytes)
{
	tls_put(b, 0, bytes);
	return b->len;
}

void tls_end(struct buf *b, size_t at, unsigned int bytes)
{
	size_t n = b->len - at;

	for (unsigned int i = 0; i < bytes; i++)
		b->p[at - 1 - i] = (uint8_t)(n >> 8 * i);
}

void tls_put_u16s(struct buf *b, const uint16_t *list)
{
	for (; *list; list++)
		tls_put(b, *list, 2);
}

void tls_put_extension(struct buf *b, uint16_t type, const void *p, size_t n)
{
	tls_put(b, type, 2);
	tls_put(b, (uint32_t)n, 2);
	buf_add(b, p, n);
}

static void put_random(struct buf *b, bool retry)
{
	static const uint8_t retry_random[] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
		0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
		0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

	for (unsigned int i = 0; i < 32; i++)
		tls_put(b, retry ? retry_random[i] : i, 1);
}

static void put_extensions(struct buf *b, const struct buf *extensions)
{
	if (!extensions)
		return;
	tls_put(b, (uint32_t)extensions->len, 2);
	buf_add(b, extensions->p, extensions->len);
}

void tls_put_client_hello(struct buf *b, uint16_t version,
			  const uint16_t *ciphers, const struct buf *extensions)
{
	size_t at;

	tls_put(b, version, 2);
	put_random(b, false);
	tls_put(b, 0, 1);
	at = tls_begin(b, 2);
	tls_put_u16s(b, ciphers);
	tls_end(b, at, 2);
	tls_put(b, 0x0100, 2);
	put_extensions(b, extensions);
}

void tls_put_server_hello(struct buf *b, uint16_t version, uint16_t cipher,
			  bool retry, const struct buf *extensions)
{
	tls_put(b, version, 2);
	put_random(b, retry);
	tls_put(b, 0, 1);
	tls_put(b, cipher, 2);
	tls_put(b, 0, 1);
	put_extensions(b, extensions);
}

void tls_put_record(struct buf *b, uint8_t type, const void *p, size_t n)
{
	tls_put(b, type, 1);
	tls_put(b, 0x0303, 2);
	tls_put(b, (uint32_t)n, 2);
	buf_add(b, p, n);
}

void tls_put_message(struct buf *b, uint8_t type, const void *p, size_t n)
{
	struct buf m = {0};

	tls_put(&m, type, 1);
	tls_put(&m, (uint32_t)n, 3);
	buf_add(&m, p, n);
	tls_put_record(b, RECORD_HANDSHAKE, m.p, m.len);
	buf_free(&m);
}

void tls_put_typical_client(struct buf *b)
{
	static const uint16_t ciphers[] = {0x1a1a, 0x1301, 0xc02f, 0};
	struct buf x = {0}, m = {0};

	tls_put_extension(&x, 0x2a2a, "", 0);
	tls_put_extension(&x, 0, "\0\x12\0\0\x0fwww.example.com", 20);
	tls_put_extension(&x, 10, "\0\6\x3a\x3a\0\x1d\0\x17", 8);
	tls_put_extension(&x, 16, "\0\x0c\2h2\x08http/1.1", 14);
	tls_put_extension(&x, 13, "\0\4\4\3\x08\4", 6);
	tls_put_extension(&x, 43, "\6\x4a\x4a\3\4\3\3", 7);
	tls_put_client_hello(&m, 0x0303, ciphers, &x);
	tls_put_message(b, 1, m.p, m.len);
	buf_free(&x);
	buf_free(&m);
}

void tls_put_typical_server(struct buf *b, uint16_t version, bool psk)
{
	struct buf x = {0}, m = {0};

	if (version == 0x0304) {
		tls_put_extension(&x, 43, "\3\4", 2);
		tls_put_extension(&x, 51, "\0\x1d\0\2ab", 6);
	} else {
		tls_put_extension(&x, 16, "\0\3\2h2", 5);
	}
	if (psk)
		tls_put_extension(&x, 41, "\0\0", 2);
	tls_put_server_hello(&m, 0x0303, version == 0x0304 ? 0x1301 : 0xc02f,
			     false, &x);
	tls_put_message(b, 2, m.p, m.len);
	buf_free(&x);
	buf_free(&m);
}

void tls_put_records(struct buf *b, uint8_t type, size_t n, unsigned int times)
{
	uint8_t bytes[300] = {0xee};

	while (times--)
		tls_put_record(b, type, bytes, n);
}

void tls_put_ccs(struct buf *b)
{
	tls_put_record(b, CCS, "\1", 1);
}
