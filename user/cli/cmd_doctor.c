/* SPDX-License-Identifier: MIT */
/* Runs all checks and turns their worst result into the exit code. */
#include <stdio.h>

#include "base/exit.h"
#include "capture/load.h"
#include "cli/cmd_doctor.h"
#include "cli/doctor_interface.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_ports.h"

#define VXLAN_PORT 4789 /* RFC 7348 section 8.1 */

static void check_ports(struct doctor *d, const struct settings *s)
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
	check_ports(&d, s);
	if (s->subject)
		doctor_interface(&d, s->subject,
				 s->vxlan_port ? s->vxlan_port : VXLAN_PORT);
	else
		log_info(
			&inv->log,
			"to check an interface as well: metlo-xdp doctor IFACE");
	return d.count[DOCTOR_FAIL] ? EXIT_FAILED : EXIT_DONE;
}
