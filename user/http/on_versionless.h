/* SPDX-License-Identifier: MIT */
#ifndef HTTP_ON_VERSIONLESS_H
#define HTTP_ON_VERSIONLESS_H

#include "http/event.h"

handler on_versionless; /* DIR_HEAD, EVENT_RESOLVED */

#endif
