/* SPDX-License-Identifier: MIT */
/* One certificate: whatever it is, all that is reported of it can be read, and
 * nothing stays allocated. */
#include <stdlib.h>
#include <string.h>

#include "tls/certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t touched; /* keeps the compiler from dropping the reads */

static void touch(const struct tls_span *s)
{
	for (uint32_t i = 0; i < s->len; i++)
		touched += s->p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t now_ns;
	size_t memory = 0;
	struct cert_cache *c = cert_cache_new(&memory);
	const struct certificate *cert, *again;

	if (!c)
		abort();
	now_ns += 2000000000;
	cert = cert_get(c, data, size, now_ns);
	again = cert_get(c, data, size, now_ns);
	if (!cert || again != cert || cert->bytes != size || !cert->hashed)
		abort();
	touch(&cert->subject);
	touch(&cert->issuer);
	touch(&cert->serial);
	for (uint32_t i = 0; i < cert->n_names; i++)
		touch(&cert->names[i].text);
	touched += strlen(cert->not_before) + strlen(cert->not_after);
	if (cert->n_names > cert->total_names ||
	    cert->n_names > CERT_NAMES_MAX || cert->key_bits > 1 << 20)
		abort();
	cert_put(c, cert);
	cert_put(c, again);
	cert_cache_free(c);
	if (memory)
		abort();
	return 0;
}
