/* SPDX-License-Identifier: MIT */
#ifndef CLI_DOCTOR_MACHINE_H
#define CLI_DOCTOR_MACHINE_H

#include "cli/doctor.h"

/* Checks kernel, privileges, BPF file system, user and clock. */
void doctor_machine(struct doctor *d);

#endif
