/* SPDX-License-Identifier: MIT */
/*
 * XDP by rtnetlink, for what bpf_link does not return: the driver's message when
 * it rejects a program (extended acknowledgement).
 */
#ifndef CAPTURE_NLXDP_H
#define CAPTURE_NLXDP_H

#include <stddef.h>

/*
 * Tries to attach prog_fd in native mode, and detaches it again if that works.
 * 0, or a negative errno with the kernel's message in extack (empty if there is
 * none; always NUL-terminated).
 */
int nlxdp_try_native(unsigned int ifindex, int prog_fd, char *extack,
		     size_t size);

#endif
