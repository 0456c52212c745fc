/* SPDX-License-Identifier: MIT */
/* The effects of a SYN or SYN-ACK on its connection. */
#ifndef STREAM_HANDSHAKE_H
#define STREAM_HANDSHAKE_H

#include "stream/arrival.h"

void handshake_syn(struct arrival *a);
/* After handshake_syn(): is the payload of the SYN part of the stream (RFC 7413)?
 * That depends on whether the peer acknowledges it; in an established connection
 * a receiver drops the whole segment. */
bool handshake_data(struct arrival *a);

#endif
