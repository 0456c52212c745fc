/* SPDX-License-Identifier: MIT */
#ifndef CLI_DOCTOR_PORTS_H
#define CLI_DOCTOR_PORTS_H

#include "cli/doctor.h"

/* A port that attach would listen on. */
struct doctor_port {
	const char *what;      /* "health port" */
	const char *option;    /* "--health" */
	const char *text;      /* value of the option */
	const char *path;      /* to request from a server on that port */
	const char *signature; /* part of a metlo-xdp daemon's response */
};

/* Checks that the port is free, or else that a metlo-xdp daemon uses it, whose
 * health it reports. */
void doctor_port(struct doctor *d, const struct doctor_port *p);

#endif
