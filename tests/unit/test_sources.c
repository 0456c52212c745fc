/* SPDX-License-Identifier: MIT */
/* Sources by VNI: counting, what is silent or one-sided, and what status reads of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/coverage.h"
#include "run/shared_state.h"

#define SILENT_NS (60 * NSEC_PER_SEC)
#define STEP_NS	  (COVERAGE_INTERVAL_S * NSEC_PER_SEC)

/* Two workers, the kernel's counters and time. */
struct world {
	struct sources *worker[2];
	struct coverage *coverage;
	struct counters_vni kernel[8];
	size_t n_kernel;
	uint64_t now_ns;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->worker[0] = sources_new();
	w->worker[1] = sources_new();
	w->coverage = coverage_new(SILENT_NS);
	assert_true(w->worker[0] && w->worker[1] && w->coverage);
	w->now_ns = 1000 * NSEC_PER_SEC;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	sources_free(w->worker[0]);
	sources_free(w->worker[1]);
	coverage_free(w->coverage);
	free(w);
	return 0;
}

static void update(struct world *w)
{
	const struct sources *const workers[] = {w->worker[0], w->worker[1]};

	w->now_ns += STEP_NS;
	coverage_update(w->coverage, workers, 2, w->kernel, w->n_kernel,
			w->now_ns);
}

static void send_one(struct world *w, uint32_t vni, uint8_t flags)
{
	const struct metlo_rec rec = {
		.vni = vni, .flags = flags, .ts_ns = w->now_ns};

	sources_record(w->worker[vni & 1], &rec);
}

static void send_both(struct world *w, uint32_t vni)
{
	send_one(w, vni, METLO_REC_DPORT);
	send_one(w, vni, METLO_REC_SPORT);
}

static const struct coverage_row *row_of(const struct world *w, uint32_t vni)
{
	const struct coverage_list *l = coverage_list(w->coverage);

	for (size_t i = 0; i < l->n; i++)
		if (l->rows[i].vni == vni)
			return &l->rows[i];
	fail_msg("no VNI %u", vni);
	return NULL;
}

/* --- counting -------------------------------------------------------------------- */

static void test_counts(void **state)
{
	struct world *w = *state;
	const struct coverage_row *row;

	send_one(w, 7, METLO_REC_DPORT);
	w->now_ns += 5;
	send_one(w, 7, METLO_REC_SPORT | METLO_REC_TRUNCATED);
	send_one(w, 7, METLO_REC_SPORT | METLO_REC_CONTINUED);
	send_one(w, 0, METLO_REC_DPORT);
	update(w);
	row = row_of(w, 7);
	assert_int_equal(row->seen.counts.packets_to_server, 1);
	assert_int_equal(row->seen.counts.packets_to_client, 1);
	assert_int_equal(row->seen.counts.truncated, 1);
	assert_int_equal(row->seen.last_ns - row->seen.first_ns, 5);
	assert_int_equal(row_of(w, 0)->seen.counts.packets_to_server, 1);
}

/* With --ports any, no port is configured, and the lower one is the server's. */
static void test_any_port(void **state)
{
	struct metlo_rec rec = {.sport = 80, .dport = 40000};

	(void)state;
	assert_true(sources_is_server(&rec));
	rec.sport = 50000;
	assert_false(sources_is_server(&rec));
	rec.flags = METLO_REC_DPORT | METLO_REC_SPORT;
	assert_false(sources_is_server(&rec));
	rec.flags = METLO_REC_SPORT;
	assert_true(sources_is_server(&rec));
}

/* Those beyond the limit share one, and nothing is lost. */
static void test_limit(void **state)
{
	struct world *w = *state;
	const struct coverage_list *l = coverage_list(w->coverage);
	uint64_t sum;

	for (uint32_t vni = 0; vni < 2 * VNI_INDEX_MAX + 200; vni++)
		send_one(w, vni, METLO_REC_DPORT);
	send_one(w, 1 << 23, METLO_REC_DPORT);
	update(w);
	assert_int_equal(l->n, VNI_INDEX_MAX);
	sum = l->other.counts.packets_to_server;
	assert_true(sum > VNI_INDEX_MAX);
	for (size_t i = 0; i < l->n; i++)
		sum += l->rows[i].seen.counts.packets_to_server;
	assert_int_equal(sum, 2 * VNI_INDEX_MAX + 201);
}

/* --- silent ---------------------------------------------------------------------- */

static char *logged(struct world *w)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const struct log log = {
		.out = f, .program = "test", .level = LOG_LEVEL_INFO};

	assert_non_null(f);
	coverage_log(w->coverage, &log);
	fclose(f);
	return text;
}

/* Of 5,000, each sends at its own pace; 200 stop: exactly these are named. */
static void test_silent(void **state)
{
	struct world *w = *state;
	const struct coverage_list *l = coverage_list(w->coverage);
	unsigned int wrong = 0;
	char text[96], *log;

	for (unsigned int step = 0; step < 60; step++) {
		for (uint32_t i = 0; i < 5000; i++) {
			const bool stops = i % 25 == 3 && step >= 30;

			/* Some send with each update, some every 50 s. */
			if (!stops && step % (1 + i % 10) == 0)
				send_both(w, 1000 + i);
		}
		update(w);
		if (step == 29)
			free(logged(w));
	}
	assert_int_equal(l->n, 5000);
	assert_int_equal(l->in_state[COVERAGE_silent], 200);
	assert_int_equal(l->in_state[COVERAGE_active], 4800);
	for (size_t i = 0; i < l->n; i++)
		wrong += (l->rows[i].state == COVERAGE_silent) !=
			 ((l->rows[i].vni - 1000) % 25 == 3);
	assert_int_equal(wrong, 0);
	assert_int_equal(coverage_text(l, COVERAGE_silent, text, sizeof(text)),
			 200);
	assert_non_null(strstr(text, "1028, "));
	assert_non_null(strstr(text, " more"));
	log = logged(w);
	assert_non_null(strstr(log, "200 sources that used to send"));
	free(log);
	log = logged(w);
	assert_string_equal(log, "");
	free(log);

	send_both(w, 1003);
	update(w);
	assert_int_equal(row_of(w, 1003)->state, COVERAGE_active);
	log = logged(w);
	assert_non_null(strstr(log, "1 source is back, with VNI 1003"));
	free(log);
}

/* A VNI that the kernel knows from an earlier daemon is idle, not silent; packets that are
 * not captured are a sign of life. */
static void test_kernel(void **state)
{
	struct world *w = *state;

	w->kernel[0] = (struct counters_vni){5, {1000, 64000}};
	w->kernel[1] = (struct counters_vni){6, {1000, 64000}};
	w->n_kernel = 2;
	for (unsigned int i = 0; i < 30; i++) {
		w->kernel[1].stats.packets += i < 20;
		update(w);
	}
	assert_int_equal(row_of(w, 5)->state, COVERAGE_idle);
	assert_int_equal(row_of(w, 6)->state, COVERAGE_active);
	assert_int_equal(row_of(w, 6)->packets, 1020);
	for (unsigned int i = 0; i < 30; i++)
		update(w);
	assert_int_equal(row_of(w, 5)->state, COVERAGE_idle);
	assert_int_equal(row_of(w, 6)->state, COVERAGE_silent);
}

/* --- one-sided ------------------------------------------------------------------- */

static void send_some(struct world *w, uint32_t vni, uint8_t flags, bool unseen)
{
	for (unsigned int i = 0; i < 10; i++)
		send_one(w, vni, flags);
	if (unseen)
		sources_find(w->worker[vni & 1], vni)->counts.unseen += 5;
}

static void test_one_sided(void **state)
{
	struct world *w = *state;

	for (unsigned int step = 0; step < 12; step++) {
		const bool later = step >= 6;

		/* The responses of 1 stop; 2 is an upload, 3 an event stream, 4 was never
		 * otherwise (its responses have another VNI), 5 loses some packets. */
		send_some(w, 1, METLO_REC_DPORT, later);
		if (!later)
			send_both(w, 1);
		send_both(w, 2);
		if (later)
			send_some(w, 2, METLO_REC_DPORT, false);
		send_some(w, 3, METLO_REC_SPORT, false);
		send_some(w, 4, METLO_REC_DPORT, true);
		send_both(w, 5);
		send_some(w, 5, METLO_REC_DPORT, true);
		update(w);
	}
	assert_int_equal(row_of(w, 1)->state, COVERAGE_one_sided);
	for (uint32_t vni = 2; vni <= 5; vni++)
		assert_int_equal(row_of(w, vni)->state, COVERAGE_active);
	for (unsigned int step = 0; step < 4; step++) {
		send_both(w, 1);
		update(w);
	}
	assert_int_equal(row_of(w, 1)->state, COVERAGE_active);
}

/* Connections that end without a packet of the server. */
static void test_one_sided_ends(void **state)
{
	struct world *w = *state;

	for (unsigned int step = 0; step < 6; step++) {
		struct source_counts *c =
			&sources_find(w->worker[1], 9)->counts;

		send_some(w, 9, METLO_REC_DPORT, false);
		c->ended += 5;
		c->one_sided_connections += 5;
		c = &sources_find(w->worker[1], 11)->counts;
		send_some(w, 11, METLO_REC_DPORT, false);
		c->ended += 5;
		c->one_sided_connections += 4;
		update(w);
	}
	assert_int_equal(row_of(w, 9)->state, COVERAGE_one_sided);
	assert_int_equal(row_of(w, 11)->state, COVERAGE_active);
}

/* --- what status reads ----------------------------------------------------------- */

static int open_file(void)
{
	char path[] = "/tmp/metlo-shared.XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, "1234\n", 5), 5);
	return fd;
}

static void test_shared(void **state)
{
	struct shared_state in = {.started_s = 17, .n_advice = 1, .n_rows = 3};
	struct coverage_row rows[3] = {{.vni = 1}, {.vni = 2}, {.vni = 3}};
	struct shared_state out;
	const int fd = open_file();
	char pid[6] = "";

	(void)state;
	assert_int_equal(shared_state_read(fd, &out), -ENODATA);
	in.counters.http.paired = 42;
	in.advice[0].id = ADVICE_encrypted;
	strcpy(in.advice[0].text, "TLS");
	rows[2].state = COVERAGE_silent;
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(shared_state_write(fd, &in, rows), 0);
		assert_int_equal(shared_state_read(fd, &out), 0);
		assert_int_equal(out.started_s, 17);
		assert_int_equal(out.counters.http.paired, 42);
		assert_string_equal(out.advice[0].text, "TLS");
		assert_int_equal(out.n_rows, 3);
		assert_int_equal(out.rows[2].vni, 3);
		assert_int_equal(out.rows[2].state, COVERAGE_silent);
		shared_state_free(&out);
	}
	assert_int_equal(pread(fd, pid, 5, 0), 5);
	assert_string_equal(pid, "1234\n");
	close(fd);
}

/* The file belongs to another user than its reader: whatever it says must be safe. */
static void test_shared_damage(void **state)
{
	struct coverage_row rows[2] = {{.vni = 1}, {.vni = 2}};
	struct shared_state in = {.n_advice = 1, .n_rows = 2}, out;
	const int fd = open_file();
	unsigned int read = 0;
	off_t end;

	(void)state;
	memset(in.advice[0].text, 'x', sizeof(in.advice[0].text));
	assert_int_equal(shared_state_write(fd, &in, rows), 0);
	assert_int_equal(shared_state_read(fd, &out), 0);
	assert_int_equal(strlen(out.advice[0].text),
			 sizeof(out.advice[0].text) - 1);
	shared_state_free(&out);
	/* Each byte of the file in turn. */
	end = lseek(fd, 0, SEEK_END);
	for (off_t at = 64; at < end; at++) {
		uint8_t was, is;
		int err;

		/* The sequence number: readers would wait. */
		if (at >= 80 && at < 88)
			continue;
		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = (uint8_t)~was;
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		err = shared_state_read(fd, &out);
		assert_true(!err || err == -EPROTO || err == -ENODATA);
		read += !err;
		for (uint32_t i = 0; !err && i < out.n_rows; i++)
			assert_non_null(coverage_names[out.rows[i].state]);
		for (uint32_t i = 0; !err && i < out.n_advice; i++)
			assert_non_null(advice_names[out.advice[i].id]);
		if (!err)
			shared_state_free(&out);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_true(read > 100);
	assert_int_equal(ftruncate(fd, end - 1), 0);
	assert_int_equal(shared_state_read(fd, &out), -ENODATA);
	close(fd);
}

/* A writer that died in the middle. */
static void test_shared_unfinished(void **state)
{
	struct shared_state in = {.n_rows = 0}, out;
	const int fd = open_file();
	uint64_t sequence;

	(void)state;
	assert_int_equal(shared_state_write(fd, &in, NULL), 0);
	assert_int_equal(pread(fd, &sequence, 8, 80), 8);
	assert_int_equal(sequence & 1, 0);
	sequence++;
	assert_int_equal(pwrite(fd, &sequence, 8, 80), 8);
	assert_int_equal(shared_state_read(fd, &out), -EAGAIN);
	assert_int_equal(shared_state_write(fd, &in, NULL), 0);
	assert_int_equal(shared_state_read(fd, &out), 0);
	shared_state_free(&out);
	close(fd);
}

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_counts),
		cmocka_unit_test(test_any_port),
		WORLD_TEST(test_limit),
		WORLD_TEST(test_silent),
		WORLD_TEST(test_kernel),
		WORLD_TEST(test_one_sided),
		WORLD_TEST(test_one_sided_ends),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_shared_damage),
		cmocka_unit_test(test_shared_unfinished),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
