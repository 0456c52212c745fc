/* SPDX-License-Identifier: MIT */
/*
 * The end of a file of our lines after a crash: the last line may be cut in
 * two (a kill during a write, a full disk), and after a power loss zeros may
 * stand where data never reached the disk.
 */
#ifndef OUTPUT_TAIL_H
#define OUTPUT_TAIL_H

#include <stdbool.h>
#include <stdint.h>

struct tail {
	uint64_t keep; /* bytes; what is beyond them is no whole line */
	bool newline;  /* one has to be appended to these */
};

/*
 * Looks at the last bytes of the size that fd, which can be read, has. A last
 * line that is whole but for its newline is kept. Of a file that does not begin
 * as ours do, nothing is to be cut. 0 or a negative errno.
 */
int tail_find(int fd, uint64_t size, struct tail *t);

#endif
