/* SPDX-License-Identifier: MIT */
/*
 * Conversations and the transactions they must produce, read from the text
 * files in tests/unit/http. One case looks like this:
 *
 *	# Any comment.
 *	=== name of the case
 *	> POST /a HTTP/1.1
 *	> Content-Length: 5
 *	>
 *	> hello\
 *	< HTTP/1.1 204 No Content
 *	<
 *	| POST /a host= path=/a query= 1.1
 *	|   [Content-Length: 5] body=5/5:hello
 *	|   => 204 reason=No Content 1.1 body=0/0:
 *	fin
 *
 * ">" the client sends this line, "<" the server does. CRLF follows unless the
 * line ends with "\". Escapes: \r \n \t \\ \xHH. Lines in one direction are
 * one packet; "..." begins another.
 *
 * "|" a transaction that must have been emitted by then (see http_kit.c for
 * the format); an indented "|" line continues the previous one after a space.
 *
 * "fin" both sides close, which every conversation ends with; needed only
 * before transactions that the close brings forth.
 */
#ifndef TESTS_HTTP_CASES_H
#define TESTS_HTTP_CASES_H

#include "http_kit.h"

#define STEPS_MAX 16

/* A packet, and what must have been emitted once it was delivered. */
struct http_case_step {
	struct kit_step send;
	char *expect; /* all transactions so far, one line each */
};

struct http_case {
	char *name;
	struct http_case_step steps[STEPS_MAX];
	size_t n;
	size_t bytes; /* of all steps */
	char *expect; /* all transactions, those after the close included */
};

struct http_cases {
	struct http_case *cases;
	size_t n;
};

/* Reads a file of tests/unit/http; prints what is wrong and exits if it is not
 * readable or not well-formed. Adds to what cases has. */
void http_cases_read(struct http_cases *cases, const char *file);
void http_cases_free(struct http_cases *cases);

/* Fails the test, printing both side by side, unless they are equal. */
void http_case_compare(const char *expect, const char *actual, const char *name,
		       const char *how);

#endif
