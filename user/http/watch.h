/* SPDX-License-Identifier: MIT */
/* Whether TLS begins in a connection that began with something else. */
#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

#include "http/account.h"
#include "http/event.h"
#include "http/prefix.h"

/* Does a record with a hello begin here, and may it? */
enum head_prefix watch_begins(const struct conn *c, uint64_t offset,
			      const uint8_t *p, size_t n);
/* In a connection in which no message was found, or in a tunnel. */
bool watch_resync(const struct conn *c, const struct input *in);
/* Has m, the response to an Upgrade, agreed on TLS? */
bool watch_upgrade(const struct conn *c, const struct msg *m);
/* Does the client wait in a tunnel that is not accepted yet, with a hello? */
bool watch_waits(struct conn *c);
/* The tunnel is accepted: that hello is looked at once more. */
void watch_release(struct conn *c, uint64_t ts_ns);

/* A direction left HTTP: may TLS still begin? Else it is skipped. */
void watch_begin(struct conn *c, enum stream_dir dir);
/* Its next bytes. */
enum action watch_look(struct conn *c, struct event *ev, enum byte_class class);

#endif
