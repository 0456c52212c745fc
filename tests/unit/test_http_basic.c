/* SPDX-License-Identifier: MIT */
/* http/: plain conversations, framing, pairing, limits. */
#include "http_kit.h"

#include <stdio.h>

static void simple(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	kit_c(&k, "GET /v1/users/7?n=0 HTTP/1.1\r\nHost: api.example.com\r\n"
		  "Accept: */*\r\n\r\n");
	assert_int_equal(k.n, 0);
	kit_s(&k, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		  "Content-Length: 11\r\n\r\n{\"ok\":true}");
	assert_string_equal(
		kit_lines(&k),
		"GET /v1/users/7?n=0 host=api.example.com path=/v1/users/7 query=n=0 1.1 [Host: api.example.com] [Accept: */*] body=0/0: => 200 reason=OK 1.1 [Content-Type: application/json] [Content-Length: 11] body=11/11:{\"ok\":true}\n");
	/* the same connection again, with a body and an empty answer */
	kit_clear(&k);
	kit_c(&k,
	      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
	kit_s(&k, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_string_equal(
		kit_lines(&k),
		"POST /x host=h path=/x query= 1.1 [Host: h] [Content-Length: 3] body=3/3:abc => 204 reason=No Content 1.1 body=0/0:\n");
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
