/* SPDX-License-Identifier: MIT */
/*
 * Compares the requests of this client with those of the AWS CLI: they must be
 * equal except for the order of parameters. Skipped without the CLI.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <cjson/cJSON.h>

#include "base/parse.h"
#include "cli_rows.h"
#include "client_kit.h"

#define CLI "/usr/bin/aws"
/* The CLI is slow, so skip it in builds with AddressSanitizer. */
#ifdef __SANITIZE_ADDRESS__
#define WITH_CLI false
#else
#define WITH_CLI (access(CLI, X_OK) == 0)
#endif

#define MAX_PARAMETERS 64

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A form as sorted, decoded lines, to be freed by the caller. Empty parameters are
 * dropped: the CLI sends the names of empty lists. */
static char *normal_form(const char *body)
{
	char *copy = strdup(body), *parts[MAX_PARAMETERS], *p, *w, *rest = copy;
	char *out = calloc(1, strlen(body) + MAX_PARAMETERS + 1);
	size_t n = 0, i;

	assert_true(copy && out);
	while ((p = strsep(&rest, "&"))) {
		if (!*p || p[strlen(p) - 1] == '=')
			continue;
		assert_true(n < MAX_PARAMETERS);
		parts[n++] = p;
		for (w = p; *p; p++) {
			if (*p == '%') {
				*w++ = (char)(parse_hex_digit((uint8_t)p[1])
						      << 4 |
					      parse_hex_digit((uint8_t)p[2]));
				p += 2;
			} else {
				*w++ = *p == '+' ? ' ' : *p;
			}
		}
		*w = 0;
	}
	qsort(parts, n, sizeof(parts[0]), compare);
	for (i = 0; i < n; i++) {
		/* See the row of this action in cli_rows.c. */
		if (strstr(body, "Action=CreateTrafficMirrorFilterRule&") &&
		    !strncmp(parts[i], "TagSpecification", 16))
			continue;
		strcat(out, parts[i]);
		strcat(out, "\n");
	}
	free(copy);
	return out;
}

static void same_body(const char *action, const char *ours, const char *theirs)
{
	char *a, *b;
	cJSON *x, *y;

	if (*ours == '{') {
		x = cJSON_Parse(ours);
		y = cJSON_Parse(theirs);
		if (!x || !y || !cJSON_Compare(x, y, true))
			fail_msg("%s: we send %s, the CLI %s", action, ours,
				 theirs);
		cJSON_Delete(x);
		cJSON_Delete(y);
		return;
	}
	a = normal_form(ours);
	b = normal_form(theirs);
	if (strcmp(a, b))
		fail_msg("%s: we send\n%s, the CLI\n%s", action, a, b);
	free(a);
	free(b);
}

/* The headers that select the service and action. */
static void same_headers(struct fixture *f, const char *action, size_t i)
{
	static const char *const names[] = {"Content-Type", "X-Amz-Target"};
	char a[256], b[256];
	size_t n;

	for (n = 0; n < 2; n++) {
		responder_header(f->r, i, names[n], a, sizeof(a));
		responder_header(f->r, i + 1, names[n], b, sizeof(b));
		if (strcmp(a, b))
			fail_msg("%s: %s: %s, the CLI %s", action, names[n], a,
				 b);
	}
	/* The credential scope contains the region and service. */
	responder_header(f->r, i, "Authorization", a, sizeof(a));
	responder_header(f->r, i + 1, "Authorization", b, sizeof(b));
	*strstr(a, ", SignedHeaders") = 0;
	*strstr(b, ", SignedHeaders") = 0;
	assert_string_equal(a, b);
}

static void same_as_cli(void **state)
{
	struct fixture *f = *state;
	char command[2048], response[256];
	size_t i;

	if (!WITH_CLI) {
		skip();
		return;
	}
	setenv("AWS_PAGER", "", 1);
	for (i = 0; i < n_cli_rows; i++) {
		const char *action = cli_rows[i].action;
		size_t at = responder_count(f->r);

		if (!strncmp(cli_rows[i].cli, "ecs", 3))
			strcpy(response, "{}");
		else
			snprintf(response, sizeof(response),
				 "<%sResponse><%sResult/></%sResponse>", action,
				 action, action);
		responder_reply(f->r, 200, NULL, response);
		responder_reply(f->r, 200, NULL, response);
		cli_rows[i].call(f->c);
		if (responder_count(f->r) != at + 1)
			fail_msg("%s: %zu requests", action,
				 responder_count(f->r) - at);
		snprintf(command, sizeof(command),
			 "LC_ALL=C.UTF-8 " CLI
			 " --endpoint-url %s %s >/dev/null 2>&1",
			 responder_url(f->r), cli_rows[i].cli);
		if (system(command) < 0 || responder_count(f->r) != at + 2)
			fail_msg("the CLI did not send this: %s",
				 cli_rows[i].cli);
		same_body(action, responder_body(f->r, at),
			  responder_body(f->r, at + 1));
		same_headers(f, action, at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(same_as_cli),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
