/* SPDX-License-Identifier: MIT */
/* Names of the numbers in TLS messages; NULL if a number is not known. */
#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include <stdint.h>

const char *tls_cipher_name(uint16_t id);  /* TLS_AES_128_GCM_SHA256 */
const char *tls_group_name(uint16_t id);   /* x25519 */
const char *tls_alert_name(uint8_t id);	   /* handshake_failure */
const char *tls_version_name(uint16_t id); /* TLS 1.3 */

#endif
