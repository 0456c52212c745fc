/* SPDX-License-Identifier: MIT */
/* The program on the interface, held by a bpf_link. */
#ifndef CAPTURE_LINK_H
#define CAPTURE_LINK_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/maps.h"
#include "capture/netdev.h"

enum link_wish { LINK_AUTO, LINK_NATIVE, LINK_GENERIC };

struct link_conf {
	const struct netdev *dev;
	enum link_wish wish;
	struct maps *maps; /* those the program is to use */
	bool no_frags;	   /* only the program for linear packets */
	const struct log *log;
};

struct link {
	int fd; /* -1: none */
	enum xdp_mode mode;
	bool frags; /* the program takes packets in several buffers */
};

/*
 * Opens the pinned link of the interface. 0 with l->fd -1 when there is none,
 * or when its interface is gone (the pin is then removed); a negative errno
 * after having logged why it cannot be used.
 */
int link_open_pinned(struct link *l, const struct netdev *dev,
		     const struct log *log);

/* Attaches. 0, or a negative errno after having logged what refused it and
 * what to do: -EPERM, -EOPNOTSUPP as load_program() or because the driver
 * refuses native mode, -EBUSY another program. */
int link_attach(struct link *l, const struct link_conf *conf);

/* Exchanges the program of an open link for this version's; no packet is
 * missed. 0 or a negative errno, logged. */
int link_update(struct link *l, const struct link_conf *conf);

/* False once the interface is gone or somebody detached the link. Needs no
 * privileges. */
bool link_alive(const struct link *l);

/* Takes the program off the interface and closes the link. */
void link_detach(struct link *l);
void link_close(struct link *l);

#endif
