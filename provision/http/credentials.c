/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http/credentials.h"
#include "http/secret.h"

void credentials_wipe(struct credentials *c)
{
	secret_free_string(&c->access_key);
	secret_free_string(&c->secret);
	secret_free_string(&c->token);
	*c = (struct credentials){0};
}

/* What may stand in a header: printable, no blanks. */
static bool plain(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

int credentials_set(struct credentials *c, const char *access_key,
		    const char *secret, const char *token)
{
	struct credentials made = {0};

	if (!access_key || !*access_key || !secret || !*secret ||
	    !plain(access_key) || !plain(secret) || (token && !plain(token)))
		return -EINVAL;
	made.access_key = strdup(access_key);
	made.secret = strdup(secret);
	if (token && *token)
		made.token = strdup(token);
	if (!made.access_key || !made.secret ||
	    (token && *token && !made.token)) {
		credentials_wipe(&made);
		return -ENOMEM;
	}
	credentials_wipe(c);
	*c = made;
	return 0;
}

static void cut_off(char *text, const char *secret)
{
	char begin[13], *found;

	if (!secret)
		return;
	/* The end of it may be missing already. */
	snprintf(begin, sizeof(begin), "%s", secret);
	found = strstr(text, begin);
	explicit_bzero(begin, sizeof(begin));
	if (!found)
		return;
	explicit_bzero(found, strlen(found));
	if (found - text >= 3)
		strcpy(found - 3, "...");
}

void credentials_scrub(const struct credentials *c, char *text)
{
	cut_off(text, c->secret);
	cut_off(text, c->token);
}
