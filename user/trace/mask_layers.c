/* SPDX-License-Identifier: MIT */
/*
 * Backslash escapes, percent-encoding and entities, one in another in any order. The
 * characters of an encoded one may be encoded themselves ("%253%41", "%\\u00328"), so
 * what has begun is on a stack: a decoded character continues what is below it. Each
 * character is put on the stack at most once, which bounds the work.
 */
#include <string.h>

#include "base/parse.h"
#include "trace/mask_layers.h"

/* ENDED: before this character, which is not part of it. */
enum step { MORE, DONE, ENDED, FAILED };

/* What a character is decoded to. soft: perhaps a control character such as \n. */
struct decoded {
	unsigned int code;
	bool soft;
	bool point;	 /* a code point, not a byte of UTF-8 */
	uint32_t levels; /* as in struct encoded */
};

/* The high bit of each level. */
#define LEVEL_BITS 0x808080u

static void add(struct encoded *l, unsigned int c)
{
	l->text[l->n++] = (uint8_t)c;
}

/* Adds a digit of a code. */
static bool add_digit(struct encoded *l, unsigned int c)
{
	const int digit = c < 0x80 ? parse_hex_digit((uint8_t)c) : -1;

	if (digit < 0 || l->n == sizeof(l->text) || l->code > 0xffff)
		return false;
	l->code = l->code << 4 | (unsigned int)digit;
	add(l, c);
	return true;
}

/* A decoded character. */
static enum step finish(struct decoded *out, unsigned int code, bool soft,
			bool point)
{
	out->code = code;
	out->soft = soft;
	out->point = point;
	return DONE;
}

/* %XX and, of old scripts and servers, %uXXXX. */
static enum step step_percent(struct encoded *l, unsigned int c,
			      struct decoded *out)
{
	bool wide;

	if (l->n == 1 && (c | 0x20) == 'u') {
		add(l, c);
		return MORE;
	}
	if (!add_digit(l, c))
		return FAILED;
	wide = (l->text[1] | 0x20) == 'u';
	if (l->n < (wide ? 6 : 3))
		return MORE;
	return finish(out, l->code, false, wide);
}

static bool is_octal(unsigned int c)
{
	return c - '0' < 8u;
}

/* The digits after a backslash, which are no byte beyond \377. */
static enum step step_digits(enum digits digits, struct encoded *l,
			     unsigned int c, struct decoded *out)
{
	if (digits == DIGITS_HEX)
		return add_digit(l, c) ? finish(out, l->code, false, false)
				       : FAILED;
	if (!is_octal(c))
		return ENDED;
	l->code = l->code << 3 | (c - '0');
	add(l, c);
	return l->n == 3 || l->code > 037 ? finish(out, l->code, false, false)
					  : MORE;
}

/* The same after the backslash alone. */
static enum step begin_digits(struct layers *layers, struct encoded *l,
			      unsigned int c, struct decoded *out)
{
	layers->has_digits = true;
	if (layers->digits == DIGITS_HEX)
		return add_digit(l, c) ? MORE : FAILED;
	if (layers->digits == DIGITS_OCTAL && is_octal(c)) {
		l->code = c - '0';
		add(l, c);
		return MORE;
	}
	return finish(out, c, c == 'b' || c == 'f', false);
}

/* \uXXXX, and of scripts \xXX and \u{X}. An escaped backslash may begin another one,
 * so a run of them counts as one. */
static enum step step_slash(struct layers *layers, struct encoded *l,
			    unsigned int c, struct decoded *out)
{
	if (!l->n) {
		if (c < 0x80 && parse_hex_digit((uint8_t)c) >= 0)
			return begin_digits(layers, l, c, out);
		if (c != 'u' && c != 'x')
			return finish(out, c, c == 'n' || c == 'r' || c == 't',
				      false);
		add(l, c);
		return MORE;
	}
	if (*l->text != 'u' && *l->text != 'x')
		return step_digits(layers->digits, l, c, out);
	if (l->n == 1 && *l->text == 'u' && c == '{') {
		add(l, c);
		return MORE;
	}
	if (l->text[1] == '{' && c == '}')
		return finish(out, l->code, false, true);
	if (!add_digit(l, c))
		return FAILED;
	if (l->text[1] == '{' || l->n < (*l->text == 'u' ? 5 : 3))
		return MORE;
	return finish(out, l->code, false, true);
}

static bool is_digit(unsigned int c)
{
	return c - '0' < 10u;
}

/* "#52" or "#x34", which HTML lets end without ';'. */
static enum step step_number(struct encoded *l, unsigned int c,
			     struct decoded *out)
{
	const bool hex = l->n > 2 && (l->text[2] | 0x20) == 'x';

	if ((l->n == 2 && (c | 0x20) == 'x') || is_digit(c) ||
	    (hex && (c | 0x20) - 'a' < 6u)) {
		if (l->n > ENTITY_MAX)
			return FAILED;
		add(l, c);
		return MORE;
	}
	l->code = entity_code(l->text + 1, l->n - 1u);
	if (!l->code || l->code >= 0x80)
		return FAILED;
	return c == ';' ? finish(out, l->code, false, false) : ENDED;
}

/* An '&' may as well separate the pairs of a form. */
static enum step step_entity(struct encoded *l, unsigned int c,
			     struct decoded *out)
{
	unsigned int code;

	if (l->n > 1 && l->text[1] == '#')
		return step_number(l, c, out);
	if (c == ';') {
		code = entity_code(l->text + 1, l->n - 1u);
		return code ? finish(out, code, false, false) : FAILED;
	}
	if ((!is_digit(c) && (c | 0x20) - 'a' >= 26u &&
	     !(c == '#' && l->n == 1)) ||
	    l->n > ENTITY_MAX)
		return FAILED;
	add(l, c);
	return MORE;
}

/* Sets *out only if it returns DONE. */
static enum step step(struct layers *layers, struct encoded *l, unsigned int c,
		      struct decoded *out)
{
	switch (l->kind) {
	case PERCENT:
		return step_percent(l, c, out);
	case SLASH:
		return step_slash(layers, l, c, out);
	default:
		return step_entity(l, c, out);
	}
}

void layers_end(struct layers *l)
{
	const unsigned int n = l->n;

	l->n = 0;
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = 0; k < l->open[i].n; k++)
			l->take(l->ctx, l->open[i].text[k],
				l->open[i].kind == SLASH && !k);
}

/* Begins an encoded character. */
static void open_layer(struct layers *l, const struct decoded *d)
{
	const unsigned int c = d->code;
	struct encoded *to;

	if (l->n == LAYERS_MAX)
		layers_end(l);
	to = &l->open[l->n++];
	to->kind = c == '%' ? PERCENT : c == '&' ? ENTITY : SLASH;
	to->levels = d->levels;
	to->code = 0;
	to->n = 0;
	*to->text = to->text[1] = 0;
	if (c != '\\')
		add(to, c);
}

/* Passes on a character that is not ASCII. */
static void take_wide(struct layers *l, unsigned int c)
{
	layers_end(l);
	if (c < 0x800) {
		l->take(l->ctx, 0xc0 | c >> 6, false);
	} else {
		l->take(l->ctx, 0xe0 | (c >> 12 & 15), false);
		l->take(l->ctx, 0x80 | (c >> 6 & 0x3f), false);
	}
	l->take(l->ctx, 0x80 | (c & 0x3f), false);
}

/* Was a character decoded less often than those on top, so that it is part of the
 * encoded form of one of them? */
static bool is_less(const struct encoded *top, const struct decoded *d)
{
	/* A bit remains where the level of d is not lower. */
	return (((d->levels | LEVEL_BITS) - top->levels) & LEVEL_BITS) !=
	       LEVEL_BITS;
}

/* Does a character begin an encoded one? Else it is the next one of what is on top:
 * a backslash that is escaped, or an '&' that ends an entity. */
static bool begins(const struct encoded *top, const struct decoded *d)
{
	switch (d->code) {
	case '%':
		return true;
	case '\\':
		return !top || top->kind != SLASH || top->n || is_less(top, d);
	case '&':
		return !top || top->kind != ENTITY || is_less(top, d);
	default:
		return false;
	}
}

/* Each level becomes the higher of both. */
static void raise_levels(struct encoded *to, uint32_t from)
{
	const uint32_t higher = ((to->levels | LEVEL_BITS) - from) & LEVEL_BITS;
	const uint32_t keep = (higher >> 7) * 0xff;

	to->levels = (to->levels & keep) | (from & ~keep);
}

/* Removes the top, which has become d. Levels beyond the highest count as that. */
static void pop(struct layers *l, struct decoded *d)
{
	const struct encoded *top = &l->open[--l->n];
	const unsigned int shift = 8 * top->kind;

	d->levels = top->levels;
	if ((d->levels >> shift & 0xff) < 0x7f)
		d->levels += 1u << shift;
}

static void push(struct layers *l, struct decoded d)
{
	struct decoded number;

	for (;;) {
		struct encoded *top = l->n ? &l->open[l->n - 1] : NULL;

		if (d.point && d.code >= 0x80) {
			take_wide(l, d.code);
			return;
		}
		if (begins(top, &d)) {
			open_layer(l, &d);
			return;
		}
		if (!top) {
			l->take(l->ctx, d.code == '+' ? ' ' : d.code, d.soft);
			return;
		}
		if (d.levels)
			raise_levels(top, d.levels);
		switch (step(l, top, d.code, &d)) {
		case MORE:
			return;
		case DONE:
			pop(l, &d);
			break;
		case ENDED:
			/* At most once per layer. */
			number = (struct decoded){.code = top->code};
			pop(l, &number);
			push(l, number);
			break;
		case FAILED:
			layers_end(l);
			break;
		}
	}
}

void layers_push_encoded(struct layers *l, unsigned int c)
{
	push(l, (struct decoded){.code = c});
}

void layers_push_percent(struct layers *l, unsigned int byte)
{
	push(l, (struct decoded){.code = byte, .levels = 1u << 8 * PERCENT});
}
