/* SPDX-License-Identifier: MIT */
/* The schema is built in, so that it is always that of this program. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/exit.h"
#include "cli/cmd_schema.h"
#include "line_schema.gen.h"

int cmd_schema(struct invocation *inv)
{
	if (fwrite(line_schema, 1, sizeof(line_schema), stdout) ==
		    sizeof(line_schema) &&
	    !fflush(stdout))
		return EXIT_DONE;
	log_error(&inv->log, "cannot write the schema: %s", strerror(errno));
	return EXIT_FAILED;
}
