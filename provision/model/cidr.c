/* SPDX-License-Identifier: MIT */
/* CIDR blocks as a prefix and its length; both families use the same code. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/cidr.h"
#include "base/list.h"

static bool addr_bit(const uint8_t *addr, unsigned int i)
{
	return addr[i / 8] >> (7 - i % 8) & 1;
}

static void clear_from(uint8_t *addr, unsigned int i)
{
	for (; i < 128; i++)
		addr[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
}

bool cidr_parse(const char *text, struct cidr *out, struct parse_error *err)
{
	const char *slash = strchr(text, '/');
	struct cidr c = {.ipv6 = strchr(text, ':') != NULL};
	struct cidr masked;
	char addr[CIDR_TEXT_MAX], hint[CIDR_TEXT_MAX];
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t len = c.ipv6 ? 128 : 32;

	if (n >= sizeof(addr))
		return parse_refuse(err, "\"%.60s\" is not a CIDR block", text);
	memcpy(addr, text, n);
	addr[n] = 0;
	if (inet_pton(c.ipv6 ? AF_INET6 : AF_INET, addr, c.addr) != 1)
		return parse_refuse(
			err,
			"\"%.60s\" is not a CIDR block such as 10.0.0.0/8 or 2001:db8::/32",
			text);
	if (slash && !parse_number(slash + 1, 0, len, &len, err))
		return parse_refuse(
			err,
			"\"%.60s\": the prefix length must be a number from 0 to %d",
			text, c.ipv6 ? 128 : 32);
	c.len = (uint8_t)len;
	masked = c;
	clear_from(masked.addr, c.len);
	if (!cidr_same(&c, &masked))
		return parse_refuse(
			err,
			"\"%.60s\" has host bits set beyond its prefix: did you mean %s?",
			text, cidr_text(&masked, hint));
	*out = c;
	return true;
}

bool cidr_list_parse(struct arena *a, const char *text, struct cidr_list *out,
		     struct parse_error *err)
{
	while (*text) {
		size_t n = strcspn(text, ",");
		struct cidr c, *item;

		if (!cidr_parse(arena_dup_n(a, text, n), &c, err))
			return false;
		item = ARENA_ADD(a, out);
		if (!item)
			return parse_refuse(err, "out of memory");
		*item = c;
		text += n + (text[n] == ',');
	}
	return true;
}

struct cidr cidr_any(bool ipv6)
{
	return (struct cidr){.ipv6 = ipv6};
}

const char *cidr_text(const struct cidr *c, char *to)
{
	char addr[INET6_ADDRSTRLEN] = "";

	inet_ntop(c->ipv6 ? AF_INET6 : AF_INET, c->addr, addr, sizeof(addr));
	snprintf(to, CIDR_TEXT_MAX, "%s/%u", addr, c->len);
	return to;
}

bool cidr_same(const struct cidr *a, const struct cidr *b)
{
	return a->ipv6 == b->ipv6 && a->len == b->len &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

bool cidr_contains(const struct cidr *outer, const struct cidr *inner)
{
	struct cidr up = *inner;

	if (outer->ipv6 != inner->ipv6 || outer->len > inner->len)
		return false;
	up.len = outer->len;
	clear_from(up.addr, up.len);
	return cidr_same(&up, outer);
}

bool cidr_overlaps(const struct cidr *a, const struct cidr *b)
{
	return cidr_contains(a, b) || cidr_contains(b, a);
}

/* Sorts a block before the blocks it contains. */
static int compare(const void *x, const void *y)
{
	const struct cidr *a = x, *b = y;
	int order = (int)a->ipv6 - (int)b->ipv6;

	if (!order)
		order = memcmp(a->addr, b->addr, sizeof(a->addr));
	return order ? order : (int)a->len - (int)b->len;
}

/* If a and b are the two halves of one block, stores that block in *out. */
static bool halves(const struct cidr *a, const struct cidr *b, struct cidr *out)
{
	struct cidr up = *a;

	if (a->ipv6 != b->ipv6 || a->len != b->len || !a->len ||
	    addr_bit(a->addr, a->len - 1) == addr_bit(b->addr, b->len - 1))
		return false;
	up.len--;
	clear_from(up.addr, up.len);
	if (!cidr_contains(&up, b))
		return false;
	*out = up;
	return true;
}

void cidr_list_merge(struct cidr_list *l)
{
	struct cidr *out = l->items;
	size_t n = 0;

	if (!l->n)
		return;
	qsort(l->items, l->n, sizeof(*l->items), compare);
	FOREACH(c, l) {
		if (n && cidr_contains(&out[n - 1], c))
			continue;
		out[n++] = *c;
		while (n > 1 && halves(&out[n - 2], &out[n - 1], &out[n - 2]))
			n--;
	}
	l->n = n;
}
