/* SPDX-License-Identifier: MIT */
/* Provider: credential_process, a program that prints credentials. */
#ifndef AUTH_PROVIDER_PROCESS_H
#define AUTH_PROVIDER_PROCESS_H

#include "auth/search.h"

int cred_process(struct cred_search *s, const char *profile,
		 const char *command, struct credentials *out,
		 struct aws_error *err);

#endif
