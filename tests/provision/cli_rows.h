/* SPDX-License-Identifier: MIT */
/* API calls with the equivalent commands of the AWS CLI. */
#ifndef TEST_CLI_ROWS_H
#define TEST_CLI_ROWS_H

#include <stddef.h>

struct aws_client;

struct cli_row {
	const char *action;
	void (*call)(struct aws_client *c);
	const char *cli; /* arguments of the aws program */
};

extern const struct cli_row cli_rows[];
extern const size_t n_cli_rows;

#endif
