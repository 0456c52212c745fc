/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "both.h"

#define OUTCOMES \
	(offsetof(struct metlo_stats, pass_not_vxlan) / sizeof(uint64_t))

enum metlo_outcome result_outcome(const struct result *r, size_t len)
{
	const uint64_t *counts = (const uint64_t *)&r->stats + OUTCOMES;
	enum metlo_outcome found = METLO_OUTCOME_MAX;
	uint64_t sum = 0;

	for (int i = 0; i < METLO_OUTCOME_MAX; i++) {
		sum += counts[i];
		if (counts[i])
			found = i;
	}
	if (sum != 1 || r->stats.packets != 1 || r->stats.bytes != len)
		return METLO_OUTCOME_MAX;
	return found;
}

uint64_t result_bytes(const struct result *r)
{
	return r->stats.delivered_bytes + r->stats.truncated_bytes +
	       r->stats.sampled_out_bytes + r->stats.shunted_bytes +
	       r->stats.ring_full_bytes;
}

static void keep(void *ctx, const struct metlo_rec *rec, const uint8_t *payload)
{
	struct result *r = ctx;

	if (r->records < RESULT_RECORDS) {
		r->rec[r->records] = *rec;
		r->payload_at[r->records] = r->payload_len;
	}
	r->records++;
	if (r->payload_len + rec->len <= sizeof(r->payload)) {
		memcpy(r->payload + r->payload_len, payload, rec->len);
		r->payload_len += rec->len;
	}
}

static void subtract(struct metlo_stats *a, const struct metlo_stats *b)
{
	uint64_t *x = (uint64_t *)a;
	const uint64_t *y = (const uint64_t *)b;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*x); i++)
		x[i] -= y[i];
}

static void clear(struct result *r)
{
	/* The payload need not be zeroed: payload_len bounds it. */
	memset(r, 0, offsetof(struct result, payload));
}

void feed_kernel(struct testrun *t, const uint8_t *data, size_t len,
		 size_t linear, struct result *r)
{
	struct metlo_stats before;

	clear(r);
	if (testrun_stats(t, &before)) {
		r->verdict = -EIO;
		return;
	}
	if (linear) {
		r->verdict = testrun_push(t, data, len, linear);
		if (testrun_drain(t, 1, keep, r))
			r->verdict = -EIO;
	} else {
		r->verdict = testrun_feed(t, data, len, len, 1, keep, r);
	}
	if (testrun_stats(t, &r->stats))
		r->verdict = -EIO;
	subtract(&r->stats, &before);
}

void feed_user(struct frames *f, const uint8_t *data, size_t len,
	       struct result *r)
{
	struct metlo_stats before = *frames_stats(f);
	/* A copy of exactly this length, so that ASan detects overreads. */
	uint8_t *copy = malloc(len ? len : 1);

	clear(r);
	if (!copy) {
		r->verdict = -ENOMEM;
		return;
	}
	memcpy(copy, data, len);
	frames_feed(f, copy, len, len, 1, keep, r);
	free(copy);
	r->verdict = frames_passed(f) ? XDP_PASS : XDP_DROP;
	r->stats = *frames_stats(f);
	subtract(&r->stats, &before);
}

const char *result_difference(const struct result *a, const struct result *b)
{
	if (a->verdict != b->verdict)
		return "verdict";
	if (memcmp(&a->stats, &b->stats, sizeof(a->stats)))
		return "counters";
	if (a->records != b->records)
		return "number of records";
	if (memcmp(a->rec, b->rec, sizeof(a->rec)))
		return "record";
	if (a->payload_len != b->payload_len ||
	    memcmp(a->payload, b->payload, a->payload_len))
		return "payload";
	return NULL;
}

const char *outcome_name(enum metlo_outcome outcome)
{
	static const char *const names[] = {
#define NAME(name, ...) #name,
		METLO_OUTCOMES(NAME)
#undef NAME
	};

	return outcome < METLO_OUTCOME_MAX ? names[outcome] : "not one outcome";
}

void dump_frame(const char *what, const uint8_t *data, size_t len)
{
	fprintf(stderr, "# %s: %zu bytes:", what, len);
	for (size_t i = 0; i < len && i < 400; i++)
		fprintf(stderr, "%s%02x", i % 32 ? "" : "\n#   ", data[i]);
	fputc('\n', stderr);
}

void config_default(struct metlo_config *config)
{
	memset(config, 0, sizeof(*config));
	config->vxlan_port = 4789;
	config->hash_seed = 0x5eed5eed12345678;
	config->port_bits[80 / 64] |= 1ull << 80 % 64;
	for (unsigned int port = 8000; port <= 8100; port++)
		config->port_bits[port / 64] |= 1ull << port % 64;
}

bool can_load(void)
{
	struct frames_conf frames = {0};
	struct testrun_conf conf = {.frames = &frames};
	struct testrun *t;

	if (geteuid()) {
		fprintf(stderr, "# needs root to load a BPF program\n");
		return false;
	}
	t = testrun_new(&conf);
	if (!t && errno == EPERM) {
		fprintf(stderr, "# not permitted to load a BPF program\n");
		return false;
	}
	testrun_free(t);
	return true;
}

#define VNI_ALLOW_BYTES ((size_t)1 << 21)

void both_allow_vnis(struct both *b, uint8_t bits)
{
	b->vni_allow = malloc(VNI_ALLOW_BYTES);
	if (!b->vni_allow) {
		perror("both_allow_vnis");
		exit(1);
	}
	memset(b->vni_allow, bits, VNI_ALLOW_BYTES);
}

int both_open(struct both *b, const struct metlo_config *config)
{
	const struct frames_conf frames = {.config = *config,
					   .vni_allow = b->vni_allow};
	const struct testrun_conf conf = {.frames = &frames};

	frame_alloc(&b->frame);
	b->user = frames_new(&frames);
	if (!b->user) {
		perror("frames_new");
		return -1;
	}
	b->loaded = can_load();
	if (!b->loaded)
		return 0;
	b->kernel = testrun_new(&conf);
	if (!b->kernel)
		perror("testrun_new");
	return b->kernel ? 0 : -1;
}

void both_close(struct both *b)
{
	testrun_free(b->kernel);
	frames_free(b->user);
	frame_free(&b->frame);
	free(b->vni_allow);
}
