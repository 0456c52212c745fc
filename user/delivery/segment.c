/* SPDX-License-Identifier: MIT */
/*
 * Files are append-only. Acknowledgements go to a second file, so a segment is
 * never rewritten; it is deleted when all its records are acknowledged. A torn
 * write at the end of either file is skipped by the next reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/segment.h"

#define NAME_MAX_LEN 32
/* Bytes read at a time; the window grows for a larger record. */
#define WINDOW (256u << 10)
/* In bytes examined in vain per byte of a segment: see record_max(). */
#define WASTE_STEP 8

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
	struct stat st;
	int fd, err = owned_enter(&d->owner);

	if (err) {
		errno = -err;
		return -1;
	}
	name_of(name, seq, suffix);
	/* O_NONBLOCK: a FIFO with this name must not block the thread. */
	fd = openat(d->fd, name,
		    O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
			    O_NOCTTY | flags,
		    0600);
	owned_leave(&d->owner);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	return fd;
}

/* unlink() as the owner. -1 with errno. */
static int remove_file(const struct segment_dir *d, const char *name)
{
	int err = owned_enter(&d->owner);

	if (err) {
		errno = -err;
		return -1;
	}
	err = unlinkat(d->fd, name, 0);
	owned_leave(&d->owner);
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* All or nothing: truncates the file to size after a partial write. 0 or
 * -errno. */
static int write_all(int fd, const uint8_t *p, size_t n, off_t size)
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
		/* If that fails too, a reader will skip the torn record. */
		if (done && ftruncate(fd, size))
			err = EIO;
		return -err;
	}
	return 0;
}

/* --- creating ---------------------------------------------------------- */

static struct segment *segment_alloc(uint64_t seq, bool on_disk)
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
	struct segment *g = segment_alloc(seq, on_disk);
	uint8_t header[SPOOL_HEADER];
	int err;

	if (!g)
		return NULL;
	spool_header_write(header, seq);
	if (on_disk) {
		char acks[NAME_MAX_LEN];

		/* Left over from a segment with the same number. If it cannot
		 * be deleted, such as a directory, the number is taken. */
		name_of(acks, seq, "acks");
		if (remove_file(d, acks) &&
		    (errno == EISDIR || errno == EPERM)) {
			errno = EEXIST;
			return fail(d, g, false);
		}
		g->fd = open_file(d, seq, "spool", O_CREAT | O_EXCL);
		if (g->fd < 0)
			return fail(d, g, false);
		err = write_all(g->fd, header, sizeof(header), 0);
		if (err) {
			errno = -err;
			return fail(d, g, true);
		}
		g->dirty = true;
	} else {
		buf_add(&g->mem, header, sizeof(header));
		if (g->mem.failed) {
			errno = ENOMEM;
			return fail(d, g, false);
		}
	}
	g->size = g->at = SPOOL_HEADER;
	g->charged = SPOOL_HEADER;
	return g;
}

static int by_start(const void *a, const void *b)
{
	const struct spool_ack *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* -1 if there is none, or something else, then with g->no_acks. A file with more
 * than twice as many entries as the segment can have records is not ours: it could
 * be sparse, and larger than anyone can read. */
static int open_acks(const struct segment_dir *d, struct segment *g)
{
	const uint64_t max =
		2 * SPOOL_ACK * ((uint64_t)g->size / SPOOL_RECORD_HEAD + 1);
	char name[NAME_MAX_LEN];
	struct stat st;
	int fd = -1;

	name_of(name, g->seq, "acks");
	/* Opening a device may have side effects. */
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		g->no_acks = errno != ENOENT;
		return -1;
	}
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max)
		fd = open_file(d, g->seq, "acks", 0);
	g->no_acks = fd < 0;
	return fd;
}

/* Reads, sorts and merges the acknowledgements. Ignores torn or damaged entries:
 * what they acknowledged is sent again. */
static bool load_acks(const struct segment_dir *d, struct segment *g)
{
	uint8_t raw[SPOOL_ACK * 256];
	int fd = open_acks(d, g);
	struct spool_ack a, *more;
	uint32_t i, n;
	ssize_t got;

	if (fd < 0)
		return true;
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
	more = realloc(g->acks, g->n_acks * sizeof(*more));
	if (more)
		g->acks = more;
	return true;
}

struct segment *segment_load(const struct segment_dir *d, uint64_t seq)
{
	struct segment *g = segment_alloc(seq, true);
	char name[NAME_MAX_LEN];
	struct stat st;

	if (!g)
		return NULL;
	name_of(name, seq, "spool");
	/* Opening a device may have side effects. */
	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return fail(d, g, false);
	if (!seq || !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return fail(d, g, false);
	}
	g->fd = open_file(d, seq, "spool", 0);
	if (g->fd < 0 || fstat(g->fd, &st))
		return fail(d, g, false);
	g->uncounted = true;
	/* A file is charged with the space it takes, which is little if it is
	 * sparse. One that is not ours must not displace others. */
	if (st.st_size <= SEGMENT_FILE_MAX) {
		g->size = (uint32_t)st.st_size;
		g->charged = (uint64_t)st.st_blocks * 512;
		if (g->charged > g->size)
			g->charged = g->size;
	} else {
		g->size = SEGMENT_FILE_MAX;
		g->cut = g->keep = true;
	}
	if (!load_acks(d, g))
		return fail(d, g, false);
	segment_close_files(g);
	return g;
}

/* --- records ----------------------------------------------------------- */

int segment_append(struct segment *g, const struct buf *records, uint32_t n)
{
	if (!g->on_disk) {
		buf_add(&g->mem, records->p, records->len);
		if (g->mem.failed) {
			g->mem.failed = false;
			return -ENOMEM;
		}
	} else {
		int err = write_all(g->fd, records->p, records->len, g->size);

		if (err)
			return err;
		g->dirty = true;
	}
	g->size += (uint32_t)records->len;
	g->charged += records->len;
	g->stored += n;
	g->unacked += n;
	return 0;
}

/* The bytes at position at that are in memory, *n of them. */
static const uint8_t *buffered(const struct segment *g,
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

/* Reads the file at position at, more of it than is in memory now. false with
 * errno. */
static bool fill_window(const struct segment_dir *d, struct segment *g,
			struct segment_window *w, uint32_t at)
{
	size_t before, want;
	ssize_t r;

	if (g->fd < 0)
		g->fd = open_file(d, g->seq, "spool", 0);
	if (g->fd < 0)
		return false;
	buffered(g, w, at, &before);
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
		g->size = at + (uint32_t)w->b.len; /* truncated by others */
	return true;
}

/*
 * The longest record to look for. In our segments few bytes look like a record and
 * are none. If the bytes examined in vain exceed several times those of the
 * segment, this is halved, so that the work per byte has a bound.
 */
static uint32_t record_max(const struct segment *g)
{
	const uint64_t step = WASTE_STEP * ((uint64_t)g->size + WINDOW);
	const uint64_t halvings = g->wasted / step;

	return halvings < 32 ? SPOOL_PAYLOAD_MAX >> halvings : 0;
}

/* Skips a hole of a sparse file, which may be longer than anyone can read. */
static bool skip_hole(const struct segment_dir *d, struct segment *g)
{
	off_t data;

	if (!g->on_disk)
		return false;
	if (g->fd < 0)
		g->fd = open_file(d, g->seq, "spool", 0);
	if (g->fd < 0)
		return false;
	data = lseek(g->fd, (off_t)g->at, SEEK_DATA);
	if (data < 0 && errno != ENXIO)
		return false;
	/* ENXIO: no data up to the end; or the file was truncated. */
	if (data < 0 || data > (off_t)g->size)
		data = (off_t)g->size;
	if (data <= (off_t)g->at)
		return false;
	g->at = (uint32_t)data;
	return true;
}

/* Was the record at this position acknowledged before this start? Positions must
 * ascend. */
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
	enum spool_probe probe;
	const uint8_t *p;
	uint32_t len = 0;
	size_t n;

	errno = 0;
	while (g->at < g->size) {
		p = buffered(g, w, g->at, &n);
		if (!n && skip_hole(d, g)) {
			*damaged += !in_damage;
			in_damage = true;
			continue;
		}
		probe = n ? spool_record_probe(p, n, record_max(g), &len)
			  : SPOOL_PROBE_SHORT;
		if (!g->at && n >= SPOOL_HEADER &&
		    spool_header_valid(p, n, g->seq)) {
			g->at = SPOOL_HEADER;
			continue;
		}
		if ((probe == SPOOL_PROBE_SHORT ||
		     (!g->at && n < SPOOL_HEADER)) &&
		    n < g->size - g->at) {
			if (!fill_window(d, g, w, g->at))
				return false;
			continue;
		}
		if (probe != SPOOL_PROBE_RECORD) {
			*damaged += !in_damage;
			in_damage = true;
			g->wasted += len;
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
	if (g->cut && g->uncounted && !in_damage)
		++*damaged; /* the rest of the file */
	errno = 0;
	return false;
}

int segment_count(const struct segment_dir *d, struct segment *g,
		  struct segment_window *w, uint64_t *damaged)
{
	struct segment_record r;
	uint32_t n = 0;
	int err;

	g->at = 0;
	g->wasted = 0;
	while (segment_next(d, g, w, &r, damaged))
		n++;
	err = errno;
	g->uncounted = false;
	g->keep = g->cut || err != 0;
	g->stored = g->unacked = n;
	g->read = 0;
	g->at = 0;
	g->wasted = 0;
	g->next_ack = 0;
	return -err;
}

int segment_ack(const struct segment_dir *d, struct segment *g,
		const struct spool_ack *a)
{
	uint8_t raw[SPOOL_ACK];
	struct stat st;
	int err;

	g->unacked -= a->n < g->unacked ? a->n : g->unacked;
	if (!g->on_disk || g->no_acks)
		return 0;
	if (g->ack_fd < 0)
		g->ack_fd = open_file(d, g->seq, "acks", O_CREAT);
	if (g->ack_fd < 0 || fstat(g->ack_fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		close_fd(&g->ack_fd);
		g->no_acks = true;
		return 0;
	}
	spool_ack_write(raw, a);
	/* Entries must start at multiples of their size. */
	if (st.st_size % SPOOL_ACK &&
	    ftruncate(g->ack_fd, st.st_size - st.st_size % SPOOL_ACK))
		return -errno;
	err = write_all(g->ack_fd, raw, sizeof(raw),
			st.st_size - st.st_size % SPOOL_ACK);
	if (!err)
		g->ack_dirty = true;
	return err;
}

int segment_sync(struct segment *g)
{
	int err = 0;

	if (g->dirty && g->fd >= 0 && fdatasync(g->fd))
		err = -errno;
	if (g->ack_dirty && g->ack_fd >= 0 && fdatasync(g->ack_fd))
		err = -errno;
	g->dirty = g->ack_dirty = false;
	return err;
}

void segment_close_files(struct segment *g)
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
	if (remove && g->on_disk && !g->keep) {
		/* In this order: a segment without its acknowledgements would
		 * be sent again. */
		name_of(name, g->seq, "spool");
		if (!remove_file(d, name) || errno == ENOENT) {
			name_of(name, g->seq, "acks");
			remove_file(d, name);
		}
	}
	buf_free(&g->mem);
	free(g->acks);
	free(g);
}
