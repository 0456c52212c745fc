/* SPDX-License-Identifier: MIT */
/*
 * Packets from a capture file: pcap and pcapng, both byte orders, micro- and
 * nanoseconds. Whatever the link type is, an Ethernet frame comes out.
 */
#ifndef PCAP_SOURCE_H
#define PCAP_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pcap/input.h"

struct pcap_source;

/* path is a file or "-", standard input. NULL with the reason in error. */
struct pcap_source *pcap_source_open(const char *path,
				     char error[PCAP_ERROR_SIZE]);

/* As above for an open file of which nothing has been read; it is closed with
 * the source, or at once on failure. */
struct pcap_source *pcap_source_from(FILE *file, char error[PCAP_ERROR_SIZE]);
void pcap_source_free(struct pcap_source *s);

/* 1: frame is filled; 0: the end; -1: the file is damaged from here on, the
 * reason is in error. */
int pcap_source_next(struct pcap_source *s, struct pcap_frame *frame,
		     char error[PCAP_ERROR_SIZE]);

/* The same for several, at most max, of which only the first may have to be
 * waited for: how many, 0 or -1. All are valid until the next call. */
int pcap_source_batch(struct pcap_source *s, struct pcap_frame *frames,
		      unsigned int max, char error[PCAP_ERROR_SIZE]);

/* How far reading is: bytes read and bytes in all; 0 where it has no end that
 * is known (a pipe). */
uint64_t pcap_source_position(const struct pcap_source *s);
uint64_t pcap_source_size(const struct pcap_source *s);

#endif
