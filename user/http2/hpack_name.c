/* SPDX-License-Identifier: MIT */
/* Classifies names and values of literal fields. */
#include "http2/hpack_name.h"

#include <string.h>

#include "http/scan.h"

static const struct {
	const char *name;
	uint8_t len, id;
} names[] = {
	{":method", 7, HPACK_METHOD},
	{":scheme", 7, HPACK_SCHEME},
	{":authority", 10, HPACK_AUTHORITY},
	{":path", 5, HPACK_PATH},
	{":protocol", 9, HPACK_PROTOCOL},
	{":status", 7, HPACK_STATUS},
	{"host", 4, HPACK_HOST},
	{"cookie", 6, HPACK_COOKIE},
	{"content-length", 14, HPACK_CONTENT_LENGTH},
	{"content-encoding", 16, HPACK_CONTENT_ENCODING},
};

enum hpack_name hpack_name(const char *name, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)name, *end = p + len;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == names[i].len && !memcmp(name, names[i].name, len))
			return (enum hpack_name)names[i].id;
	if (len && name[0] == ':')
		return HPACK_NO_PSEUDO;
	if (!len || scan_token(p, end) != end)
		return HPACK_NOT_TOKEN;
	for (; p < end; p++)
		if ((uint8_t)(*p - 'A') < 26)
			return HPACK_CAPITALS;
	return HPACK_OTHER;
}

#define EACH(c) (~0ull / 255 * (c))

/* Is one of eight octets below 0x0e? */
static bool has_low(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (v - EACH(0x0eu)) & ~v & EACH(0x80u);
}

static bool valid_octets(const char *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (!p[i] || p[i] == '\n' || p[i] == '\r')
			return false;
	return true;
}

bool hpack_value_valid(const char *value, uint32_t len)
{
	uint32_t at;

	for (at = 0; at + 8 <= len; at += 8)
		if (has_low(value + at))
			return valid_octets(value, len);
	return valid_octets(value + at, len - at);
}
