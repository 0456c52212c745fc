/* SPDX-License-Identifier: MIT */
/* Handlers of the search for the next message start. */
#ifndef HTTP_ON_RESYNC_H
#define HTTP_ON_RESYNC_H

#include "http/event.h"

handler on_resync;     /* DIR_RESYNC */
handler on_resync_gap; /* a gap in it, or between messages */

#endif
