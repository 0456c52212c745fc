/* SPDX-License-Identifier: MIT */
/* Prints what is attached, as text or JSON, from pins and maps alone: it works
 * without a daemon and also while one runs. */
#include <errno.h>
#include <string.h>

#include "base/control.h"
#include "base/exit.h"
#include "capture/attached.h"
#include "capture/load.h"
#include "cli/cmd_status.h"
#include "cli/daemon_state.h"
#include "cli/status_sources.h"
#include "config/ports.h"
#include "run/advice.h"
#include "run/summary.h"

struct status {
	const struct invocation *inv;
	FILE *out;
	unsigned int shown;
	int code; /* of the last interface that cannot be read */
};

/* VNIs listed without --sources. */
#define VNIS_SHOWN 20u

/* Of the kernel, since the program was attached. */
static struct summary summary_of(const struct attached *a)
{
	return (struct summary){
		.packets = &a->stats,
		.vnis = a->vnis,
		.n_vnis = a->n_vnis,
	};
}

/* In the unit of --sample. */
static double sample_percent(const struct metlo_config *c)
{
	return 100 - (double)c->sample_out * 100 / UINT32_MAX;
}

static void print_json(struct status *st, const struct attached *a,
		       const struct shared_state *d)
{
	struct summary s = summary_of(a);
	struct summary_loss loss[SUMMARY_LOSSES_MAX];
	struct advice advice[N_ADVICES];
	const unsigned int n_advice = daemon_state_advice(a, d, advice);
	const char *separator = "";
	FILE *f = st->out;
	char ports[4096];
	size_t n;

	daemon_state_summary(d, &s);
	n = summary_losses(&s, loss);

	ports_text(ports, sizeof(ports), (const uint64_t *)a->config.port_bits,
		   a->config.any_port);
	fprintf(f, "%s{\"interface\":", st->shown ? "," : "");
	summary_json_string(f, a->iface);
	fprintf(f, ",\"attached\":%s,\"mode\":\"%s\",\"program_id\":%u,",
		a->live ? "true" : "false", xdp_mode_name(a->mode), a->prog_id);
	fprintf(f,
		"\"pinned\":%s,\"daemon_pid\":", a->pinned ? "true" : "false");
	if (a->daemon > 0)
		fprintf(f, "%ld", (long)a->daemon);
	else
		fputs("null", f);
	if (d)
		fprintf(f, ",\"daemon_started\":%llu",
			(unsigned long long)d->started_s);
	fprintf(f, ",\"ports\":\"%s\",\"vxlan_port\":%u,\"vni_filter\":%s,",
		ports, a->config.vxlan_port,
		a->config.vni_filter ? "true" : "false");
	fprintf(f, "\"sample_percent\":%.5g,", sample_percent(&a->config));
	fprintf(f,
		"\"rings\":%u,\"ring_bytes\":%zu,\"ring_waiting_bytes\":%zu,",
		a->rings, a->ring_size, a->waiting);
	summary_json_members(f, &s);
	fputs(",\"losses\":[", f);
	for (size_t i = 0; i < n; i++) {
		if (!loss[i].value)
			continue;
		fprintf(f, "%s{\"counter\":\"%s\",\"value\":%llu,\"remedy\":",
			separator, loss[i].counter,
			(unsigned long long)loss[i].value);
		summary_json_string(f, loss[i].remedy);
		putc('}', f);
		separator = ",";
	}
	fputs("],\"hints\":[", f);
	for (unsigned int i = 0; i < n_advice; i++) {
		fprintf(f, "%s{\"hint\":\"%s\",\"detail\":", i ? "," : "",
			advice_names[advice[i].id]);
		summary_json_string(f, advice[i].text);
		putc('}', f);
	}
	putc(']', f);
	if (st->inv->settings.sources)
		status_sources_json(f, a, d);
	putc('}', f);
}

static void print_where(FILE *f, const struct attached *a, const char *iface)
{
	if (!a->live)
		fprintf(f,
			"%s: the interface no longer exists: metlo-xdp detach %s removes the rest\n",
			iface, iface);
	else if (a->mode == XDP_MODE_NONE)
		fprintf(f,
			"%s: attached to interface index %u, which is not %s in this network namespace\n",
			iface, a->ifindex, iface);
	else
		fprintf(f, "%s: attached in %s mode, program id %u%s\n", iface,
			xdp_mode_name(a->mode), a->prog_id,
			a->pinned ? "" : ", until the daemon exits");
}

static void print_text(struct status *st, const struct attached *a,
		       const struct shared_state *d)
{
	struct summary s = summary_of(a), here = {0};
	struct summary_loss loss[SUMMARY_LOSSES_MAX];
	FILE *f = st->out;
	struct advice advice[N_ADVICES];
	const unsigned int n_advice = daemon_state_advice(a, d, advice);
	char ports[256], iface[CONTROL_ESCAPE * sizeof(a->iface)];
	char text[CONTROL_ESCAPE * sizeof(advice[0].text)], when[32];
	size_t n;

	if (st->shown)
		putc('\n', f);
	/* Names of interfaces may contain anything but blanks and slashes. */
	control_escape(iface, sizeof(iface), a->iface, false);
	print_where(f, a, iface);
	if (a->daemon < 0)
		fputs("daemon      unknown process\n", f);
	else if (a->daemon)
		fprintf(f, "daemon      process %ld\n", (long)a->daemon);
	else
		fprintf(f,
			"daemon      not running: the rings buffer packets until metlo-xdp attach %s\n",
			iface);
	ports_text(ports, sizeof(ports), (const uint64_t *)a->config.port_bits,
		   a->config.any_port);
	fprintf(f, "ports       %s, in VXLAN on UDP port %u%s\n", ports,
		a->config.vxlan_port,
		a->config.vni_filter ? ", selected VNIs only" : "");
	if (a->config.sample_out)
		fprintf(f, "sample      %.5g%% of the connections\n",
			sample_percent(&a->config));
	if (a->ring_size)
		fprintf(f, "rings       %u of %zu KiB, %zu bytes waiting\n",
			a->rings, a->ring_size / 1024, a->waiting);
	else
		fprintf(f, "rings       %u\n", a->rings);
	daemon_state_summary(d, &here);
	if (st->inv->settings.sources) {
		status_sources_text(f, a, d);
	} else {
		s.n_vnis = a->n_vnis < VNIS_SHOWN ? a->n_vnis : VNIS_SHOWN;
		summary_text(f, &s);
		if (s.n_vnis < a->n_vnis)
			fprintf(f,
				"  and %zu more: metlo-xdp status --sources\n",
				a->n_vnis - s.n_vnis);
		if (d) {
			daemon_state_time(when, sizeof(when), d->started_s);
			fprintf(f, "since the daemon started, %s:\n", when);
			summary_text(f, &here);
		}
	}
	here.packets = &a->stats;
	n = summary_losses(&here, loss);
	for (size_t i = 0; i < n; i++)
		if (loss[i].value)
			fprintf(f, "lost: %s %llu: %s\n", loss[i].counter,
				(unsigned long long)loss[i].value,
				loss[i].remedy);
	for (unsigned int i = 0; i < n_advice; i++) {
		control_escape(text, sizeof(text), advice[i].text, false);
		fprintf(f, "hint: %s\n", text);
	}
}

static int fail(const struct invocation *inv, const char *what, int err)
{
	if (err == -EACCES || err == -EPERM) {
		log_error(&inv->log,
			  "%s: %s: status needs root: sudo metlo-xdp status",
			  what, strerror(-err));
		return EXIT_NOT_PERMITTED;
	}
	if (err == -EPROTO) {
		log_error(
			&inv->log,
			"%s: another version of metlo-xdp attached it, with maps that this one cannot read: use the status of that version, or metlo-xdp detach %s",
			what, what);
		return EXIT_NOT_SUPPORTED;
	}
	log_error(&inv->log, "%s: %s", what, strerror(-err));
	return EXIT_FAILED;
}

static int show(void *ctx, const char *iface)
{
	struct shared_state state;
	struct status *st = ctx;
	struct attached a;
	int err = attached_read(&a, iface);
	bool known;

	/* Detached between being listed and being read. */
	if (err == -ENOENT)
		return 0;
	/* The others can be shown all the same. */
	if (err) {
		st->code = fail(st->inv, iface, err);
		return 0;
	}
	if (a.n_vnis)
		summary_sort_vnis(a.vnis, a.n_vnis);
	known = daemon_state_read(&state, &a);
	if (st->inv->settings.json)
		print_json(st, &a, known ? &state : NULL);
	else
		print_text(st, &a, known ? &state : NULL);
	if (known)
		shared_state_free(&state);
	st->shown++;
	attached_free(&a);
	return 0;
}

int cmd_status(struct invocation *inv)
{
	const char *iface = inv->settings.subject;
	struct status st = {.inv = inv, .out = stdout};
	int err;

	load_messages(inv->settings.verbose);
	if (inv->settings.json)
		fputs("{\"interfaces\":[", st.out);
	err = iface ? show(&st, iface) : attached_each(show, &st);
	if (inv->settings.json)
		fputs("]}\n", st.out);
	if (fflush(st.out))
		return fail(inv, "standard output", -errno);
	if (err)
		return fail(inv, iface ? iface : "status", err);
	if (st.shown || st.code)
		return st.code;
	log_error(
		&inv->log, "%s%smetlo-xdp is not attached: metlo-xdp attach %s",
		iface ? iface : "", iface ? ": " : "", iface ? iface : "IFACE");
	return EXIT_NOTHING_ATTACHED;
}
