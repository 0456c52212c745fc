/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli; RFC 3720 appendix B.4), as used by iSCSI and ext4. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues from crc, which is 0 for the first block. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* The same without the CPU's CRC instruction; exported for tests. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n);

#endif
