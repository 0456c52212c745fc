/* SPDX-License-Identifier: MIT */
/*
 * Packets on demand: in native mode tcpdump sees none of those that the XDP program
 * consumes. Inner packets that match go to a file or a pipe, each batch sorted by time. A
 * VNI becomes an interface of the pcapng file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/exit.h"
#include "capture/attached.h"
#include "capture/dump.h"
#include "capture/load.h"
#include "capture/privileges.h"
#include "cli/cmd_dump.h"
#include "pcap/pcapng_write.h"

#define POLL_MS	       100
#define BATCH_BYTES    (8u << 20) /* sorted and written at once */
#define INTERFACES_MAX 256u
/* A pipe takes this much without blocking once it is ready. */
#define CHUNK_BYTES 4096u
/* At the end a reader may fall silent this often before the rest is dropped. */
#define LAST_POLLS 50u

/* A packet in the batch. */
struct held {
	uint64_t ts_ns;
	size_t at; /* of its meta data */
};

struct dumping {
	const struct invocation *inv;
	const struct log *log;
	const char *name; /* of the output */
	int fd;
	bool file;
	sigset_t signals;
	uint64_t end_ns;	 /* CLOCK_MONOTONIC; 0: none */
	uint64_t packets, bytes; /* written */
	int64_t to_unix; /* from CLOCK_MONOTONIC, renewed with each batch */
	struct buf batch, out;
	struct held *held;
	size_t n_held, max_held;
	uint32_t vni[INTERFACES_MAX]; /* of interface i + 1 */
	uint32_t n_vnis;
	bool over; /* a bound is reached, or nobody reads: no more packets */
	bool gone; /* nor anything else: the output has failed */
	int code;
};

/* --- output -------------------------------------------------------------------- */

static int open_output(struct dumping *d)
{
	const char *path = d->inv->settings.write;
	struct stat st;

	d->name = path ? path : "standard output";
	d->fd = STDOUT_FILENO;
	if (!path || !strcmp(path, "-")) {
		if (!isatty(d->fd))
			return 0;
		log_error(
			d->log,
			"dump writes pcapng, which is not for a terminal: pipe it (| tshark -r -) or use -w FILE");
		return EXIT_USAGE;
	}
	d->fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->fd < 0 || fstat(d->fd, &st) ||
	    (S_ISREG(st.st_mode) && ftruncate(d->fd, 0))) {
		log_error(d->log, "-w %s: cannot open for writing: %s", path,
			  strerror(errno));
		return EXIT_FAILED;
	}
	d->file = S_ISREG(st.st_mode);
	return 0;
}

static bool interrupted(const struct dumping *d)
{
	const struct timespec none = {0};

	return sigtimedwait(&d->signals, NULL, &none) > 0;
}

/* Has a signal or the time ended the dump? */
static bool ended(const struct dumping *d)
{
	return interrupted(d) || (d->end_ns && clock_mono_ns() >= d->end_ns);
}

static void fail_write(struct dumping *d)
{
	d->over = true;
	d->gone = true;
	/* A reader that closed its end has seen what it wanted. */
	if (errno == EPIPE)
		return;
	log_error(d->log, "%s: write error: %s", d->name, strerror(errno));
	d->code = EXIT_FAILED;
}

/* The reader is not ready. What was captured before the end is still for it, but one that
 * has stopped must not make us unstoppable. */
static void wait_longer(struct dumping *d, unsigned int *polls)
{
	if (!d->over)
		d->over = ended(d);
	else if (interrupted(d) || ++*polls >= LAST_POLLS)
		d->gone = true;
}

static void write_out(struct dumping *d)
{
	const uint8_t *p = (const uint8_t *)d->out.p;
	size_t left = d->out.len;
	unsigned int polls = 0;

	while (left && !d->gone) {
		struct pollfd ready = {.fd = d->fd, .events = POLLOUT};
		size_t n = left;
		ssize_t done;

		if (!d->file) {
			n = n < CHUNK_BYTES ? n : CHUNK_BYTES;
			if (!poll(&ready, 1, POLL_MS)) {
				wait_longer(d, &polls);
				continue;
			}
		}
		done = write(d->fd, p, n);
		if (done < 0 && errno != EINTR) {
			fail_write(d);
			break;
		}
		if (done < 0)
			continue;
		p += done;
		left -= (size_t)done;
		polls = 0;
	}
	d->bytes += d->out.len - left;
	buf_clear(&d->out);
}

/* --- packets ------------------------------------------------------------------- */

/* Its number; 0 stands for all that have none of their own. */
static uint32_t interface_of(struct dumping *d, uint32_t vni)
{
	char name[64];

	for (uint32_t i = 0; i < d->n_vnis; i++)
		if (d->vni[i] == vni)
			return i + 1;
	if (d->n_vnis == INTERFACES_MAX)
		return 0;
	d->vni[d->n_vnis++] = vni;
	snprintf(name, sizeof(name), "%s VNI %" PRIu32,
		 d->inv->settings.subject, vni);
	pcapng_write_interface(&d->out, name, METLO_DUMP_CAPTURE_MAX);
	return d->n_vnis;
}

static void write_packet(struct dumping *d, const struct held *h)
{
	const struct settings *s = &d->inv->settings;
	struct metlo_dump_meta meta;
	const uint8_t *packet = (const uint8_t *)d->batch.p + h->at;

	if (d->over)
		return;
	memcpy(&meta, packet, sizeof(meta));
	packet += sizeof(meta) + meta.off;
	/* Blocks have about 40 bytes besides the packet. */
	if (s->max_size &&
	    d->bytes + d->out.len + meta.len - meta.off + 64 > s->max_size) {
		d->over = true;
		return;
	}
	pcapng_write_packet(&d->out, interface_of(d, meta.vni),
			    meta.ts_ns + (uint64_t)d->to_unix, packet,
			    meta.len - meta.off, meta.wire_len - meta.off);
	d->packets++;
	d->over |= s->count && d->packets >= s->count;
}

static int by_time(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void write_batch(struct dumping *d)
{
	d->to_unix = (int64_t)(clock_real_ns() - clock_mono_ns());
	if (d->n_held)
		qsort(d->held, d->n_held, sizeof(*d->held), by_time);
	for (size_t i = 0; i < d->n_held; i++)
		write_packet(d, &d->held[i]);
	d->n_held = 0;
	buf_clear(&d->batch);
	write_out(d);
}

static bool grow(struct dumping *d)
{
	const size_t max = d->max_held ? 2 * d->max_held : 1024;
	struct held *more;

	if (d->n_held < d->max_held)
		return true;
	more = realloc(d->held, max * sizeof(*more));
	if (!more)
		return false;
	d->held = more;
	d->max_held = max;
	return true;
}

static bool has_vni(const uint64_t *allow, uint32_t vni)
{
	return allow[vni >> 6] >> (vni & 63) & 1;
}

static void on_packet(void *ctx, const struct metlo_dump_meta *meta,
		      const uint8_t *packet)
{
	struct dumping *d = ctx;
	const uint64_t *allow = d->inv->settings.vni_allow;
	const size_t at = d->batch.len;

	if (d->over || (allow && !has_vni(allow, meta->vni)))
		return;
	buf_add(&d->batch, meta, sizeof(*meta));
	buf_add(&d->batch, packet, meta->len);
	if (d->batch.failed || !grow(d)) {
		log_error(d->log, "dump: %s", strerror(ENOMEM));
		d->over = true;
		d->code = EXIT_FAILED;
		return;
	}
	d->held[d->n_held++] = (struct held){meta->ts_ns, at};
	if (d->batch.len >= BATCH_BYTES)
		write_batch(d);
}

/* --- the command --------------------------------------------------------------- */

static bool set_addr(struct metlo_dump *c, const char *text)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!text)
		return true;
	c->has_addr = 1;
	if (inet_pton(AF_INET6, text, c->addr) == 1)
		return true;
	memcpy(c->addr, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, c->addr + 12) == 1;
}

/* The kernel compares with the lowest and the highest. */
static void set_vnis(struct metlo_dump *c, const uint64_t *allow)
{
	c->vni_max = UINT32_MAX;
	if (!allow)
		return;
	c->vni_max = 0;
	c->vni_min = UINT32_MAX;
	for (uint32_t vni = 0; vni < 1u << 24; vni++) {
		if (!has_vni(allow, vni))
			continue;
		c->vni_max = vni;
		if (c->vni_min == UINT32_MAX)
			c->vni_min = vni;
	}
}

static int fail(const struct invocation *inv, int err)
{
	const char *iface = inv->settings.subject;

	if (err == -ENOENT) {
		log_error(
			&inv->log,
			"%s: metlo-xdp is not attached, so tcpdump sees all packets, in VXLAN; to dump the inner ones: metlo-xdp attach %s",
			iface, iface);
		return EXIT_NOTHING_ATTACHED;
	}
	if (err == -EACCES || err == -EPERM) {
		log_error(&inv->log,
			  "%s: %s: dump needs root: sudo metlo-xdp dump %s",
			  iface, strerror(-err), iface);
		return EXIT_NOT_PERMITTED;
	}
	log_error(&inv->log, "%s: %s", iface, strerror(-err));
	return EXIT_FAILED;
}

static void run(struct dumping *d, struct dump *dump)
{
	struct metlo_dump counts;
	int err = 0;

	pcapng_write_section(&d->out, "metlo-xdp " METLO_VERSION);
	pcapng_write_interface(&d->out, d->inv->settings.subject,
			       METLO_DUMP_CAPTURE_MAX);
	write_out(d);
	while (!d->over && !err) {
		err = dump_poll(dump);
		write_batch(d);
		d->over |= ended(d);
	}
	if (err) {
		log_error(d->log, "dump: %s", strerror(-err));
		d->code = EXIT_FAILED;
	}
	dump_counts(dump, &counts);
	pcapng_write_statistics(&d->out, 0, clock_real_ns(),
				counts.captured + counts.limited + counts.lost,
				counts.limited + counts.lost);
	write_out(d);
	log_info(d->log,
		 "%" PRIu64 " packets, %" PRIu64
		 " more over --max-rate, %" PRIu64
		 " lost because %s was too slow",
		 d->packets, (uint64_t)counts.limited, (uint64_t)counts.lost,
		 d->name);
}

static int open_and_run(struct dumping *d, const struct attached *a)
{
	const struct settings *s = &d->inv->settings;
	const double window = (double)(1ull << METLO_DUMP_WINDOW_SHIFT);
	struct metlo_dump conf = {
		.port = s->port,
		.per_window =
			(uint32_t)(s->max_rate * window / NSEC_PER_SEC) + 1,
	};
	struct dump *dump;
	int err;

	if (!s->max_rate)
		conf.per_window = UINT32_MAX;
	if (!set_addr(&conf, s->host)) {
		log_error(d->log, "--host %s: not an IP address", s->host);
		return EXIT_USAGE;
	}
	set_vnis(&conf, s->vni_allow);
	err = dump_open(&dump, a->prog_id, &conf, on_packet, d, d->log);
	if (err)
		return err == -EPERM || err == -EACCES ? EXIT_NOT_PERMITTED
		       : err == -EPROTO		       ? EXIT_NOT_SUPPORTED
						       : EXIT_FAILED;
	if (privileges_drop_caps(d->log))
		d->code = EXIT_FAILED;
	if (s->max_time > 0)
		d->end_ns = clock_mono_ns() +
			    (uint64_t)(s->max_time * NSEC_PER_SEC);
	if (!d->code)
		run(d, dump);
	dump_close(dump);
	return d->code;
}

int cmd_dump(struct invocation *inv)
{
	struct dumping d = {.inv = inv, .log = &inv->log};
	struct attached a;
	int code, err;

	load_messages(inv->settings.verbose);
	sigemptyset(&d.signals);
	sigaddset(&d.signals, SIGINT);
	sigaddset(&d.signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &d.signals, NULL);
	err = attached_read(&a, inv->settings.subject);
	if (err)
		return fail(inv, err);
	code = a.prog_id ? open_output(&d) : fail(inv, -ENOENT);
	if (!code)
		code = open_and_run(&d, &a);
	attached_free(&a);
	if (d.fd > STDERR_FILENO)
		close(d.fd);
	buf_free(&d.batch);
	buf_free(&d.out);
	free(d.held);
	return code;
}
