/* SPDX-License-Identifier: MIT */
/*
 * User information in text, which is no URL as a whole: what ends an authority there may
 * be part of a password, and a port be the beginning of one.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/mask_authority.h"

/* What ends a URL in other text may be part of a password. */
static void take_delimiter(struct scan *s)
{
	if (s->authority == AFTER_PORT ||
	    (s->authority == IN_PORT && s->pos == s->port + 1))
		s->authority = ODD_PASSWORD;
	else if (s->authority != ODD_PASSWORD)
		s->authority = NO_AUTHORITY;
}

static void begin_port(struct scan *s)
{
	s->authority = IN_PORT;
	s->port = s->pos;
}

/* Does a digest (of an OCI image, "name:tag@sha256:...") follow the '@' before s->pos? No
 * port looks like it. */
static bool is_digest(const struct scan *s)
{
	static const struct {
		const char *name;
		size_t digits;
	} kinds[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
	const uint8_t *p = s->text + s->pos;
	const size_t left = (size_t)(s->end - p);
	size_t i, k, n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i].name);
		if (left < n + kinds[i].digits || memcmp(p, kinds[i].name, n))
			continue;
		for (k = 0; k < kinds[i].digits; k++)
			if (parse_hex_digit(p[n + k]) < 0)
				return false;
		n += k;
		return n == left ||
		       !(scan_is_name_byte(p[n]) || strchr("@:%.", p[n]));
	}
	return false;
}

void scan_take_url(struct scan *s, unsigned int c)
{
	if (s->authority) {
		if (c <= ' ' || strchr("/?#", (int)c) ||
		    (c == '@' && is_digest(s)))
			s->authority = NO_AUTHORITY;
		else if (c == '@' && s->pos > s->url + 1)
			scan_hit(s, MASK_USER_INFO, s->url, s->pos - 1);
		else if (strchr("\"'<>\\", (int)c))
			take_delimiter(s);
		else if (c == '[' && s->pos == s->url + 1)
			s->authority = IN_ADDRESS;
		else if (c == ':' && s->authority == IN_HOST)
			begin_port(s);
		else if (s->authority == IN_PORT && (c < '0' || c > '9'))
			s->authority = AFTER_PORT;
	}
	/* "http:/u:p@h": one slash after a scheme is taken for two. */
	if (c != '/') {
		s->slashes = c == ':';
	} else if (++s->slashes >= 2) {
		s->slashes = 2;
		s->authority = IN_HOST;
		s->url = s->pos;
	}
}

/* Schemes whose URIs have an '@' without user information: of addresses, and of
 * packages with a version. */
static bool is_other_scheme(const struct word *w)
{
	static const char *const names[] = {
		"mailto", "sip", "sips", "xmpp", "acct", "imto", "im",
		"pres",	  "cid", "mid",	 "npm",	 "pkg",	 "urn",	 "registry"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (scan_word_is(w, names[i]))
			return true;
	return false;
}

void scan_take_bare(struct scan *s, unsigned int c)
{
	if (c == '@' && s->bare == BARE_PASSWORD &&
	    s->pos > s->bare_password + 1) {
		if (is_digest(s))
			s->bare = NO_BARE;
		else
			scan_hit(s, MASK_AUTHORITY, s->bare_from, s->pos - 1);
	} else if (c == ':' && s->bare == BARE_USER) {
		if (is_other_scheme(&s->word))
			s->bare_from = s->pos;
		else
			s->bare = BARE_PASSWORD;
		s->bare_password = s->pos;
	} else if (c <= ' ' || (c < 0x80 && strchr("\"'<([{|", (int)c)) ||
		   (s->bare != BARE_PASSWORD && (c == ',' || c == ';'))) {
		s->bare = BARE_USER;
		s->bare_from = s->pos;
	} else if (c < 0x80 && strchr("/?#\\>)]}", (int)c)) {
		s->bare = NO_BARE;
	} else if (s->bare == BARE_USER && c == '=') {
		s->bare_from = s->pos;
	}
}
