/* SPDX-License-Identifier: MIT */
/*
 * Programs write these files in many ways: comments, CR LF, either case, labels for
 * other protocols, a line in two pieces. A line that is none is counted and never
 * shown, as it may hold half a secret.
 */
#include "tls/keylog.h"

#include <string.h>

#include <openssl/crypto.h>

static const char *const labels[N_KEY_LABELS] = {
#define LABEL_TEXT(ID, text) text,
	KEY_LABELS(LABEL_TEXT)
#undef LABEL_TEXT
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The bytes of a word of an even number of digits; 0: it is none. */
static uint32_t hex_bytes(const char *p, size_t n, uint8_t *out, uint32_t max)
{
	if (n % 2 || n / 2 > max)
		return 0;
	for (size_t i = 0; i < n / 2; i++) {
		int high = hex_digit(p[2 * i]), low = hex_digit(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (uint32_t)(n / 2);
}

struct log_word {
	const char *p;
	size_t n;
};

static struct log_word next_word(const char **p, const char *end)
{
	struct log_word w;

	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	w.p = *p;
	while (*p < end && **p != ' ' && **p != '\t')
		(*p)++;
	w.n = (size_t)(*p - w.p);
	return w;
}

/* Do the bytes look like a label: capitals, digits and underscores? */
static bool is_label(struct log_word w)
{
	for (size_t i = 0; i < w.n; i++)
		if (!((w.p[i] >= 'A' && w.p[i] <= 'Z') || w.p[i] == '_' ||
		      (w.p[i] >= '0' && w.p[i] <= '9')))
			return false;
	return w.n > 0;
}

static void on_line(struct key_table *t, const char *p, size_t n,
		    uint64_t now_ns)
{
	const char *end = p + n;
	struct log_word label, random, secret;
	uint8_t key[RANDOM_SIZE], bytes[SECRET_MAX];
	uint32_t len, id = 0;

	label = next_word(&p, end);
	if (!label.n || label.p[0] == '#') {
		key_table_count(t, 0, 1, 0);
		return;
	}
	random = next_word(&p, end);
	secret = next_word(&p, end);
	while (id < N_KEY_LABELS && (strlen(labels[id]) != label.n ||
				     memcmp(labels[id], label.p, label.n) != 0))
		id++;
	if (id == N_KEY_LABELS) {
		key_table_count(t, 0, is_label(label), !is_label(label));
		return;
	}
	len = hex_bytes(secret.p, secret.n, bytes, SECRET_MAX);
	if (next_word(&p, end).n ||
	    hex_bytes(random.p, random.n, key, RANDOM_SIZE) != RANDOM_SIZE ||
	    (len != 48 && (len != 32 || id == KEY_MASTER))) {
		key_table_count(t, 0, 0, 1);
	} else {
		key_table_add(t, (enum key_label)id, key, bytes, (uint8_t)len,
			      now_ns);
		key_table_count(t, 1, 0, 0);
	}
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void end_line(struct keylog *k, struct key_table *t, uint64_t now_ns)
{
	if (k->too_long)
		key_table_count(t, 0, k->line[0] == '#', k->line[0] != '#');
	else if (k->n)
		on_line(t, k->line, k->n, now_ns);
	OPENSSL_cleanse(k, sizeof(*k));
}

void keylog_feed(struct keylog *k, struct key_table *t, const void *text,
		 size_t n, uint64_t now_ns)
{
	const char *p = text;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' || p[i] == '\r')
			end_line(k, t, now_ns);
		else if (!p[i] && !k->n)
			continue; /* a hole in a file */
		else if (k->n < KEYLOG_LINE_MAX)
			k->line[k->n++] = p[i];
		else
			k->too_long = true;
	}
}

void keylog_end(struct keylog *k, struct key_table *t, uint64_t now_ns)
{
	end_line(k, t, now_ns);
}
