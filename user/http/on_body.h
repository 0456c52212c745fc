/* SPDX-License-Identifier: MIT */
/* Handlers from a complete head to the end of the message. */
#ifndef HTTP_ON_BODY_H
#define HTTP_ON_BODY_H

#include "http/event.h"

handler on_pair;	 /* DIR_PAIR */
handler on_framed;	 /* DIR_FRAMED */
handler on_body;	 /* DIR_BODY */
handler on_trailer;	 /* DIR_TRAILER */
handler on_trailer_skip; /* DIR_TRAILER_SKIP */
handler on_body_gap;	 /* a gap in the last three */
handler on_body_end;	 /* the stream ends in them */
handler on_complete;	 /* DIR_COMPLETE */

#endif
