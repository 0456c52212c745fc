/* SPDX-License-Identifier: MIT */
/*
 * PHP serializes values as s:8:"password";s:3:"abc". A document type may declare
 * secrets as attributes with a default, and as entities: since those are replaced
 * wherever they are used, a document with a secret is masked from the first of them
 * on. A table (CSV) has names in its first line only. An encoding that is not undone
 * (base64) hides whatever is in it.
 */
#include "trace/mask_forms.h"

void scan_take_serial(struct scan *s, unsigned int c)
{
	if (s->serial == SERIAL_VALUE && c < 0x80 && c &&
	    strchr("abdiorsCEORS", (int)c)) {
		s->serial = SERIAL_TYPE;
		return;
	}
	if (s->serial == SERIAL_TYPE && c == ':')
		scan_hit(s, MASK_SERIAL, s->serial_at, s->serial_at);
	s->serial = NO_SERIAL;
}

/* --- declarations of XML -------------------------------------------------- */

static void take_decl_word(struct scan *s, bool secret)
{
	if (s->decl == DECL_BEGUN) {
		s->decl = scan_word_is(&s->word, "entity")    ? DECL_ENTITY
			  : scan_word_is(&s->word, "attlist") ? DECL_OTHER
							      : NO_DECL;
		s->decl_quote = 0;
		s->declared = s->external = false;
	} else if (!s->decl_quote) {
		s->declared = s->declared || secret;
		s->external = s->external || scan_word_is(&s->word, "system") ||
			      scan_word_is(&s->word, "public");
	} else if (secret && s->decl == DECL_ENTITY && !s->external) {
		/* The entity is a name. */
		scan_hit(s, MASK_REST, s->entities, s->entities);
	}
}

static void take_decl(struct scan *s, unsigned int c)
{
	if (c == s->decl_quote) {
		s->decl_quote = 0;
	} else if (s->decl_quote) {
		return;
	} else if (c == '"' || c == '\'') {
		s->decl_quote = c;
		if (s->declared)
			scan_hit(s, MASK_EQUALS, s->pos - 1, s->pos - 1);
		if (s->decl == DECL_ENTITY && !s->external && !s->entities)
			s->entities = s->pos;
	} else if (c == '>') {
		s->decl = NO_DECL;
	}
}

/* --- tables --------------------------------------------------------------- */

static void begin_names(struct scan *s)
{
	s->in_names = true;
	s->named = s->delimited = false;
	s->columns = 0;
	s->names_at = s->pos;
}

/* Only names and delimiters stand in the line of names, which is the first one of a
 * text, string or value. */
static void take_names(struct scan *s, unsigned int c)
{
	switch (c) {
	case ',':
	case ';':
	case '\t':
	case '|':
		s->named = s->named || s->armed;
		s->delimited = true;
		s->columns++;
		return;
	case '\n':
	case '\r':
		if (s->columns && !s->delimited && (s->named || s->armed))
			scan_hit(s, MASK_COLUMN, s->names_at, s->pos);
		/* Of spreadsheets: a line that names the delimiter precedes. */
		s->in_names = s->delimited && s->columns == 1 &&
			      s->names_at + 4 >= s->pos;
		if (s->in_names)
			begin_names(s);
		return;
	case ' ':
	case '.':
	case '"':
	case '\'':
		return;
	default:
		s->in_names = false;
	}
}

/* --- all ------------------------------------------------------------------ */

void scan_take_form_word(struct scan *s, bool secret)
{
	if (s->decl)
		take_decl_word(s, secret);
	if (s->transfer && (scan_word_is(&s->word, "base64") ||
			    scan_word_is(&s->word, "quoted-printable")))
		scan_hit(s, MASK_PART, s->pos, s->pos);
	if (!s->head && scan_word_is(&s->word, "content-transfer-encoding"))
		s->transfer = true;
}

void scan_take_form(struct scan *s, unsigned int c)
{
	if (s->armed && (c == '|' || (c == ';' && s->quoted))) {
		s->serial = SERIAL_VALUE;
		s->serial_at = s->pos;
	}
	if (c == '!' && s->last == '<')
		s->decl = DECL_BEGUN;
	else if (s->decl > DECL_BEGUN)
		take_decl(s, c);
	if (c == '\n')
		s->transfer = false;
	if (s->in_names)
		take_names(s, c);
	if (c == '=' || c == '>' || (!s->in_names && (c == '"' || c == '\'')))
		begin_names(s);
}

void scan_take_soft(struct scan *s, unsigned int c)
{
	if (c == 'n' || c == 'r' || c == 't')
		scan_take_form(s, c == 't' ? '\t' : '\n');
}
