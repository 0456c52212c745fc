/* SPDX-License-Identifier: MIT */
/* Tests for credentials in URLs, which run for every target: quick ones first. */
#include <string.h>

#include "trace/mask_user_info.h"

/* "%40", "%2540" and so on. */
static bool is_encoded_at(const uint8_t *p, const uint8_t *end)
{
	if (*p != '%')
		return false;
	for (p++; end - p > 2 && p[0] == '2' && p[1] == '5'; p += 2)
		;
	return end - p > 1 && p[0] == '4' && p[1] == '0';
}

const uint8_t *mask_user_info_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = NULL, *start = p, *colon = NULL;
	bool password = false;

	for (; p<end && * p> ' ' && !strchr("/?#", *p); p++) {
		/* These end a URL in other text, but may be in a password. */
		if (!password && strchr("\"<>\\", *p) && colon != p - 1)
			break;
		if (*p == '@' || is_encoded_at(p, end))
			at = p;
		/* A port has digits only. */
		if (colon)
			password = password || *p < '0' || *p > '9';
		else if (*p == ':')
			colon = p;
	}
	return at == start ? NULL : at;
}

/* May an encoded '@' follow p? Its digits, at any depth of percent-encoding.
 * Not memmem(), whose set-up costs more than the search of a short text. */
static bool has_encoded_at(const uint8_t *p, const uint8_t *end)
{
	for (; (p = memchr(p, '4', (size_t)(end - p))) && p + 1 < end; p++)
		if (p[1] == '0')
			return true;
	return false;
}

bool mask_may_have_user_info(const uint8_t *p, size_t n)
{
	const uint8_t *percent;

	if (!n)
		return false;
	if (memchr(p, '@', n))
		return true;
	percent = memchr(p, '%', n);
	return percent && has_encoded_at(percent, p + n);
}
