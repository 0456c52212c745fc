/* SPDX-License-Identifier: MIT */
/* Of a connection joined midstream any record that occurs is enough; else it must be
 * what a connection begins with. */
#include "tls/claims.h"

#include "tls/record.h"

/* Does this record, whole or not, begin with a hello? */
static bool is_hello(const uint8_t *p, size_t n)
{
	return n <= RECORD_HEADER_SIZE || p[RECORD_HEADER_SIZE] == 1 ||
	       p[RECORD_HEADER_SIZE] == 2;
}

/* Is it a record of a kind and length that occur? */
static bool is_record(const uint8_t *p, size_t n)
{
	uint32_t len;

	if (n <= RECORD_HEADER_SIZE)
		return false;
	len = (uint32_t)(p[3] << 8 | p[4]);
	switch (p[0]) {
	case RECORD_CHANGE_CIPHER_SPEC:
		return len == 1 && p[RECORD_HEADER_SIZE] == 1;
	case RECORD_ALERT: /* encrypted ones have a nonce or MAC */
		return len == 2 || (len > 16 && len < 128);
	case RECORD_HANDSHAKE:
	case RECORD_APPLICATION_DATA:
		return len > 0;
	default:
		return false;
	}
}

bool tls_claims(const struct stream_tuple *tuple, const uint8_t *p, size_t n)
{
	if (!n || p[0] < RECORD_CHANGE_CIPHER_SPEC ||
	    p[0] > RECORD_APPLICATION_DATA || !record_plausible(p, n))
		return false;
	if (tuple->midstream)
		return is_record(p, n);
	return p[0] == RECORD_HANDSHAKE
		       ? is_hello(p, n)
		       : p[0] == RECORD_ALERT && n > 6 && is_record(p, n);
}
