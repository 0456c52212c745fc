/* SPDX-License-Identifier: MIT */
/*
 * A list of segments, oldest first. New records go to the last, reading proceeds
 * through the list, acknowledgements may come in any order. Sequence numbers
 * only grow, so the order survives a restart.
 *
 * Four states follow each other for every record: stored, read (a batch holds
 * it), acknowledged, and deleted with its segment. The limit is kept by dropping
 * the oldest segment with all its records.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "delivery/spool.h"
#include "delivery/spool_dir.h"
#include "delivery/spool_lock.h"

/* The limit is enforced by dropping a whole segment: 1/64 of it. */
#define SEGMENTS_MIN   64
#define SEGMENT_MAX    (64u << 20)
#define SEGMENT_MIN    (64u << 10)
#define MEMORY_SEGMENT (1u << 20)
/* A delivered segment is deleted once it is larger than this. */
#define KEEP_MAX (4u << 20)
/* Larger numbers are not ours: new segments do not count on from them, as the
 * numbers could overflow. */
#define SEQ_MAX (UINT64_MAX >> 1)
/* Attempts to find an unused name for a new segment; the step doubles. */
#define SKIP_MAX 30
/* Time between attempts to write to a disk that failed. */
#define DISK_RETRY_NS (5 * NSEC_PER_SEC)

struct spool {
	struct spool_conf conf;
	struct segment_dir dir;
	int lock_fd;
	uint32_t segment_max;
	uint64_t next_seq; /* of the next segment; the first is 1 */
	struct segment *first, *last;
	struct segment *reading;    /* NULL: the first */
	struct segment *recovering; /* next for spool_recover() */
	bool appendable;	    /* last may be appended to */
	struct segment_window window;
	bool failing;	   /* the last write to disk failed, logged */
	uint64_t retry_ns; /* CLOCK_MONOTONIC, of the next attempt */
	struct spool_stats stats;
};

/* --- the directory ----------------------------------------------------- */

/* Logs err, a negative errno, and returns it. */
static int log_failure(const struct spool *s, const char *what, int err)
{
	log_error(s->conf.log, "spool %s: %s: %s", s->conf.dir, what,
		  owned_error(&s->conf.owner, -err));
	return err;
}

static int log_errno(const struct spool *s, const char *what)
{
	return log_failure(s, what, -errno);
}

/* A directory with other files in it was probably named by mistake, unless it is
 * known to be a spool: then they are ignored. */
static int check_files(const struct spool *s, DIR *d)
{
	struct spool_others others;

	spool_dir_scan(&others, d);
	if (!others.n)
		return 0;
	if (others.in_spool) {
		log_warn(
			s->conf.log,
			"spool %s: ignoring %zu entries that are not part of the spool, such as %s: move them elsewhere",
			s->conf.dir, others.n, others.example);
		return 0;
	}
	log_error(
		s->conf.log,
		"spool %s: contains other files, such as %s: use a directory of its own",
		s->conf.dir, others.example);
	return -ENOTEMPTY;
}

static void append_segment(struct spool *s, struct segment *g)
{
	if (s->last)
		s->last->next = g;
	else
		s->first = g;
	s->last = g;
	if (g->on_disk)
		s->stats.disk_bytes += g->charged;
	else
		s->stats.memory_bytes += g->charged;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int load_segments(struct spool *s, const uint64_t *seq, size_t n)
{
	unsigned long long first = 0;
	size_t unusable = 0;
	struct segment *g;
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		if (seq[i] < SEQ_MAX)
			s->next_seq = seq[i] + 1;
		g = segment_load(&s->dir, seq[i]);
		if (g) {
			append_segment(s, g);
		} else if (errno == ENOMEM) {
			return log_errno(s, "cannot be read");
		} else if (!unusable++) {
			err = errno;
			first = seq[i];
		}
	}
	if (unusable)
		log_error(
			s->conf.log,
			"spool %s: leaving out %zu segments, such as %016llx.spool: %s: make them readable for this user, or move them elsewhere",
			s->conf.dir, unusable, first,
			err == EINVAL ? "not a segment" : strerror(err));
	s->stats.damaged += unusable;
	s->recovering = s->first;
	return 0;
}

static int list_segments(struct spool *s, DIR *d)
{
	uint64_t *seq = NULL, *more, one;
	size_t n = 0, cap = 0;
	struct dirent *e;
	int err = 0;

	rewinddir(d);
	while ((e = readdir(d))) {
		if (!segment_is_name(e->d_name, &one))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 64;
			more = realloc(seq, cap * sizeof(*seq));
			if (!more) {
				err = log_errno(s, "cannot be read");
				break;
			}
			seq = more;
		}
		seq[n++] = one;
	}
	if (n)
		qsort(seq, n, sizeof(*seq), by_number);
	if (!err)
		err = load_segments(s, seq, n);
	free(seq);
	return err;
}

static int open_dir(struct spool *s)
{
	bool root_only;
	DIR *d;
	int err;

	s->dir.fd =
		owned_open_directory(&s->dir.owner, s->conf.dir, &root_only);
	if (s->dir.fd < 0)
		return log_failure(s, "cannot be created or opened", s->dir.fd);
	d = fdopendir(fcntl(s->dir.fd, F_DUPFD_CLOEXEC, 3));
	if (!d)
		return log_errno(s, "cannot be read");
	err = check_files(s, d);
	/* New, or from an earlier run as root. */
	if (!err && root_only) {
		err = owned_hand_over(&s->dir.owner, s->dir.fd);
		if (err)
			log_failure(
				s,
				"cannot change its owner to the user of the daemon",
				err);
	}
	if (!err)
		err = spool_lock(&s->lock_fd, &s->dir, s->conf.dir,
				 s->conf.log);
	if (!err)
		err = list_segments(s, d);
	closedir(d);
	return err;
}

struct spool *spool_open(const struct spool_conf *conf)
{
	struct spool *s = calloc(1, sizeof(*s));
	uint64_t segment = conf->limit / SEGMENTS_MIN;

	if (!s) {
		log_error(conf->log, "spool: %s", strerror(errno));
		return NULL;
	}
	s->conf = *conf;
	s->dir = (struct segment_dir){-1, conf->owner};
	s->lock_fd = -1;
	s->next_seq = 1;
	s->segment_max = segment > SEGMENT_MAX	 ? SEGMENT_MAX
			 : segment < SEGMENT_MIN ? SEGMENT_MIN
						 : (uint32_t)segment;
	if (!conf->dir || !open_dir(s))
		return s;
	spool_close(s);
	return NULL;
}

/* --- segments ---------------------------------------------------------- */

static void remove_segment(struct spool *s, struct segment *g, bool files)
{
	struct segment **at = &s->first, *before = NULL;

	for (; *at != g; at = &(*at)->next)
		before = *at;
	*at = g->next;
	if (s->last == g) {
		s->last = before;
		s->appendable = false;
	}
	if (s->reading == g)
		s->reading = g->next;
	if (s->recovering == g)
		s->recovering = g->next;
	if (s->window.of == g)
		s->window.of = NULL;
	if (g->on_disk)
		s->stats.disk_bytes -= g->charged;
	else
		s->stats.memory_bytes -= g->charged;
	segment_free(&s->dir, g, files);
}

static void log_unreadable(const struct spool *s, const struct segment *g,
			   int err)
{
	log_error(
		s->conf.log,
		"spool %s/%016llx.spool: cannot be read: %s: leaving it for the next start",
		s->conf.dir, (unsigned long long)g->seq, strerror(err));
}

bool spool_recover(struct spool *s)
{
	struct segment *g = s->recovering;
	int err;

	if (!g)
		return false;
	s->recovering = g->next && g->next->uncounted ? g->next : NULL;
	err = segment_count(&s->dir, g, &s->window, &s->stats.damaged);
	segment_close_files(g);
	s->stats.recovered += g->stored;
	if (err) {
		s->stats.damaged++;
		log_unreadable(s, g, -err);
	}
	if (g->cut)
		log_error(
			s->conf.log,
			"spool %s/%016llx.spool: larger than any segment: not reading beyond %u MiB: move it elsewhere",
			s->conf.dir, (unsigned long long)g->seq,
			SEGMENT_FILE_MAX >> 20);
	if (!g->unacked)
		remove_segment(s, g, true);
	return s->recovering != NULL;
}

/* Drops the oldest segments until n more bytes fit on disk. */
static void enforce_limit(struct spool *s, uint64_t n)
{
	struct segment *g;
	uint32_t unread;

	while (s->stats.disk_bytes + n > s->conf.limit) {
		for (g = s->first; g && !g->on_disk; g = g->next)
			;
		if (!g)
			return;
		if (g == s->recovering) {
			/* Count its records before dropping it. */
			spool_recover(s);
			continue;
		}
		/* Records that have been read may still be delivered. */
		unread = g->stored - g->read;
		if (unread && !s->stats.dropped_limit)
			log_warn(
				s->conf.log,
				"spool %s: full: dropping the oldest transactions: raise its limit",
				s->conf.dir);
		s->stats.dropped_limit += unread;
		remove_segment(s, g, true);
	}
}

static void disk_failed(struct spool *s, int err)
{
	if (!s->failing)
		log_error(
			s->conf.log,
			"spool %s: cannot be written: %s: keeping transactions in memory until it can",
			s->conf.dir, strerror(err));
	s->failing = true;
	s->retry_ns = clock_mono_ns() + DISK_RETRY_NS;
	s->appendable = false;
}

static bool disk_usable(const struct spool *s)
{
	return s->dir.fd >= 0 &&
	       (!s->failing || clock_mono_ns() >= s->retry_ns);
}

/* The segment to append n bytes to. NULL with errno. */
static struct segment *segment_for(struct spool *s, bool on_disk, size_t n)
{
	uint32_t max = on_disk ? s->segment_max : MEMORY_SEGMENT;
	struct segment *g = s->last;
	unsigned int skipped = 0;

	if (g && s->appendable && g->on_disk == on_disk &&
	    (g->size == SPOOL_HEADER || g->size + n <= max))
		return g;
	if (g && s->appendable && g->on_disk && g != s->reading)
		segment_close_files(g);
	s->appendable = false;
	while (!(g = segment_new(&s->dir, s->next_seq, on_disk))) {
		if (errno != EEXIST || skipped == SKIP_MAX)
			return NULL;
		/* By growing steps, in case all numbers that follow are in use. */
		s->next_seq += 1ull << skipped++;
	}
	s->next_seq++;
	if (on_disk)
		fsync(s->dir.fd); /* the new directory entry */
	append_segment(s, g);
	s->appendable = true;
	return g;
}

static int append(struct spool *s, bool on_disk, const struct buf *records,
		  uint32_t n)
{
	struct segment *g;
	int err;

	if (on_disk)
		enforce_limit(s, records->len + SPOOL_HEADER);
	g = segment_for(s, on_disk, records->len);
	err = g ? segment_append(g, records, n) : -errno;
	if (err)
		return err;
	if (on_disk)
		s->stats.disk_bytes += records->len;
	else
		s->stats.memory_bytes += records->len;
	return 0;
}

bool spool_has_room(const struct spool *s)
{
	if (!disk_usable(s))
		return s->stats.memory_bytes < s->conf.memory;
	return !s->conf.blocking ||
	       s->stats.disk_bytes + 2 * s->segment_max <= s->conf.limit;
}

int spool_append(struct spool *s, const struct buf *records, uint32_t n)
{
	int err;

	if (disk_usable(s)) {
		err = append(s, true, records, n);
		if (!err) {
			if (s->failing)
				log_info(s->conf.log,
					 "spool %s can be written again",
					 s->conf.dir);
			s->failing = false;
			return 0;
		}
		disk_failed(s, -err);
	}
	return append(s, false, records, n);
}

/* --- reading ----------------------------------------------------------- */

uint64_t spool_unread(const struct spool *s)
{
	const struct segment *g = s->reading ? s->reading : s->first;
	uint64_t n = 0;

	for (; g && !s->recovering; g = g->next)
		n += g->stored - g->read;
	return n;
}

/* Nothing more can be read from g. Records that were counted but not read are
 * lost. */
static void finish_segment(struct spool *s, struct segment *g, int err)
{
	uint32_t lost = g->stored - g->read;

	if (err)
		log_unreadable(s, g, err);
	s->stats.dropped_damaged += lost;
	g->read = g->stored;
	g->unacked -= lost < g->unacked ? lost : g->unacked;
	s->reading = g->next;
	if (!g->unacked || err)
		remove_segment(s, g, !err);
	else if (g->on_disk)
		segment_close_files(g);
}

bool spool_read(struct spool *s, struct spool_record *r, uint64_t same_segment)
{
	struct segment *g = s->reading ? s->reading : s->first, *next;
	struct segment_record found;
	int err;

	for (; g && !s->recovering; g = next) {
		s->reading = g;
		if (same_segment && g->seq != same_segment)
			return false;
		errno = 0;
		if (g->read < g->stored &&
		    segment_next(&s->dir, g, &s->window, &found,
				 &s->stats.damaged)) {
			g->read++;
			*r = (struct spool_record){
				.payload = found.payload,
				.len = found.len,
				.range = {g->seq, found.from, found.to},
			};
			return true;
		}
		err = errno;
		/* More records may be appended to the last segment. */
		if (g == s->last && g->read == g->stored)
			return false;
		if (g == s->last)
			s->appendable = false;
		next = g->next;
		finish_segment(s, g, err);
	}
	return false;
}

void spool_push_back(struct spool *s, const struct spool_record *r)
{
	struct segment *g = s->reading;

	if (!g || g->seq != r->range.seq)
		return;
	g->at = r->range.from;
	g->read--;
}

static struct segment *find(const struct spool *s, uint64_t seq)
{
	struct segment *g;

	for (g = s->first; g && g->seq != seq; g = g->next)
		;
	return g;
}

void spool_ack(struct spool *s, const struct spool_range *p, uint32_t n)
{
	const struct spool_ack a = {p->from, p->to, n};
	struct segment *g = find(s, p->seq);
	int err;

	if (!g)
		return; /* dropped in the meantime */
	err = segment_ack(&s->dir, g, &a);
	if (err && !s->failing)
		disk_failed(s, -err);
	if (g->unacked || g->read < g->stored)
		return;
	/* Keep the last one while it is small, to append to it. */
	if (g != s->last || !s->appendable || !g->on_disk ||
	    g->size > KEEP_MAX || g->size > s->segment_max / 4)
		remove_segment(s, g, true);
}

bool spool_has_segment(const struct spool *s, uint64_t seq)
{
	return find(s, seq) != NULL;
}

void spool_sync(struct spool *s)
{
	struct segment *g;
	int err;

	for (g = s->first; g; g = g->next) {
		err = g->on_disk ? segment_sync(g) : 0;
		if (err && !s->failing)
			disk_failed(s, -err);
	}
}

void spool_give_back(struct spool *s, size_t keep)
{
	if (s->recovering || spool_unread(s))
		return;
	s->window.of = NULL;
	buf_give_back(&s->window.b, keep);
}

void spool_stats(const struct spool *s, struct spool_stats *stats)
{
	const struct segment *g;

	*stats = s->stats;
	for (g = s->first; g; g = g->next)
		*(g->on_disk ? &stats->on_disk : &stats->in_memory) +=
			g->unacked;
}

void spool_close(struct spool *s)
{
	struct segment *g, *next;

	if (!s)
		return;
	for (g = s->first; g; g = next) {
		next = g->next;
		segment_sync(g);
		/* Keep segments that were not counted yet. */
		segment_free(&s->dir, g,
			     !g->unacked && g->read == g->stored &&
				     !s->recovering);
	}
	buf_free(&s->window.b);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir.fd >= 0)
		close(s->dir.fd);
	free(s);
}
