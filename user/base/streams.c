/* SPDX-License-Identifier: MIT */
/* Reserves the descriptors of standard streams that the caller closed. */
#include <fcntl.h>
#include <unistd.h>

#include "base/streams.h"

void streams_reserve(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			return;
}
