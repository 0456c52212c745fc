/* SPDX-License-Identifier: MIT */
/* The values of metlo-mirror's options. Strings point to the command line. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

enum output_format { OUTPUT_APPLY, OUTPUT_TERRAFORM, OUTPUT_CLOUDFORMATION };

#define PORTS_AUTO "auto" /* --ports: the ports load balancers forward to */

/* Options that were not given are NULL, 0, false or empty. */
struct cli_settings {
	/* all commands */
	const char *region, *profile, *endpoint_url;
	bool json, json_progress, yes, dry_run;
	unsigned int verbose;
	/* --name: of setup and plan, and of the commands that take several */
	const char *name;
	struct string_list names;
	/* setup, plan */
	struct string_list sources, excluded, collectors, subnets, peers, tags;
	const char *target, *ports, *side, *protocol, *ip;
	uint32_t vni;		   /* 0: choose one */
	const char *packet_length; /* bytes, or "all" */
	bool open_groups, ignore_routes;
	bool take_over; /* also remove */
	enum output_format output;
	/* remove; all also of list; all_regions only of list */
	struct string_list sessions;
	bool all, all_regions;
	/* sync */
	bool watch;
	double interval;	/* seconds */
	const char *metrics;	/* path of a file */
	const char *names_file; /* likewise; also of names */
	/* verify */
	bool no_metrics;
	struct string_list collector_metrics; /* URLs and files */
	/* policy */
	struct string_list features;
	const char *account;
	/* arguments that are not options: the commands of policy */
	struct string_list words;
};

#endif
