/* SPDX-License-Identifier: MIT */
/* What the options of metlo-mirror set. Texts belong to the command line. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

enum output_format { OUTPUT_APPLY, OUTPUT_TERRAFORM, OUTPUT_CLOUDFORMATION };

#define PORTS_AUTO "auto" /* of --ports: what load balancers know */

struct settings {
	/* of all commands */
	const char *region, *profile, *endpoint_url;
	bool json, yes, dry_run;
	unsigned int verbose;
	/* The deployment to make, and those to show or change. */
	const char *name;
	struct string_list names;
	/* setup, plan */
	struct string_list sources, excluded, collectors, subnets, peers;
	const char *target, *ports, *side, *protocol, *ip;
	uint32_t vni;		/* 0: chosen */
	uint32_t packet_length; /* 0: whole packets */
	bool open_groups;
	enum output_format output;
	/* remove; all: of list too */
	struct string_list sessions;
	bool all;
	/* sync */
	bool watch;
	double interval;     /* seconds */
	const char *metrics; /* a file */
	/* verify */
	bool no_metrics;
	/* policy */
	struct string_list features;
	const char *account;
	/* What is no option: the commands that a policy is for. */
	struct string_list words;
};

#endif
