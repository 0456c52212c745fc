/* SPDX-License-Identifier: MIT */
/* AWS credentials, which sign requests. */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include <stdint.h>

/* Never logged, and overwritten before they are freed. Zero-initialised is
 * empty. */
struct credentials {
	char *access_key;
	char *secret;
	char *token;	  /* session token; NULL: long-term credentials */
	int64_t expires;  /* Unix time, 0: never */
	char source[512]; /* where they came from, for messages */
};

/* Overwrites, frees and empties c. */
void credentials_wipe(struct credentials *c);
/* Copies the keys to c; expires and source are reset. token may be NULL. 0,
 * -ENOMEM, or -EINVAL if a key is missing or contains characters that are not
 * valid in a header. */
int credentials_set(struct credentials *c, const char *access_key,
		    const char *secret, const char *token);

/* Truncates text where the secret or token begins: AWS rejects a signature with
 * the canonical request in the message, which contains the session token. */
void credentials_scrub(const struct credentials *c, char *text);

#endif
