/* SPDX-License-Identifier: MIT */
/*
 * One small automaton per class, all fed with the same decoded characters. None of
 * them goes back; what a name must precede (a secret key) is decided by looking back
 * a fixed distance. Here: tokens, keys and addresses.
 */
#include "trace/class_context.h"
#include "trace/class_find.h"
#include "trace/class_hit.h"
#include "trace/class_numbers.h"

/* A secret begins at most this many characters after its name or its key id. */
#define SECRET_WINDOW 64
#define SECRET_LEN    40
/* From how many characters on the beginning of a key or token is masked at a cut. */
#define CUT_MIN	   8
#define KEY_LEN	   20
#define DOMAIN_MAX 255 /* RFC 1035 section 2.3.4 */
#define LABEL_MAX  63

/* --- JSON Web Token ------------------------------------------------------- */

static void end_jwt(struct class_scan *s, bool cut)
{
	s->jwt.active = false;
	if (s->jwt.dots >= 2 ||
	    (cut && (s->jwt.dots || s->jwt.to - s->jwt.from >= CUT_MIN)))
		class_add_hit(s, CLASS_JWT, s->jwt.from, s->jwt.to);
}

static void begin_jwt(struct class_scan *s, uint8_t c, size_t to)
{
	/* "{" followed by a quotation mark or a blank. */
	if (s->last[0].c != 'e' || class_is_alnum(s->last[1].c))
		return;
	s->jwt.active = true;
	s->jwt.dots = 0;
	s->jwt.from = s->last[0].from;
	s->jwt.to = to;
	s->jwt.head = (struct check_jose){0};
	check_jose_add(&s->jwt.head, 'e');
	check_jose_add(&s->jwt.head, c);
}

static void take_jwt(struct class_scan *s, uint8_t c, size_t to)
{
	if (!s->jwt.active) {
		if (c == 'y' || c == 'w')
			begin_jwt(s, c, to);
	} else if (class_is_alnum(c) || c == '-' || c == '_' || c == '=' ||
		   (c == '~' && s->jwt.dots >= 2)) {
		s->jwt.to = to;
		if (s->jwt.dots)
			return;
		check_jose_add(&s->jwt.head, c);
		s->jwt.active = !s->jwt.head.bad;
	} else if (c == '.' && s->jwt.dots < 4) {
		if (!s->jwt.dots && !check_jose_end(&s->jwt.head)) {
			s->jwt.active = false;
			return;
		}
		s->jwt.dots++;
		/* The signature may be empty; a last dot ends a sentence. */
		if (s->jwt.dots <= 2)
			s->jwt.to = to;
	} else {
		end_jwt(s, false);
	}
}

/* --- AWS ------------------------------------------------------------------ */

static bool is_key_prefix(const struct class_scan *s, uint8_t c)
{
	/* Of users, of roles, bearer tokens, context-specific credentials. */
	static const char prefix[4][5] = {"AKIA", "ASIA", "ABIA", "ACCA"};
	const uint8_t second = s->key.n == 1 ? c : s->last[0].c;

	switch (s->key.n) {
	case 1:
		return second == 'K' || second == 'S' || second == 'B' ||
		       second == 'C';
	case 2:
		for (unsigned int i = 0; i < 4; i++)
			if ((uint8_t)prefix[i][1] == second)
				return c == (uint8_t)prefix[i][2];
		return false;
	default:
		return c == 'A';
	}
}

static void end_key(struct class_scan *s, size_t to)
{
	size_t from, end;

	/* The secret may precede it. */
	if (class_secret_before(s, s->key.from, &from, &end))
		class_add_hit(s, CLASS_AWS_KEY, from, end);
	class_add_hit(s, CLASS_AWS_KEY, s->key.from, to);
	s->secret.window = SECRET_WINDOW;
}

static void take_key(struct class_scan *s, uint8_t c, size_t from)
{
	if (!s->key.n) {
		if (c == 'A' && !class_is_alnum(s->last[0].c)) {
			s->key.n = 1;
			s->key.from = from;
		}
		return;
	}
	if (s->key.n < 4 && !is_key_prefix(s, c)) {
		s->key.n = 0;
	} else if (class_is_digit(c) || (c >= 'A' && c <= 'Z')) {
		s->key.n = s->key.n < KEY_LEN ? s->key.n + 1 : 0;
	} else {
		if (s->key.n == KEY_LEN && !class_is_letter(c))
			end_key(s, s->last_to);
		s->key.n = 0;
	}
}

static bool is_base64(uint8_t c)
{
	return class_is_alnum(c) || c == '+' || c == '/';
}

static void end_secret(struct class_scan *s, bool cut)
{
	if ((s->secret.n == SECRET_LEN && s->secret.odd) ||
	    (cut && s->secret.n >= CUT_MIN))
		class_add_hit(s, CLASS_AWS_KEY, s->secret.from, s->secret.to);
	s->secret.n = 0;
}

/* A run of 40 characters of base64 after a name or key id. */
static void take_secret(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	static const char word[] = "secret";
	const uint8_t low = c | 0x20;

	if (s->secret.word == 6)
		s->secret.window = SECRET_WINDOW;
	if (s->secret.word && s->secret.word < 6)
		s->secret.word = low == (uint8_t)word[s->secret.word]
					 ? s->secret.word + 1
					 : 0;
	else
		s->secret.word = low == 'c' && (s->last[0].c | 0x20) == 'e' &&
						 (s->last[1].c | 0x20) == 's'
					 ? 3
					 : 0;
	if (!is_base64(c)) {
		end_secret(s, false);
	} else if (s->secret.n || s->secret.window) {
		/* '+' may be a blank. */
		if (c == '+' && (!s->secret.n || s->secret.n == SECRET_LEN)) {
			end_secret(s, false);
		} else {
			if (!s->secret.n) {
				s->secret.from = from;
				s->secret.odd = false;
			}
			s->secret.odd |= class_is_letter(c) && low > 'f';
			s->secret.n += s->secret.n <= SECRET_LEN;
			s->secret.to = to;
		}
	}
	if (s->secret.window)
		s->secret.window--;
}

/* --- email ---------------------------------------------------------------- */

static void end_email(struct class_scan *s)
{
	s->email.active = false;
	if (s->email.to)
		class_add_hit(s, CLASS_EMAIL, s->email.from, s->email.to);
}

/* Remembers what may become the local part of an address. */
static void extend(struct class_run *run, size_t from, size_t n)
{
	if (!run->n)
		run->from = from;
	run->n += n;
}

static void take_local(struct class_scan *s, uint8_t c, size_t from)
{
	if (!class_is_local(c)) {
		s->local.n = s->local_ascii.n = 0;
		return;
	}
	extend(&s->local, from, 1);
	if (c < 0x80)
		extend(&s->local_ascii, from, 1);
	else
		s->local_ascii.n = 0;
}

/* The same for plain text, from its end. */
static void skip_local(struct class_scan *s, size_t from, size_t to)
{
	const uint8_t *p = s->p;
	size_t i = to, ascii = 0;

	for (;
	     i > from && to - i <= CLASS_LOCAL_MAX && class_is_local(p[i - 1]);
	     i--)
		if (p[i - 1] >= 0x80 && !ascii)
			ascii = i;
	if (i > from)
		s->local.n = s->local_ascii.n = 0;
	extend(&s->local, i, to - i);
	if (ascii)
		s->local_ascii.n = 0;
	else
		ascii = i;
	extend(&s->local_ascii, ascii, to - ascii);
}

static void begin_email(struct class_scan *s, size_t at)
{
	/* Text in another script may precede an address. */
	const struct class_run *run =
		s->local.n <= CLASS_LOCAL_MAX ? &s->local : &s->local_ascii;
	size_t from = run->from;

	s->email.active = run->n && run->n <= CLASS_LOCAL_MAX;
	s->email.letters = s->email.ace = false;
	s->email.labels = 0;
	s->email.n = s->email.label = 0;
	s->email.to = 0;
	/* A dot cannot be the first. */
	while (from < at && s->p[from] == '.')
		from++;
	s->email.from = from;
}

/* The end of a label, before c: the domain may end here. */
static void end_label(struct class_scan *s, size_t end)
{
	if (s->email.labels && s->email.letters && s->email.label >= 2)
		s->email.to = end;
}

/* Does a label consist of letters so far, with c? An A-label (RFC 5890) counts as
 * such, whatever follows "xn-". */
static bool has_letters(const struct class_scan *s, uint8_t c)
{
	if (!s->email.label)
		return class_is_letter(c) || c >= 0x80;
	if (c == '-')
		return s->email.label == 2 && (s->last[0].c | 0x20) == 'n' &&
		       (s->last[1].c | 0x20) == 'x';
	return s->email.letters &&
	       (s->email.ace || class_is_letter(c) || c >= 0x80);
}

static void take_domain(struct class_scan *s, uint8_t c)
{
	if (class_is_alnum(c) || c >= 0x80 || (c == '-' && s->email.label)) {
		if (c == '-' && !s->email.ace)
			end_label(s, s->last_to);
		if (!s->email.ace) {
			s->email.letters = has_letters(s, c);
			s->email.ace = c == '-' && s->email.letters;
		}
		s->email.label++;
	} else {
		if (s->email.label)
			end_label(s, s->last_to);
		/* "logo@2x.png" is a file for a dense screen. */
		if (c == '.' && !s->email.labels && s->email.label == 2 &&
		    s->last[0].c == 'x' && class_is_digit(s->last[1].c)) {
			s->email.active = false;
			return;
		}
		if (c != '.' || !s->email.label) {
			end_email(s);
			return;
		}
		s->email.labels++;
		s->email.label = 0;
		s->email.ace = false;
	}
	if (++s->email.n > DOMAIN_MAX || s->email.label > LABEL_MAX)
		end_email(s);
}

/* --- all ------------------------------------------------------------------ */

static void remember(struct class_scan *s, uint8_t c, size_t from)
{
	s->last[2] = s->last[1];
	s->last[1] = s->last[0];
	s->last[0] = (struct class_char){c, from};
}

void class_find(struct class_scan *s, uint8_t c, size_t from, size_t to)
{
	const unsigned int classes = s->set->classes;

	if (classes >> CLASS_EMAIL & 1) {
		if (s->email.active)
			take_domain(s, c);
		if (c == '@')
			begin_email(s, from);
	}
	if (classes & (1u << CLASS_CARD | 1u << CLASS_SSN))
		class_take_digits(s, c, from, to);
	if (classes >> CLASS_IBAN & 1)
		class_take_iban(s, c, to);
	if (classes >> CLASS_JWT & 1)
		take_jwt(s, c, to);
	if (classes >> CLASS_AWS_KEY & 1) {
		take_key(s, c, from);
		take_secret(s, c, from, to);
	}
	if (classes >> CLASS_EMAIL & 1)
		take_local(s, c, from);
	remember(s, c, from);
	s->last_to = to;
}

void class_find_skip(struct class_scan *s, size_t from, size_t to)
{
	size_t i;

	if (from == to)
		return;
	if (s->set->classes >> CLASS_EMAIL & 1)
		skip_local(s, from, to);
	i = to - from > CLASS_HISTORY ? to - CLASS_HISTORY : from;
	for (; i < to; i++)
		remember(s, s->p[i], i);
	s->last_to = to;
}

void class_find_end(struct class_scan *s)
{
	size_t from;

	class_numbers_end(s);
	if (s->jwt.active)
		end_jwt(s, s->cut);
	if (s->key.n == KEY_LEN || (s->cut && s->key.n >= CUT_MIN))
		end_key(s, s->last_to);
	s->key.n = 0;
	if (s->secret.n)
		end_secret(s, s->cut);
	s->secret.word = s->secret.window = 0;
	if (!s->email.active) {
		from = class_cut_address(s->set, s->p, s->n, s->cut);
		if (from < s->n)
			class_add_hit(s, CLASS_EMAIL, from, s->n);
		return;
	}
	if (s->email.label)
		end_label(s, s->last_to);
	if (s->cut)
		s->email.to = s->last_to;
	end_email(s);
}

bool class_find_busy(const struct class_scan *s)
{
	return s->n_groups || s->iban[0].active || s->iban[1].active ||
	       s->jwt.active || s->key.n || s->secret.word || s->secret.n ||
	       s->secret.window || s->email.active;
}

size_t class_find_start(const struct class_scan *s)
{
	size_t start = SIZE_MAX;
	unsigned int i;

	if (s->n_groups)
		start = s->group[0].from;
	for (i = 0; i < 2; i++)
		if (s->iban[i].active && s->iban[i].from < start)
			start = s->iban[i].from;
	if (s->jwt.active && s->jwt.from < start)
		start = s->jwt.from;
	if (s->key.n && s->key.from < start)
		start = s->key.from;
	if (s->secret.n && s->secret.from < start)
		start = s->secret.from;
	if (s->email.active && s->email.from < start)
		start = s->email.from;
	return start;
}
