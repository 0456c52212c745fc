/* SPDX-License-Identifier: MIT */
/* IP addresses as text, without the cost of printf(). */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define ADDR_TEXT_MAX 46 /* same as INET6_ADDRSTRLEN */

/* Writes addr in the form of RFC 5952 and returns the end of the text, without
 * adding a NUL. Unless ipv6 is set, addr is ::ffff:a.b.c.d and only a.b.c.d is
 * written. w must have room for ADDR_TEXT_MAX bytes; bytes past the end of the
 * text may be overwritten. */
uint8_t *addr_put(uint8_t *w, const uint8_t addr[16], bool ipv6);

#endif
