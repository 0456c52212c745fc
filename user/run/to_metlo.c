/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit.h"
#include "run/to_metlo.h"

#define KEY_VARIABLE "METLO_API_KEY"

/* The text without the space around it; false after a message. It becomes part
 * of a header: nothing in it may end that. */
static bool set_key(struct to_metlo *m, const char *text, size_t n,
		    const char *from, const struct log *log)
{
	while (n && strchr(" \t\r\n", *text)) {
		text++;
		n--;
	}
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (!n) {
		log_error(log, "%s: the API key is empty", from);
		return false;
	}
	if (n > METLO_KEY_MAX) {
		log_error(log, "%s: longer than an API key can be (%d bytes)",
			  from, METLO_KEY_MAX);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~') {
			log_error(
				log,
				"%s: this is not an API key: it has more than one word in it, or no text at all",
				from);
			return false;
		}
	memcpy(m->key, text, n);
	m->key[n] = '\0';
	return true;
}

static bool read_key_file(struct to_metlo *m, const char *path,
			  const struct log *log)
{
	char text[METLO_KEY_MAX + 64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	ssize_t n = -1;
	bool ok;

	if (fd >= 0 && !fstat(fd, &st))
		n = read(fd, text, sizeof(text));
	if (n < 0) {
		log_error(log, "--metlo-key-file %s: %s", path,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	if (st.st_mode & (S_IRWXO | S_IWGRP))
		log_warn(
			log,
			"--metlo-key-file %s: others can read or change it: chmod 600 %s",
			path, path);
	ok = set_key(m, text, (size_t)n, path, log);
	explicit_bzero(text, sizeof(text));
	return ok;
}

static bool find_key(struct to_metlo *m, const struct settings *s,
		     const struct log *log)
{
	char *text = getenv(KEY_VARIABLE);
	bool ok;

	if (s->metlo_key_file)
		return read_key_file(m, s->metlo_key_file, log);
	if (!text) {
		log_error(
			log,
			"--output metlo needs an API key: set " KEY_VARIABLE
			" in the environment, or name a file that holds it by --metlo-key-file");
		return false;
	}
	ok = set_key(m, text, strlen(text), KEY_VARIABLE, log);
	/* Nobody needs to see it in /proc any more. */
	explicit_bzero(text, strlen(text));
	unsetenv(KEY_VARIABLE);
	return ok;
}

static bool wanted_once(const struct settings *s, bool *wanted,
			const struct log *log)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->outputs.n; i++)
		n += !strcmp(s->outputs.item[i], "metlo");
	*wanted = n;
	if (n > 1) {
		log_error(log, "--output metlo is given twice");
		return false;
	}
	if (n && !s->metlo_host) {
		log_error(
			log,
			"--output metlo needs --metlo-host, the URL of Metlo's collector");
		return false;
	}
	if (!n && (s->metlo_host || s->spool))
		log_warn(log, "%s does nothing without --output metlo",
			 s->metlo_host ? "--metlo-host" : "--spool");
	return true;
}

int to_metlo_open(struct to_metlo *m, const struct settings *s,
		  const struct log *log)
{
	char why[256];

	*m = (struct to_metlo){0};
	if (!wanted_once(s, &m->wanted, log))
		return EXIT_USAGE;
	if (!m->wanted)
		return EXIT_DONE;
	if (!metlo_url_parse(&m->conf.url, s->metlo_host, why, sizeof(why))) {
		log_error(log, "--metlo-host: %s", why);
		return EXIT_USAGE;
	}
	if (!find_key(m, s, log))
		return EXIT_USAGE;
	m->conf.key = m->key;
	m->conf.ca_file = s->metlo_ca;
	m->conf.spool = s->spool;
	m->conf.spool_limit = s->spool_limit;
	return metlo_probe(&m->conf, log) ? EXIT_DONE : EXIT_FAILED;
}

const struct metlo_conf *to_metlo_conf(const struct to_metlo *m)
{
	return m->wanted ? &m->conf : NULL;
}

void to_metlo_close(struct to_metlo *m)
{
	explicit_bzero(m->key, sizeof(m->key));
}
