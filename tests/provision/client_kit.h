/* SPDX-License-Identifier: MIT */
/* A fixture: a client that talks to a responder, and its log. */
#ifndef TEST_CLIENT_KIT_H
#define TEST_CLIENT_KIT_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"
#include "base/log.h"
#include "responder.h"

#define KEY    "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN  "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVz"

/* What the response about a session has to contain. */
#define SESSION_IDS                                              \
	"<trafficMirrorSessionId>tms-1</trafficMirrorSessionId>" \
	"<trafficMirrorTargetId>tmt-1</trafficMirrorTargetId>"   \
	"<trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>"   \
	"<networkInterfaceId>eni-1</networkInterfaceId>"
#define EC2_ERROR(code, message)                                        \
	"<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>" code \
	"</Code><Message>" message                                      \
	"</Message></Error></Errors><RequestID>req-1</RequestID></Response>"

struct fixture {
	struct responder *r;
	struct aws_client *c;
	struct log log;
	char *log_text;
	size_t log_len;
	/* When the stopped() callback returns true: always, or once the log
	 * contains a text. */
	bool stop;
	const char *stop_after;
};

/* Creates the client from the present environment. */
void make_client(struct fixture *f);
/* cmocka fixtures. The teardown fails if the log contains a secret. */
int client_setup(void **state);
int client_teardown(void **state);

#define CLIENT_TEST(f) \
	cmocka_unit_test_setup_teardown(f, client_setup, client_teardown)

#endif
