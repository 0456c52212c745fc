/* SPDX-License-Identifier: MIT */
/* The system calls that remain allowed once sandbox_enter() has returned. */
#ifndef CAPTURE_SANDBOX_RULES_H
#define CAPTURE_SANDBOX_RULES_H

#include <stddef.h>
#include <stdint.h>

/* When a rule applies; a rule without a group always does. */
enum sandbox_group {
	SANDBOX_FILES = 1 << 0,	   /* outputs or a spool are files */
	SANDBOX_NO_FILES = 1 << 1, /* the opposite */
	SANDBOX_BPF = 1 << 2,	   /* an interface is attached */
	SANDBOX_TEST_RUN = 1 << 3, /* replay --kernel */
	/* Not a condition: the first argument must be the own process ID. */
	SANDBOX_SELF = 1 << 8,
};

/* Holds if (argument & mask) == value; a mask of 0 always holds. */
struct sandbox_arg {
	unsigned int index; /* from 0 */
	uint64_t mask, value;
};

/* Several rules with one name are alternatives. */
struct sandbox_rule {
	const char *name;
	unsigned int groups;
	struct sandbox_arg arg[3]; /* all must hold */
	/* For a libseccomp that does not know the name. Only for calls that were
	 * added with the same number on all architectures (424 and above). */
	int number;
};

extern const struct sandbox_rule sandbox_rules[];
extern const size_t sandbox_rule_count;

#endif
