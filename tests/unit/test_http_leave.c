/* SPDX-License-Identifier: MIT */
/* Connections that do not speak HTTP/1, or stop doing so. */
#include "http_kit.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static const struct http_stats *stats(const struct kit *k)
{
	return http_stats(k->e);
}

static void expect(struct kit *k, const char *lines)
{
	assert_string_equal(kit_lines(k), lines);
	kit_clear(k);
}

/* Bytes that resemble a record, but of a version that does not exist or too
 * long, are not TLS, wherever they are cut: HTTP may follow. A cut record is. */
static void tls_however_cut(void **state)
{
	static const char *const record[] = {"\x16\x03\x05\x00\x01",
					     "\x16\x03\x03\x41\x01",
					     "\x16\x03\x03\x00\x01"};
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	for (unsigned int i = 0; i < 2 * 5; i++) {
		const char *bytes = record[i / 5];

		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, bytes, i % 5 + 1, 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		if (i % 5 < 4)
			kit_data(&k, STREAM_C2S, bytes + i % 5 + 1, 4 - i % 5,
				 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		kit_c(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
		kit_s(&k, ok);
		kit_close(&k, STREAM_END_FIN);
	}
	assert_int_equal(stats(&k)->paired, 2 * 5);
	assert_int_equal(stats(&k)->not_http_tls, 0);
	for (unsigned int n = 1; n < 5; n++) {
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, record[2], n, 0);
		kit_data(&k, STREAM_C2S, record[2] + n, 5 - n, 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		kit_data(&k, STREAM_S2C, record[2], n, 5);
		kit_data(&k, STREAM_S2C, record[2] + n, 5 - n, 5);
		assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
		kit_close(&k, STREAM_END_FIN);
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, record[2], n, 0);
		kit_data(&k, STREAM_S2C, record[2], 5, n);
		kit_close(&k, STREAM_END_FIN);
		assert_int_equal(stats(&k)->not_http_tls, 2 * n);
	}
	kit_done(&k);
}

/* A connection that is not HTTP is skipped for good. */
static void not_http(void **state)
{
	struct kit k;
	char junk[6000];

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, "\x16\x03\x01\x02\x00\x01\x00", 7, 0);
	/* the client's word alone */
	assert_int_equal(k.flow.skip[STREAM_C2S], 0);
	kit_data(&k, STREAM_S2C, "\x16\x03\x03\x02\x00\x02\x00", 7, 7);
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	assert_int_equal(k.flow.skip[STREAM_S2C], STREAM_UNKNOWN);
	assert_int_equal(stats(&k)->not_http_tls, 1);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	kit_c(&k, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	assert_int_equal(k.flow.skip[STREAM_S2C], STREAM_UNKNOWN);
	assert_int_equal(stats(&k)->not_http_h2, 1);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 7);
	kit_data(&k, STREAM_S2C, "\1\2\3", 3, 0);
	kit_data(&k, STREAM_C2S, junk, sizeof(junk), 0);
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	/* too few bytes to be skipped, but counted */
	kit_open(&k, false, true);
	kit_s(&k, "220 mail.example.com ESMTP\r\n");
	kit_c(&k, "EHLO x\r\n");
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->not_http, 4);
	/* SOCKS before HTTP */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_C2S, "\5\1\0", 3, 0);
	kit_data(&k, STREAM_S2C, "\5\0", 2, 3);
	kit_c(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_s(&k, ok);
	assert_int_equal(stats(&k)->paired, 1);
	kit_done(&k);
}

/* What the client sends before the server has agreed to leave HTTP is HTTP if
 * the server refuses. */
static void refused(void **state)
{
	static const char *const asks[] = {
		"CONNECT a:443 HTTP/1.1\r\n\r\n",
		"GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
		"GET /b HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
	};
	static const char no[] = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
	static const char next[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char *const early[] = {
		"\r\nGET /early HTTP/1.1\r\n\r\n",
		"FOO /early HTTP/1.1\r\n\r\n",
		"\r\n\r\nMYMETHOD /early HTTP/1.1\r\nA: b\r\n\r\n",
	};
	static const char hello[] = "\x16\x03\x01\x00\x05hello";
	struct kit k;
	unsigned int n = 0;

	(void)state;
	kit_init(&k, NULL);
	for (unsigned int i = 0; i < 3 * 4; i++) {
		kit_open(&k, false, true);
		kit_c(&k, asks[i / 4]);
		if (i % 4 < 3)
			kit_c(&k, early[i % 4]);
		else
			kit_data(&k, STREAM_C2S, hello, sizeof(hello) - 1, 0);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		kit_s(&k, no);
		if (i % 4 < 3)
			kit_s(&k, ok);
		kit_c(&k, next);
		kit_s(&k, ok);
		assert_int_equal(k.flow.skip[STREAM_C2S], 0);
		kit_close(&k, STREAM_END_FIN);
		n += i % 4 < 3 ? 3 : 2;
		assert_int_equal(stats(&k)->requests, n);
	}
	assert_int_equal(stats(&k)->upgraded, 0);
	/* accepted: the early bytes belong to the other protocol */
	kit_open(&k, false, true);
	kit_c(&k, asks[1]);
	kit_data(&k, STREAM_C2S, hello, sizeof(hello) - 1, 0);
	kit_s(&k, "HTTP/1.1 101 Switching\r\n\r\n");
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	kit_open(&k, false, true);
	kit_c(&k, asks[0]);
	kit_data(&k, STREAM_C2S, hello, sizeof(hello) - 1, 0);
	kit_s(&k, "HTTP/1.1 200 OK\r\n\r\n");
	assert_int_equal(k.flow.skip[STREAM_C2S], STREAM_UNKNOWN);
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->upgraded, 2);
	kit_done(&k);
}

/* A client that begins with a status line does not become the server. */
static void roles_from_the_handshake(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, NULL);
	kit_open(&k, false, true);
	kit_c(&k, "HTTP/1.1 204 x\r\n\r\n");
	kit_c(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_s(&k, ok);
	assert_int_equal(stats(&k)->requests, 1);
	assert_int_equal(stats(&k)->responses, 1);
	kit_close(&k, STREAM_END_FIN);
	/* But its peer can show that they are reversed (reverse SOCKS). */
	kit_open(&k, false, true);
	kit_s(&k, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	kit_c(&k, ok);
	assert_int_equal(stats(&k)->requests, 2);
	assert_int_equal(stats(&k)->paired, 2);
	kit_close(&k, STREAM_END_FIN);
	kit_done(&k);
}

/* The response arrives first, and only its request gives it its meaning. */
static void meaning_comes_late(void **state)
{
	static const char switched[] = "HTTP/1.1 101 Switching\r\n\r\n\x81\1x";
	static const char opened[] = "HTTP/1.1 200 Open\r\n\r\n";
	static const char inner[] =
		"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	/* an Upgrade that was requested */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, switched, sizeof(switched) - 1, 34);
	kit_data(&k, STREAM_C2S, "GET /ws HTTP/1.1\r\nUpgrade: tcp\r\n\r\n", 34,
		 0);
	kit_data(&k, STREAM_C2S,
		 "\x81\x80"
		 "abcd",
		 6, 25);
	expect(&k, "GET /ws => 101 !upgraded\n");
	assert_int_equal(stats(&k)->bytes_upgraded, 3 + 6);
	kit_close(&k, STREAM_END_FIN);
	/* one that was not requested */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, switched, sizeof(switched) - 1, 23);
	kit_fin(&k, STREAM_S2C);
	kit_data(&k, STREAM_C2S, "GET /plain HTTP/1.1\r\n\r\n", 23, 0);
	expect(&k, "GET /plain => 101\n");
	kit_close(&k, STREAM_END_FIN);
	/* a tunnel with HTTP in it */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_data(&k, STREAM_S2C, inner, sizeof(inner) - 1, 53);
	kit_data(&k, STREAM_C2S, "CONNECT tunnel:80 HTTP/1.1\r\n\r\n", 30, 0);
	kit_data(&k, STREAM_C2S, "GET /inner HTTP/1.1\r\n\r\n", 23, 21);
	expect(&k, "CONNECT tunnel:80 => 200 !upgraded\n"
		   "GET /inner => 404\n");
	kit_close(&k, STREAM_END_FIN);
	/* a tunnel with TLS in it */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_data(&k, STREAM_S2C, "\x16\3\3\0\1x", 6, 50);
	kit_data(&k, STREAM_C2S, "CONNECT tunnel:80 HTTP/1.1\r\n\r\n", 30, 0);
	expect(&k, "CONNECT tunnel:80 => 200 !upgraded\n");
	kit_close(&k, STREAM_END_FIN);
	assert_int_equal(stats(&k)->upgraded, 3);
	assert_int_equal(stats(&k)->bytes_upgraded, 9 + 6);
	/* not a tunnel */
	kit_open(&k, false, true);
	kit_data(&k, STREAM_S2C, opened, sizeof(opened) - 1, 30);
	kit_s(&k, "to the end");
	kit_fin(&k, STREAM_S2C);
	kit_data(&k, STREAM_C2S, "GET /end HTTP/1.1\r\n\r\n", 21, 0);
	expect(&k, "GET /end => 200\n");
	kit_done(&k);
}

/* A response without a length lasts until the close, unless the server answers
 * a later request meanwhile. A body that quotes HTTP is left alone. */
static void no_length(void **state)
{
	static const char open_end[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "OPTIONS /pre HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "POST /real HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1");
	kit_s(&k, ok);
	kit_c(&k, "GET /third HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_s(&k, "third");
	kit_c(&k, "GET /fourth HTTP/1.1\r\n\r\n");
	kit_s(&k, ok);
	expect(&k, "OPTIONS /pre => 200 !malformed\n"
		   "POST /real => 200\n"
		   "GET /third => 200 !malformed\n"
		   "GET /fourth => 200\n");
	kit_close(&k, STREAM_END_FIN);
	/* nothing was asked for meanwhile */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_s(&k, ok);
	kit_fin(&k, STREAM_S2C);
	expect(&k, "GET /quote => 200\n");
	kit_close(&k, STREAM_END_FIN);
	/* the server may not have read the later request: undecidable */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "GET /later HTTP/1.1\r\n\r\n");
	kit_data(&k, STREAM_S2C, ok, sizeof(ok) - 1, 23);
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /quote => 200 !malformed\n"
		   "GET /later => - !no-response\n");
	/* it went on with the body after it had received the request */
	kit_open(&k, false, true);
	kit_c(&k, "GET /quote HTTP/1.1\r\n\r\n");
	kit_s(&k, open_end);
	kit_c(&k, "GET /later HTTP/1.1\r\n\r\n");
	kit_s(&k, "more");
	kit_s(&k, ok);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /quote => 200 !malformed !closed-early\n"
		   "GET /later => - !no-response\n");
	/* pipelined: the second was sent before the first was answered */
	kit_open(&k, false, true);
	kit_c(&k, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\n\r\nbodyHTTP/1.1 204 No\r\n\r\n");
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "GET /1 => 200 !malformed\nGET /2 => - !no-response\n");
	kit_done(&k);
}

/* The mirror cuts the packet within the version: the target is whole. */
static void cut_in_version(void **state)
{
	static const char line[] = "GET /target HTTP/1.1\r\n";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t n = 5; n < sizeof(line); n++) {
		kit_open(&k, false, true);
		kit_data(&k, STREAM_C2S, line, n, 0);
		kit_gap(&k, STREAM_C2S, 100 - n, STREAM_GAP_TRUNCATED);
		kit_s(&k, ok);
		kit_fin(&k, STREAM_S2C);
		kit_close(&k, STREAM_END_FIN);
		/* from " H" on */
		expect(&k, n > 12 ? "GET /target => 200 "
				    "!request-gap !truncated\n"
				  : "- => 200 !no-request\n");
	}
	kit_done(&k);
}

/* The directions of a connection that is not HTTP, "c" or "s" before each text;
 * both acknowledge all. */
static void converse(struct kit *k, const char *const *texts)
{
	kit_open(k, false, true);
	for (; *texts; texts++)
		(**texts == 'c' ? kit_c : kit_s)(k, *texts + 1);
	kit_close(k, STREAM_END_FIN);
}

#define QUOTED_REQUEST	"GET /quoted HTTP/1.1\r\nHost: h\r\n\r\n"
#define QUOTED_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"

/* Protocols with commands that look like HTTP, or that carry it. */
static void other_protocols(void **state)
{
	static const char *const talks[][12] = {
		{"s220 mail ESMTP\r\n", "cEHLO x\r\n", "s250 ok\r\n",
		 "cDATA\r\n", "s354 go\r\n",
		 "cSubject: x\r\n\r\n" QUOTED_REQUEST, "c" QUOTED_REQUEST,
		 "s250 queued\r\n", "cQUIT\r\n"},
		{"s* OK IMAP\r\n", "ca1 FETCH 1 BODY[]\r\n",
		 "s* 1 FETCH\r\nSubject: x\r\n\r\n" QUOTED_RESPONSE,
		 "ca2 APPEND x {50}\r\n", "s+ go\r\n",
		 "cSubject: y\r\n\r\n" QUOTED_REQUEST, "sa2 OK\r\n"},
		{"cGET key\r\n", "s$3\r\nabc\r\n", "cGET /key\r\n", "s$-1\r\n",
		 "cPING\r\n", "s+PONG\r\n"},
		{"cGET /key\r\n", "s$3\r\nabc\r\n", "cGET /key\r\n",
		 "s$-1\r\n"},
		{"cGET /key\r\n", "s-ERR no\r\n"},
		{"cget /key\r\n", "sVALUE /key 0 1\r\nx\r\nEND\r\n"},
		{"cCONNECT\naccept-version:1.2\nhost:h\n\n",
		 "sCONNECTED\nversion:1.2\n\n",
		 "cSEND\ndestination:/q\n\n" QUOTED_REQUEST,
		 "sMESSAGE\nid:1\n\n" QUOTED_RESPONSE},
		{"cOPTIONS icap://h/s ICAP/1.0\r\nHost: h\r\n\r\n",
		 "sICAP/1.0 200 OK\r\nMethods: REQMOD\r\n\r\n",
		 "cREQMOD icap://h/s ICAP/1.0\r\nHost: h\r\n\r\n" QUOTED_REQUEST,
		 "sICAP/1.0 200 OK\r\nHost: h\r\n\r\n" QUOTED_RESPONSE},
		{"cREQMOD icap://h/s ICAP/1.0\r\nHost: h\r\n\r\n" QUOTED_REQUEST,
		 "sICAP/1.0 200 OK\r\nHost: h\r\n\r\n" QUOTED_RESPONSE},
		{"cPOST\r\n", "s340 send it\r\n",
		 "cSubject: x\r\n\r\n" QUOTED_REQUEST, "s240 ok\r\n"},
		{"cINVITE sip:a@b SIP/2.0\r\nVia: x\r\n\r\n",
		 "sSIP/2.0 200 OK\r\nVia: x\r\n\r\n",
		 "cNOTIFY sip:a@b SIP/2.0\r\n\r\n" QUOTED_REQUEST},
		{"cOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
		 "sRTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"},
		{"cNICK x\r\nUSER x\r\n", "s:irc NOTICE x\r\n",
		 "cPRIVMSG #c :look\r\n\r\n" QUOTED_REQUEST},
		/* binary ones */
		{"c\x01\x03user", "s\x02\x01", "cQ\x01\r\n\r\n" QUOTED_REQUEST,
		 "sD\x01\r\n\r\n" QUOTED_RESPONSE},
		{"s\x4a\x01\x0a"
		 "5.7.1",
		 "c\x03\r\n\r\n" QUOTED_REQUEST, "s\x07\x01"},
		{"s\xff\xfd\x18", "c\xff\xfb\x18",
		 "slogin: ", "cGET /x\r\n\r\n" QUOTED_REQUEST, "sno\r\n"},
	};
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		converse(&k, talks[i]);
		if (*kit_lines(&k))
			print_error("conversation %zu\n", i);
		expect(&k, "");
	}
	assert_true(stats(&k)->disbelieved > 0);
	kit_done(&k);
}

/* What a server that is not known to speak HTTP/0.9 agrees to nevertheless. */
static void still_found(void **state)
{
	static const char get[] = "GET /old\r\n", page[] = "<p>old</p>";
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	converse(&k, (const char *const[]){"cPOST /x\r\n", "s" QUOTED_RESPONSE,
					   NULL});
	expect(&k, "POST /x => 200\n");
	converse(&k, (const char *const[]){"c\5\1", "s\5", "c" QUOTED_REQUEST,
					   "s" QUOTED_RESPONSE, NULL});
	expect(&k, "GET /quoted => 200\n");
	/* only one direction is mirrored */
	converse(&k, (const char *const[]){"c\5\1", "c" QUOTED_REQUEST, NULL});
	expect(&k, "GET /quoted => - !no-response\n");
	/* a response in HTTP/0.9 that is captured before its request */
	for (size_t cut = 0; cut < sizeof(page) - 1; cut++) {
		for (int fin = 0; fin < 2; fin++) {
			kit_open(&k, false, true);
			if (cut)
				kit_data(&k, STREAM_S2C, page, cut, 10);
			kit_data(&k, STREAM_S2C, page + cut,
				 sizeof(page) - 1 - cut, 10);
			if (fin)
				kit_fin(&k, STREAM_S2C);
			kit_data(&k, STREAM_C2S, get, 10, 0);
			if (!fin)
				kit_fin(&k, STREAM_S2C);
			expect(&k, "GET /old => 200\n");
			kit_close(&k, STREAM_END_FIN);
		}
	}
	kit_done(&k);
}

/* A terminal in which somebody types a whole request. */
static void terminal(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	kit_open(&k, false, true);
	kit_c(&k, "POST /attach HTTP/1.1\r\n\r\n");
	kit_s(&k, "HTTP/1.1 200 OK\r\n\r\n$ ");
	kit_c(&k, QUOTED_REQUEST);
	kit_s(&k, "sh: GET: not found\nHTTP/1.1 is not a command\n");
	kit_c(&k, "GET /incomplete HTTP/1.1\r\n");
	kit_fin(&k, STREAM_C2S);
	kit_fin(&k, STREAM_S2C);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "POST /attach => 200\n");
	assert_int_equal(stats(&k)->disbelieved, 1);
	kit_done(&k);
}

/* A gap, or the end, within a head: fields may be missing. */
static void partial_head(void **state)
{
	struct kit k;

	(void)state;
	kit_init(&k, &(struct kit_options){.brief = true});
	for (unsigned int fin = 0; fin < 2; fin++) {
		kit_open(&k, false, true);
		kit_c(&k, "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n");
		assert_int_equal(k.n_partial, fin);
		if (fin)
			kit_fin(&k, STREAM_C2S);
		else
			kit_gap(&k, STREAM_C2S, 30, STREAM_GAP_LOST);
		kit_s(&k, ok);
		kit_close(&k, STREAM_END_FIN);
		expect(&k, fin ? "GET /a => 200 !closed-early\n"
			       : "GET /a => 200 !request-gap\n");
		assert_int_equal(k.n_partial, fin + 1);
	}
	/* A gap in the body leaves the head complete. */
	kit_open(&k, false, true);
	kit_c(&k, "PUT /b HTTP/1.1\r\nContent-Length: 9\r\n\r\n");
	kit_gap(&k, STREAM_C2S, 9, STREAM_GAP_LOST);
	kit_s(&k, ok);
	kit_close(&k, STREAM_END_FIN);
	expect(&k, "PUT /b => 200 !request-gap\n");
	assert_int_equal(k.n_partial, 2);
	kit_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partial_head),
		cmocka_unit_test(not_http),
		cmocka_unit_test(refused),
		cmocka_unit_test(roles_from_the_handshake),
		cmocka_unit_test(tls_however_cut),
		cmocka_unit_test(meaning_comes_late),
		cmocka_unit_test(no_length),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(still_found),
		cmocka_unit_test(terminal),
		cmocka_unit_test(cut_in_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
