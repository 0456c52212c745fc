/* SPDX-License-Identifier: MIT */
/*
 * Runs named frames through the loaded program and the user-space build, and
 * checks the expected outcome, verdict, records and counters of each.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "both.h"
#include "metlo_hash.h"
#include "metlo_shunt.h"
#include "verdict_cases.h"

#define FAILURES_MAX 10

static void case_config(const struct verdict_case *c, const struct frame *f,
			struct metlo_config *config)
{
	config_default(config);
	config->any_port = c->any_port;
	config->vni_filter = c->vni_filter;
	config->pass_vxlan = c->pass_vxlan;
	if (c->vxlan_port)
		config->vxlan_port = c->vxlan_port;
	if (c->sample)
		config->sample_out =
			metlo_flow_hash(config->hash_seed, f->saddr, f->daddr,
					f->sport, f->dport) +
			c->sample_beyond;
}

/* Writes the case's shunt request for the frame's tuple. */
static void case_shunt(const struct verdict_case *c, const struct frame *f,
		       uint64_t seed, struct metlo_shunt *slots)
{
	struct metlo_shunt want = {.mode = c->shunt,
				   .until_seq = c->shunt_until,
				   .vni = c->spec.vni + c->shunt_other_vni,
				   .sport = f->sport,
				   .dport = f->dport};
	uint32_t hash;

	memset(slots, 0, METLO_SHUNT_SLOTS * sizeof(*slots));
	memcpy(want.saddr, f->saddr, 16);
	memcpy(want.daddr, f->daddr, 16);
	hash = metlo_flow_hash(seed, f->saddr, f->daddr, f->sport, f->dport);
	if (c->shunt)
		metlo_shunt_set(slots, hash, &want);
	if (c->shunt_other_direction) {
		want.mode = METLO_SHUNT_OFF;
		metlo_shunt_set(slots, hash, &want);
		memcpy(want.saddr, f->daddr, 16);
		memcpy(want.daddr, f->saddr, 16);
		want.sport = f->dport;
		want.dport = f->sport;
		want.mode = c->shunt;
		metlo_shunt_set(slots, hash, &want);
	}
}

/* The record of a fragment holds the IP packet, and its ID instead of a TCP
 * header. */
static const char *check_fragment(const struct verdict_case *c,
				  const struct frame *f, const struct result *r)
{
	const struct metlo_rec *rec = r->rec;

	if (memcmp(rec->saddr, f->saddr, 16) ||
	    memcmp(rec->daddr, f->daddr, 16) || rec->vni != c->spec.vni)
		return "addresses or VNI";
	if (rec->sport || rec->dport || rec->ack || rec->urg || rec->tcp_flags)
		return "TCP header";
	if (rec->seq != (c->flags & METLO_REC_IPV6 ? 0x12345678 : 1))
		return "ID";
	if (rec->flags != c->flags)
		return "record flags";
	if (rec->len != c->len || rec->wire_len != c->wire_len ||
	    r->payload_len != c->len)
		return "len or wire_len";
	return memcmp(r->payload, f->data + f->inner_ip, c->len) ? "payload"
								 : NULL;
}

/* That of a UDP datagram holds its payload. */
static const char *check_datagram(const struct verdict_case *c,
				  const struct frame *f, const struct result *r)
{
	const struct metlo_rec *rec = r->rec;

	if (memcmp(rec->saddr, f->saddr, 16) ||
	    memcmp(rec->daddr, f->daddr, 16) || rec->vni != c->spec.vni)
		return "addresses or VNI";
	if (rec->proto != METLO_REC_UDP || rec->sport != f->sport ||
	    rec->dport != f->dport)
		return "protocol or ports";
	if (rec->seq || rec->ack || rec->urg || rec->tcp_flags || rec->sums)
		return "TCP header";
	if (rec->flags != c->flags || rec->ts_ns != 1)
		return "record flags or time";
	if (rec->len != c->len || rec->wire_len != c->wire_len ||
	    r->payload_len != c->len)
		return "len or wire_len";
	return memcmp(r->payload, f->data + f->payload, c->len) ? "payload"
								: NULL;
}

/* Checks everything about the records that follows from the frame's spec. */
static const char *check_records(const struct verdict_case *c,
				 const struct frame *f, const struct result *r)
{
	bool syn = f->tcp_flags & METLO_TCP_SYN;
	uint32_t done = 0;

	for (size_t i = 0; i < r->records; i++) {
		const struct metlo_rec *rec = &r->rec[i];
		bool last = i + 1 == r->records;
		uint8_t at_end = METLO_TCP_FIN | METLO_TCP_RST | METLO_TCP_PSH |
				 METLO_TCP_URG;
		uint8_t flags = f->tcp_flags;
		uint8_t rec_flags = c->flags;

		if (f->stamped && f->len >= f->payload)
			rec_flags |= METLO_REC_STAMPED;
		if (!last)
			flags &= ~at_end;
		if (i)
			flags &= ~METLO_TCP_SYN;
		if (memcmp(rec->saddr, f->saddr, 16) ||
		    memcmp(rec->daddr, f->daddr, 16))
			return "addresses";
		if (rec->sport != f->sport || rec->dport != f->dport)
			return "ports";
		if (rec->seq != c->spec.seq + done + (i && syn ? 1 : 0))
			return "seq";
		if (rec->ack != c->spec.ack || rec->urg != c->spec.urg)
			return "ack or urgent pointer";
		if (rec->vni != c->spec.vni || rec->ts_ns != 1)
			return "vni or time";
		if (rec->tcp_flags != flags)
			return "TCP flags";
		if (rec->flags != (rec_flags | (i ? METLO_REC_CONTINUED : 0)) &&
		    (last || rec->flags != ((rec_flags & ~METLO_REC_TRUNCATED) |
					    (i ? METLO_REC_CONTINUED : 0))))
			return "record flags";
		if (!last && (rec->len != METLO_REC_PAYLOAD_MAX ||
			      rec->wire_len != rec->len))
			return "length of a slice";
		if (last && (rec->len != c->len - done ||
			     rec->wire_len != c->wire_len - done))
			return "len or wire_len";
		done += rec->len;
	}
	for (size_t i = 0; i < r->payload_len; i++) {
		if (r->payload[i] != frame_payload_byte(i + c->payload_skip))
			return "payload";
	}
	return r->payload_len == c->len ? NULL : "payload length";
}

static const char *check(const struct verdict_case *c, const struct frame *f,
			 const struct result *r)
{
	size_t records =
		c->outcome == METLO_delivered ? c->records ? c->records : 1 : 0;
	uint64_t shunted = c->flags & METLO_REC_SHUNTED	 ? c->wire_len
			   : c->outcome == METLO_shunted ? c->wire_len
							 : 0;
	uint64_t sampled = c->outcome == METLO_sampled_out ? c->wire_len : 0;
	uint64_t cut = shunted || sampled ? 0 : c->wire_len - c->len;

	if (result_outcome(r, f->len) != c->outcome)
		return "outcome";
	if (r->verdict != (c->passes ? XDP_PASS : XDP_DROP))
		return "verdict";
	if (r->records != records || r->stats.records != records)
		return "number of records";
	if (r->stats.delivered_bytes != c->len ||
	    r->stats.truncated_bytes != cut ||
	    r->stats.sampled_out_bytes != sampled ||
	    r->stats.shunted_bytes != shunted || r->stats.ring_full_bytes)
		return "bytes in the counters";
	if (c->flags & METLO_REC_FRAGMENT && records && r->rec->proto)
		return check_datagram(c, f, r);
	if (c->flags & METLO_REC_FRAGMENT)
		return check_fragment(c, f, r);
	return records ? check_records(c, f, r) : NULL;
}

/* 1 after printing what is wrong, if anything; the tenth failure ends the
 * test. */
static int failures(const struct verdict_case *c, const struct frame *f,
		    const struct result *r, const char *build)
{
	const char *wrong = check(c, f, r);
	static int reported;

	if (!wrong)
		return 0;
	if (reported++ == FAILURES_MAX)
		fail_msg("too many failures");
	fprintf(stderr,
		"# %s (%s): wrong %s; outcome %s, verdict %d, %zu records",
		c->name, build, wrong, outcome_name(result_outcome(r, f->len)),
		r->verdict, r->records);
	if (r->records)
		fprintf(stderr, ", len %u, wire_len %u, flags %#x",
			r->rec[0].len, r->rec[0].wire_len, r->rec[0].flags);
	fputc('\n', stderr);
	dump_frame(c->name, f->data, f->len);
	return 1;
}

static int run_user(struct both *fix, const struct verdict_case *c)
{
	struct frames_conf conf = {.vni_allow = fix->vni_allow,
				   .raw = c->spec.raw};
	struct frames *frames;
	int failed;

	case_config(c, &fix->frame, &conf.config);
	frames = frames_new(&conf);
	assert_non_null(frames);
	case_shunt(c, &fix->frame, conf.config.hash_seed,
		   frames_shunts(frames));
	feed_user(frames, fix->frame.data, fix->frame.len, &fix->from_user);
	frames_free(frames);
	failed = failures(c, &fix->frame, &fix->from_user, "user space");
	return failed;
}

static int run_kernel(struct both *fix, const struct verdict_case *c)
{
	struct metlo_config *config = testrun_config(fix->kernel);

	case_config(c, &fix->frame, config);
	case_shunt(c, &fix->frame, config->hash_seed,
		   testrun_shunts(fix->kernel));
	feed_kernel(fix->kernel, fix->frame.data, fix->frame.len, 0,
		    &fix->from_kernel);
	return failures(c, &fix->frame, &fix->from_kernel, "kernel");
}

static void case_frame(struct both *fix, const struct verdict_case *c)
{
	struct frame *f = &fix->frame;

	frame_build(f, &c->spec);
	if (c->cut_after) {
		/* c->keep bytes of that layer */
		const size_t at[] = {0,		  0,	    f->outer_ip,
				     f->udp,	  f->vxlan, f->inner_eth,
				     f->inner_ip, f->tcp,   f->payload};

		f->len = at[c->cut_after] + c->keep;
	}
}

static void test_user(void **state)
{
	struct both *fix = *state;
	int failed = 0;

	assert_true(verdict_case_count >= 90);
	for (size_t i = 0; i < verdict_case_count; i++) {
		case_frame(fix, &verdict_cases[i]);
		failed += run_user(fix, &verdict_cases[i]);
	}
	assert_int_equal(failed, 0);
	print_message("# %zu named frames in user space\n", verdict_case_count);
}

static void test_kernel(void **state)
{
	struct both *fix = *state;
	int failed = 0;

	if (!fix->loaded)
		skip();
	for (size_t i = 0; i < verdict_case_count; i++) {
		if (verdict_cases[i].spec.raw)
			continue;
		case_frame(fix, &verdict_cases[i]);
		failed += run_kernel(fix, &verdict_cases[i]);
	}
	assert_int_equal(failed, 0);
}

/* The same with headers spread over two buffers, split at every byte. */
static void test_kernel_frags(void **state)
{
	struct both *fix = *state;
	struct verdict_case c = {
		.name = "frags",
		.spec = {.payload = 6000, .vni = 3, .seq = 9, .ack = 8},
		.outcome = METLO_delivered,
		.flags = METLO_REC_DPORT,
		.len = 6000,
		.wire_len = 6000};
	const struct frame *f = &fix->frame;
	int failed = 0;

	if (!fix->loaded)
		skip();
	case_frame(fix, &c);
	case_config(&c, f, testrun_config(fix->kernel));
	case_shunt(&c, f, 1, testrun_shunts(fix->kernel));
	for (size_t linear = 14; linear <= f->payload + 8; linear++) {
		feed_kernel(fix->kernel, f->data, f->len, linear,
			    &fix->from_kernel);
		if (fix->from_kernel.verdict == -EINVAL) {
			print_message(
				"# this kernel cannot split a test frame\n");
			skip();
		}
		failed += failures(&c, f, &fix->from_kernel, "frags");
	}
	assert_int_equal(failed, 0);
}

/* The expected result of a frame truncated to n bytes, derived from the offsets
 * of its layers. */
static void cut_case(struct verdict_case *c, const struct frame *f, size_t n)
{
	c->passes = n < f->udp + 8;
	c->outcome = c->passes		? METLO_bad_outer
		     : n < f->inner_eth ? METLO_bad_vxlan
		     : n < f->tcp + 20	? METLO_bad_inner
					: METLO_delivered;
	c->len = 0;
	c->wire_len = 0;
	c->flags = METLO_REC_DPORT | (c->spec.inner.ipv6 ? METLO_REC_IPV6 : 0);
	if (c->outcome != METLO_delivered)
		return;
	c->wire_len = c->spec.payload;
	c->len = n > f->payload ? (uint32_t)(n - f->payload) : 0;
	if (c->len < c->wire_len)
		c->flags |= METLO_REC_TRUNCATED;
}

static void cut_everywhere(struct both *fix, const struct frame_spec *spec)
{
	struct verdict_case c = {.name = "cut", .spec = *spec};
	int failed = 0;
	size_t whole;

	frame_build(&fix->frame, spec);
	whole = fix->frame.len;
	for (size_t n = 0; n <= whole; n++) {
		fix->frame.len = n;
		cut_case(&c, &fix->frame, n);
		failed += run_user(fix, &c);
		if (fix->loaded)
			failed += run_kernel(fix, &c);
	}
	assert_int_equal(failed, 0);
}

static void test_cut(void **state)
{
	struct frame_spec ipv4 = {.payload = 40, .tcp_options = 12, .vni = 5};
	struct frame_spec ipv6 = {
		.outer = {.ipv6 = true, .vlans = 2},
		.inner = {.ipv6 = true, .vlans = 1, .ext = {EXT_HBH, EXT_AH}},
		.payload = 9,
		.tcp_options = 4};
	struct frame_spec options = {.outer = {.options = 40},
				     .inner = {.options = 8},
				     .payload = 3};

	cut_everywhere(*state, &ipv4);
	cut_everywhere(*state, &ipv6);
	cut_everywhere(*state, &options);
}

/* A capture with a snap length records the length on the wire separately. */
static void test_snapped(void **state)
{
	struct both *fix = *state;
	struct frames_conf conf = {.raw = true};
	struct frame_spec spec = {
		.raw = true, .inner = {.total_len = SET(0)}, .payload = 500};
	struct frames *frames;

	config_default(&conf.config);
	frames = frames_new(&conf);
	assert_non_null(frames);
	frame_build(&fix->frame, &spec);
	assert_int_equal(frames_feed(frames, fix->frame.data,
				     fix->frame.payload + 100, fix->frame.len,
				     1, verdict_ignore, NULL),
			 METLO_delivered);
	assert_int_equal(frames_stats(frames)->delivered_bytes, 100);
	assert_int_equal(frames_stats(frames)->truncated_bytes, 400);
	assert_int_equal(frames_stats(frames)->bytes, fix->frame.len);
	frames_free(frames);
}

static int set_up(void **state)
{
	struct both *fix = calloc(1, sizeof(*fix));
	struct metlo_config config;

	if (!fix)
		return -1;
	*state = fix;
	/* VNI 7 and 0xfffffe */
	both_allow_vnis(fix, 0);
	fix->vni_allow[7 / 64] |= 1ull << 7;
	fix->vni_allow[0xfffffe / 64] |= 1ull << 62;
	config_default(&config);
	return both_open(fix, &config);
}

static int tear_down(void **state)
{
	struct both *fix = *state;

	both_close(fix);
	free(fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_kernel_frags),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_snapped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
