/* SPDX-License-Identifier: MIT */
/* Recognises start lines by their first bytes: which bytes may begin a message
 * decides where the search for a message start stops. */
#include <string.h>

#include "http/prefix.h"
#include "http/scan.h"

/* Blanks between method and target that a request line may have and still be
 * recognized by its first bytes. Servers accept more than one. */
#define METHOD_BLANKS 8u

/* The IANA HTTP Method Registry, PURGE of caches, and UPnP's methods. */
static const char *const methods[] = {
	"GET",
	"POST",
	"PUT",
	"HEAD",
	"DELETE",
	"OPTIONS",
	"PATCH",
	"CONNECT",
	"TRACE",
	"QUERY",
	"PROPFIND",
	"PROPPATCH",
	"MKCOL",
	"COPY",
	"MOVE",
	"LOCK",
	"UNLOCK",
	"ACL",
	"BIND",
	"UNBIND",
	"REBIND",
	"LINK",
	"UNLINK",
	"CHECKIN",
	"CHECKOUT",
	"UNCHECKOUT",
	"LABEL",
	"MERGE",
	"MKACTIVITY",
	"MKWORKSPACE",
	"MKCALENDAR",
	"MKREDIRECTREF",
	"ORDERPATCH",
	"REPORT",
	"SEARCH",
	"UPDATE",
	"UPDATEREDIRECTREF",
	"VERSION-CONTROL",
	"BASELINE-CONTROL",
	"PURGE",
	"SUBSCRIBE",
	"UNSUBSCRIBE",
	"NOTIFY",
	"M-SEARCH",
};

bool head_method_known(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i]) == n && !memcmp(methods[i], p, n))
			return true;
	return false;
}

enum head_prefix head_request_prefix(const uint8_t *p, size_t n)
{
	enum head_prefix best = n ? PREFIX_NO : PREFIX_MAYBE;

	if (n && (p[0] < 'A' || p[0] > 'V'))
		return PREFIX_NO;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t m = strlen(methods[i]);

		if (memcmp(methods[i], p, n < m ? n : m))
			continue;
		if (n <= m) {
			best = PREFIX_MAYBE;
			continue;
		}
		while (m < n && m < METHOD_BLANKS + strlen(methods[i]) &&
		       scan_is_blank(p[m]))
			m++;
		if (n == m)
			return PREFIX_MAYBE;
		if (m > strlen(methods[i]) && p[m] > ' ')
			return PREFIX_YES;
	}
	return best;
}

enum head_prefix head_status_prefix(const uint8_t *p, size_t n)
{
	static const char want[] = "HTTP/1.d ddd";

	for (size_t i = 0; i < sizeof(want) - 1; i++) {
		if (i == n)
			return PREFIX_MAYBE;
		if (want[i] == 'd' ? !scan_is_digit(p[i])
				   : p[i] != (uint8_t)want[i])
			return PREFIX_NO;
	}
	return PREFIX_YES;
}

const char *head_version_rest(const uint8_t *b, size_t n)
{
	static const char line[] = " HTTP/1.1\r\n";

	if (head_request_prefix(b, n) != PREFIX_YES)
		return NULL;
	for (size_t k = sizeof(line) - 2; k > 1; k--) {
		const uint8_t *p = b + n - k;

		if (n <= k || memcmp(p, line, k < 8 ? k : 8) ||
		    (k > 8 && !scan_is_digit(p[8])) || (k > 9 && p[9] != '\r'))
			continue;
		/* of " H", something other than the method lies before it */
		return p[-1] > ' ' && memchr(b, ' ', (size_t)(p - b)) ? line + k
								      : NULL;
	}
	return NULL;
}

bool head_status_sure(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + (n < 512 ? n : 512), *q;

	if (head_status_prefix(p, n) != PREFIX_YES || n < 14 ||
	    (p[12] != ' ' && p[12] != '\r' && p[12] != '\n'))
		return false;
	q = memchr(p, '\n', (size_t)(end - p));
	if (!q || ++q == end)
		return false;
	if (*q == '\r' || *q == '\n')
		return true;
	p = q;
	q = scan_token(p, end);
	return q > p && q < end && *q == ':';
}

enum head_prefix tls_record_prefix(const uint8_t *p, size_t n)
{
	/* change_cipher_spec, alert, handshake, application_data */
	if (n > 0 && (p[0] < 0x14 || p[0] > 0x17))
		return PREFIX_NO;
	if (n > 1 && p[1] != 3)
		return PREFIX_NO;
	if (n > 2 && p[2] > 4) /* SSL 3.0 to TLS 1.3 */
		return PREFIX_NO;
	if (n < 5)
		return PREFIX_MAYBE;
	return (p[3] << 8 | p[4]) <= (1 << 14) + 256 ? PREFIX_YES : PREFIX_NO;
}

bool head_request_plausible(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + (n < 64 ? n : 64), *q;

	while (p < end && scan_is_blank(*p))
		p++;
	q = scan_token(p, end);
	if (q == end)
		return n < 64;
	/* any blank or line end may separate method and target */
	return q > p && (scan_is_blank(*q) || *q == '\r' || *q == '\n');
}

bool head_http_prefix(const uint8_t *p, size_t n)
{
	static const uint8_t http[] = {'h', 't', 't', 'p', '/'};

	if (n >= 5 && !memcmp(p, "HTTP/", 5))
		return true;
	for (size_t i = 0; i < n && i < sizeof(http); i++)
		if ((p[i] | 0x20) != http[i])
			return false;
	return true;
}
