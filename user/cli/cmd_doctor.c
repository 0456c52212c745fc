/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "base/exit.h"
#include "capture/load.h"
#include "cli/commands.h"
#include "cli/doctor.h"

#define VXLAN_PORT 4789 /* RFC 7348 section 8.1 */

void doctor_report(struct doctor *d, enum doctor_level v, const char *what,
		   const char *fmt, ...)
{
	static const char *const words[] = {"OK", "WARN", "FAIL"};
	va_list ap;

	d->count[v]++;
	fprintf(d->out, "%-5s %s: ", words[v], what);
	va_start(ap, fmt);
	vfprintf(d->out, fmt, ap);
	va_end(ap);
	putc('\n', d->out);
	/* The next check may take seconds. */
	fflush(d->out);
}

static void look_at_ports(struct doctor *d, const struct settings *s)
{
	const struct doctor_port ports[] = {
		{"health port", "--health", s->health, "/healthz",
		 "{\"status\":"},
		{"metrics port", "--metrics", s->metrics, "/metrics",
		 "metlo_xdp_build_info"},
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		doctor_port(d, &ports[i]);
}

int cmd_doctor(struct invocation *inv)
{
	const struct settings *s = &inv->settings;
	struct doctor d = {.out = stdout};

	load_messages(s->verbose);
	doctor_machine(&d);
	look_at_ports(&d, s);
	if (s->subject)
		doctor_interface(&d, s->subject,
				 s->vxlan_port ? s->vxlan_port : VXLAN_PORT);
	else
		log_info(
			&inv->log,
			"name an interface to have it looked at too: metlo-xdp doctor IFACE");
	return d.count[DOCTOR_FAIL] ? EXIT_FAILED : EXIT_DONE;
}
