/* SPDX-License-Identifier: MIT */
/* Splits a direction into frames and drives them through their handlers. */
#ifndef HTTP2_DRIVER_H
#define HTTP2_DRIVER_H

#include "http2/account.h"

/* False: the connection does not speak HTTP/2; in->p is where that shows, and
 * nothing before it was of use. */
bool h2_drive(struct h2_conn *c, enum stream_dir dir, struct h2_input *in);
void h2_drive_gap(struct h2_conn *c, enum stream_dir dir, uint64_t len,
		  enum stream_gap_kind kind, uint64_t ts_ns);
/* Frames of the direction may be missing from here on: forgets what depends on
 * them and searches for the next one. */
void h2_lose(struct h2_conn *c, enum stream_dir dir);
/* Frees what the direction holds. */
void h2_dir_free(struct h2_conn *c, enum stream_dir dir);

#endif
