/* SPDX-License-Identifier: MIT */
/* Capture files of every format, built byte by byte: byte orders, timestamp
 * resolutions, link types, damage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "pcap/source.h"
#include "pcap_kit.h"

static struct pcap_source *source_of(struct pcap_maker *m,
				     char error[PCAP_ERROR_SIZE])
{
	FILE *f = fmemopen(m->b.p, m->b.len, "rb");

	assert_non_null(f);
	return pcap_source_from(f, error);
}

static const uint8_t ethernet[60] = {2, 0, 0, 0, 0, 1, 2,   0,
				     0, 0, 0, 2, 8, 0, 0x45};
#define SECOND 1700000000u

static void expect_frame(struct pcap_source *s, uint64_t ts_ns, size_t caplen,
			 size_t wire_len, const void *data)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_frame f;

	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(f.ts_ns, ts_ns);
	assert_int_equal(f.caplen, caplen);
	assert_int_equal(f.wire_len, wire_len);
	assert_memory_equal(f.data, data, caplen);
}

static void test_pcap(void **state)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_frame f;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct pcap_maker m = {.big_endian = i & 1};
		bool ns = i & 2;
		struct pcap_source *s;

		pcap_put_header(&m, ns, 1);
		pcap_put_packet(&m, SECOND, 123456, ethernet, 60, 60);
		/* Truncated to the snapshot length. */
		pcap_put_packet(&m, SECOND + 1, 999999, ethernet, 40, 1500);
		/* Claims more captured bytes than were on the wire. */
		pcap_put_packet(&m, SECOND + 2, 0, ethernet, 60, 10);
		pcap_put_packet(&m, SECOND + 3, 0, ethernet, 0, 0);
		s = source_of(&m, error);
		assert_non_null(s);
		expect_frame(s,
			     SECOND * 1000000000ull + (ns ? 123456 : 123456000),
			     60, 60, ethernet);
		expect_frame(s,
			     (SECOND + 1) * 1000000000ull +
				     (ns ? 999999 : 999999000),
			     40, 1500, ethernet);
		expect_frame(s, (SECOND + 2) * 1000000000ull, 60, 60, ethernet);
		expect_frame(s, (SECOND + 3) * 1000000000ull, 0, 0, ethernet);
		assert_int_equal(pcap_source_next(s, &f, error), 0);
		pcap_source_free(s);
		buf_free(&m.b);
	}
}

static void test_pcapng(void **state)
{
	static const struct {
		uint8_t resolution; /* 10^-n, or 2^-n with the high bit */
		uint64_t ticks, ns;
	} cases[] = {
		{0, 1700000000123456ull, 1700000000123456000ull},
		{6, 1700000000123456ull, 1700000000123456000ull},
		{9, 1700000000123456789ull, 1700000000123456789ull},
		{3, 1700000000123ull, 1700000000123000000ull},
		{0x80 | 10, 1700000000ull << 10 | 512, 1700000000500000000ull},
	};
	char error[PCAP_ERROR_SIZE];
	struct pcap_frame f;
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		struct pcap_maker m = {.big_endian = i & 1};
		struct pcap_source *s;

		pcapng_put_header(&m, 1, cases[i / 2].resolution);
		pcapng_put_packet(&m, cases[i / 2].ticks, ethernet, 59, 61);
		s = source_of(&m, error);
		if (!s)
			fail_msg("%s", error);
		expect_frame(s, cases[i / 2].ns, 59, 61, ethernet);
		assert_int_equal(pcap_source_next(s, &f, error), 0);
		pcap_source_free(s);
		buf_free(&m.b);
	}
}

/* Every link type is converted to Ethernet. */
static void test_link_types(void **state)
{
	static const uint8_t v4[] = {0x45, 1, 2, 3}, v6[] = {0x60, 1, 2, 3};
	static const struct {
		uint32_t link; /* as in files: LINKTYPE_* */
		uint8_t header[20];
		size_t n;
		const uint8_t *packet;
		uint16_t type;
	} cases[] = {
		{101, {0}, 0, v4, 0x0800},
		{101, {0}, 0, v6, 0x86dd},
		{228, {0}, 0, v4, 0x0800},
		{229, {0}, 0, v6, 0x86dd},
		{0, {2, 0, 0, 0}, 4, v4, 0x0800},
		{0, {0, 0, 0, 2}, 4, v4, 0x0800},
		{0, {10, 0, 0, 0}, 4, v6, 0x86dd},
		{0, {0, 0, 0, 24}, 4, v6, 0x86dd},
		{0, {28, 0, 0, 0}, 4, v6, 0x86dd},
		{0, {30, 0, 0, 0}, 4, v6, 0x86dd},
		{108, {0, 0, 0, 2}, 4, v4, 0x0800},
		{108, {0, 0, 0, 30}, 4, v6, 0x86dd},
		{108, {0, 0, 0, 99}, 4, v4, 0},
		{113, {[14] = 0x08, 0x00}, 16, v4, 0x0800},
		{113, {[14] = 0x81, 0x00}, 16, v4, 0x8100},
		{276, {0x86, 0xdd}, 20, v6, 0x86dd},
	};
	char error[PCAP_ERROR_SIZE];
	unsigned int i, cut;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t data[32] = {0}, expected[32] = {0};
		size_t n = cases[i].n;
		struct pcap_maker m = {0};
		struct pcap_source *s;
		struct pcap_frame f;

		memcpy(data, cases[i].header, n);
		memcpy(data + n, cases[i].packet, 4);
		expected[12] = (uint8_t)(cases[i].type >> 8);
		expected[13] = (uint8_t)cases[i].type;
		memcpy(expected + 14, cases[i].packet, 4);
		pcap_put_header(&m, false, cases[i].link);
		pcap_put_packet(&m, SECOND, 0, data, (uint32_t)n + 4,
				(uint32_t)n + 100);
		for (cut = 0; cut < n; cut++)
			pcap_put_packet(&m, SECOND, 0, data, cut, 100);
		s = source_of(&m, error);
		if (!s)
			fail_msg("%s", error);
		expect_frame(s, SECOND * 1000000000ull, 18, 114, expected);
		for (cut = 0; cut < n; cut++) {
			assert_int_equal(pcap_source_next(s, &f, error), 1);
			assert_int_equal(f.caplen, 14);
			assert_true(f.wire_len >= f.caplen);
		}
		pcap_source_free(s);
		buf_free(&m.b);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *expected;
	} cases[] = {
		{"\x1f\x8b\x08\0\0\0\0\0", 8, "zcat FILE | metlo-xdp replay -"},
		{"\x28\xb5\x2f\xfd\0\0\0\0", 8, "zstdcat"},
		{"\xfd"
		 "7zXZ\0\0\0",
		 8, "xzcat"},
		{"GET / HTTP/1.1\r\n\r\n", 18, "not a pcap or pcapng file"},
		{"\xd4\xc3\xb2\xa1\2\0", 6, "not a pcap or pcapng file"},
		{"\n", 1, "not a pcap or pcapng file"},
	};
	char error[PCAP_ERROR_SIZE];
	struct pcap_maker m = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&m.b);
		buf_add(&m.b, cases[i].bytes, cases[i].n);
		assert_null(source_of(&m, error));
		if (!strstr(error, cases[i].expected))
			fail_msg("case %zu: %s", i, error);
	}
	buf_clear(&m.b);
	pcap_put_header(&m, false, 105);
	assert_null(source_of(&m, error));
	assert_non_null(
		strstr(error, "link type IEEE802_11 (105) is not supported"));
	buf_free(&m.b);
	assert_null(pcap_source_open("/nonexistent/file", error));
	assert_non_null(strstr(error, "No such file"));
	assert_null(pcap_source_open("/tmp", error));
	assert_non_null(strstr(error, "Is a directory"));
}

/* A file truncated at every byte yields its whole packets, then an error, or the
 * end of the file if it ends with a packet. */
static void test_truncated(void **state)
{
	char error[PCAP_ERROR_SIZE];
	unsigned int format, n;

	(void)state;
	for (format = 0; format < 2; format++) {
		struct pcap_maker m = {0};
		size_t full, first, second;

		if (format)
			pcapng_put_header(&m, 1, 0);
		else
			pcap_put_header(&m, false, 1);
		full = m.b.len;
		if (format)
			pcapng_put_packet(&m, 1, ethernet, 60, 60);
		else
			pcap_put_packet(&m, 1, 0, ethernet, 60, 60);
		first = m.b.len;
		if (format)
			pcapng_put_packet(&m, 2, ethernet, 60, 60);
		else
			pcap_put_packet(&m, 2, 0, ethernet, 60, 60);
		second = m.b.len;
		for (; m.b.len > full; m.b.len--) {
			struct pcap_source *s = source_of(&m, error);
			struct pcap_frame f;
			int r;

			assert_non_null(s);
			for (n = 0; (r = pcap_source_next(s, &f, error)) == 1;)
				n++;
			assert_int_equal(n, m.b.len >= second  ? 2
					    : m.b.len >= first ? 1
							       : 0);
			assert_int_equal(r,
					 m.b.len == first || m.b.len == second
						 ? 0
						 : -EBADMSG);
			if (r < 0)
				assert_true(*error);
			pcap_source_free(s);
		}
		buf_free(&m.b);
	}
}

static void test_damaged(void **state)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_maker m = {0};
	struct pcap_source *s;
	struct pcap_frame f;

	(void)state;
	pcap_put_header(&m, true, 1);
	/* Times out of range. */
	pcap_put_packet(&m, 0xffffffff, 0xffffffff, ethernet, 60, 60);
	pcap_put_packet(&m, 1, 0, ethernet, 60, 60);
	/* An impossible length. */
	pcap_put(&m, 1, 4);
	pcap_put(&m, 1, 4);
	pcap_put(&m, 0x7fffffff, 4);
	pcap_put(&m, 60, 4);
	s = source_of(&m, error);
	assert_non_null(s);
	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(pcap_source_next(s, &f, error), -EBADMSG);
	assert_true(*error);
	pcap_source_free(s);
	buf_free(&m.b);
}

static void test_position(void **state)
{
	char path[] = "/tmp/test_pcap_XXXXXX", error[PCAP_ERROR_SIZE];
	struct pcap_maker m = {0};
	struct pcap_source *s;
	struct pcap_frame f;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	pcap_put_header(&m, true, 1);
	pcap_put_packet(&m, 1, 0, ethernet, 60, 60);
	assert_int_equal(write(fd, m.b.p, m.b.len), m.b.len);
	close(fd);
	s = pcap_source_open(path, error);
	assert_non_null(s);
	assert_int_equal(pcap_source_size(s), m.b.len);
	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(pcap_source_position(s), m.b.len);
	pcap_source_free(s);
	unlink(path);
	buf_free(&m.b);
}

/* Reads both files to the end; frames and errors must be the same. */
static void expect_same(struct pcap_maker *classic, struct pcap_maker *odd)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_source *a = source_of(classic, error);
	struct pcap_source *b = source_of(odd, error);
	struct pcap_frame fa, fb;
	int ra, rb;

	assert_int_equal(a == NULL, b == NULL);
	while (a) {
		ra = pcap_source_next(a, &fa, error);
		rb = pcap_source_next(b, &fb, error);
		assert_int_equal(ra, rb);
		if (ra != 1)
			break;
		assert_int_equal(fa.ts_ns, fb.ts_ns);
		assert_int_equal(fa.caplen, fb.caplen);
		assert_int_equal(fa.wire_len, fb.wire_len);
		assert_memory_equal(fa.data, fb.data, fa.caplen);
	}
	pcap_source_free(a);
	pcap_source_free(b);
}

/* Reads the file twice: as it is, and with a frame check sequence of 0 bytes
 * announced in its header, which is equivalent but handled by libpcap. */
static void compare_with_libpcap(const struct pcap_maker *m, size_t len)
{
	struct pcap_maker classic = {.big_endian = m->big_endian},
			  odd = classic;

	buf_add(&classic.b, m->b.p, len);
	buf_add(&odd.b, m->b.p, len);
	if (len >= 24)
		odd.b.p[m->big_endian ? 20 : 23] |= 0x04;
	expect_same(&classic, &odd);
	buf_free(&classic.b);
	buf_free(&odd.b);
}

static void some_packets(struct pcap_maker *m, unsigned int kind,
			 uint32_t snapshot)
{
	static uint8_t large[200000];

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * 7 + i / 256);
	m->big_endian = kind & 1;
	pcap_put_header(m, kind & 2, 1);
	m->b.len -= 8;
	pcap_put(m, snapshot, 4);
	pcap_put(m, 1, 4);
	pcap_put_packet(m, SECOND, 999999999, ethernet, 60, 60);
	pcap_put_packet(m, 0x7fffffff, 5, ethernet, 33, 1500);
	pcap_put_packet(m, SECOND, 0x7fffffff, ethernet, 0, 0);
	pcap_put_packet(m, SECOND, 1, large, 2000, 100);
	if (kind & 4)
		for (uint32_t i = 0; i < 20; i++)
			pcap_put_packet(m, SECOND + i, i, large + i,
					sizeof(large) - i * 9001, 0);
}

/* The fast path reads what libpcap reads, except for times from 2038 on, which
 * libpcap treats as negative in one of the byte orders. */
static void test_as_libpcap(void **state)
{
	static const uint32_t snapshots[] = {0, 40, 65535, 262144, 0x80000000u};
	uint32_t random = 1;

	(void)state;
	for (unsigned int i = 0; i < 8 * 5; i++) {
		struct pcap_maker m = {0};

		some_packets(&m, i / 5, snapshots[i % 5]);
		compare_with_libpcap(&m, m.b.len);
		/* Small files truncated at every byte, then any byte damaged. */
		for (size_t n = 0; !(i / 5 & 4) && n < m.b.len; n++) {
			if (n < 220 || n % 50 == 0)
				compare_with_libpcap(&m, n);
			random = random * 1664525 + 1013904223;
			if (n < 24 || n % 3)
				continue;
			m.b.p[n] ^= random >> 24 & 0x7f;
			compare_with_libpcap(&m, m.b.len);
			m.b.p[n] ^= random >> 24 & 0x7f;
		}
		buf_free(&m.b);
	}
}

/* Reading from a pipe does not block after the requested packet is complete. */
static void test_slow_pipe(void **state)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_source *s;
	struct pcap_maker m = {0};
	struct pcap_frame f;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pcap_put_header(&m, true, 1);
	pcap_put_packet(&m, 1, 0, ethernet, 60, 60);
	assert_int_equal(write(fds[1], m.b.p, m.b.len), m.b.len);
	alarm(20);
	s = pcap_source_from(fdopen(fds[0], "rb"), error);
	assert_non_null(s);
	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(write(fds[1], m.b.p + 24, 20), 20);
	assert_int_equal(write(fds[1], m.b.p + 44, 56), 56);
	assert_int_equal(pcap_source_next(s, &f, error), 1);
	assert_int_equal(f.caplen, 60);
	close(fds[1]);
	assert_int_equal(pcap_source_next(s, &f, error), 0);
	alarm(0);
	pcap_source_free(s);
	buf_free(&m.b);
}

/* --- in batches ------------------------------------------------------------ */

static uint32_t below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % n;
}

/* A file with packets of random sizes, some invalid; half of the files end with
 * damage. */
static void random_file(struct pcap_maker *m, uint64_t *rnd)
{
	uint32_t packets = below(rnd, 400), most = below(rnd, 4) ? 1600 : 70000;
	static uint8_t data[300000];
	bool ns = below(rnd, 2);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + packets);
	m->big_endian = below(rnd, 2);
	pcap_put_header(m, ns, below(rnd, 8) ? 1 : 113);
	for (uint32_t i = 0; i < packets; i++) {
		uint32_t n = below(rnd, most);
		uint32_t s = SECOND + i,
			 part = below(rnd, ns ? 1000000000 : 1000000);

		if (!below(rnd, 300))
			n = below(rnd, sizeof(data));
		if (!below(rnd, 100))
			s = below(rnd, 2) ? UINT32_MAX - i : INT32_MAX;
		if (!below(rnd, 100))
			part = UINT32_MAX / (1 + below(rnd, 9));
		pcap_put_packet(m, s, part, data + i, n,
				below(rnd, 50) ? n + below(rnd, 2) * 100
					       : below(rnd, 90000));
	}
	if (m->b.len > 24 && !below(rnd, 3))
		m->b.p[24 + below(rnd, (uint32_t)m->b.len - 24)] ^=
			1u << below(rnd, 8);
	if (!below(rnd, 3))
		m->b.len -= below(rnd, (uint32_t)m->b.len - 24 + 1);
}

/* Batches yield the same frames as single reads, and all frames of a batch are
 * valid at the same time. */
static void compare_sources(struct pcap_source *disk,
			    struct pcap_source *memory, uint64_t *rnd,
			    uint64_t *batches)
{
	char error[PCAP_ERROR_SIZE] = "", expected[PCAP_ERROR_SIZE] = "";
	struct pcap_frame f[20], g;
	int n, r;

	do {
		n = pcap_source_batch(disk, f, 1 + below(rnd, 20), error);
		*batches += n > 1;
		for (int i = 0; i < (n > 0 ? n : 1); i++) {
			r = pcap_source_next(memory, &g, expected);
			assert_int_equal(r, n > 0 ? 1 : n);
			if (r < 1)
				break;
			assert_int_equal(f[i].ts_ns, g.ts_ns);
			assert_int_equal(f[i].caplen, g.caplen);
			assert_int_equal(f[i].wire_len, g.wire_len);
			assert_memory_equal(f[i].data, g.data, g.caplen);
		}
	} while (n > 0);
	assert_string_equal(error, expected);
}

static void test_batches(void **state)
{
	char error[PCAP_ERROR_SIZE];
	uint64_t rnd = 5, batches = 0;

	(void)state;
	for (unsigned int run = 0; run < 300; run++) {
		struct pcap_source *disk, *memory;
		struct pcap_maker m = {0};
		int fd = memfd_create("pcap", MFD_CLOEXEC);
		FILE *file = fdopen(fd, "r+b");

		random_file(&m, &rnd);
		assert_non_null(file);
		assert_int_equal(write(fd, m.b.p, m.b.len), m.b.len);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		disk = pcap_source_from(file, error);
		memory = source_of(&m, error);
		assert_true(disk && memory);
		assert_int_equal(pcap_source_size(disk), m.b.len);
		compare_sources(disk, memory, &rnd, &batches);
		pcap_source_free(disk);
		pcap_source_free(memory);
		buf_free(&m.b);
	}
	assert_true(batches > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_as_libpcap),
		cmocka_unit_test(test_slow_pipe),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_position),
		cmocka_unit_test(test_batches),
	};

	return cmocka_run_group_tests_name("pcap_source", tests, NULL, NULL);
}
