/* SPDX-License-Identifier: MIT */
/*
 * The dynamic table of HPACK (RFC 7541 2.3.2, 4) as an observer knows it: the
 * newest entries. Whatever is older is not known.
 */
#ifndef HTTP2_HPACK_TABLE_H
#define HTTP2_HPACK_TABLE_H

#include <stddef.h>

#include "http2/hpack_field.h"

/* The size of the table until the encoder announces another (RFC 9113 6.5.2). */
#define HPACK_TABLE_DEFAULT 4096

struct hpack_entry {
	uint32_t at; /* position of name and value among all bytes inserted */
	uint32_t name_len, value_len;
	bool name_known, value_valid;
	uint8_t id; /* enum hpack_name */
};

struct hpack_table {
	struct hpack_entry *entries; /* a ring of entry_cap, a power of two */
	uint32_t entry_cap, newest;  /* newest: index of the last insertion */
	uint32_t count;
	uint8_t *bytes;	    /* of the entries, from the oldest to the newest */
	uint32_t cap, tail; /* bytes has cap bytes, of which tail are used */
	uint32_t base;	    /* position of bytes[0] among all bytes inserted */
	uint32_t size;	    /* of the entries that are held (RFC 7541 4.1) */
	uint32_t max;	    /* our own bound of size */
	uint32_t limit;	    /* the encoder's; UINT32_MAX: not known */
	/* The encoder's table has no entry older than those that are held. */
	bool complete;
};

/* An empty table that is known to be empty, of at most max bytes (and 1 MiB). */
void hpack_table_init(struct hpack_table *t, uint32_t max);
void hpack_table_free(struct hpack_table *t);
/* From here on, neither the entries nor the encoder's limit are known. */
void hpack_table_forget(struct hpack_table *t);
/* A dynamic table size update (RFC 7541 6.3). */
void hpack_table_resize(struct hpack_table *t, uint32_t limit);
/* The entry with n newer ones. False: not known. */
bool hpack_table_get(const struct hpack_table *t, uint32_t n,
		     struct hpack_field *f);
/* Inserts f, whose name may be that of an entry; its strings are not valid
 * afterwards in that case. Without memory, forgets everything. */
void hpack_table_insert(struct hpack_table *t, const struct hpack_field *f);
/* Bytes allocated. */
size_t hpack_table_memory(const struct hpack_table *t);

#endif
