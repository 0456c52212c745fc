/* SPDX-License-Identifier: MIT */
/* Buffers a capture file so that packets can be parsed where they were read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap/input.h"

/* Small enough to stay in the cache until it has been parsed. */
#define CHUNK  (128u << 10)
#define BUFFER (PCAP_INPUT_MAX + CHUNK)

int pcap_input_open(struct pcap_input *in, FILE *file)
{
	uint8_t *p = malloc(PCAP_HEADROOM + BUFFER);

	*in = (struct pcap_input){.file = file};
	if (p)
		in->buf = p + PCAP_HEADROOM;
	return p ? 0 : -ENOMEM;
}

void pcap_input_close(struct pcap_input *in)
{
	if (in->file)
		fclose(in->file);
	if (in->buf)
		free(in->buf - PCAP_HEADROOM);
	*in = (struct pcap_input){0};
}

/* Reads what is available, up to n bytes, without waiting for all of them: a
 * pipe may be slow. Streams without a file descriptor are read by fread(). */
static size_t read_chunk(struct pcap_input *in, uint8_t *to, size_t n)
{
	int fd = fileno(in->file);
	ssize_t r;

	if (fd < 0) {
		n = fread(to, 1, n, in->file);
		if (!n && ferror(in->file))
			in->err = errno;
		return n;
	}
	do {
		r = read(fd, to, n);
	} while (r < 0 && errno == EINTR);
	if (r >= 0)
		return (size_t)r;
	in->err = errno;
	return 0;
}

size_t pcap_input_fill(struct pcap_input *in, size_t n)
{
	size_t got;

	if (in->at) {
		memmove(in->buf, in->buf + in->at, in->end - in->at);
		in->end -= in->at;
		in->at = 0;
	}
	while (in->end < n && !in->ended) {
		got = read_chunk(in, in->buf + in->end, CHUNK);
		in->end += got;
		in->bytes_read += got;
		in->ended = got == 0;
	}
	return in->end;
}

static ssize_t stream_read(void *cookie, char *to, size_t n)
{
	struct pcap_input *in = cookie;
	size_t waiting = pcap_input_ensure(in, 1);

	if (!waiting && in->err) {
		errno = in->err;
		return -1;
	}
	n = n < waiting ? n : waiting;
	memcpy(to, in->buf + in->at, n);
	in->at += n;
	return (ssize_t)n;
}

FILE *pcap_input_stream(struct pcap_input *in)
{
	return fopencookie(in, "rb",
			   (cookie_io_functions_t){.read = stream_read});
}
