/* SPDX-License-Identifier: MIT */
/*
 * From the options to struct ingest_conf. Everything a user can get wrong is
 * found here, before the interface is touched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/setup.h"
#include "metlo/conf.h"
#include "metlo/server.h"

#define KEY_VARIABLE "METLO_API_KEY"

#define COLLECTOR_PORT "8081"

/* --- options ----------------------------------------------------------- */

struct ingest_settings {
	const char *host; /* URL of the collector, or NULL */
	const char *key_file, *ca_file;
	const char *spool;    /* directory, or NULL */
	uint64_t spool_limit; /* bytes */
};

_Static_assert(sizeof(struct ingest_settings) <= SINK_SETTINGS_MAX, "fits");

static const char *default_port(const char *host)
{
	return !strcmp(host, "app.metlo.com") ? "80" : COLLECTOR_PORT;
}

bool ingest_url_parse(struct delivery_url *url, const char *text, char *why,
		      size_t size)
{
	return delivery_url_parse(
		url, text, default_port,
		"https://metlo.example.com or http://metlo.example.com:8081",
		why, size);
}

static bool check_host(void *settings, const char *text,
		       struct parse_error *err)
{
	struct delivery_url url;
	char why[sizeof(err->text)];

	(void)settings;
	return ingest_url_parse(&url, text, why, sizeof(why)) ||
	       parse_refuse(err, "%s", why);
}

static bool check_name(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return *text ? true : parse_refuse(err, "the name is empty");
}

#define FIELD(member) .offset = offsetof(struct ingest_settings, member)

const struct opt ingest_options[] = {
	{"metlo-host", .type = OPT_TEXT, FIELD(host), .parse = check_host,
	 .metavar = "URL", .example = "https://metlo.example.com",
	 .help = "URL of Metlo's collector, such as https://metlo.example.com or http://metlo.example.com:8081; the API key is read from the environment variable METLO_API_KEY"},
	{"metlo-key-file", .type = OPT_TEXT, FIELD(key_file),
	 .parse = check_name, .metavar = "FILE",
	 .example = "/etc/metlo-xdp/key",
	 .help = "read the API key from this file instead"},
	{"metlo-ca", .type = OPT_TEXT, FIELD(ca_file), .parse = check_name,
	 .metavar = "FILE", .example = "/etc/metlo-xdp/ca.pem",
	 .help = "trust these certificate authorities (PEM) instead of the system's"},
	{"spool", .type = OPT_TEXT, FIELD(spool), .parse = check_name,
	 .metavar = "DIR", .example = "/var/lib/metlo-xdp/spool",
	 .help = "keep transactions for Metlo in this directory until they are delivered, also across restarts"},
	{"spool-limit", .type = OPT_SIZE, FIELD(spool_limit),
	 .min = SPOOL_LIMIT_MIN, .max = 1ull << 42, .initial = "1GiB",
	 .metavar = "SIZE",
	 .help = "largest size of the spool; beyond it, the oldest transactions are dropped"},
	{.name = NULL},
};

/* --- the API key ------------------------------------------------------- */

/* Sets the key from text without surrounding white space. It becomes part of a
 * header field, so control characters are rejected. 0 or -EINVAL, logged. */
static int set_key(struct ingest_conf *m, const char *text, size_t n,
		   const char *from, const struct log *log)
{
	while (n && strchr(" \t\r\n", *text)) {
		text++;
		n--;
	}
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (!n) {
		log_error(
			log,
			"%s: the API key is empty: set it to a key of your Metlo installation",
			from);
		return -EINVAL;
	}
	if (n > INGEST_KEY_MAX) {
		log_error(log,
			  "%s: longer than %d bytes: this is not an API key",
			  from, INGEST_KEY_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~') {
			log_error(
				log,
				"%s: contains spaces or control characters: this is not an API key",
				from);
			return -EINVAL;
		}
	memcpy(m->key, text, n);
	m->key[n] = '\0';
	return 0;
}

static int read_key_file(struct ingest_conf *m, const char *path,
			 const struct log *log)
{
	char text[INGEST_KEY_MAX + 64];
	const ssize_t n = delivery_read_secret("--metlo-key-file", path, text,
					       sizeof(text), log);
	int err = n < 0 ? (int)n : set_key(m, text, (size_t)n, path, log);

	explicit_bzero(text, sizeof(text));
	return err;
}

static int find_key(struct ingest_conf *m, const struct ingest_settings *s,
		    const struct log *log)
{
	char *text = getenv(KEY_VARIABLE);
	int err;

	if (s->key_file)
		return read_key_file(m, s->key_file, log);
	if (!text) {
		log_error(
			log,
			"--output metlo needs an API key: set " KEY_VARIABLE
			" in the environment, or name a file that contains it with --metlo-key-file");
		return -EINVAL;
	}
	err = set_key(m, text, strlen(text), KEY_VARIABLE, log);
	/* Hide it from /proc/PID/environ. */
	explicit_bzero(text, strlen(text));
	unsetenv(KEY_VARIABLE);
	return err;
}

/* --- the collector ----------------------------------------------------- */

struct delivery_http_conf ingest_conf_http(const struct ingest_conf *c,
					   struct ingest_headers *headers)
{
	snprintf(headers->authorization, sizeof(headers->authorization),
		 "Authorization: %s", c->key);
	headers->lines[0] = headers->authorization;
	headers->lines[1] = "Content-Type: application/json";
	return (struct delivery_http_conf){
		.url = &c->url,
		.server = &ingest_server,
		.headers = headers->lines,
		.n_headers = 2,
		.ca_file = c->ca_file,
		.peers = c->peers,
	};
}

static int check_use(const struct ingest_settings *s, unsigned int n,
		     const struct log *log)
{
	if (n > 1) {
		log_error(log, "--output metlo: can be given only once");
		return -EINVAL;
	}
	if (n && !s->host) {
		log_error(
			log,
			"--output metlo needs --metlo-host, the URL of Metlo's collector");
		return -EINVAL;
	}
	if (!n && (s->host || s->spool))
		log_warn(log, "%s has no effect without --output metlo",
			 s->host ? "--metlo-host" : "--spool");
	return 0;
}

void ingest_conf_trace(struct ingest_conf *c)
{
	c->trace = (struct ingest_trace_conf){
		.self = c->url.authority,
		.peers = c->peers,
		.max = INGEST_BATCH_BYTES - 2,
	};
}

static int fill(struct ingest_conf *c, const struct sink_setup *setup)
{
	const struct ingest_settings *s = setup->settings;
	struct delivery_http_conf http;
	struct ingest_headers headers;
	char why[256];

	if (!ingest_url_parse(&c->url, s->host, why, sizeof(why))) {
		log_error(setup->log, "--metlo-host: %s", why);
		return -EINVAL;
	}
	if (find_key(c, s, setup->log))
		return -EINVAL;
	if (delivery_check_ca("--metlo-ca", s->ca_file, setup->log))
		return -EINVAL;
	ingest_conf_trace(c);
	c->ca_file = s->ca_file;
	c->spool = s->spool;
	c->spool_limit = s->spool_limit;
	c->owner = setup->owner;
	http = ingest_conf_http(c, &headers);
	return delivery_probe(&http, c->spool, setup->log);
}

int ingest_conf_setup(const struct sink_setup *setup, void **conf)
{
	int err = check_use(setup->settings, setup->n, setup->log);
	struct ingest_conf *c;

	*conf = NULL;
	if (err || !setup->n)
		return err;
	if (setup->document) {
		log_error(
			setup->log,
			"--output metlo: the collector takes no documents: use --format har with ndjson outputs only");
		return -EINVAL;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		log_error(setup->log, "output: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	c->peers = calloc(1, sizeof(*c->peers));
	if (!c->peers) {
		log_error(setup->log, "output: %s", strerror(ENOMEM));
		ingest_conf_free(c);
		return -ENOMEM;
	}
	err = fill(c, setup);
	if (!err)
		*conf = c;
	else
		ingest_conf_free(c);
	return err;
}

void ingest_conf_free(void *conf)
{
	struct ingest_conf *c = conf;

	if (!c)
		return;
	explicit_bzero(c->key, sizeof(c->key));
	free(c->peers);
	free(c);
}
