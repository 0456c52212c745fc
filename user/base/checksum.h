/* SPDX-License-Identifier: MIT */
/* The sum behind the Internet checksum (RFC 1071). */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The sum of the 16-bit words of n bytes, at most 1 MiB, in the byte order of
 * this machine; modulo 65535, but not folded. An odd byte at the end is padded
 * with zero. */
uint32_t checksum_sum(const void *p, size_t n);

/* A sum in 16 bits; the checksum of the data is its complement. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Is a sum that includes the checksum itself that of unchanged data? */
static inline bool checksum_right(uint64_t sum)
{
	return checksum_fold(sum) == 0xffff;
}

#endif
