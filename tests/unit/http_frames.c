/* SPDX-License-Identifier: MIT */
/* Writes frames; see http_frames.h. */
#include "http_frames.h"

void frame_add(struct frames *f, uint8_t type, uint8_t flags, uint32_t stream,
	       const void *payload, size_t n)
{
	uint8_t *w = f->p + f->n;

	if (n == SIZE_MAX)
		n = strlen(payload);
	assert_true(f->n + FRAME_HEADER + n <= sizeof(f->p));
	w[0] = (uint8_t)(n >> 16);
	w[1] = (uint8_t)(n >> 8);
	w[2] = (uint8_t)n;
	w[3] = type;
	w[4] = flags;
	for (unsigned int i = 0; i < 4; i++)
		w[5 + i] = (uint8_t)(stream >> (24 - 8 * i));
	if (n)
		memcpy(w + FRAME_HEADER, payload, n);
	f->n += FRAME_HEADER + n;
}

static size_t put_string(uint8_t *w, const char *s)
{
	size_t n = strlen(s);

	assert_true(n < 127);
	w[0] = (uint8_t)n;
	memcpy(w + 1, s, n);
	return n + 1;
}

size_t frame_field(uint8_t *w, uint8_t how, const char *name, const char *value)
{
	size_t n;

	w[0] = how;
	n = 1 + put_string(w + 1, name);
	return n + put_string(w + n, value);
}

size_t frame_get(uint8_t *w, const char *path)
{
	size_t n = 2;

	w[0] = 0x82;   /* :method GET */
	w[1] = 0x86;   /* :scheme http */
	w[n++] = 0x04; /* :path */
	n += put_string(w + n, path);
	w[n++] = 0x41; /* :authority */
	return n + put_string(w + n, "h.example");
}

size_t frame_ok(uint8_t *w, const char *value)
{
	w[0] = 0x88; /* :status 200 */
	return 1 + frame_field(w + 1, 0x40, "x-a", value);
}

void frames_get(struct frames *f, uint32_t stream, const char *path)
{
	uint8_t b[256];

	frame_add(f, FRAME_HEADERS, END, stream, b, frame_get(b, path));
}

void frames_ok(struct frames *f, uint32_t stream, const char *body)
{
	uint8_t b[256];

	frame_add(f, FRAME_HEADERS, END_HEADERS, stream, b, frame_ok(b, "1"));
	frame_add(f, FRAME_DATA, END_STREAM, stream, body, SIZE_MAX);
}

void frames_init(struct kit *k, const struct kit_options *o)
{
	struct kit_options options = o ? *o : (struct kit_options){0};

	options.http2 = true;
	kit_init(k, &options);
}

void frames_begin(struct frames *f)
{
	memcpy(f->p, PREFACE, PREFACE_LEN);
	f->n = PREFACE_LEN;
	frame_add(f, FRAME_SETTINGS, 0, 0, NULL, 0);
}

void frames_begin_switched(struct frames *f)
{
	static const char switching[] =
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

	f->n = sizeof(switching) - 1;
	memcpy(f->p, switching, f->n);
	frame_add(f, FRAME_SETTINGS, 0, 0, NULL, 0);
}

void frames_open(struct kit *k)
{
	struct frames f = {.n = 0};

	kit_open(k, false, true);
	memcpy(f.p, PREFACE, PREFACE_LEN);
	f.n = PREFACE_LEN;
	frame_add(&f, FRAME_SETTINGS, 0, 0, "\0\3\0\0\0d", 6);
	frames_send(k, STREAM_C2S, &f);
	frame_add(&f, FRAME_SETTINGS, 0, 0, NULL, 0);
	frame_add(&f, FRAME_SETTINGS, FRAME_ACK, 0, NULL, 0);
	frames_send(k, STREAM_S2C, &f);
}

void frames_send(struct kit *k, enum stream_dir dir, struct frames *f)
{
	kit_data(k, dir, f->p, f->n, k->flow.pos[!dir]);
	f->n = 0;
}
