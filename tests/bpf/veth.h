/* SPDX-License-Identifier: MIT */
/*
 * A veth pair in a private network namespace: programs are attached to one end
 * and frames sent from the other. Pins are in the machine's BPF file system,
 * under names unique to the process.
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
/* Creates the pair and sets it up. 0 on success. */
int veth_make(const struct veth *v);

/* Moves the process into a new network namespace. If that is impossible, prints
 * that the tests called name are skipped, and why, and returns false. */
bool veth_possible(const char *name);

/* Collects log messages in memory. */
struct veth_log {
	char *text;
	size_t size;
	struct log log;
};

void veth_log_open(struct veth_log *h);
void veth_log_free(struct veth_log *h);
void assert_logged(const struct veth_log *h, const char *part);

__attribute__((format(printf, 1, 2))) int shell(const char *fmt, ...);

/* Port 80, native, two rings of 1 MiB. */
struct capture_conf veth_conf(const struct veth *v, const struct veth_log *h);

/* Sends one frame for each number from first to first + n - 1. Each belongs to
 * its own connection, from port 10000 + number, with VNI 7 and the number as its
 * 4-byte payload. */
void veth_inject(const struct veth *v, uint32_t first, uint32_t n);

void assert_no_program(const struct veth *v);

#endif
