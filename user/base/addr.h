/* SPDX-License-Identifier: MIT */
/* IP addresses as text, without the detour through printf. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define ADDR_TEXT_MAX 46 /* as INET6_ADDRSTRLEN */

/* Writes addr (IPv4 as ::ffff:a.b.c.d unless ipv6 is set) as RFC 5952 has it
 * and returns the end; no NUL is added. w has room for ADDR_TEXT_MAX, of which
 * some behind the text may be overwritten. */
uint8_t *addr_put(uint8_t *w, const uint8_t addr[16], bool ipv6);

#endif
