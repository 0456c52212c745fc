/* SPDX-License-Identifier: MIT */
/*
 * Chooses between the fast reader for classic pcap and libpcap, and replaces
 * other link headers by an Ethernet header.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "pcap/classic.h"
#include "pcap/input.h"
#include "pcap/source.h"

#define ETHER_HEADER   14
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

struct pcap_source {
	struct pcap_input input;
	struct pcap_classic classic;
	pcap_t *pcap; /* NULL: classic */
	uint64_t size;
	int link;
	size_t link_header; /* length of the link header */
	/* For other link types: an Ethernet header and a copy of the packet. */
	uint8_t *copy;
	size_t copy_size;
};

/* Length of the link header, or -1 for an unsupported type. */
static int link_header_len(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return 0;
	case DLT_NULL:
	case DLT_LOOP:
		return 4;
	case DLT_LINUX_SLL:
		return 16;
	case DLT_LINUX_SLL2:
		return 20;
	}
	return -1;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The EtherType for the address family in a BSD loopback header. IPv4 is 2 on
 * every system, IPv6 is 10, 24, 28 or 30. The family is in the byte order of the
 * capturing host; since it fits into one byte, ORing the bytes finds it. */
static uint16_t family_ethertype(const uint8_t *p)
{
	uint8_t family = p[0] | p[1] | p[2] | p[3];

	if (family == 2)
		return ETHERTYPE_IPV4;
	if (family == 10 || family == 24 || family == 28 || family == 30)
		return ETHERTYPE_IPV6;
	return 0;
}

static uint16_t ethertype(int link, const uint8_t *p, size_t len)
{
	switch (link) {
	case DLT_NULL:
	case DLT_LOOP:
		return len >= 4 ? family_ethertype(p) : 0;
	case DLT_LINUX_SLL:
		return len >= 16 ? be16(p + 14) : 0;
	case DLT_LINUX_SLL2:
		return len >= 20 ? be16(p) : 0;
	}
	/* Raw IP: use the version field. */
	if (len && p[0] >> 4 == 6)
		return ETHERTYPE_IPV6;
	return len && p[0] >> 4 == 4 ? ETHERTYPE_IPV4 : 0;
}

/* The program that decompresses the file, or NULL if it is not compressed. */
static const char *unpacker(struct pcap_input *in)
{
	if (!pcap_input_ensure(in, 1))
		return NULL;
	/* No capture format starts with one of these bytes. */
	switch (in->buf[in->at]) {
	case 0x1f:
		return "zcat";
	case 0x28:
		return "zstdcat";
	case 0xfd:
		return "xzcat";
	}
	return NULL;
}

/* Opens any format that is not classic pcap with Ethernet frames. */
static int open_with_libpcap(struct pcap_source *s, char error[PCAP_ERROR_SIZE])
{
	FILE *stream = pcap_input_stream(&s->input);
	char why[PCAP_ERRBUF_SIZE] = "";
	const char *name;
	int header;

	if (!stream) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	s->pcap = pcap_fopen_offline_with_tstamp_precision(
		stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!s->pcap) {
		snprintf(error, PCAP_ERROR_SIZE,
			 "not a pcap or pcapng file: %s", why);
		fclose(stream);
		return -EINVAL;
	}
	s->link = pcap_datalink(s->pcap);
	header = link_header_len(s->link);
	if (header < 0) {
		name = pcap_datalink_val_to_name(s->link);
		snprintf(
			error, PCAP_ERROR_SIZE,
			"link type %s (%d) is not supported: capture on an Ethernet interface, or with tcpdump -y EN10MB",
			name ? name : "unknown", s->link);
		return -EINVAL;
	}
	s->link_header = (size_t)header;
	return 0;
}

static int begin(struct pcap_source *s, char error[PCAP_ERROR_SIZE])
{
	const char *how = unpacker(&s->input);
	struct stat st;
	int fd = fileno(s->input.file);

	if (how) {
		snprintf(error, PCAP_ERROR_SIZE,
			 "compressed file: use %s FILE | metlo-xdp replay -",
			 how);
		return -EINVAL;
	}
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	if (pcap_classic_begin(&s->classic, &s->input))
		return 0;
	return open_with_libpcap(s, error);
}

struct pcap_source *pcap_source_from(FILE *file, char error[PCAP_ERROR_SIZE])
{
	struct pcap_source *s = calloc(1, sizeof(*s));

	if (!s || pcap_input_open(&s->input, file)) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(ENOMEM));
		fclose(file);
		free(s);
		return NULL;
	}
	if (!begin(s, error))
		return s;
	pcap_source_free(s);
	return NULL;
}

struct pcap_source *pcap_source_open(const char *path,
				     char error[PCAP_ERROR_SIZE])
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rbe")
				       : fdopen(dup(STDIN_FILENO), "rb");
	struct stat st;

	if (!file) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(EISDIR));
		fclose(file);
		return NULL;
	}
	return pcap_source_from(file, error);
}

void pcap_source_free(struct pcap_source *s)
{
	if (!s)
		return;
	if (s->pcap)
		pcap_close(s->pcap);
	pcap_input_close(&s->input);
	free(s->copy);
	free(s);
}

/* Copies the frame to s->copy with an Ethernet header as its link header. */
static int to_ethernet(struct pcap_source *s, struct pcap_frame *f)
{
	uint16_t type = ethertype(s->link, f->data, f->caplen);
	size_t skip = s->link_header < f->caplen ? s->link_header : f->caplen;
	size_t need = f->caplen - skip + ETHER_HEADER;
	uint8_t *p;

	if (need > s->copy_size) {
		p = realloc(s->copy, need * 2);
		if (!p)
			return -ENOMEM;
		s->copy = p;
		s->copy_size = need * 2;
	}
	memset(s->copy, 0, ETHER_HEADER - 2);
	s->copy[12] = (uint8_t)(type >> 8);
	s->copy[13] = (uint8_t)type;
	memcpy(s->copy + ETHER_HEADER, f->data + skip, f->caplen - skip);
	f->data = s->copy;
	f->caplen = need;
	f->wire_len = f->wire_len - skip + ETHER_HEADER;
	return 0;
}

int pcap_source_next(struct pcap_source *s, struct pcap_frame *frame,
		     char error[PCAP_ERROR_SIZE])
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int r;

	if (!s->pcap)
		return pcap_classic_next(&s->classic, &s->input, frame, error);
	r = pcap_next_ex(s->pcap, &header, &data);
	if (r == PCAP_ERROR_BREAK || r == 0)
		return 0;
	if (r != 1) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", pcap_geterr(s->pcap));
		return s->input.err ? -s->input.err : -EBADMSG;
	}
	frame->data = data;
	frame->caplen = header->caplen;
	frame->wire_len =
		header->len > header->caplen ? header->len : header->caplen;
	frame->ts_ns = pcap_time(header->ts.tv_sec, header->ts.tv_usec);
	r = s->link == DLT_EN10MB ? 0 : to_ethernet(s, frame);
	if (!r)
		return 1;
	snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(-r));
	return r;
}

int pcap_source_batch(struct pcap_source *s, struct pcap_frame *frames,
		      unsigned int max, char error[PCAP_ERROR_SIZE])
{
	int n = pcap_source_next(s, frames, error);

	if (n < 1 || s->pcap)
		return n;
	while ((unsigned int)n < max &&
	       pcap_classic_has_next(&s->classic, &s->input)) {
		pcap_classic_next(&s->classic, &s->input, &frames[n], error);
		n++;
	}
	return n;
}

uint64_t pcap_source_position(const struct pcap_source *s)
{
	const struct pcap_input *in = &s->input;

	return s->size ? in->bytes_read - (in->end - in->at) : 0;
}

uint64_t pcap_source_size(const struct pcap_source *s)
{
	return s->size;
}
