/* SPDX-License-Identifier: MIT */
/*
 * Writes VXLAN-mirrored HTTP/1.1 traffic as a pcap, the same bytes for the
 * same seed, and beside it the truth: one line per transaction with what a
 * collector has to find. See usage() for what can be asked for.
 *
 * Each response names its request in the field X-Id, so that a wrong pairing
 * shows without the truth as well.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <zlib.h>

#define FRAME_MAX 66000
#define TCP_FIN	  0x01
#define TCP_SYN	  0x02
#define TCP_PSH	  0x08
#define TCP_ACK	  0x10
#define VNI_FIRST 7000
#define HELD_MAX  16

struct options {
	uint64_t transactions;
	uint32_t connections; /* open at a time */
	uint32_t per_connection;
	uint32_t vnis;
	uint32_t mss;
	uint32_t body_min, body_max;
	uint32_t post, gzip, chunked, pipelined, ipv6, midstream; /* percent */
	uint32_t loss, dup, reorder; /* packets per million */
	bool no_acks;
	uint64_t half_open;
	uint32_t half_open_bytes;
	uint32_t gap_ns; /* between packets */
	uint64_t seed;
	const char *out, *truth;
};

struct bytes {
	uint8_t *p;
	size_t len, cap;
};

enum step { SYN, SYN_ACK, ACK, REQUEST, RESPONSE, CLOSE_CLIENT, CLOSE_SERVER };

/* One connection. The numbers are those of the next byte of each side. */
struct conn {
	enum step step;
	uint64_t id;
	uint32_t seq[2];
	uint32_t vni;
	uint32_t left; /* transactions to come */
	bool ipv6;
	struct bytes side[2]; /* being sent: requests, responses */
	size_t sent;
};

struct held {
	uint8_t *p;
	size_t len;
	int after; /* packets until it goes */
};

struct gen {
	struct options o;
	FILE *out, *truth;
	uint64_t random;
	uint64_t ns;
	uint64_t next_conn, next_tx;
	uint64_t packets, lost, held_n;
	struct held held[HELD_MAX];
	uint8_t frame[FRAME_MAX];
};

/* xorshift64*: seeded, the same everywhere. */
static uint64_t rnd(struct gen *g)
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return g->random * 0x2545f4914f6cdd1dull;
}

static uint32_t below(struct gen *g, uint32_t n)
{
	return n ? (uint32_t)((rnd(g) >> 32) * n >> 32) : 0;
}

static bool percent(struct gen *g, uint32_t p)
{
	return p && below(g, 100) < p;
}

static bool per_million(struct gen *g, uint32_t p)
{
	return p && below(g, 1000000) < p;
}

static void add(struct bytes *b, const void *p, size_t n)
{
	if (b->cap - b->len < n) {
		b->cap = (b->len + n) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			err(1, "realloc");
	}
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

static void __attribute__((format(printf, 2, 3)))
addf(struct bytes *b, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		errx(1, "a line is too long: %s", fmt);
	add(b, line, (size_t)n);
}

/* --- packets -------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void write_packet(struct gen *g, const uint8_t *p, size_t len)
{
	uint32_t rec[4] = {(uint32_t)(g->ns / 1000000000),
			   (uint32_t)(g->ns % 1000000000), (uint32_t)len,
			   (uint32_t)len};

	g->ns += g->o.gap_ns;
	g->packets++;
	if (fwrite(rec, sizeof(rec), 1, g->out) != 1 ||
	    fwrite(p, len, 1, g->out) != 1)
		err(1, "%s", g->o.out);
}

static void release_held(struct gen *g, bool all)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *h = &g->held[i];

		if (!h->p || (!all && --h->after > 0))
			continue;
		write_packet(g, h->p, h->len);
		free(h->p);
		h->p = NULL;
	}
}

static void hold(struct gen *g, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *h = &g->held[i];

		if (h->p)
			continue;
		h->p = malloc(len);
		if (!h->p)
			err(1, "malloc");
		memcpy(h->p, p, len);
		h->len = len;
		h->after = 1 + (int)below(g, 8);
		return;
	}
	write_packet(g, p, len);
}

/* What the mirror and the network do to a packet. */
static void send_frame(struct gen *g, const uint8_t *p, size_t len)
{
	if (per_million(g, g->o.loss)) {
		g->lost++;
		return;
	}
	if (per_million(g, g->o.reorder))
		hold(g, p, len);
	else
		write_packet(g, p, len);
	if (per_million(g, g->o.dup))
		hold(g, p, len);
	release_held(g, false);
}

static size_t ip_header(const struct conn *c, int from, uint8_t *p, size_t l4)
{
	uint8_t *addr[2];
	int first = from == 0 ? 0 : 1;

	if (!c->ipv6) {
		memcpy(p, "\x45\0\0\0\0\0\x40\0\x40\x06\0\0", 12);
		put16(p + 2, (uint32_t)(20 + l4));
		addr[0] = p + 12 + 4 * first;
		addr[1] = p + 12 + 4 * !first;
		put32(addr[0], 0x0a000000 | (uint32_t)(c->id >> 14 & 0xffffff));
		put32(addr[1], 0x0aff0001);
		return 20;
	}
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, (uint32_t)l4);
	p[6] = 6;
	p[7] = 64;
	addr[0] = p + 8 + 16 * first;
	addr[1] = p + 8 + 16 * !first;
	addr[0][0] = 0xfd;
	put32(addr[0] + 12, (uint32_t)(c->id >> 14));
	addr[1][0] = 0xfd;
	addr[1][1] = 1;
	return 40;
}

/* One inner TCP segment of side from (0: the client), in its VXLAN packet. */
static void segment(struct gen *g, struct conn *c, int from, uint8_t flags,
		    const uint8_t *data, size_t n)
{
	static const uint8_t outer[14 + 20 + 8 + 8] = {
		0x0a, 0x63, 2, 0,    0,	   0x20, 0x0a, 0x63, 1,	 0,    0,
		0x10, 8,    0, 0x45, 0,	   0,	 0,    0,    0,	 0x40, 0,
		255,  17,   0, 0,    10,   99,	 1,    10,   10, 99,   2,
		20,   0,    0, 0x12, 0xb5, 0,	 0,    0,    0,	 8};
	uint8_t *p = g->frame, *inner = p + sizeof(outer), *tcp;
	uint32_t client_port = 1024 + (uint32_t)(c->id & 0x3fff);
	size_t ip, len;

	memcpy(p, outer, sizeof(outer));
	memcpy(inner, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	put16(inner + 12, c->ipv6 ? 0x86dd : 0x0800);
	ip = ip_header(c, from, inner + 14, 20 + n);
	tcp = inner + 14 + ip;
	memset(tcp, 0, 20);
	put16(tcp, from ? 80 : client_port);
	put16(tcp + 2, from ? client_port : 80);
	put32(tcp + 4, c->seq[from]);
	put32(tcp + 8, flags & TCP_ACK ? c->seq[!from] : 0);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 64240);
	if (n)
		memcpy(tcp + 20, data, n);
	len = (size_t)(tcp - p) + 20 + n;

	put16(p + 16, (uint32_t)(len - 14));
	put16(p + 34,
	      49152 + (uint32_t)((c->id * 2 + (uint64_t)from) & 0x3fff));
	put16(p + 38, (uint32_t)(len - 34));
	put32(p + 46, c->vni << 8);
	c->seq[from] += (uint32_t)n + !!(flags & (TCP_SYN | TCP_FIN));
	send_frame(g, p, len);
}

/* --- messages ------------------------------------------------------------- */

static void text(struct gen *g, struct bytes *b, uint32_t n)
{
	static const char words[] =
		"the quick brown fox jumps over a lazy dog and is mirrored ";

	b->len = 0;
	for (uint32_t at = below(g, sizeof(words) - 1); n; n--) {
		add(b, &words[at], 1);
		at = (at + 1 + !below(g, 50)) % (sizeof(words) - 1);
	}
}

static void gzip_into(struct bytes *to, const struct bytes *from)
{
	z_stream z = {0};
	uLong room = 1024 + compressBound((uLong)from->len);

	if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		errx(1, "deflateInit2");
	to->len = 0;
	if (to->cap < room) {
		to->cap = room;
		to->p = realloc(to->p, room);
		if (!to->p)
			err(1, "realloc");
	}
	z.next_in = from->p;
	z.avail_in = (uInt)from->len;
	z.next_out = to->p;
	z.avail_out = (uInt)to->cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		errx(1, "deflate");
	to->len = z.total_out;
	deflateEnd(&z);
}

static void add_body(struct gen *g, struct bytes *to, const struct bytes *body,
		     bool chunked)
{
	if (!chunked) {
		addf(to, "Content-Length: %zu\r\n\r\n", body->len);
		add(to, body->p, body->len);
		return;
	}
	addf(to, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t at = 0; at < body->len;) {
		size_t n = 1 + below(g, 4000);

		if (n > body->len - at)
			n = body->len - at;
		addf(to, "%zx\r\n", n);
		add(to, body->p + at, n);
		add(to, "\r\n", 2);
		at += n;
	}
	addf(to, "0\r\n\r\n");
}

static void sha256_16(const struct bytes *b, char hex[17])
{
	uint8_t md[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(b->p ? b->p : (const uint8_t *)"", b->len, md, NULL,
			EVP_sha256(), NULL))
		errx(1, "EVP_Digest");
	for (int i = 0; i < 8; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
}

/* One request and its response, appended to what the connection sends. */
static void transaction(struct gen *g, struct conn *c)
{
	static const uint16_t statuses[] = {200, 200, 200, 201, 301,
					    400, 404, 500, 503};
	static struct bytes plain, coded;
	uint64_t id = g->next_tx++;
	bool post = percent(g, g->o.post), gzip = percent(g, g->o.gzip);
	uint32_t range = g->o.body_max - g->o.body_min + 1;
	uint16_t status = statuses[below(g, 9)];
	char req_sha[17] = "-", rsp_sha[17];
	struct bytes *b = &c->side[0];
	size_t req_len = 0;

	addf(b,
	     "%s /v1/items/%" PRIu64 "?n=%" PRIu64 "&q=a%%20b HTTP/1.1\r\n"
	     "Host: api%" PRIu64 ".example.com\r\nUser-Agent: mkhttp/1\r\n"
	     "Accept: application/json\r\nX-Id: %" PRIu64 "\r\n",
	     post ? "POST" : "GET", id, id % 97, id % 5, id);
	if (post) {
		text(g, &plain, g->o.body_min + below(g, range));
		sha256_16(&plain, req_sha);
		req_len = plain.len;
		addf(b, "Content-Type: text/plain\r\n");
		add_body(g, b, &plain, percent(g, g->o.chunked));
	} else {
		addf(b, "\r\n");
	}

	b = &c->side[1];
	addf(b,
	     "HTTP/1.1 %u Status\r\nServer: mkhttp\r\n"
	     "Content-Type: application/json\r\nX-Id: %" PRIu64 "\r\n",
	     status, id);
	text(g, &plain, g->o.body_min + below(g, range));
	sha256_16(&plain, rsp_sha);
	if (gzip) {
		gzip_into(&coded, &plain);
		addf(b, "Content-Encoding: gzip\r\n");
	}
	add_body(g, b, gzip ? &coded : &plain, percent(g, g->o.chunked));

	if (g->truth)
		fprintf(g->truth,
			"%s\t/v1/items/%" PRIu64 "?n=%" PRIu64 "&q=a%%20b\t%u\t"
			"%zu\t%zu\t%s\t%s\t%u\n",
			post ? "POST" : "GET", id, id % 97, status, req_len,
			plain.len, req_sha, rsp_sha, c->vni);
}

/* --- connections ---------------------------------------------------------- */

static void open_conn(struct gen *g, struct conn *c)
{
	c->id = g->next_conn++;
	c->seq[0] = (uint32_t)rnd(g);
	c->seq[1] = (uint32_t)rnd(g);
	c->vni = VNI_FIRST + (uint32_t)(c->id % g->o.vnis);
	c->left = g->o.per_connection;
	c->ipv6 = percent(g, g->o.ipv6);
	c->step = percent(g, g->o.midstream) ? REQUEST : SYN;
	c->sent = 0;
	c->side[0].len = c->side[1].len = 0;
}

static void close_conn(struct gen *g, struct conn *c, int side)
{
	segment(g, c, side, TCP_FIN | TCP_ACK, NULL, 0);
	if (side)
		open_conn(g, c);
	else
		c->step = CLOSE_SERVER;
}

/* The next segment of the side that is sending. */
static void send_some(struct gen *g, struct conn *c, int side)
{
	struct bytes *b = &c->side[side];
	size_t n = b->len - c->sent;

	if (n > g->o.mss)
		n = g->o.mss;
	segment(g, c, side, TCP_ACK | (c->sent + n == b->len ? TCP_PSH : 0),
		b->p + c->sent, n);
	c->sent += n;
	if (c->sent < b->len)
		return;
	b->len = c->sent = 0;
	if (!g->o.no_acks)
		segment(g, c, !side, TCP_ACK, NULL, 0);
	if (side == 0)
		c->step = RESPONSE;
	else
		c->step = c->left ? REQUEST : CLOSE_CLIENT;
}

static void start_requests(struct gen *g, struct conn *c)
{
	uint32_t n = percent(g, g->o.pipelined) ? 2 + below(g, 3) : 1;

	while (n-- && c->left && g->next_tx < g->o.transactions) {
		transaction(g, c);
		c->left--;
	}
	if (!c->side[0].len) {
		c->left = 0;
		c->step = CLOSE_CLIENT;
	}
}

/* Sends one packet (and its acknowledgment) of the connection. */
static void advance(struct gen *g, struct conn *c)
{
	switch (c->step) {
	case SYN:
		segment(g, c, 0, TCP_SYN, NULL, 0);
		c->step = SYN_ACK;
		break;
	case SYN_ACK:
		segment(g, c, 1, TCP_SYN | TCP_ACK, NULL, 0);
		c->step = g->o.no_acks ? REQUEST : ACK;
		break;
	case ACK:
		segment(g, c, 0, TCP_ACK, NULL, 0);
		c->step = REQUEST;
		break;
	case REQUEST:
		if (!c->side[0].len)
			start_requests(g, c);
		if (c->step == REQUEST)
			send_some(g, c, 0);
		break;
	case RESPONSE:
		send_some(g, c, 1);
		break;
	case CLOSE_CLIENT:
		close_conn(g, c, 0);
		break;
	case CLOSE_SERVER:
		close_conn(g, c, 1);
		break;
	}
}

/* Connections that only ever begin: a SYN, perhaps a piece of a request. */
static void half_open(struct gen *g)
{
	static const char head[] = "GET /half/open HTTP/1.1\r\nX-Filler: ";
	struct conn c = {0};
	uint8_t data[1400];

	memset(data, 'x', sizeof(data));
	memcpy(data, head, sizeof(head) - 1);
	for (uint64_t i = 0; i < g->o.half_open; i++) {
		open_conn(g, &c);
		c.ipv6 = false;
		segment(g, &c, 0, TCP_SYN, NULL, 0);
		if (g->o.half_open_bytes)
			segment(g, &c, 0, TCP_ACK | TCP_PSH, data,
				g->o.half_open_bytes);
	}
}

static void generate(struct gen *g)
{
	struct conn *conns = calloc(g->o.connections, sizeof(*conns));
	uint32_t open = g->o.connections;

	if (!conns)
		err(1, "calloc");
	half_open(g);
	for (uint32_t i = 0; i < open; i++)
		open_conn(g, &conns[i]);
	while (g->next_tx < g->o.transactions)
		advance(g, &conns[below(g, open)]);
	/* Those that are under way go on to their end. */
	for (uint32_t i = 0; i < open; i++) {
		uint64_t id = conns[i].id;

		if (conns[i].step <= ACK)
			continue;
		while (conns[i].id == id)
			advance(g, &conns[i]);
	}
	release_held(g, true);
	for (uint32_t i = 0; i < open; i++) {
		free(conns[i].side[0].p);
		free(conns[i].side[1].p);
	}
	free(conns);
}

/* --- options -------------------------------------------------------------- */

static void usage(FILE *to)
{
	fprintf(to,
		"mkhttp [options] OUT.pcap|- : VXLAN-mirrored HTTP traffic\n"
		"  --truth FILE         what has to be found: method, target, status,\n"
		"                       body lengths, SHA-256 (16 hex digits), VNI\n"
		"  --transactions N     (1000)\n"
		"  --connections N      open at a time (10)\n"
		"  --per-connection N   transactions of each (10)\n"
		"  --vnis N             from 7000 on (1)\n"
		"  --mss BYTES          payload of a packet (1448)\n"
		"  --body MIN-MAX       bytes (20-2000)\n"
		"  --post, --gzip, --chunked, --pipelined, --ipv6, --midstream PERCENT\n"
		"  --loss, --dup, --reorder N   packets per million\n"
		"  --no-acks            no packets without payload but SYN and FIN\n"
		"  --half-open N        connections that only begin, before all else\n"
		"  --half-open-bytes N  with so much of a request (0, at most 1400)\n"
		"  --gap NS             between packets (10000)\n"
		"  --seed N             (1)\n");
}

static uint64_t number(const char *name, const char *text, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || end == text || *end || v > max)
		errx(2, "--%s %s: not a number up to %" PRIu64, name, text,
		     max);
	return v;
}

static void body_range(struct options *o, char *text)
{
	char *dash = strchr(text, '-');

	if (!dash)
		errx(2, "--body %s: not MIN-MAX", text);
	*dash = 0;
	o->body_min = (uint32_t)number("body", text, 1 << 28);
	o->body_max = (uint32_t)number("body", dash + 1, 1 << 28);
	if (o->body_min > o->body_max)
		errx(2, "--body: %u is more than %u", o->body_min, o->body_max);
}

static void parse(struct options *o, int argc, char **argv)
{
	struct {
		const char *name;
		uint32_t *to;
		uint64_t max;
	} n32[] = {
		{"connections", &o->connections, 1 << 24},
		{"per-connection", &o->per_connection, UINT32_MAX},
		{"vnis", &o->vnis, 1 << 20},
		{"mss", &o->mss, 65000},
		{"post", &o->post, 100},
		{"gzip", &o->gzip, 100},
		{"chunked", &o->chunked, 100},
		{"pipelined", &o->pipelined, 100},
		{"ipv6", &o->ipv6, 100},
		{"midstream", &o->midstream, 100},
		{"loss", &o->loss, 1000000},
		{"dup", &o->dup, 1000000},
		{"reorder", &o->reorder, 1000000},
		{"half-open-bytes", &o->half_open_bytes, 1400},
		{"gap", &o->gap_ns, UINT32_MAX},
	};
	int i;

	for (i = 1; i < argc; i++) {
		const char *name = argv[i] + 2, *value;
		size_t k;

		if (strncmp(argv[i], "--", 2))
			break;
		if (!strcmp(name, "help")) {
			usage(stdout);
			exit(0);
		}
		if (!strcmp(name, "no-acks")) {
			o->no_acks = true;
			continue;
		}
		value = i + 1 < argc ? argv[++i] : "";
		for (k = 0; k < sizeof(n32) / sizeof(*n32); k++)
			if (!strcmp(name, n32[k].name))
				break;
		if (k < sizeof(n32) / sizeof(*n32))
			*n32[k].to = (uint32_t)number(name, value, n32[k].max);
		else if (!strcmp(name, "transactions"))
			o->transactions = number(name, value, UINT32_MAX);
		else if (!strcmp(name, "half-open"))
			o->half_open = number(name, value, UINT32_MAX);
		else if (!strcmp(name, "seed"))
			o->seed = number(name, value, UINT64_MAX);
		else if (!strcmp(name, "truth"))
			o->truth = value;
		else if (!strcmp(name, "body"))
			body_range(o, argv[i]);
		else
			errx(2, "unknown option %s; see --help", argv[i - 1]);
	}
	if (i + 1 != argc || !o->connections || !o->vnis || !o->mss ||
	    !o->per_connection) {
		usage(stderr);
		exit(2);
	}
	o->out = argv[i];
}

int main(int argc, char **argv)
{
	static struct gen g = {
		.o = {.transactions = 1000,
		      .connections = 10,
		      .per_connection = 10,
		      .vnis = 1,
		      .mss = 1448,
		      .body_min = 20,
		      .body_max = 2000,
		      .gap_ns = 10000,
		      .seed = 1},
		.ns = 1700000000000000000ull,
	};
	static const uint32_t head[6] = {0xa1b23c4d, 2 | 4 << 16, 0,
					 0,	     262144,	  1};

	parse(&g.o, argc, argv);
	g.random = g.o.seed * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
	if (!g.random)
		g.random = 1;
	g.out = strcmp(g.o.out, "-") ? fopen(g.o.out, "wb") : stdout;
	if (!g.out)
		err(1, "%s", g.o.out);
	if (g.o.truth && !(g.truth = fopen(g.o.truth, "w")))
		err(1, "%s", g.o.truth);
	if (fwrite(head, sizeof(head), 1, g.out) != 1)
		err(1, "%s", g.o.out);
	generate(&g);
	if (fclose(g.out) || (g.truth && fclose(g.truth)))
		err(1, "%s", g.o.out);
	fprintf(stderr,
		"%" PRIu64 " transactions, %" PRIu64 " connections, %" PRIu64
		" packets, %" PRIu64 " lost\n",
		g.next_tx, g.next_conn, g.packets, g.lost);
	return 0;
}
