/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metlo/segment.h"

#define NAME_MAX_LEN 32
/* Read at a time; a larger record makes the window grow. */
#define WINDOW (256u << 10)

/* --- files ------------------------------------------------------------- */

static void name_of(char to[NAME_MAX_LEN], uint64_t seq, const char *suffix)
{
	snprintf(to, NAME_MAX_LEN, "%016llx.%s", (unsigned long long)seq,
		 suffix);
}

bool segment_is_name(const char *name, uint64_t *seq)
{
	char again[NAME_MAX_LEN];
	char *end;

	*seq = strtoull(name, &end, 16);
	name_of(again, *seq, "spool");
	return !strcmp(name, again);
}

static int open_file(const struct segment_dir *d, uint64_t seq,
		     const char *suffix, int flags)
{
	char name[NAME_MAX_LEN];
	int fd, err;

	name_of(name, seq, suffix);
	fd = openat(d->fd, name, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0600);
	/* The daemon may become that user at any time: then it has what is
	 * open, and the next start gives it. */
	if (fd >= 0 && d->owner.change && !geteuid() &&
	    fchown(fd, d->owner.uid, d->owner.gid) && !geteuid()) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* All or nothing: what was written of it is taken back. */
static bool write_all(int fd, const uint8_t *p, size_t n, uint32_t size)
{
	size_t done = 0;
	ssize_t r;
	int err;

	while (done < n) {
		r = write(fd, p + done, n - done);
		if (r > 0) {
			done += (size_t)r;
			continue;
		}
		if (r < 0 && errno == EINTR)
			continue;
		err = r ? errno : ENOSPC;
		/* If that fails as well, it is damage that a reader skips. */
		if (done && ftruncate(fd, size))
			err = EIO;
		errno = err;
		return false;
	}
	return true;
}

/* --- making ------------------------------------------------------------ */

static struct segment *blank(uint64_t seq, bool on_disk)
{
	struct segment *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->seq = seq;
	g->on_disk = on_disk;
	g->fd = g->ack_fd = -1;
	return g;
}

static struct segment *fail(const struct segment_dir *d, struct segment *g,
			    bool remove)
{
	int err = errno;

	segment_free(d, g, remove);
	errno = err;
	return NULL;
}

struct segment *segment_new(const struct segment_dir *d, uint64_t seq,
			    bool on_disk)
{
	struct segment *g = blank(seq, on_disk);
	uint8_t header[SPOOL_HEADER];

	if (!g)
		return NULL;
	spool_header_write(header, seq);
	if (on_disk) {
		char acks[NAME_MAX_LEN];

		/* Of one that had this number before. */
		name_of(acks, seq, "acks");
		unlinkat(d->fd, acks, 0);
		g->fd = open_file(d, seq, "spool", O_CREAT | O_EXCL);
		if (g->fd < 0)
			return fail(d, g, false);
		if (!write_all(g->fd, header, sizeof(header), 0))
			return fail(d, g, true);
		g->dirty = true;
	} else {
		buf_add(&g->mem, header, sizeof(header));
		if (g->mem.failed) {
			errno = ENOMEM;
			return fail(d, g, false);
		}
	}
	g->size = g->at = SPOOL_HEADER;
	return g;
}

static int by_start(const void *a, const void *b)
{
	const struct spool_ack *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Sorted and merged; entries that are torn or damaged count for nothing: what
 * they acknowledged is sent once more. */
static bool load_acks(const struct segment_dir *d, struct segment *g)
{
	uint8_t raw[SPOOL_ACK * 256];
	int fd = open_file(d, g->seq, "acks", 0);
	struct spool_ack a, *more;
	uint32_t i, n;
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT;
	while ((got = read(fd, raw, sizeof(raw))) >= (ssize_t)SPOOL_ACK) {
		n = (uint32_t)got / SPOOL_ACK;
		more = realloc(g->acks, (g->n_acks + n) * sizeof(*more));
		if (!more) {
			close(fd);
			return false;
		}
		g->acks = more;
		for (i = 0; i < n; i++)
			if (spool_ack_read(raw + (size_t)i * SPOOL_ACK, &a))
				g->acks[g->n_acks++] = a;
	}
	close(fd);
	if (!g->n_acks)
		return true;
	qsort(g->acks, g->n_acks, sizeof(*g->acks), by_start);
	for (i = 1, n = 0; i < g->n_acks; i++) {
		if (g->acks[i].from > g->acks[n].to)
			g->acks[++n] = g->acks[i];
		else if (g->acks[i].to > g->acks[n].to)
			g->acks[n].to = g->acks[i].to;
	}
	g->n_acks = n + 1;
	return true;
}

struct segment *segment_load(const struct segment_dir *d, uint64_t seq)
{
	struct segment *g = blank(seq, true);
	struct stat st;

	if (!g)
		return NULL;
	g->fd = open_file(d, seq, "spool", 0);
	if (g->fd < 0 || fstat(g->fd, &st) || !load_acks(d, g))
		return fail(d, g, false);
	/* What is behind that was not written by us. */
	g->size = st.st_size < UINT32_MAX ? (uint32_t)st.st_size : UINT32_MAX;
	segment_rest(g);
	return g;
}

/* --- records ----------------------------------------------------------- */

bool segment_append(struct segment *g, const struct buf *records, uint32_t n)
{
	if (!g->on_disk) {
		buf_add(&g->mem, records->p, records->len);
		if (g->mem.failed) {
			g->mem.failed = false;
			errno = ENOMEM;
			return false;
		}
	} else if (!write_all(g->fd, records->p, records->len, g->size)) {
		return false;
	} else {
		g->dirty = true;
	}
	g->size += (uint32_t)records->len;
	g->stored += n;
	g->left += n;
	return true;
}

/* The bytes from at on that can be seen without reading more; *n of them. */
static const uint8_t *seen(const struct segment *g,
			   const struct segment_window *w, uint32_t at,
			   size_t *n)
{
	if (!g->on_disk) {
		*n = g->size - at;
		return g->mem.p + at;
	}
	*n = 0;
	if (w->of != g || at < w->start || at - w->start > w->b.len)
		return NULL;
	*n = w->b.len - (at - w->start);
	return w->b.p + (at - w->start);
}

/* Reads what comes at and behind at, more than can be seen now if there is
 * more. false with errno. */
static bool look_further(const struct segment_dir *d, struct segment *g,
			 struct segment_window *w, uint32_t at)
{
	size_t before, want;
	ssize_t r;

	if (g->fd < 0)
		g->fd = open_file(d, g->seq, "spool", 0);
	if (g->fd < 0)
		return false;
	seen(g, w, at, &before);
	want = before < WINDOW ? WINDOW : before * 2;
	if (want > g->size - at)
		want = g->size - at;
	w->of = NULL;
	buf_clear(&w->b);
	if (!buf_reserve(&w->b, want)) {
		errno = ENOMEM;
		return false;
	}
	while (w->b.len < want) {
		r = pread(g->fd, w->b.p + w->b.len, want - w->b.len,
			  (off_t)(at + w->b.len));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return false;
		if (!r)
			break;
		w->b.len += (size_t)r;
	}
	w->of = g;
	w->start = at;
	if (w->b.len < want)
		g->size = at + (uint32_t)w->b.len; /* somebody cut it */
	return true;
}

/* Whether the record at a byte was acknowledged before; these come in order. */
static bool was_acked(struct segment *g, uint32_t at)
{
	while (g->next_ack < g->n_acks && g->acks[g->next_ack].to <= at)
		g->next_ack++;
	return g->next_ack < g->n_acks && g->acks[g->next_ack].from <= at;
}

bool segment_next(const struct segment_dir *d, struct segment *g,
		  struct segment_window *w, struct segment_record *r,
		  uint64_t *damaged)
{
	bool in_damage = false;
	enum spool_look look;
	const uint8_t *p;
	uint32_t len = 0;
	size_t n;

	errno = 0;
	while (g->at < g->size) {
		p = seen(g, w, g->at, &n);
		look = n ? spool_record_look(p, n, &len) : SPOOL_IS_SHORT;
		if (!g->at && n >= SPOOL_HEADER &&
		    spool_header_valid(p, n, g->seq)) {
			g->at = SPOOL_HEADER;
			continue;
		}
		if ((look == SPOOL_IS_SHORT || (!g->at && n < SPOOL_HEADER)) &&
		    n < g->size - g->at) {
			if (!look_further(d, g, w, g->at))
				return false;
			continue;
		}
		if (look != SPOOL_IS_RECORD) {
			*damaged += !in_damage;
			in_damage = true;
			g->at += (uint32_t)spool_record_skip(p, n);
			continue;
		}
		in_damage = false;
		r->from = g->at;
		r->to = g->at + SPOOL_RECORD_HEAD + len;
		r->payload = p + SPOOL_RECORD_HEAD;
		r->len = len;
		g->at = r->to;
		if (!was_acked(g, r->from))
			return true;
	}
	return false;
}

void segment_count(const struct segment_dir *d, struct segment *g,
		   struct segment_window *w, uint64_t *damaged)
{
	struct segment_record r;
	uint32_t n = 0;

	g->at = 0;
	while (segment_next(d, g, w, &r, damaged))
		n++;
	g->stored = g->left = n;
	g->taken = 0;
	g->at = 0;
	g->next_ack = 0;
}

bool segment_ack(const struct segment_dir *d, struct segment *g,
		 const struct spool_ack *a)
{
	uint8_t raw[SPOOL_ACK];
	struct stat st;

	g->left -= a->n < g->left ? a->n : g->left;
	if (!g->on_disk)
		return true;
	if (g->ack_fd < 0)
		g->ack_fd = open_file(d, g->seq, "acks", O_CREAT);
	if (g->ack_fd < 0 || fstat(g->ack_fd, &st))
		return false;
	spool_ack_write(raw, a);
	/* A torn one before it would put this where nobody looks for it. */
	if (st.st_size % SPOOL_ACK &&
	    ftruncate(g->ack_fd, st.st_size - st.st_size % SPOOL_ACK))
		return false;
	if (!write_all(g->ack_fd, raw, sizeof(raw),
		       (uint32_t)(st.st_size - st.st_size % SPOOL_ACK)))
		return false;
	g->ack_dirty = true;
	return true;
}

bool segment_sync(struct segment *g)
{
	bool ok = true;

	if (g->dirty && g->fd >= 0)
		ok = !fdatasync(g->fd);
	if (g->ack_dirty && g->ack_fd >= 0)
		ok = !fdatasync(g->ack_fd) && ok;
	g->dirty = g->ack_dirty = false;
	return ok;
}

void segment_rest(struct segment *g)
{
	segment_sync(g);
	close_fd(&g->fd);
	close_fd(&g->ack_fd);
}

void segment_free(const struct segment_dir *d, struct segment *g, bool remove)
{
	char name[NAME_MAX_LEN];

	if (!g)
		return;
	close_fd(&g->fd);
	close_fd(&g->ack_fd);
	if (remove && g->on_disk) {
		/* In this order: without its acknowledgements, a segment would
		 * be sent once more. */
		name_of(name, g->seq, "spool");
		unlinkat(d->fd, name, 0);
		name_of(name, g->seq, "acks");
		unlinkat(d->fd, name, 0);
	}
	buf_free(&g->mem);
	free(g->acks);
	free(g);
}
