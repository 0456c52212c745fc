/* SPDX-License-Identifier: MIT */
/*
 * A secret may be named by an attribute, a member or an element beside it:
 * <input name="password" value="...">, {"name":"password","value":"..."},
 * <name>password</name><value>...</value>; also by the path of a member (JSON Patch,
 * RFC 6902). All three are followed by the same
 * few flags, as an object has members as a start-tag has attributes.
 */
#include "trace/mask_tags.h"

void scan_hit(struct scan *s, enum mask_hit hit, size_t from, size_t to)
{
	if (s->hit || !(s->wanted >> hit & 1))
		return;
	/* An entity may be the secret, or a name. */
	if (s->entities) {
		hit = MASK_REST;
		from = to = s->entities;
	}
	s->hit = hit;
	s->from = from;
	s->to = to;
}

/* name="password" */
void scan_take_field(struct scan *s)
{
	s->is_field = true;
	if (s->value)
		scan_hit(s, s->object ? MASK_MEMBER : MASK_EQUALS, s->value,
			 s->value);
}

/* What a word in a start-tag means, before it is compared. */
void scan_take_tag_word(struct scan *s)
{
	static const char *const name[] = {"name", "id", "key", "field",
					   "path"};
	/* Elements whose content is something else, or none. */
	static const char *const empty[] = {"input", "select", "form", "meta"};

	s->has_word = true;
	/* "content" is of <meta>. */
	s->attribute = scan_word_is(&s->word, "value") ||
				       (!s->object &&
					scan_word_is(&s->word, "content"))
			       ? VALUE_ATTRIBUTE
			       : NO_ATTRIBUTE;
	for (unsigned int i = 0; i < 4; i++)
		if (s->tag == TAG_NAME && scan_word_is(&s->word, empty[i]))
			s->has_content = false;
	for (unsigned int i = 0; i < 5; i++)
		if (scan_word_is(&s->word, name[i]))
			s->attribute = NAME_ATTRIBUTE;
}

/* Back in the object around it, which may name a secret. */
static void leave_object(struct scan *s)
{
	/* The text may begin within an object. */
	s->is_field = s->depth && s->outer_field[(s->depth - 1) % OUTER_MAX];
	s->value = s->depth ? s->outer_value[(s->depth - 1) % OUTER_MAX] : 0;
	s->depth -= s->depth != 0;
	s->in_tag = s->object = s->opened = s->has_word = true;
	s->has_content = false;
	s->naming = NO_FIELD_NAME;
	s->tag = NO_TAG;
	s->attribute = NO_ATTRIBUTE;
}

/* Follows start-tags, after a word has ended before c. */
void scan_take_tag(struct scan *s, unsigned int c)
{
	bool sets;

	if (c == '}') {
		leave_object(s);
		return;
	}
	/* An object of JSON has members as an element has attributes. */
	if (c == '{') {
		s->outer_field[s->depth % OUTER_MAX] = s->object && s->is_field;
		s->outer_value[s->depth % OUTER_MAX] = s->object ? s->value : 0;
		s->depth++;
	}
	if (c == '<' || c == '{') {
		s->tag = c == '<' ? TAG_NAME : NO_TAG;
		s->in_tag = s->opened = true;
		s->has_content = c == '<';
		s->object = s->has_word = c == '{';
		s->is_field = false;
		s->naming = NO_FIELD_NAME;
		s->attribute = NO_ATTRIBUTE;
		s->value = 0;
		return;
	}
	if (!s->has_word) {
		/* "a < b", an end-tag, a comment */
		s->tag = s->in_tag = 0;
		return;
	}
	if (c == '>' && !s->object) {
		if (s->tag == SECRET_TAG)
			scan_hit(s, MASK_ELEMENT, s->pos, s->pos);
		else if (s->is_field && s->has_content)
			scan_hit(s, MASK_CONTENT, s->pos, s->pos);
		s->in_name_element = s->attribute == NAME_ATTRIBUTE;
		s->tag = NO_TAG;
		s->in_tag = s->is_field = false;
		return;
	}
	if (c == '/')
		s->has_content = false;
	/* The text may begin within either. */
	sets = (c == ':' && s->object) ||
	       (c == '=' && !(s->object && s->opened));
	if (sets && s->attribute == NAME_ATTRIBUTE)
		s->naming = BEFORE_FIELD_NAME;
	if (sets && s->attribute == VALUE_ATTRIBUTE) {
		if (s->is_field)
			scan_hit(s, s->object ? MASK_MEMBER : MASK_EQUALS,
				 s->pos, s->pos);
		s->value = s->pos;
		s->has_content = false;
	}
	if (s->tag >= SECRET_TAG)
		s->tag = c == '/' ? EMPTY_TAG : SECRET_TAG;
	else if (c != ':' && c != '.') /* after a prefix */
		s->tag = NO_TAG;
}
