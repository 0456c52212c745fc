/* SPDX-License-Identifier: MIT */
/*
 * A veth pair in a network namespace of its own, on which programs are
 * attached, with frames sent in at the other end. The pins are those of the
 * machine, under names that no other process uses.
 */
#ifndef TESTS_VETH_H
#define TESTS_VETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/capture.h"

struct veth {
	char dev[16]; /* where programs are attached */
	char peer[16];
};

/* For cmocka: *state is a struct veth. */
int veth_up(void **state);
int veth_down(void **state);
/* ip link add, and up. 0 when it worked. */
int veth_make(const struct veth *v);

/* Moves the process into a network namespace. False, after having said why
 * the tests of that name are skipped, where that cannot be. */
bool veth_possible(const char *name);

/* What capture says, in memory. */
struct heard {
	char *text;
	size_t size;
	struct log log;
};

void listen_in(struct heard *h);
void heard_free(struct heard *h);
void assert_heard(const struct heard *h, const char *part);

__attribute__((format(printf, 1, 2))) int shell(const char *fmt, ...);

/* Port 80, native, two rings of 1 MiB. */
struct capture_conf veth_conf(const struct veth *v, const struct heard *h);

/* Sends one frame for each number from first to first + n - 1, each of a
 * connection of its own from port 10000 + number, with the number as its
 * payload of 4 bytes and VNI 7. */
void veth_inject(const struct veth *v, uint32_t first, uint32_t n);

void assert_no_program(const struct veth *v);

#endif
