/* SPDX-License-Identifier: MIT */
/* Copies and wipes credentials, and keeps them out of messages. */
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

/* Printable ASCII without blanks: cannot inject a header. */
static bool is_header_safe(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

int credentials_set(struct credentials *c, const char *access_key,
		    const char *secret, const char *token)
{
	struct credentials copy = {0};

	if (!access_key || !*access_key || !secret || !*secret ||
	    !is_header_safe(access_key) || !is_header_safe(secret) ||
	    (token && !is_header_safe(token)))
		return -EINVAL;
	copy.access_key = strdup(access_key);
	copy.secret = strdup(secret);
	if (token && *token)
		copy.token = strdup(token);
	if (!copy.access_key || !copy.secret ||
	    (token && *token && !copy.token)) {
		credentials_wipe(&copy);
		return -ENOMEM;
	}
	credentials_wipe(c);
	*c = copy;
	return 0;
}

static void truncate_at(char *text, const char *secret)
{
	char prefix[13], *found;

	if (!secret)
		return;
	/* Search for a prefix: the message itself may have been truncated
	 * within the secret. */
	snprintf(prefix, sizeof(prefix), "%s", secret);
	found = strstr(text, prefix);
	explicit_bzero(prefix, sizeof(prefix));
	if (!found)
		return;
	explicit_bzero(found, strlen(found));
	if (found - text >= 3)
		strcpy(found - 3, "...");
}

void credentials_scrub(const struct credentials *c, char *text)
{
	truncate_at(text, c->secret);
	truncate_at(text, c->token);
}
