/* SPDX-License-Identifier: MIT */
/* Exit codes, the same for every command; documented in the man pages. */
#ifndef BASE_EXIT_H
#define BASE_EXIT_H

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOTHING_ATTACHED = 3, /* metlo-xdp */
	EXIT_NO_DEPLOYMENT = 3,	   /* metlo-mirror */
	EXIT_NOT_PERMITTED = 4,
	EXIT_NOT_SUPPORTED = 5,
	EXIT_CHECKS_FAILED = 6, /* metlo-mirror verify: traffic is missing */
	EXIT_INTERRUPTED = 130, /* as a shell reports SIGINT: 128 + 2 */
};

#endif
