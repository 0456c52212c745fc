/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli; RFC 3720 appendix B.4), as iSCSI and ext4 use it. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from crc, which is 0 at the start. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* For tests: the same without the CPU's instruction for it. */
uint32_t crc32c_plain(uint32_t crc, const void *p, size_t n);

#endif
