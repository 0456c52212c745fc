/* SPDX-License-Identifier: MIT */
/* TLS that begins after something else. */
#ifndef TLS_FOLLOW_H
#define TLS_FOLLOW_H

#include "http/http.h"
#include "tls/tls.h"

/* From now on TLS gets what HTTP/1 finds in a tunnel, behind a PROXY header, after
 * STARTTLS. http must outlive the engine. */
void tls_follow(struct tls_engine *e, struct http_engine *http);

#endif
