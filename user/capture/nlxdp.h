/* SPDX-License-Identifier: MIT */
/*
 * XDP by rtnetlink, for the one thing that bpf_link does not give: the words
 * in which a driver refuses a program (extended acknowledgement).
 */
#ifndef CAPTURE_NLXDP_H
#define CAPTURE_NLXDP_H

#include <stddef.h>

/*
 * Tries to attach prog_fd in native mode and takes it off again should that
 * work. 0, or the negative errno with the kernel's words in extack (empty if
 * there are none; always terminated).
 */
int nlxdp_try_native(unsigned int ifindex, int prog_fd, char *extack,
		     size_t size);

#endif
