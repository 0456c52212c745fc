/* SPDX-License-Identifier: MIT */
/* Parser of the chunked transfer coding. Tolerates what servers accept: blanks
 * around sizes, bare LF, a missing line end after the data, and the prefix "0x"
 * that strtol() reads. */
#include "base/parse.h"
#include "http/chunked.h"

#include <string.h>

void chunked_init(struct chunked *c)
{
	*c = (struct chunked){.first = true};
}

/* Consumes a chunk size line from *p on, up to its end: LF after any number of
 * CRs, or a CR that no LF follows, which most servers reject and the others take
 * for the end. True: it ended. */
static bool line_ends(struct chunked *c, const uint8_t **p, const uint8_t *end)
{
	const uint8_t *lf = memchr(*p, '\n', (size_t)(end - *p));
	const uint8_t *stop = lf ? lf : end;
	const uint8_t *cr = memchr(*p, '\r', (size_t)(stop - *p)), *q;

	if (!cr) {
		c->malformed |= lf != NULL;
		*p = lf ? lf + 1 : end;
		return lf;
	}
	for (q = cr + 1; q < stop && *q == '\r'; q++)
		;
	c->malformed |= q != cr + 1 || q < stop;
	*p = q == lf ? q + 1 : q;
	if (q == end)
		c->state = CHUNKED_EXT_CR;
	return q != end;
}

enum chunked_event chunked_next(struct chunked *c, const uint8_t **p,
				const uint8_t *end, size_t *n)
{
	uint8_t ch;

	while (*p < end) {
		ch = **p;
		switch (c->state) {
		case CHUNKED_SIZE_START:
			if (ch == ' ' || (ch >= '\t' && ch <= '\r')) {
				c->malformed = true;
				break;
			}
			if (parse_hex_digit(ch) < 0)
				return c->first ? CHUNKED_NOT_USED
						: CHUNKED_BAD;
			c->first = false;
			c->left = 0;
			c->prefix = ch == '0';
			c->state = CHUNKED_SIZE;
			c->left = (uint64_t)parse_hex_digit(ch);
			break;
		case CHUNKED_SIZE:
			if (c->prefix && (ch | 0x20) == 'x') {
				c->prefix = false;
				c->malformed = true;
				break;
			}
			c->prefix = false;
			if (parse_hex_digit(ch) < 0) {
				if (ch != '\r' && ch != '\n' && ch != ';')
					c->malformed = true;
				c->state = CHUNKED_EXT;
				continue;
			}
			if (c->left >> 60) { /* overflow: never ends */
				c->left = UINT64_MAX;
				c->malformed = true;
			} else {
				c->left = c->left << 4 |
					  (uint64_t)parse_hex_digit(ch);
			}
			break;
		case CHUNKED_EXT:
		case CHUNKED_EXT_CR:
			if (c->state == CHUNKED_EXT) {
				if (!line_ends(c, p, end))
					continue;
			} else if (ch == '\n') {
				++*p;
			} else {
				c->malformed = true;
				if (ch == '\r')
					break;
			}
			if (!c->left) {
				c->state = CHUNKED_SIZE;
				return CHUNKED_LAST;
			}
			c->state = CHUNKED_DATA;
			continue;
		case CHUNKED_DATA:
			*n = (size_t)(end - *p);
			if (*n > c->left)
				*n = (size_t)c->left;
			if (c->left != UINT64_MAX)
				c->left -= *n;
			if (!c->left)
				c->state = CHUNKED_DATA_END;
			c->cr = false;
			return CHUNKED_BODY;
		case CHUNKED_DATA_END:
			if (ch == '\n') {
				c->malformed |= !c->cr;
				c->state = CHUNKED_SIZE_START;
			} else if (ch != '\r') {
				c->malformed = true;
				c->state = CHUNKED_SIZE_START;
				continue;
			}
			c->malformed |= c->cr && ch == '\r';
			c->cr = ch == '\r';
			break;
		}
		++*p;
	}
	return CHUNKED_MORE;
}

bool chunked_gap(struct chunked *c, uint64_t n)
{
	if (c->state != CHUNKED_DATA || n > c->left)
		return false;
	if (c->left != UINT64_MAX)
		c->left -= n;
	if (!c->left)
		c->state = CHUNKED_DATA_END;
	c->cr = false;
	return true;
}

bool chunked_at_last(const struct chunked *c)
{
	return !c->first && !c->left &&
	       (c->state == CHUNKED_SIZE || c->state == CHUNKED_EXT ||
		c->state == CHUNKED_EXT_CR);
}
