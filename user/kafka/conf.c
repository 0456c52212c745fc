/* SPDX-License-Identifier: MIT */
/*
 * From the options to a configuration of librdkafka. It knows which properties
 * exist and what their values may be, so its messages are passed on; they do not
 * quote the values that may be secrets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kafka/conf.h"

const struct kafka_times kafka_default_times = {
	.probe = 10 * NSEC_PER_SEC,
	.drain = 5 * NSEC_PER_SEC,
	.stall = 30 * NSEC_PER_SEC,
};

struct kafka_settings {
	const char *brokers;
	struct string_list properties; /* KEY=VALUE */
	enum kafka_key key;
	bool headers;
};

_Static_assert(sizeof(struct kafka_settings) <= SINK_SETTINGS_MAX, "fits");

/* What the sink relies on. */
static const char *const reserved[] = {
	"bootstrap.servers",
	"delivery.report.only.error",
	"enable.sasl.oauthbearer.unsecure.jwt",
	"log.queue",
	"metadata.broker.list",
	"plugin.library.paths",
	"statistics.interval.ms",
	"transactional.id",
};

static bool check_brokers(void *settings, const char *text,
			  struct parse_error *err)
{
	(void)settings;
	if (!*text || strpbrk(text, " \t\r\n"))
		return parse_refuse(
			err,
			"brokers are HOST:PORT, separated by commas without blanks");
	return true;
}

static bool check_property(void *settings, const char *text,
			   struct parse_error *err)
{
	const size_t n = strcspn(text, "=");

	(void)settings;
	if (!n || !text[n])
		return parse_refuse(
			err,
			"a property of librdkafka is KEY=VALUE, such as security.protocol=ssl");
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strlen(reserved[i]) == n && !memcmp(reserved[i], text, n))
			return parse_refuse(
				err, "%s cannot be set: metlo-xdp relies on it",
				reserved[i]);
	return true;
}

static const char *const key_names[] = {"connection", "endpoint", "host",
					"source", NULL};

#define FIELD(member) .offset = offsetof(struct kafka_settings, member)

const struct opt kafka_options[] = {
	{"kafka-brokers", .type = OPT_TEXT, FIELD(brokers),
	 .parse = check_brokers, .metavar = "HOST:PORT,...",
	 .example = "kafka-1:9092,kafka-2:9092",
	 .help = "brokers of the Kafka cluster to ask for the others"},
	{"kafka-option", .type = OPT_LIST, FIELD(properties),
	 .parse = check_property, .metavar = "KEY=VALUE",
	 .example = "security.protocol=ssl",
	 .help = "a property of librdkafka for TLS, SASL, compression or time limits; may be repeated. Passwords belong into the configuration file: others can see the command line"},
	{"kafka-key", .type = OPT_ENUM, FIELD(key), .names = key_names,
	 .initial = "connection", .metavar = "KEY",
	 .help = "key of a message: messages with the same key go to the same partition, in order"},
	{"kafka-headers", .type = OPT_FLAG, FIELD(headers),
	 .help = "repeat schema, id, collector and VNI of a line as headers of its message, which costs CPU time"},
	{.name = NULL},
};

bool kafka_topic_valid(const char *topic)
{
	const size_t n = strlen(topic);

	return n && n <= KAFKA_TOPIC_MAX &&
	       strspn(topic,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       n &&
	       strcmp(topic, ".") != 0 && strcmp(topic, "..") != 0;
}

/* --- the configuration of librdkafka ------------------------------------- */

static int set(struct kafka_conf *c, const char *name, const char *value,
	       const char *option, const struct log *log)
{
	char why[256];

	if (c->library.conf_set(c->producer, name, value, why, sizeof(why)) ==
	    RD_KAFKA_CONF_OK)
		return 0;
	log_error(log, "%s: %s", option, why);
	return -EINVAL;
}

static int set_defaults(struct kafka_conf *c, const struct log *log)
{
	static const struct {
		const char *name, *value;
	} defaults[] = {
		{"client.id", "metlo-xdp"},
		{"log.queue", "true"},
		{"statistics.interval.ms", "2000"},
		/* A broker that repeats a request of ours must not store it
		 * twice. */
		{"enable.idempotence", "true"},
		{"compression.type", "lz4"},
		/* Larger batches cost less; 5 ms would be far from it. */
		{"linger.ms", "50"},
		/* Lines wait in the queue of the sink: without a time limit,
		 * and it bounds what librdkafka holds. */
		{"message.timeout.ms", "0"},
		{"queue.buffering.max.messages", "0"},
		{"queue.buffering.max.kbytes", "2147483647"},
		/* The same partitions as those of Java clients. */
		{"partitioner", "murmur2_random"},
		{"socket.keepalive.enable", "true"},
		{"socket.nagle.disable", "true"},
	};
	int err =
		set(c, "bootstrap.servers", c->brokers, "--kafka-brokers", log);

	for (size_t i = 0; !err && i < sizeof(defaults) / sizeof(*defaults);
	     i++)
		err = set(c, defaults[i].name, defaults[i].value,
			  "--output kafka", log);
	return err;
}

static int set_properties(struct kafka_conf *c, const struct string_list *l,
			  const struct log *log)
{
	for (unsigned int i = 0; i < l->n; i++) {
		const char *text = l->item[i];
		const size_t n = strcspn(text, "=");
		char *name = strndup(text, n);
		int err;

		if (!name) {
			log_error(log, "output: %s", strerror(ENOMEM));
			return -ENOMEM;
		}
		err = set(c, name, text + n + 1, "--kafka-option", log);
		free(name);
		if (err)
			return err;
	}
	return 0;
}

static int check_use(const struct kafka_settings *s, unsigned int n,
		     const struct log *log)
{
	if (n && !s->brokers) {
		log_error(
			log,
			"--output kafka needs --kafka-brokers, such as kafka-1:9092,kafka-2:9092");
		return -EINVAL;
	}
	if (!n && (s->brokers || s->properties.n))
		log_warn(log, "%s has no effect without --output kafka:TOPIC",
			 s->brokers ? "--kafka-brokers" : "--kafka-option");
	return 0;
}

static int fill(struct kafka_conf *c, const struct sink_setup *setup)
{
	const struct kafka_settings *s = setup->settings;
	int err = kafka_library_load(&c->library, setup->log);

	if (err)
		return err;
	c->brokers = s->brokers;
	c->key = s->key;
	c->headers = s->headers;
	c->producer = c->library.conf_new();
	err = set_defaults(c, setup->log);
	if (!err)
		err = set_properties(c, &s->properties, setup->log);
	c->library.conf_set_events(
		c->producer, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
				     RD_KAFKA_EVENT_STATS | RD_KAFKA_EVENT_LOG);
	return err;
}

int kafka_conf_setup(const struct sink_setup *setup, void **conf)
{
	int err = check_use(setup->settings, setup->n, setup->log);
	struct kafka_conf *c;

	*conf = NULL;
	if (err || !setup->n)
		return err;
	if (setup->document) {
		log_error(
			setup->log,
			"--output kafka: messages are single lines, not a document: use --format har with ndjson outputs only");
		return -EINVAL;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		log_error(setup->log, "output: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = fill(c, setup);
	if (!err)
		*conf = c;
	else
		kafka_conf_free(c);
	return err;
}

void kafka_conf_free(void *conf)
{
	struct kafka_conf *c = conf;

	if (!c)
		return;
	if (c->producer)
		c->library.conf_destroy(c->producer);
	kafka_library_unload(&c->library);
	free(c);
}
