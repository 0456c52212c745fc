/* SPDX-License-Identifier: MIT */
/* Everything a user can get wrong is found here, before the interface is
 * touched. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/owned_file.h"
#include "delivery/setup.h"

#define PROBE_NS (10 * NSEC_PER_SEC)

int delivery_check_ca(const char *option, const char *path,
		      const struct log *log)
{
	int fd = path ? regular_open(path) : 0;

	if (!path)
		return 0;
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	log_error(log, "%s %s: %s", option, path, regular_error(-fd));
	return -EINVAL;
}

ssize_t delivery_read_secret(const char *option, const char *path, char *to,
			     size_t size, const struct log *log)
{
	int fd = regular_open(path), err = fd < 0 ? -fd : 0;
	struct stat st = {0};
	ssize_t n = -1;

	if (!err) {
		n = fstat(fd, &st) ? -1 : read(fd, to, size);
		err = n < 0 ? errno : 0;
	}
	if (fd >= 0)
		close(fd);
	if (err) {
		log_error(log, "%s %s: %s", option, path, regular_error(err));
		return -EINVAL;
	}
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		log_warn(
			log,
			"%s %s: other users can read or change it: chmod 600 %s",
			option, path, path);
	return n;
}

int delivery_probe(const struct delivery_http_conf *http, const char *spool,
		   const struct log *log)
{
	struct delivery_http_conf once = *http;
	struct delivery_answer a = {.verdict = DELIVERY_OK};

	once.timeout_ms = PROBE_NS / NSEC_PER_MSEC;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (http->server->path[DELIVERY_CALL_ALIVE])
		delivery_http_call(&once, DELIVERY_CALL_ALIVE, &a);
	if (a.verdict == DELIVERY_OK)
		delivery_http_call(&once, DELIVERY_CALL_VERIFY, &a);
	if (a.verdict == DELIVERY_OK)
		return 0;
	if (!spool) {
		log_error(log, "%s", a.why);
		return -EHOSTUNREACH;
	}
	log_warn(log, "%s; transactions wait in %s", a.why, spool);
	return 0;
}
