/* SPDX-License-Identifier: MIT */
/* The lines of doctor: OK, WARN or FAIL, what was looked at, how it is, and
 * the fix where it is not well. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdio.h>

#include "base/log.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	FILE *out;
	unsigned int count[3]; /* by enum doctor_level */
};

/* One line, "OK    what: ...". */
void doctor_report(struct doctor *d, enum doctor_level v, const char *what,
		   const char *fmt, ...) LOG_PRINTF(4, 5);

/* Kernel, privileges, clock. */
void doctor_machine(struct doctor *d);

/* One interface; watches it for two seconds for UDP to vxlan_port. */
void doctor_interface(struct doctor *d, const char *iface, unsigned int port);

/* A port that attach would listen on. */
struct doctor_port {
	const char *what;   /* "health port" */
	const char *option; /* "--health" */
	const char *text;   /* its value */
	const char *path;   /* that a daemon answers there */
	const char *ours;   /* which it tells by this text */
};

/* Whether it is free, or in use by a daemon, whose health is then told. */
void doctor_port(struct doctor *d, const struct doctor_port *p);

#endif
