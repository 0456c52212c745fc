/* SPDX-License-Identifier: MIT */
/*
 * The readers of capture files alone. The same file, read in one piece, a few
 * bytes at a time, and in batches, must hold the same packets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcap/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BATCH 8u

/* The file, as a stream that returns at most step bytes per read. */
struct slow {
	const uint8_t *p;
	size_t n, step;
};

static ssize_t slow_read(void *cookie, char *to, size_t n)
{
	struct slow *s = cookie;

	n = n < s->step ? n : s->step;
	n = n < s->n ? n : s->n;
	memcpy(to, s->p, n);
	s->p += n;
	s->n -= n;
	return (ssize_t)n;
}

struct result {
	uint64_t hash, packets;
	int end;
};

static void mix(struct result *r, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r->hash =
			(r->hash ^ ((const uint8_t *)p)[i]) * 1099511628211ull;
}

static struct result read_all(const uint8_t *data, size_t size, size_t step,
			      unsigned int batch)
{
	struct slow slow = {data, size, step};
	struct result r = {.hash = 14695981039346656037ull, .end = 1};
	FILE *file = fopencookie(&slow, "rb",
				 (cookie_io_functions_t){.read = slow_read});
	char error[PCAP_ERROR_SIZE];
	struct pcap_frame f[BATCH];
	struct pcap_source *s;
	int n;

	if (!file)
		abort();
	setvbuf(file, NULL, _IONBF, 0);
	s = pcap_source_from(file, error);
	if (!s)
		return r;
	do {
		*error = 0;
		if (batch)
			n = pcap_source_batch(s, f, batch, error);
		else
			n = pcap_source_next(s, f, error);
		for (int i = 0; i < n; i++) {
			if (f[i].wire_len < f[i].caplen)
				abort();
			mix(&r, f[i].data, f[i].caplen);
			mix(&r, &f[i].caplen, sizeof(f[i].caplen));
			mix(&r, &f[i].wire_len, sizeof(f[i].wire_len));
			mix(&r, &f[i].ts_ns, sizeof(f[i].ts_ns));
			r.packets++;
		}
		if (n < 0 && !*error && n != -EINPROGRESS)
			abort();
	} while (n > 0 || n == -EINPROGRESS);
	r.end = n;
	if (pcap_source_stats(s)->packets != r.packets)
		abort();
	pcap_source_free(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, other;

	whole = read_all(data, size, 1u << 17, 0);
	for (int i = 0; i < 2; i++) {
		other = i ? read_all(data, size, 1u << 17, BATCH)
			  : read_all(data, size, 1 + size % 61, 0);
		if (other.hash != whole.hash || other.end != whole.end ||
		    other.packets != whole.packets)
			abort();
	}
	return 0;
}
