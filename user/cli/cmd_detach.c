/* SPDX-License-Identifier: MIT */
/* Removes the XDP program, links and maps that attach leaves behind. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "capture/load.h"
#include "capture/lock.h"
#include "capture/netdev.h"
#include "capture/pins.h"
#include "capture/privileges.h"
#include "cli/cmd_detach.h"

static int check(const struct invocation *inv, const char *iface)
{
	char missing[64];

	if (strchr(iface, '/') || iface[0] == '.') {
		log_error(&inv->log, "%s is not an interface name", iface);
		return EXIT_USAGE;
	}
	if (privileges_missing(privileges_effective(), missing,
			       sizeof(missing))) {
		log_error(
			&inv->log,
			"detach needs the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; missing: %s: run it as root (sudo metlo-xdp detach %s)",
			missing, iface);
		return EXIT_NOT_PERMITTED;
	}
	return EXIT_DONE;
}

static int purge(const struct invocation *inv, const char *iface)
{
	int n = pins_mounted() ? pins_purge(iface) : 0;

	if (n > 0) {
		log_info(&inv->log, "%s: detached", iface);
		return EXIT_DONE;
	}
	if (n == 0) {
		log_error(&inv->log, "%s: metlo-xdp is not attached", iface);
		return EXIT_NOTHING_ATTACHED;
	}
	log_error(&inv->log, "%s: cannot remove everything: %s", iface,
		  strerror(-n));
	return n == -EPERM || n == -EACCES ? EXIT_NOT_PERMITTED : EXIT_FAILED;
}

int cmd_detach(struct invocation *inv)
{
	const char *iface = inv->settings.subject;
	pid_t holder;
	int code, lock;

	load_messages(inv->settings.verbose);
	code = check(inv, iface);
	if (code)
		return code;
	lock = lock_acquire(iface, &holder, &inv->log);
	if (lock == -EBUSY) {
		lock_report_held(iface, holder, &inv->log);
		return EXIT_FAILED;
	}
	if (lock < 0)
		return EXIT_FAILED;
	code = purge(inv, iface);
	lock_remove(iface, lock);
	return code;
}
