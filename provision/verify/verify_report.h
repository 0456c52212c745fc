/* SPDX-License-Identifier: MIT */
/* The result of verify: one row per finding. */
#ifndef VERIFY_VERIFY_REPORT_H
#define VERIFY_VERIFY_REPORT_H

#include "model/arena.h"

enum verify_state { VERIFY_OK, VERIFY_WARN, VERIFY_FAIL };

/* Names of the checks, in the order of the rows. */
#define CHECK_SOURCES	    "sources"
#define CHECK_SESSIONS	    "sessions"
#define CHECK_FILTER	    "filter"
#define CHECK_INSTANCES	    "instances"
#define CHECK_INSTANCE_TYPE "instance-type"
#define CHECK_PACKET_LENGTH "packet-length"
#define CHECK_SETTINGS	    "settings"
#define CHECK_TARGET	    "target"
#define CHECK_BALANCER	    "load-balancer"
#define CHECK_LISTENER	    "listener"
#define CHECK_CROSS_ZONE    "cross-zone"
#define CHECK_STICKINESS    "stickiness"
#define CHECK_HEALTH	    "target-health"
#define CHECK_GROUPS	    "security-group"
#define CHECK_ACLS	    "network-acl"
#define CHECK_ROUTES	    "route"
#define CHECK_MIRRORED	    "mirrored"
#define CHECK_SKIPPED	    "skipped"
#define CHECK_ARRIVED	    "arrived"
#define CHECK_COLLECTOR	    "collector"

/* Strings are never NULL. */
struct verify_row {
	enum verify_state state;
	const char *check;   /* CHECK_... */
	const char *subject; /* ids of the resources examined, as text */
	struct str_list subjects;
	const char *detail; /* what was found and what it means */
	const char *fix;    /* a command or an instruction; "" if all is well */
};

struct verify_report {
	struct arena mem;
	const char *deployment;
	struct verify_row *items;
	size_t n;
	size_t warned, failed; /* number of rows */
};

void verify_report_free(struct verify_report *r);

const char *verify_state_text(enum verify_state s); /* "OK", "WARN", "FAIL" */

#endif
