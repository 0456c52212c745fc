/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "metlo/spool.h"

/* The limit is kept by dropping whole segments. */
#define SEGMENTS_MIN   64
#define SEGMENT_MAX    (64u << 20)
#define SEGMENT_MIN    (64u << 10)
#define MEMORY_SEGMENT (1u << 20)
/* One that is delivered is removed when it is larger than this, or full. */
#define KEEP_MAX (4u << 20)
/* After a disk could not be written it is tried again so often. */
#define DISK_AGAIN_NS (5 * NSEC_PER_SEC)

struct spool {
	struct spool_conf conf;
	struct segment_dir dir;
	int lock_fd;
	uint32_t segment_max;
	uint64_t next_seq; /* of the next segment; they begin with 1 */
	struct segment *first, *last;
	struct segment *reading;  /* NULL: the first */
	struct segment *counting; /* next to be recovered */
	uint64_t new_seq;	  /* segments of this start begin with it */
	bool open_end;		  /* last may be appended to */
	struct segment_window window;
	bool failing;	   /* the disk; said so */
	uint64_t again_ns; /* not tried before */
	struct spool_stats stats;
};

/* --- the directory ----------------------------------------------------- */

static bool say(const struct spool *s, const char *what)
{
	log_error(s->conf.log, "--spool %s: %s: %s", s->conf.dir, what,
		  strerror(errno));
	return false;
}

/* Anything but our own files in it means that it is not meant for us. */
static bool is_ours(const char *name)
{
	uint64_t seq;
	size_t n = strlen(name);
	char copy[64];

	if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "lock"))
		return true;
	if (n > 5 && n < sizeof(copy) && !strcmp(name + n - 5, ".acks")) {
		snprintf(copy, sizeof(copy), "%.*s.spool", (int)n - 5, name);
		name = copy;
	}
	return segment_is_name(name, &seq);
}

static bool is_spool(const struct spool *s, DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)))
		if (!is_ours(e->d_name)) {
			log_error(
				s->conf.log,
				"--spool %s: it has other files in it, such as %s: name a directory that is used for nothing else",
				s->conf.dir, e->d_name);
			return false;
		}
	return true;
}

static bool lock_dir(struct spool *s)
{
	s->lock_fd = openat(s->dir.fd, "lock",
			    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return say(s, "cannot be written");
	if (s->dir.owner.change && !geteuid() &&
	    (fchown(s->lock_fd, s->dir.owner.uid, s->dir.owner.gid) ||
	     fchown(s->dir.fd, s->dir.owner.uid, s->dir.owner.gid)))
		return say(s, "cannot be given to the user of the daemon");
	if (!flock(s->lock_fd, LOCK_EX | LOCK_NB))
		return true;
	if (errno == EWOULDBLOCK)
		log_error(
			s->conf.log,
			"--spool %s: another metlo-xdp uses it: end that, or name another directory",
			s->conf.dir);
	else
		say(s, "cannot be locked");
	return false;
}

static void append_segment(struct spool *s, struct segment *g)
{
	if (s->last)
		s->last->next = g;
	else
		s->first = g;
	s->last = g;
	if (g->on_disk)
		s->stats.disk_bytes += g->size;
	else
		s->stats.memory_bytes += g->size;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool load_segments(struct spool *s, const uint64_t *seq, size_t n)
{
	struct segment *g;

	for (size_t i = 0; i < n; i++) {
		g = segment_load(&s->dir, seq[i]);
		if (!g) {
			log_error(
				s->conf.log,
				"--spool %s/%016llx.spool: %s: make it readable for this user, or move it away",
				s->conf.dir, (unsigned long long)seq[i],
				strerror(errno));
			return false;
		}
		append_segment(s, g);
		s->next_seq = seq[i] + 1;
	}
	s->counting = s->first;
	s->new_seq = s->next_seq;
	return true;
}

/* Files that root left there are given away too, as the first daemon may have
 * run without --user. */
static void chown_file(const struct spool *s, const char *name)
{
	struct stat st;

	if (!s->dir.owner.change || geteuid() ||
	    fstatat(s->dir.fd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return;
	if (fchownat(s->dir.fd, name, s->dir.owner.uid, s->dir.owner.gid,
		     AT_SYMLINK_NOFOLLOW))
		log_warn(s->conf.log, "--spool %s/%s: cannot be given away: %s",
			 s->conf.dir, name, strerror(errno));
}

static bool list_segments(struct spool *s, DIR *d)
{
	uint64_t *seq = NULL, *more, one;
	size_t n = 0, cap = 0;
	struct dirent *e;
	bool ok = true;

	rewinddir(d);
	while (ok && (e = readdir(d))) {
		if (!segment_is_name(e->d_name, &one)) {
			if (strstr(e->d_name, ".acks"))
				chown_file(s, e->d_name);
			continue;
		}
		chown_file(s, e->d_name);
		if (n == cap) {
			cap = cap ? cap * 2 : 64;
			more = realloc(seq, cap * sizeof(*seq));
			if (!more) {
				ok = say(s, "cannot be read");
				break;
			}
			seq = more;
		}
		seq[n++] = one;
	}
	if (n)
		qsort(seq, n, sizeof(*seq), by_number);
	ok = ok && load_segments(s, seq, n);
	free(seq);
	return ok;
}

static bool open_dir(struct spool *s)
{
	DIR *d;
	bool ok;

	if (mkdir(s->conf.dir, 0700) && errno != EEXIST)
		return say(s, "cannot be made");
	s->dir.fd = open(s->conf.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir.fd < 0)
		return say(s, "cannot be opened");
	d = fdopendir(fcntl(s->dir.fd, F_DUPFD_CLOEXEC, 3));
	if (!d)
		return say(s, "cannot be read");
	ok = is_spool(s, d) && lock_dir(s) && list_segments(s, d);
	closedir(d);
	return ok;
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
	if (!conf->dir || open_dir(s))
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
		s->open_end = false;
	}
	if (s->reading == g)
		s->reading = g->next;
	if (s->counting == g)
		s->counting = g->next;
	if (s->window.of == g)
		s->window.of = NULL;
	if (g->on_disk)
		s->stats.disk_bytes -= g->size;
	else
		s->stats.memory_bytes -= g->size;
	segment_free(&s->dir, g, files);
}

bool spool_recover(struct spool *s)
{
	struct segment *g = s->counting;

	if (!g)
		return false;
	s->counting = g->next && g->next->seq < s->new_seq ? g->next : NULL;
	segment_count(&s->dir, g, &s->window, &s->stats.damaged);
	segment_rest(g);
	s->stats.recovered += g->stored;
	if (!g->left)
		remove_segment(s, g, true);
	return s->counting != NULL;
}

/* Makes room on disk for n bytes more. */
static void keep_limit(struct spool *s, uint64_t n)
{
	struct segment *g;
	uint32_t unread;

	while (s->stats.disk_bytes + n > s->conf.limit) {
		for (g = s->first; g && !g->on_disk; g = g->next)
			;
		if (!g)
			return;
		if (g == s->counting) {
			/* It is to be counted, too, what is dropped. */
			spool_recover(s);
			continue;
		}
		/* What has been read may still arrive. */
		unread = g->stored - g->taken;
		if (unread && !s->stats.dropped_limit)
			log_warn(
				s->conf.log,
				"--spool %s: it is full: the oldest transactions are dropped: raise --spool-limit",
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
			"--spool %s: cannot be written: %s: transactions wait in memory until it can",
			s->conf.dir, strerror(err));
	s->failing = true;
	s->again_ns = clock_mono_ns() + DISK_AGAIN_NS;
	s->open_end = false;
}

static bool disk_usable(const struct spool *s)
{
	return s->dir.fd >= 0 &&
	       (!s->failing || clock_mono_ns() >= s->again_ns);
}

/* The segment that n bytes more go to. NULL with errno. */
static struct segment *end_for(struct spool *s, bool on_disk, size_t n)
{
	uint32_t max = on_disk ? s->segment_max : MEMORY_SEGMENT;
	struct segment *g = s->last;

	if (g && s->open_end && g->on_disk == on_disk &&
	    (g->size == SPOOL_HEADER || g->size + n <= max))
		return g;
	if (g && s->open_end && g->on_disk && g != s->reading)
		segment_rest(g);
	s->open_end = false;
	g = segment_new(&s->dir, s->next_seq, on_disk);
	if (!g)
		return NULL;
	s->next_seq++;
	if (on_disk)
		fsync(s->dir.fd); /* its name */
	append_segment(s, g);
	s->open_end = true;
	return g;
}

static bool append(struct spool *s, bool on_disk, const struct buf *records,
		   uint32_t n)
{
	struct segment *g;

	if (on_disk)
		keep_limit(s, records->len + SPOOL_HEADER);
	g = end_for(s, on_disk, records->len);
	if (!g || !segment_append(g, records, n))
		return false;
	if (on_disk)
		s->stats.disk_bytes += records->len;
	else
		s->stats.memory_bytes += records->len;
	return true;
}

bool spool_has_room(const struct spool *s)
{
	if (!disk_usable(s))
		return s->stats.memory_bytes < s->conf.memory;
	return !s->conf.wait ||
	       s->stats.disk_bytes + 2 * s->segment_max <= s->conf.limit;
}

bool spool_append(struct spool *s, const struct buf *records, uint32_t n)
{
	if (disk_usable(s)) {
		if (append(s, true, records, n)) {
			if (s->failing)
				log_info(s->conf.log,
					 "--spool %s can be written again",
					 s->conf.dir);
			s->failing = false;
			return true;
		}
		disk_failed(s, errno);
	}
	return append(s, false, records, n);
}

/* --- reading ----------------------------------------------------------- */

uint64_t spool_unread(const struct spool *s)
{
	const struct segment *g = s->reading ? s->reading : s->first;
	uint64_t n = 0;

	for (; g && !s->counting; g = g->next)
		n += g->stored - g->taken;
	return n;
}

/* All that can be read of it has been: what is missing is lost. */
static void end_reading(struct spool *s, struct segment *g, int err)
{
	uint32_t lost = g->stored - g->taken;

	if (err)
		log_error(
			s->conf.log,
			"--spool %s/%016llx.spool: cannot be read: %s: it is left for the next start",
			s->conf.dir, (unsigned long long)g->seq, strerror(err));
	s->stats.dropped_damaged += lost;
	g->taken = g->stored;
	g->left -= lost < g->left ? lost : g->left;
	s->reading = g->next;
	if (!g->left || err)
		remove_segment(s, g, !err);
	else if (g->on_disk)
		segment_rest(g);
}

bool spool_read(struct spool *s, struct spool_record *r, uint64_t same_segment)
{
	struct segment *g = s->reading ? s->reading : s->first, *next;
	struct segment_record found;
	int err;

	for (; g && !s->counting; g = next) {
		s->reading = g;
		if (same_segment && g->seq != same_segment)
			return false;
		errno = 0;
		if (g->taken < g->stored &&
		    segment_next(&s->dir, g, &s->window, &found,
				 &s->stats.damaged)) {
			g->taken++;
			*r = (struct spool_record){
				.payload = found.payload,
				.len = found.len,
				.place = {g->seq, found.from, found.to},
			};
			return true;
		}
		err = errno;
		/* More may come, in it or behind it. */
		if (g == s->last && g->taken == g->stored)
			return false;
		if (g == s->last)
			s->open_end = false;
		next = g->next;
		end_reading(s, g, err);
	}
	return false;
}

void spool_unread_last(struct spool *s, const struct spool_record *r)
{
	struct segment *g = s->reading;

	if (!g || g->seq != r->place.seq)
		return;
	g->at = r->place.from;
	g->taken--;
}

static struct segment *find(const struct spool *s, uint64_t seq)
{
	struct segment *g;

	for (g = s->first; g && g->seq != seq; g = g->next)
		;
	return g;
}

void spool_ack(struct spool *s, const struct spool_place *p, uint32_t n)
{
	const struct spool_ack a = {p->from, p->to, n};
	struct segment *g = find(s, p->seq);

	if (!g)
		return; /* dropped meanwhile */
	if (!segment_ack(&s->dir, g, &a) && !s->failing)
		disk_failed(s, errno);
	if (g->left || g->taken < g->stored)
		return;
	/* More may be appended to the last one, while it is small. */
	if (g != s->last || !s->open_end || !g->on_disk || g->size > KEEP_MAX ||
	    g->size > s->segment_max / 4)
		remove_segment(s, g, true);
}

bool spool_has(const struct spool *s, uint64_t seq)
{
	return find(s, seq) != NULL;
}

void spool_sync(struct spool *s)
{
	struct segment *g;

	for (g = s->first; g; g = g->next)
		if (g->on_disk && !segment_sync(g) && !s->failing)
			disk_failed(s, errno);
}

void spool_stats(const struct spool *s, struct spool_stats *stats)
{
	const struct segment *g;

	*stats = s->stats;
	for (g = s->first; g; g = g->next)
		*(g->on_disk ? &stats->on_disk : &stats->in_memory) += g->left;
}

void spool_close(struct spool *s)
{
	struct segment *g, *next;

	if (!s)
		return;
	for (g = s->first; g; g = next) {
		next = g->next;
		segment_sync(g);
		/* What was not counted yet is not known to be delivered. */
		segment_free(&s->dir, g,
			     !g->left && g->taken == g->stored && !s->counting);
	}
	buf_free(&s->window.b);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->dir.fd >= 0)
		close(s->dir.fd);
	free(s);
}
