/* SPDX-License-Identifier: MIT */
/* Calls, and the commands of the AWS CLI that ask for the same. */
#ifndef TEST_CLI_ROWS_H
#define TEST_CLI_ROWS_H

#include <stddef.h>

struct aws_client;

struct cli_row {
	const char *action;
	void (*ours)(struct aws_client *c);
	const char *cli; /* without the program */
};

extern const struct cli_row cli_rows[];
extern const size_t n_cli_rows;

#endif
