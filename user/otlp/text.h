/* SPDX-License-Identifier: MIT */
/* The content of JSON strings as UTF-8. A single string that is not valid would
 * make a receiver reject the whole batch. */
#ifndef OTLP_TEXT_H
#define OTLP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/json_walk.h"

/* Attributes are cut at this length, at the end of a character. */
#define OTLP_TEXT_MAX 4096u

struct otlp_text {
	size_t n;
	char s[OTLP_TEXT_MAX];
};

/* Undoes escapes; bytes that are not UTF-8 and halves of surrogate pairs become
 * U+FFFD. */
void otlp_text_set(struct otlp_text *t, struct json_text content);

/* Appends, as far as there is room. */
void otlp_text_add(struct otlp_text *t, struct json_text content);

#endif
