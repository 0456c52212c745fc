/* SPDX-License-Identifier: MIT */
/* What sinks that deliver over HTTP check before anything is captured. Failures
 * are logged. */
#ifndef DELIVERY_SETUP_H
#define DELIVERY_SETUP_H

#include <sys/types.h>

#include "base/log.h"
#include "delivery/http.h"

/* path: NULL, or a file that must exist. libcurl would wait for the writer of a
 * FIFO. 0 or -EINVAL. */
int delivery_check_ca(const char *option, const char *path,
		      const struct log *log);

/* Reads a file that holds a secret, at most size bytes of it, and warns if others
 * can read it. Its length or -EINVAL. */
ssize_t delivery_read_secret(const char *option, const char *path, char *to,
			     size_t size, const struct log *log);

/*
 * Does the server answer and accept us? With a spool a failure is only a warning:
 * it may be down now and up later. Takes some seconds at most. Initialises
 * libcurl, which must precede other threads. 0 or -EHOSTUNREACH.
 */
int delivery_probe(const struct delivery_http_conf *http, const char *spool,
		   const struct log *log);

#endif
