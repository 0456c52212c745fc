/* SPDX-License-Identifier: MIT */
/* Undoing what was parsed from bytes that the receiver turned out to drop. */
#ifndef HTTP_WITHDRAW_H
#define HTTP_WITHDRAW_H

#include "http/types.h"

/* struct stream_protocol.mark: the state of the direction. Neither a head can be
 * resumed nor the body of a request that was answered before its end. */
uint8_t withdraw_mark(const struct conn *c, enum stream_dir dir);
/* struct stream_protocol.withdraw. */
enum stream_resume withdraw(struct conn *c, enum stream_dir dir,
			    uint64_t offset, uint8_t mark, bool repeated);

#endif
