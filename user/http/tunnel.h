/* SPDX-License-Identifier: MIT */
/* What a client sends after CONNECT or Upgrade, until the server has answered. */
#ifndef HTTP_TUNNEL_H
#define HTTP_TUNNEL_H

#include "http/types.h"

/* Is the answer to a CONNECT or an Upgrade outstanding? */
bool tunnel_pending(const struct conn *c);

/* Has the server accepted a tunnel, or another protocol? */
bool tunnel_accepted(struct conn *c);
/* Does the client wait for the answer, with bytes that are not HTTP, and is no
 * response known that may be it? */
bool tunnel_undecided(struct conn *c, enum stream_dir dir);

/* The server has refused the tunnel or protocol that the client asked for: what
 * the client sent since is HTTP, or at least read as such. */
void tunnel_refused(struct conn *c, uint64_t ts_ns);
/* Does the client wait for the answer, with bytes that are not HTTP? */
bool tunnel_waits(struct conn *c);
/* Those bytes, which lie in m, and how they are parsed once more, in this state. */
struct input tunnel_input(const struct msg *m, uint64_t ts_ns);
void tunnel_again(struct conn *c, enum dir_state state, uint64_t ts_ns);

#endif
