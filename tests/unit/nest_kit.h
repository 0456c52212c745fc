/* SPDX-License-Identifier: MIT */
/* Test helper: puts text into other formats, one in another, at random. */
#ifndef TESTS_NEST_KIT_H
#define TESTS_NEST_KIT_H

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

/* A number below n. The sequence is the same in each run. */
unsigned int nest_pick(unsigned int n);

/* Appends the text in another format. Returns its type. */
const char *nest_wrap(struct buf *out, const struct buf *in);

/* Replaces out by the text in an encoding of bodies: UTF-16 or aws-chunked. */
void nest_recode(struct buf *out, const struct buf *in);

#endif
