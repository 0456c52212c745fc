/* SPDX-License-Identifier: MIT */
/* Key logs as programs write them, and the table of their secrets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tls/key_source.h"
#include "tls/keylog.h"

static void name_of(unsigned int i, uint8_t out[RANDOM_SIZE])
{
	memset(out, 0xab, RANDOM_SIZE);
	memcpy(out, &i, sizeof(i));
}

/* A line for client random i, with a secret of n bytes v. */
static void line(char *to, const char *label, unsigned int i, unsigned int n,
		 uint8_t v, bool upper)
{
	uint8_t random[RANDOM_SIZE];

	name_of(i, random);
	to += sprintf(to, "%s ", label);
	for (unsigned int k = 0; k < RANDOM_SIZE; k++)
		to += sprintf(to, upper ? "%02X" : "%02x", random[k]);
	*to++ = ' ';
	for (unsigned int k = 0; k < n; k++)
		to += sprintf(to, upper ? "%02X" : "%02x", v);
	*to = '\0';
}

static unsigned int find(struct key_table *t, enum key_label label,
			 unsigned int i, struct key_secret out[KEYS_SAME_MAX])
{
	uint8_t random[RANDOM_SIZE];

	name_of(i, random);
	return key_table_find(t, label, random, out);
}

/* In pieces of every size the same secrets come out. */
static void test_noise(void **state)
{
	struct key_secret k[KEYS_SAME_MAX];
	struct key_stats s;
	char text[4096], part[300];
	size_t n;

	(void)state;
	strcpy(text, "# a comment\n\n");
	line(part, "CLIENT_RANDOM", 1, 48, 0x11, false);
	strcat(strcat(text, part), "\r\n");
	line(part, "SERVER_TRAFFIC_SECRET_0", 2, 32, 0xcd, true);
	strcat(strcat(text, part), "\n");
	line(part, "EXPORTER_SECRET", 2, 32, 0x22, false);
	strcat(strcat(text, part), "\n");
	line(part, "CLIENT_RANDOM", 3, 32, 0x22, false); /* too short */
	strcat(strcat(text, part), "\nnot a line at all\n");
	line(part, "CLIENT_TRAFFIC_SECRET_0", 4, 48, 0x44, false);
	strcat(strcat(text, part), " more\n");
	memset(part, 'x', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	strcat(strcat(text, part), "\n");
	line(part, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", 5, 48, 0x55, false);
	strcat(text, part); /* its end is still being written */
	n = strlen(text);
	for (size_t size = 1; size <= n; size += size < 300 ? 7 : 1000) {
		struct key_table *t = key_table_new(0, 0);
		struct keylog log = {0};

		for (size_t at = 0; at < n; at += size)
			keylog_feed(&log, t, text + at,
				    n - at < size ? n - at : size, 1);
		assert_int_equal(find(t, KEY_CLIENT_HANDSHAKE, 5, k), 0);
		keylog_end(&log, t, 1);
		assert_int_equal(find(t, KEY_CLIENT_HANDSHAKE, 5, k), 1);
		assert_int_equal(find(t, KEY_MASTER, 1, k), 1);
		assert_int_equal(k[0].len, 48);
		assert_int_equal(k[0].bytes[47], 0x11);
		assert_int_equal(find(t, KEY_SERVER_TRAFFIC, 2, k), 1);
		assert_int_equal(k[0].len, 32);
		assert_int_equal(k[0].bytes[0], 0xcd);
		assert_int_equal(find(t, KEY_MASTER, 3, k), 0);
		assert_int_equal(find(t, KEY_CLIENT_TRAFFIC, 4, k), 0);
		key_table_read_stats(t, &s);
		assert_int_equal(s.lines, 3);
		assert_int_equal(s.ignored, 2);
		assert_int_equal(s.bad, 4);
		assert_int_equal(s.live, 3);
		key_table_free(t);
	}
}

/* The oldest give way, others stay; several secrets of one name are all found, each
 * once. */
static void test_bounds(void **state)
{
	struct key_table *t = key_table_new(100, 1000);
	struct key_secret k[KEYS_SAME_MAX];
	struct key_stats s;
	uint8_t random[RANDOM_SIZE], secret[SECRET_MAX] = {0};

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		name_of(i, random);
		secret[0] = (uint8_t)i;
		key_table_add(t, KEY_MASTER, random, secret, 48, i);
		key_table_add(t, KEY_MASTER, random, secret, 48, i);
	}
	key_table_read_stats(t, &s);
	assert_int_equal(s.live, 100);
	assert_int_equal(s.evicted, 900);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(find(t, KEY_MASTER, i, k), i >= 900);
		if (i >= 900)
			assert_int_equal(k[0].bytes[0], (uint8_t)i);
	}
	name_of(999, random);
	secret[1] = 1;
	key_table_add(t, KEY_MASTER, random, secret, 48, 1000);
	assert_int_equal(find(t, KEY_MASTER, 999, k), 2);
	assert_int_equal(find(t, KEY_SESSION, 999, k), 0);
	key_table_expire(t, 1950);
	key_table_read_stats(t, &s);
	assert_int_equal(s.live + s.expired, 100);
	assert_int_equal(find(t, KEY_MASTER, 949, k), 0);
	assert_int_equal(find(t, KEY_MASTER, 950, k), 1);
	key_table_expire(t, 1000000);
	key_table_read_stats(t, &s);
	assert_int_equal(s.live, 0);
	key_table_free(t);
}

static void append(const char *path, unsigned int i, const char *end)
{
	char part[400];
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	line(part, "CLIENT_RANDOM", i, 48, 0x11, false);
	fprintf(f, "%s%s", part, end);
	fclose(f);
}

static void create(const char *path, bool fifo)
{
	int fd = fifo ? mkfifo(path, 0600) : creat(path, 0600);

	assert_true(fd >= 0);
	if (!fifo)
		close(fd);
}

static bool has(struct key_table *t, unsigned int i)
{
	struct key_secret k[KEYS_SAME_MAX];

	return find(t, KEY_MASTER, i, k) == 1;
}

/* Emptied, and grown again before anyone looks: to the same size, beyond it, and by a
 * writer that keeps its offset and so leaves a hole. */
static void test_emptied(void **state)
{
	static const struct owner self;
	char path[] = "/tmp/metlo-keys.XXXXXX";
	struct log log = {.out = fopen("/dev/null", "w")};
	struct key_table *t = key_table_new(0, 0);
	struct key_stats stats;
	struct key_source *s;
	struct stat st;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	append(path, 1, "\n");
	append(path, 2, "\n");
	s = key_source_open(path, &self, t, false, &log);
	assert_non_null(s);
	key_source_poll(s);
	assert_true(has(t, 1) && has(t, 2));
	assert_int_equal(truncate(path, 0), 0);
	append(path, 3, "\n");
	append(path, 4, "\n");
	key_source_poll(s);
	assert_true(has(t, 3) && has(t, 4));
	assert_int_equal(truncate(path, 0), 0);
	for (unsigned int i = 5; i < 10; i++)
		append(path, i, "\n");
	key_source_poll(s);
	for (unsigned int i = 5; i < 10; i++)
		assert_true(has(t, i));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, st.st_size), 0);
	append(path, 10, "\n");
	key_source_poll(s);
	assert_true(has(t, 10));
	append(path, 11, "\n");
	key_source_poll(s);
	key_source_poll(s);
	assert_true(has(t, 11));
	key_table_read_stats(t, &stats);
	assert_int_equal(stats.lines, 11);
	assert_int_equal(stats.bad, 0);
	key_source_close(s);
	key_table_free(t);
	close(fd);
	unlink(path);
	fclose(log.out);
}

/* A file is renamed and created anew, while both are written; and emptied. A FIFO is
 * replaced, too, and its writer leaves in the middle of a line. */
static void test_replaced(void **state)
{
	static const struct owner self;
	char folder[] = "/tmp/metlo-keys.XXXXXX", path[64], old[64];
	struct log log = {.out = fopen("/dev/null", "w")};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(old, sizeof(old), "%s/b", folder);
	for (unsigned int fifo = 0; fifo < 2; fifo++) {
		struct key_table *t = key_table_new(0, 0);
		struct key_source *s;
		struct key_stats stats;
		int hold, again = -1;

		create(path, fifo);
		s = key_source_open(path, &self, t, false, &log);
		assert_non_null(s);
		append(path, 1, "\n");
		key_source_poll(s);
		assert_true(has(t, 1));
		append(path, 2, fifo ? "00" : "\n");
		key_source_poll(s);
		hold = open(path, O_RDWR); /* keeps what a FIFO has */
		append(path, 3, "\n");
		assert_int_equal(rename(path, old), 0);
		key_source_poll(s);
		assert_true(has(t, 3));
		create(path, fifo);
		key_source_poll(s);
		if (fifo)
			again = open(path, O_RDWR);
		append(path, 4, "\n");
		append(old, 5, "\n");
		key_source_poll(s);
		assert_true(has(t, 4) && has(t, 5));
		key_table_read_stats(t, &stats);
		assert_int_equal(stats.bad, fifo);
		if (!fifo) {
			assert_int_equal(truncate(path, 0), 0);
			key_source_poll(s);
			append(path, 6, "\n");
			key_source_poll(s);
			assert_true(has(t, 6));
		}
		key_source_close(s);
		key_table_free(t);
		close(hold);
		if (fifo)
			close(again);
		unlink(path);
		unlink(old);
	}
	rmdir(folder);
	fclose(log.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
