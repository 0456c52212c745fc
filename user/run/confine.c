/* SPDX-License-Identifier: MIT */
/*
 * Derives from the settings what the filter must allow. It is a second line of
 * defence, so a kernel without it is no reason not to start.
 */
#include <errno.h>
#include <string.h>

#include "base/sanitized.h"
#include "capture/sandbox.h"
#include "run/confine.h"

/* A reload cannot change the outputs. */
static bool writes_files(const struct settings *s)
{
	for (unsigned int i = 0; i < s->outputs.n; i++)
		if (strcmp(s->outputs.item[i], "ndjson:-"))
			return true;
	return false;
}

void confine_start(const struct settings *s, bool attached,
		   const struct log *log)
{
	unsigned int groups = 0;
	int err;

	if (s->no_seccomp) {
		log_info(log, "--no-seccomp: system calls are not restricted");
		return;
	}
	/* The leak check at exit traces this process from another one. */
	if (SANITIZED) {
		log_debug(
			log,
			"built with a sanitizer: system calls are not restricted");
		return;
	}
	if (writes_files(s))
		groups |= SANDBOX_FILES;
	if (attached)
		groups |= SANDBOX_BPF;
	if (s->kernel)
		groups |= SANDBOX_TEST_RUN;
	err = sandbox_enter(groups);
	if (err)
		log_warn(
			log,
			"seccomp: cannot restrict system calls: %s; continuing without: use a kernel with CONFIG_SECCOMP_FILTER, or --no-seccomp to silence this",
			strerror(-err));
}
