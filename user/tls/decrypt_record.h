/* SPDX-License-Identifier: MIT */
/* One record of a decrypted connection. Private to user/tls. */
#ifndef TLS_DECRYPT_RECORD_H
#define TLS_DECRYPT_RECORD_H

#include "tls/decrypt_state.h"

enum processed {
	PROCESSED,
	BLOCKED, /* it has to wait for keys, or for the other direction */
};

enum processed decrypt_record(struct tls_decrypt *x, struct dec_entry *n);

#endif
