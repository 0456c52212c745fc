/* SPDX-License-Identifier: MIT */
/*
 * Chooses the reader for a file: pcapng, classic pcap, or libpcap for the older
 * and modified versions of pcap that few programs ever wrote.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "pcap/classic.h"
#include "pcap/link.h"
#include "pcap/pcapng.h"
#include "pcap/source.h"

enum reader { READER_CLASSIC, READER_PCAPNG, READER_LIBPCAP };

struct pcap_source {
	struct pcap_input input;
	struct pcap_stats stats;
	enum reader reader;
	struct pcap_classic classic;
	struct pcapng pcapng;
	pcap_t *pcap; /* READER_LIBPCAP */
	uint64_t size;
	uint32_t link; /* READER_LIBPCAP */
	/* READER_LIBPCAP: a copy of the packet, which may be overwritten. */
	uint8_t *copy;
	size_t copy_size;
};

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

/* Opens what no other reader knows. */
static int open_with_libpcap(struct pcap_source *s, char error[PCAP_ERROR_SIZE])
{
	FILE *stream = pcap_input_stream(&s->input);
	char why[PCAP_ERRBUF_SIZE] = "";

	if (!stream) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	s->reader = READER_LIBPCAP;
	s->pcap = pcap_fopen_offline_with_tstamp_precision(
		stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!s->pcap) {
		snprintf(error, PCAP_ERROR_SIZE,
			 "not a pcap or pcapng file: %s", why);
		fclose(stream);
		return -EINVAL;
	}
	s->link = (uint32_t)pcap_datalink(s->pcap);
	if (pcap_link_supported(s->link))
		return 0;
	pcap_link_refuse(s->link, error);
	return -EINVAL;
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
	if (pcapng_begin(&s->pcapng, &s->input)) {
		s->reader = READER_PCAPNG;
		return 0;
	}
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
	pcapng_free(&s->pcapng);
	pcap_input_close(&s->input);
	free(s->copy);
	free(s);
}

/* Copies the frame, which belongs to libpcap, to where it may be overwritten. */
static int copy_frame(struct pcap_source *s, struct pcap_frame *f)
{
	size_t need = PCAP_HEADROOM + f->caplen;
	uint8_t *p;

	if (need > s->copy_size) {
		p = realloc(s->copy, need * 2);
		if (!p)
			return -ENOMEM;
		s->copy = p;
		s->copy_size = need * 2;
	}
	if (f->caplen)
		memcpy(s->copy + PCAP_HEADROOM, f->data, f->caplen);
	f->data = s->copy + PCAP_HEADROOM;
	return 0;
}

static int libpcap_next(struct pcap_source *s, struct pcap_frame *frame,
			char error[PCAP_ERROR_SIZE])
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int r;

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
	r = copy_frame(s, frame);
	if (r) {
		snprintf(error, PCAP_ERROR_SIZE, "%s", strerror(-r));
		return r;
	}
	s->stats.packets++;
	pcap_link_normalize(s->link, pcap_is_swapped(s->pcap), frame);
	return 1;
}

/* As pcap_source_next(), or -EINPROGRESS after much input without a packet. */
static int next(struct pcap_source *s, struct pcap_frame *frame,
		char error[PCAP_ERROR_SIZE])
{
	switch (s->reader) {
	case READER_CLASSIC:
		return pcap_classic_next(&s->classic, &s->input, &s->stats,
					 frame, error);
	case READER_PCAPNG:
		return pcapng_next(&s->pcapng, &s->input, &s->stats, frame,
				   error);
	case READER_LIBPCAP:
		break;
	}
	return libpcap_next(s, frame, error);
}

int pcap_source_next(struct pcap_source *s, struct pcap_frame *frame,
		     char error[PCAP_ERROR_SIZE])
{
	int r;

	do
		r = next(s, frame, error);
	while (r == -EINPROGRESS);
	return r;
}

int pcap_source_batch(struct pcap_source *s, struct pcap_frame *frames,
		      unsigned int max, char error[PCAP_ERROR_SIZE])
{
	int n = next(s, frames, error);

	if (n < 1)
		return n;
	if (s->reader == READER_CLASSIC)
		n += (int)pcap_classic_buffered(&s->classic, &s->input,
						&s->stats, frames + n,
						max - (unsigned int)n);
	else if (s->reader == READER_PCAPNG)
		while ((unsigned int)n < max &&
		       pcapng_has_next(&s->pcapng, &s->input)) {
			pcapng_next(&s->pcapng, &s->input, &s->stats,
				    &frames[n], error);
			n++;
		}
	return n;
}

const struct pcap_stats *pcap_source_stats(const struct pcap_source *s)
{
	return &s->stats;
}

bool pcap_source_has_secrets(const struct pcap_source *s)
{
	return s->reader == READER_PCAPNG;
}

void pcap_source_on_secrets(struct pcap_source *s,
			    void (*secrets)(void *ctx, const void *text,
					    size_t n),
			    void *ctx)
{
	s->pcapng.secrets = secrets;
	s->pcapng.secrets_ctx = ctx;
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
