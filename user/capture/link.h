/* SPDX-License-Identifier: MIT */
/* The attachment of the program to the interface: a bpf_link. */
#ifndef CAPTURE_LINK_H
#define CAPTURE_LINK_H

#include <stdbool.h>

#include "base/log.h"
#include "capture/maps.h"
#include "capture/netdev.h"

enum link_request { LINK_AUTO, LINK_NATIVE, LINK_GENERIC };

struct link_conf {
	const struct netdev *dev;
	enum link_request request;
	struct maps *maps; /* for the program to use */
	bool no_frags;	   /* try only the build for linear packets */
	const struct log *log;
};

struct link {
	int fd; /* -1: none */
	enum xdp_mode mode;
	bool frags; /* the program handles multi-buffer packets */
	/* Layout version that it is pinned for, -1 if it is not pinned. */
	int version;
};

/*
 * Opens the pinned link of the interface, also that of a version with an earlier
 * layout. 0 with l->fd -1 if there is none, or
 * if its interface no longer exists (the pin is then removed); a negative errno
 * after logging why the link cannot be used.
 */
int link_open_pinned(struct link *l, const struct netdev *dev,
		     const struct log *log);

/* Attaches the program. 0, or a negative errno after logging why and what to
 * do: the errors of load_program(), -EOPNOTSUPP if the driver refuses native
 * mode, -EBUSY if another program is attached. */
int link_attach(struct link *l, const struct link_conf *conf);

/* Replaces the program of an open link by this version's without missing a
 * packet. 0, or a negative errno after logging it. -ESTALE: the kernel refuses
 * because the link was made for a program of another attach type, so that only a
 * new link will do. */
int link_update(struct link *l, const struct link_conf *conf);

/* Removes the pin of the link, of whatever version. 0 or a negative errno. */
int link_unpin(struct link *l, const char *iface);

/* Whether the link is still attached: false once the interface was removed or
 * the link detached. Needs no privileges. */
bool link_alive(const struct link *l);

/* Detaches the program from the interface and closes the link. */
void link_detach(struct link *l);
void link_close(struct link *l);

#endif
