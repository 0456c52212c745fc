/* SPDX-License-Identifier: MIT */
#include "http_table.h"

#include <stdio.h>
#include <stdlib.h>

const struct row http_rows[] = {
	{"plain", {GET, OK}, R_GET R_OK "\n"},
	{"keep-alive",
	 {GET, OK, C("GET /2 HTTP/1.1\r\n\r\n"),
	  S("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")},
	 R_GET R_OK "\nGET /2 host= path=/2 query= 1.1 body=0/0: => 404 "
		    "reason=Not Found 1.1 [Content-Length: 0] body=0/0:\n"},
	{"pipelining",
	 {C("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n"
	    "GET /3 HTTP/1.1\r\n\r\n"),
	  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK"
	    "\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 Not Modified\r\n"
	    "Content-Length: 5\r\n\r\n")},
	 "GET /1 host= path=/1 query= 1.1 body=0/0: => " R_OK "\n"
	 "HEAD /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 "
	 "[Content-Length: 9] body=0/0:\n"
	 "GET /3 host= path=/3 query= 1.1 body=0/0: => 304 "
	 "reason=Not Modified 1.1 [Content-Length: 5] body=0/0:\n"},
	{"chunked with extension and trailers",
	 {GET, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3;x=\"y\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nA: b\r\n"
		 "C: d\r\n\r\n")},
	 R_GET "200 reason=OK 1.1 [Transfer-Encoding: chunked] +[A: b] "
	       "[C: d] body=13/13:abc0123456789\n"},
	{"close-delimited",
	 {GET, S("HTTP/1.0 200 OK\r\n\r\nall of it")},
	 R_GET "200 reason=OK 1.0 body=9/9:all of it\n"},
	{"interim",
	 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2"
	    "\r\n\r\n"),
	  S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"),
	  C("hi"), OK},
	 "POST / host= path=/ query= 1.1 [Expect: 100-continue] "
	 "[Content-Length: 2] body=2/2:hi => (100) (103) " R_OK "\n"},
};
const size_t http_n_rows = sizeof(http_rows) / sizeof(http_rows[0]);

static size_t steps_of(const struct row *r, size_t *bytes)
{
	size_t n = 0;

	*bytes = 0;
	while (n < STEPS_MAX && r->steps[n].data)
		*bytes += r->steps[n++].len;
	return n;
}

static void compare(struct kit *k, const struct row *r, const char *how,
		    size_t a, size_t b)
{
	const char *got = kit_lines(k);

	if (!strcmp(got, r->expect))
		return;
	print_error("%s, %s %zu %zu:\n got  %s want %s", r->name, how, a, b,
		    got, r->expect);
	fail();
}

static void rows_whole(void **state)
{
	struct kit k;
	size_t bytes;
	bool bad = false;

	(void)state;
	kit_init(&k, NULL);
	for (size_t i = 0; i < http_n_rows; i++) {
		const struct row *r = &http_rows[i];

		kit_clear(&k);
		kit_run(&k, r->steps, steps_of(r, &bytes), 0, 0, 0);
		if (strcmp(kit_lines(&k), r->expect)) {
			print_error("%s:\n got  %s want %s", r->name,
				    kit_lines(&k), r->expect);
			bad = true;
		}
	}
	assert_false(bad);
	kit_done(&k);
}

/* The result does not depend on how the bytes are cut. */
static void rows_cut(void **state)
{
	struct kit k;
	size_t bytes;

	(void)state;
	kit_init(&k, NULL);
	for (size_t i = 0; i < http_n_rows; i++) {
		const struct row *r = &http_rows[i];
		size_t n = steps_of(r, &bytes);

		for (size_t piece = 1; piece <= 3; piece++) {
			kit_clear(&k);
			kit_run(&k, r->steps, n, piece, 0, 0);
			compare(&k, r, "pieces of", piece, 0);
		}
		for (size_t a = 1; a < bytes; a++) {
			kit_clear(&k);
			kit_run(&k, r->steps, n, 0, a, 0);
			compare(&k, r, "cut at", a, 0);
			if (bytes > 160)
				continue;
			for (size_t b = a + 1; b < bytes; b++) {
				kit_clear(&k);
				kit_run(&k, r->steps, n, 0, a, b);
				compare(&k, r, "cut at", a, b);
			}
		}
	}
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_whole),
		cmocka_unit_test(rows_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
