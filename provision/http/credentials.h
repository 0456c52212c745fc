/* SPDX-License-Identifier: MIT */
/* A set of AWS credentials: what a request is signed with. */
#ifndef HTTP_CREDENTIALS_H
#define HTTP_CREDENTIALS_H

#include <stdint.h>

/* Secrets: never printed, overwritten before they are freed. Zero-initialised
 * is empty. */
struct credentials {
	char *access_key;
	char *secret;
	char *token;	  /* NULL: not temporary */
	int64_t expires;  /* Unix time, 0: never */
	char source[512]; /* for people, no secret */
};

void credentials_wipe(struct credentials *c);
/* Takes copies. 0 or -ENOMEM; -EINVAL when a key is missing or empty. */
int credentials_set(struct credentials *c, const char *access_key,
		    const char *secret, const char *token);

/* Cuts a text off where a secret begins. (AWS answers a wrong signature with
 * what it signed, session token and all.) */
void credentials_scrub(const struct credentials *c, char *text);

#endif
