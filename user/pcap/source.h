/* SPDX-License-Identifier: MIT */
/*
 * Reads packets from a capture file: pcap and pcapng, both byte orders,
 * microseconds and nanoseconds. Yields Ethernet frames for every link type.
 */
#ifndef PCAP_SOURCE_H
#define PCAP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pcap/input.h"

struct pcap_source;

/* Opens path, or standard input for "-". NULL with the reason in error. */
struct pcap_source *pcap_source_open(const char *path,
				     char error[PCAP_ERROR_SIZE]);

/* The same for an open file from which nothing has been read. Takes ownership:
 * the file is closed with the source, or on failure. */
struct pcap_source *pcap_source_from(FILE *file, char error[PCAP_ERROR_SIZE]);
void pcap_source_free(struct pcap_source *s);

/* Passes the key logs in a pcapng file on as they are read; before the first
 * packet is. */
void pcap_source_on_secrets(struct pcap_source *s,
			    void (*secrets)(void *ctx, const void *text,
					    size_t n),
			    void *ctx);

/* May there be any? */
bool pcap_source_has_secrets(const struct pcap_source *s);

/* 1: frame is filled in; 0: end of file; a negative errno: the rest of the file
 * cannot be read, with the reason in error (-EBADMSG if it is damaged). */
int pcap_source_next(struct pcap_source *s, struct pcap_frame *frame,
		     char error[PCAP_ERROR_SIZE]);

/* The same for up to max frames; blocks only to read the first one. Returns
 * their number, 0 or a negative errno; -EINPROGRESS after much input without a packet:
 * call again. All are valid until the next call. */
int pcap_source_batch(struct pcap_source *s, struct pcap_frame *frames,
		      unsigned int max, char error[PCAP_ERROR_SIZE]);

/* Progress: bytes consumed and bytes in total; both 0 if the size is unknown (a
 * pipe). */
uint64_t pcap_source_position(const struct pcap_source *s);
uint64_t pcap_source_size(const struct pcap_source *s);

const struct pcap_stats *pcap_source_stats(const struct pcap_source *s);

#endif
