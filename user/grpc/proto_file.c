/* SPDX-License-Identifier: MIT */
/* Reads descriptors from a file. */
#include <errno.h>
#include <string.h>

#include "base/owned_file.h"
#include "grpc/proto_descriptor.h"
#include "grpc/proto_file.h"

int proto_file_read(const char *path, struct proto_set **out,
		    const struct log *log)
{
	struct parse_error why;
	struct buf data = {0};
	int err = regular_read(path, PROTO_FILE_MAX, &data);

	*out = NULL;
	if (err == -EFBIG)
		log_error(log, "%s: longer than %u MiB", path,
			  PROTO_FILE_MAX >> 20);
	else if (err)
		log_error(log, "%s: %s", path, regular_error(-err));
	if (!err) {
		*out = proto_set_parse(data.p, data.len, &why);
		if (!*out) {
			err = -EINVAL;
			log_error(log, "%s: %s", path, why.text);
		}
	}
	buf_free(&data);
	return err;
}
