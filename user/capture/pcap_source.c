/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture/pcap_source.h"

/* stdio's own buffer costs a system call for every few packets. */
#define READ_BUFFER    (256u << 10)
#define ETHER_HEADER   14
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

struct pcap_source {
	pcap_t *pcap;
	FILE *file;   /* closed by libpcap */
	char *buffer; /* of file */
	uint64_t size;
	int link;
	size_t link_header; /* bytes in front of the network header */
	/* Where the link header is not Ethernet's: one is written here and the
	 * packet copied behind it. */
	uint8_t *copy;
	size_t copy_size;
};

/* Bytes of the link header, or -1 for a type that cannot be converted. */
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

/* The address family of BSD loopback headers: 2 is IPv4 everywhere, IPv6 is
 * 10, 24, 28 or 30. It is in the byte order of the capturing machine, and small
 * enough for one byte to tell. */
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
	/* Raw IP: the version tells. */
	if (len && p[0] >> 4 == 6)
		return ETHERTYPE_IPV6;
	return len && p[0] >> 4 == 4 ? ETHERTYPE_IPV4 : 0;
}

static bool looks_compressed(FILE *file, const char **how)
{
	int c = getc(file);

	/* Only a byte: more cannot be put back. No capture begins so. */
	ungetc(c, file);
	*how = c == 0x1f   ? "zcat"
	       : c == 0x28 ? "zstdcat"
	       : c == 0xfd ? "xzcat"
			   : NULL;
	return *how != NULL;
}

struct pcap_source *pcap_source_from(FILE *file, char error[PCAP_SOURCE_ERROR])
{
	struct pcap_source *s = calloc(1, sizeof(*s));
	char why[PCAP_ERRBUF_SIZE] = "";
	struct stat st;
	const char *how;
	int header;

	if (!s) {
		snprintf(error, PCAP_SOURCE_ERROR, "%s", strerror(errno));
		fclose(file);
		return NULL;
	}
	s->buffer = malloc(READ_BUFFER);
	if (s->buffer)
		setvbuf(file, s->buffer, _IOFBF, READ_BUFFER);
	if (looks_compressed(file, &how)) {
		snprintf(error, PCAP_SOURCE_ERROR,
			 "it is compressed: use %s FILE | metlo-xdp replay -",
			 how);
		fclose(file);
		free(s->buffer);
		free(s);
		return NULL;
	}
	if (fileno(file) >= 0 && fstat(fileno(file), &st) == 0 &&
	    S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	s->file = file;
	s->pcap = pcap_fopen_offline_with_tstamp_precision(
		file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!s->pcap) {
		snprintf(error, PCAP_SOURCE_ERROR,
			 "it is not a pcap or pcapng file: %s", why);
		fclose(file);
		free(s->buffer);
		free(s);
		return NULL;
	}
	s->link = pcap_datalink(s->pcap);
	header = link_header_len(s->link);
	if (header < 0) {
		const char *name = pcap_datalink_val_to_name(s->link);

		snprintf(error, PCAP_SOURCE_ERROR,
			 "its link type %s (%d) is not supported; capture on "
			 "an Ethernet interface, or with tcpdump -y EN10MB",
			 name ? name : "unknown", s->link);
		pcap_source_free(s);
		return NULL;
	}
	s->link_header = (size_t)header;
	return s;
}

struct pcap_source *pcap_source_open(const char *path,
				     char error[PCAP_SOURCE_ERROR])
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rbe")
				       : fdopen(dup(STDIN_FILENO), "rb");
	struct stat st;

	if (!file) {
		snprintf(error, PCAP_SOURCE_ERROR, "%s", strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		snprintf(error, PCAP_SOURCE_ERROR, "%s", strerror(EISDIR));
		fclose(file);
		return NULL;
	}
	return pcap_source_from(file, error);
}

void pcap_source_free(struct pcap_source *s)
{
	if (!s)
		return;
	pcap_close(s->pcap);
	free(s->buffer);
	free(s->copy);
	free(s);
}

/* Replaces the link header by an Ethernet header in s->copy. */
static bool to_ethernet(struct pcap_source *s, struct pcap_frame *f)
{
	uint16_t type = ethertype(s->link, f->data, f->caplen);
	size_t skip = s->link_header < f->caplen ? s->link_header : f->caplen;
	size_t need = f->caplen - skip + ETHER_HEADER;
	uint8_t *p;

	if (need > s->copy_size) {
		p = realloc(s->copy, need * 2);
		if (!p)
			return false;
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
	return true;
}

/* Times before 1970 or after 2554 are damage: brought into range. */
static uint64_t frame_time(const struct timeval *tv)
{
	uint64_t s = tv->tv_sec < 0 ? 0 : (uint64_t)tv->tv_sec;
	uint64_t ns = tv->tv_usec < 0 ? 0 : (uint64_t)tv->tv_usec;

	if (__builtin_mul_overflow(s, 1000000000ull, &s) ||
	    __builtin_add_overflow(s, ns, &s))
		return UINT64_MAX;
	return s;
}

int pcap_source_next(struct pcap_source *s, struct pcap_frame *frame,
		     char error[PCAP_SOURCE_ERROR])
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int r = pcap_next_ex(s->pcap, &header, &data);

	if (r == PCAP_ERROR_BREAK || r == 0)
		return 0;
	if (r != 1) {
		snprintf(error, PCAP_SOURCE_ERROR, "%s", pcap_geterr(s->pcap));
		return -1;
	}
	frame->data = data;
	frame->caplen = header->caplen;
	frame->wire_len =
		header->len > header->caplen ? header->len : header->caplen;
	frame->ts_ns = frame_time(&header->ts);
	if (s->link == DLT_EN10MB || to_ethernet(s, frame))
		return 1;
	snprintf(error, PCAP_SOURCE_ERROR, "%s", strerror(ENOMEM));
	return -1;
}

uint64_t pcap_source_position(const struct pcap_source *s)
{
	off_t at = s->size ? ftello(s->file) : 0;

	return at > 0 ? (uint64_t)at : 0;
}

uint64_t pcap_source_size(const struct pcap_source *s)
{
	return s->size;
}
