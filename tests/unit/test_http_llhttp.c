/* SPDX-License-Identifier: MIT */
/*
 * The test cases of llhttp and libhtp. llhttp's are an oracle: where it accepts
 * a message we find the same method, target and number of body bytes; where it
 * fails, the messages it had completed. For all of them the counters add up
 * and the result does not depend on how they are cut. Skipped if the archives
 * are not there ($METLO_CORPUS).
 */
#include "http_kit.h"

#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX 16384

struct text {
	char *p;
	size_t n;
};

/* Concatenates the members of an archive that match pattern. */
static bool unpack(const char *archive, const char *pattern, struct text *out)
{
	const char *corpus = getenv("METLO_CORPUS");
	char cmd[512];
	size_t cap = 4u << 20;
	FILE *f;

	snprintf(cmd, sizeof(cmd),
		 "tar -xJOf '%s/extra/%s' --wildcards '%s' 2>/dev/null",
		 corpus ? corpus : "../shared/corpus", archive, pattern);
	f = popen(cmd, "r");
	if (!f)
		return false;
	out->p = malloc(cap);
	assert_non_null(out->p);
	out->n = fread(out->p, 1, cap - 1, f);
	out->p[out->n] = 0;
	pclose(f);
	if (out->n)
		return true;
	free(out->p);
	return false;
}

/* llhttp's notation: line ends are CRLF, a backslash at the end of a line
 * joins it, and \r \n \t \f \xHH mean what they do in C. */
static size_t unescape(const char *p, size_t n, char *out)
{
	size_t len = 0;

	if (n && p[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n; i++) {
		unsigned int x;

		if (len + 2 >= INPUT_MAX)
			break;
		if (p[i] == '\\' && i + 1 < n) {
			char c = p[++i];

			if (c == '\n')
				continue;
			if (c == 'x' && sscanf(p + i + 1, "%2x", &x) == 1) {
				out[len++] = (char)x;
				i += 2;
				continue;
			}
			if (c == 'r' || c == 'n' || c == 't' || c == 'f') {
				out[len++] = c == 'r'	? '\r'
					     : c == 'n' ? '\n'
					     : c == 't' ? '\t'
							: '\f';
				continue;
			}
			out[len++] = '\\';
			out[len++] = c;
		} else if (p[i] == '\n') {
			out[len++] = '\r';
			out[len++] = '\n';
		} else {
			out[len++] = p[i];
		}
	}
	return len;
}

static unsigned int count(const char *hay, const char *end, const char *needle)
{
	unsigned int n = 0;

	for (const char *p = hay; (p = strstr(p, needle)) && p < end; p++)
		n++;
	return n;
}

static void play(struct kit *k, bool request, const char *in, size_t n,
		 size_t piece)
{
	enum stream_dir dir = request ? STREAM_C2S : STREAM_S2C;

	kit_clear(k);
	kit_open(k, false, true);
	for (size_t at = 0; at < n; at += piece)
		kit_data(k, dir, in + at, n - at < piece ? n - at : piece, 0);
	kit_fin(k, dir);
	kit_close(k, STREAM_END_FIN);
}

/* The result must not depend on the cuts. */
static void check_cuts(struct kit *k, bool request, const char *in, size_t n,
		       const char *name)
{
	char *whole;

	play(k, request, in, n, n ? n : 1);
	whole = strdup(kit_lines(k));
	assert_non_null(whole);
	for (size_t piece = 1; piece < 8; piece++) {
		play(k, request, in, n, piece);
		if (strcmp(whole, kit_lines(k))) {
			print_error("%s in pieces of %zu:\n%swhole:\n%s", name,
				    piece, kit_lines(k), whole);
			fail();
		}
	}
	play(k, request, in, n, n ? n : 1);
	free(whole);
}

/* Sum of the body bytes in the lines. */
static unsigned long body_bytes(const char *lines)
{
	unsigned long sum = 0;

	for (const char *p = lines; (p = strstr(p, " body=")); p++)
		sum += strtoul(strchr(p, '/') + 1, NULL, 10);
	return sum;
}

/* Do our lines have every value of this span that the log shows? */
static bool spans_agree(const char *log, const char *end, const char *span,
			const char *lines)
{
	char value[1024], what[64];
	size_t n;

	snprintf(what, sizeof(what), "span[%s]=\"", span);
	for (const char *p = log; (p = strstr(p, what)) && p < end; p++) {
		const char *v = p + strlen(what), *q = strstr(v, "\"\n");

		n = q ? (size_t)(q - v) : 0;
		if (!n || n >= sizeof(value) || memchr(v, '\\', n))
			continue;
		memcpy(value, v, n);
		value[n] = 0;
		if (!strstr(lines, value))
			return false;
	}
	return true;
}

struct score {
	unsigned int cases, accepted, agreed;
};

static void one_case(struct kit *k, const char *title, bool request,
		     const char *in, size_t n, const char *log, const char *end,
		     struct score *s)
{
	unsigned int complete = count(log, end, "message complete");
	const char *error = strstr(log, "error code");
	const char *pause = strstr(log, "pause");
	unsigned long body = 0;
	const char *lines;
	bool ok;

	check_cuts(k, request, in, n, title);
	lines = kit_lines(k);
	s->cases++;
	ok = k->out.len || !complete;
	if ((error && error < end) || (pause && pause < end)) {
		if (!ok)
			print_message("no transaction: %s\n", title);
		return;
	}
	s->accepted++;
	for (const char *p = log; (p = strstr(p, "span[body]")) && p < end;
	     p++) {
		const char *line = p;

		while (line > log && line[-1] != '\n')
			line--;
		body += strtoul(strstr(line, "len=") + 4, NULL, 10);
	}
	ok = spans_agree(log, end, "method", lines) &&
	     spans_agree(log, end, "url", lines) && body_bytes(lines) == body;
	s->agreed += ok;
	if (!ok)
		print_message(
			"%s: llhttp has %u messages, %lu body bytes, here: %s\n",
			title, complete, body, lines);
}

static void llhttp(void **state)
{
	struct score s = {0};
	struct text t = {0};
	struct kit k;
	static char in[INPUT_MAX];
	char title[128] = "";
	const char *p;

	(void)state;
	if (!unpack("llhttp-9.4.2-test.tar.xz", "*.md", &t)) {
		print_message(
			"# skip: llhttp's cases are not in $METLO_CORPUS\n");
		skip();
	}
	kit_init(&k, NULL);
	p = t.p;
	while ((p = strstr(p, "<!-- meta={"))) {
		const char *type = strstr(p, "\"type\"");
		const char *src = strstr(p, "```http\n");
		const char *src_end, *log, *log_end, *h = p;
		size_t n;

		p += 4;
		if (!type || !src || !(src_end = strstr(src + 8, "```")) ||
		    !(log = strstr(src_end, "```log\n")) ||
		    !(log_end = strstr(log + 7, "```")))
			break;
		while (h > t.p && strncmp(h, "\n## ", 4) &&
		       strncmp(h, "\n### ", 5))
			h--;
		snprintf(title, sizeof(title), "%.*s",
			 (int)strcspn(h + 1, "\n"), h + 1);
		type += strcspn(type + 6, "\"") + 7;
		n = unescape(src + 8, (size_t)(src_end - src - 8), in);
		one_case(&k, title, !strncmp(type, "request", 7), in, n,
			 log + 7, log_end, &s);
		p = log_end;
	}
	print_message(
		"# show: llhttp's cases: %u, accepted by it: %u, the same here: %u\n",
		s.cases, s.accepted, s.agreed);
	assert_true(s.cases >= 190);
	/* The others, listed above, differ on purpose: RTSP and ICE are not
	 * HTTP, a chunked body is read as such whatever the head calls it, and
	 * without its request a response may end elsewhere. */
	assert_true(s.agreed + 13 >= s.accepted);
	kit_done(&k);
	free(t.p);
}

/* ">>>" and "<<<" on a line mark who sends the bytes that follow. */
static void libhtp_file(struct kit *k, const char *p, const char *end,
			size_t piece)
{
	kit_open(k, false, true);
	while (p < end) {
		enum stream_dir dir = *p == '<' ? STREAM_S2C : STREAM_C2S;
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *next;
		size_t n, at;

		if (!eol)
			break;
		p = eol + 1;
		for (next = p; next < end; next++)
			if ((next == p || next[-1] == '\n') &&
			    end - next >= 3 &&
			    (!memcmp(next, ">>>", 3) ||
			     !memcmp(next, "<<<", 3)))
				break;
		n = (size_t)(next - p);
		/* the line end before a mark is part of it */
		if (next < end && n && p[n - 1] == '\n')
			n -= n > 1 && p[n - 2] == '\r' ? 2 : 1;
		for (at = 0; at < n; at += piece)
			kit_data(k, dir, p + at,
				 n - at < piece ? n - at : piece,
				 k->flow.pos[!dir]);
		p = next;
	}
	kit_close(k, STREAM_END_FIN);
}

/* Not an oracle: they must not crash, and cuts must not matter. */
static void libhtp(void **state)
{
	static const char mark[] = "\n=== next file ===\n";
	struct text t = {0};
	struct kit k;
	unsigned int files = 0, some = 0;
	char cmd[512];
	const char *corpus = getenv("METLO_CORPUS"), *p;
	size_t cap = 8u << 20;
	FILE *f;

	(void)state;
	snprintf(
		cmd, sizeof(cmd),
		"tar -xJf '%s/extra/libhtp-0.5.47-test-files.tar.xz' --wildcards '*.t' --to-command=\"printf '%s'; cat\" 2>/dev/null",
		corpus ? corpus : "../shared/corpus",
		"\\n=== next file ===\\n");
	f = popen(cmd, "r");
	assert_non_null(f);
	t.p = malloc(cap);
	assert_non_null(t.p);
	t.n = fread(t.p, 1, cap, f);
	pclose(f);
	if (!t.n) {
		free(t.p);
		print_message(
			"# skip: libhtp's cases are not in $METLO_CORPUS\n");
		skip();
	}
	kit_init(&k, NULL);
	p = memmem(t.p, t.n, mark, strlen(mark));
	while (p) {
		const char *start = p + strlen(mark), *next, *end;
		char *whole;

		next = memmem(start, (size_t)(t.p + t.n - start), mark,
			      strlen(mark));
		end = next ? next : t.p + t.n;
		kit_clear(&k);
		libhtp_file(&k, start, end, 100000);
		whole = strdup(kit_lines(&k));
		some += *whole != 0;
		for (size_t piece = 1; piece < 6; piece++) {
			kit_clear(&k);
			libhtp_file(&k, start, end, piece);
			if (strcmp(whole, kit_lines(&k)))
				print_error(
					"%.300s\nin pieces of %zu:\n%swhole:\n%s",
					start, piece, kit_lines(&k), whole);
			assert_string_equal(whole, kit_lines(&k));
		}
		free(whole);
		files++;
		p = next;
	}
	print_message("# show: libhtp's files: %u, with transactions: %u\n",
		      files, some);
	assert_true(files >= 90);
	assert_true(some + 8 >= files);
	kit_done(&k);
	free(t.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llhttp),
		cmocka_unit_test(libhtp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
