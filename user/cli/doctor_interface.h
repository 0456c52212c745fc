/* SPDX-License-Identifier: MIT */
#ifndef CLI_DOCTOR_INTERFACE_H
#define CLI_DOCTOR_INTERFACE_H

#include "cli/doctor.h"

/* Checks one interface, and for two seconds whether UDP packets to port
 * arrive. If metlo-xdp is attached, its VXLAN port is used instead. */
void doctor_interface(struct doctor *d, const char *iface, unsigned int port);

#endif
