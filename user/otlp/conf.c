/* SPDX-License-Identifier: MIT */
/* From the options to struct otlp_conf. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/setup.h"
#include "delivery/spool.h"
#include "otlp/conf.h"

#define HEADERS_VARIABLE "OTEL_EXPORTER_OTLP_HEADERS"

/* --- options ----------------------------------------------------------- */

enum compression { COMPRESSION_GZIP, COMPRESSION_NONE };

struct otlp_settings {
	const char *headers_file, *ca_file, *service;
	enum compression compression;
	const char *spool;    /* directory, or NULL */
	uint64_t spool_limit; /* bytes */
};

_Static_assert(sizeof(struct otlp_settings) <= SINK_SETTINGS_MAX, "fits");

static const char *const compressions[] = {"gzip", "none", NULL};

static bool check_name(void *settings, const char *text,
		       struct parse_error *err)
{
	(void)settings;
	return *text ? true : parse_refuse(err, "the name is empty");
}

#define FIELD(member) .offset = offsetof(struct otlp_settings, member)

const struct opt otlp_options[] = {
	{"otlp-headers-file", .type = OPT_TEXT, FIELD(headers_file),
	 .parse = check_name, .metavar = "FILE",
	 .example = "/etc/metlo-xdp/otlp-headers",
	 .help = "send the header fields in this file, such as \"Authorization: Bearer KEY\", a line each, with requests to the receiver of OTLP; without it, those in the environment variable " HEADERS_VARIABLE},
	{"otlp-ca", .type = OPT_TEXT, FIELD(ca_file), .parse = check_name,
	 .metavar = "FILE", .example = "/etc/metlo-xdp/ca.pem",
	 .help = "trust these certificate authorities (PEM) instead of the system's for OTLP"},
	{"otlp-compression", .type = OPT_ENUM, FIELD(compression),
	 .names = compressions, .initial = "gzip", .metavar = "METHOD",
	 .help = "compress requests with OTLP: gzip or none"},
	{"otlp-service", .type = OPT_TEXT, FIELD(service), .parse = check_name,
	 .initial = "metlo-xdp", .metavar = "NAME",
	 .help = "service.name of spans: the service that was observed"},
	{"otlp-spool", .type = OPT_TEXT, FIELD(spool), .parse = check_name,
	 .metavar = "DIR", .example = "/var/lib/metlo-xdp/otlp-spool",
	 .help = "keep spans in this directory until they are delivered, also across restarts"},
	{"otlp-spool-limit", .type = OPT_SIZE, FIELD(spool_limit),
	 .min = SPOOL_LIMIT_MIN, .max = 1ull << 42, .initial = "1GiB",
	 .metavar = "SIZE",
	 .help = "largest size of --otlp-spool; beyond it, the oldest spans are dropped"},
	{.name = NULL},
};

/* --- the destination --------------------------------------------------- */

static const char *default_port(const char *host)
{
	(void)host;
	return "4318";
}

bool otlp_url_parse(struct delivery_url *url, const char *destination,
		    char *why, size_t size)
{
	const size_t suffix = strlen(OTLP_PATH);
	size_t n;

	if (!delivery_url_parse(
		    url, destination + strlen(OTLP_PREFIX), default_port,
		    "http://localhost:4318 or https://otlp.example.com", why,
		    size))
		return false;
	/* The URL may be that of the receiver or that for traces. */
	n = strlen(url->base);
	if (n > suffix && !strcmp(url->base + n - suffix, OTLP_PATH))
		url->base[n - suffix] = '\0';
	return true;
}

/* --- header fields ----------------------------------------------------- */

static int refuse_headers(const char *from, const char *why,
			  const struct log *log)
{
	log_error(log, "%s: %s", from, why);
	return -EINVAL;
}

/* 0 or -EINVAL, logged. */
static int add_headers(struct otlp_conf *c, const struct otlp_settings *s,
		       const struct log *log)
{
	char *variable = getenv(HEADERS_VARIABLE);
	char text[OTLP_HEADERS_TEXT_MAX];
	const char *why = NULL;
	ssize_t n = 0;

	if (s->headers_file) {
		n = delivery_read_secret("--otlp-headers-file", s->headers_file,
					 text, sizeof(text), log);
		if (n < 0)
			return (int)n;
		why = (size_t)n == sizeof(text)
			      ? "too many header fields"
			      : otlp_headers_file(&c->headers, text, (size_t)n);
		explicit_bzero(text, sizeof(text));
		if (why)
			return refuse_headers(s->headers_file, why, log);
	} else if (variable) {
		why = otlp_headers_list(&c->headers, variable);
		if (why)
			return refuse_headers(HEADERS_VARIABLE, why, log);
	}
	/* Hide it from /proc/PID/environ. */
	if (variable) {
		explicit_bzero(variable, strlen(variable));
		unsetenv(HEADERS_VARIABLE);
	}
	c->headers.line[c->headers.n++] =
		"Content-Type: application/x-protobuf";
	return 0;
}

/* --- all of it --------------------------------------------------------- */

void otlp_conf_finish(struct otlp_conf *c)
{
	c->context = (struct otlp_context){
		.span = {.self = c->url.authority, .peers = &c->peers},
		.service = c->service,
		.host = c->host,
		.gzip = c->gzip,
	};
	c->http = (struct delivery_http_conf){
		.url = &c->url,
		.server = &otlp_server,
		.headers = c->headers.line,
		.n_headers = c->headers.n,
		.encoding = c->gzip ? "Content-Encoding: gzip" : NULL,
		.ca_file = c->ca_file,
		.peers = &c->peers,
	};
}

static int fill(struct otlp_conf *c, const struct sink_setup *setup)
{
	const struct otlp_settings *s = setup->settings;
	char why[256];

	if (!otlp_url_parse(&c->url, setup->destination, why, sizeof(why))) {
		log_error(setup->log, "--output otlp: %s", why);
		return -EINVAL;
	}
	c->gzip = s->compression == COMPRESSION_GZIP;
	if (add_headers(c, s, setup->log) ||
	    delivery_check_ca("--otlp-ca", s->ca_file, setup->log))
		return -EINVAL;
	c->ca_file = s->ca_file;
	c->spool = s->spool;
	c->spool_limit = s->spool_limit;
	c->owner = setup->owner;
	c->service = s->service;
	if (gethostname(c->host, sizeof(c->host) - 1))
		strcpy(c->host, "unknown");
	otlp_conf_finish(c);
	return delivery_probe(&c->http, c->spool, setup->log);
}

static int check_use(const struct sink_setup *setup)
{
	const struct otlp_settings *s = setup->settings;

	if (setup->n > 1) {
		log_error(setup->log, "--output otlp: can be given only once");
		return -EINVAL;
	}
	if (setup->n && setup->document) {
		log_error(
			setup->log,
			"--output otlp: spans are no document: use --format har with ndjson outputs only");
		return -EINVAL;
	}
	if (!setup->n && (s->spool || s->headers_file))
		log_warn(setup->log,
			 "%s has no effect without --output otlp:URL",
			 s->spool ? "--otlp-spool" : "--otlp-headers-file");
	return 0;
}

int otlp_conf_setup(const struct sink_setup *setup, void **conf)
{
	int err = check_use(setup);
	struct otlp_conf *c;

	*conf = NULL;
	if (err || !setup->n)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c) {
		log_error(setup->log, "output: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = fill(c, setup);
	if (!err)
		*conf = c;
	else
		otlp_conf_free(c);
	return err;
}

void otlp_conf_free(void *conf)
{
	struct otlp_conf *c = conf;

	if (!c)
		return;
	explicit_bzero(&c->headers, sizeof(c->headers));
	free(c);
}
