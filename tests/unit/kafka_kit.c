/* SPDX-License-Identifier: MIT */
#include "kafka_kit.h"

#include <dlfcn.h>
#include <time.h>

#include "base/clock.h"
#include "base/opt.h"
#include "kafka/kafka.h"

static void load(struct kafka_kit *k)
{
	k->handle = dlopen("librdkafka.so.1", RTLD_NOW);
	assert_non_null(k->handle);
#define KAFKA_KIT_FUNCTION(name)                                  \
	*(void **)&k->name = dlsym(k->handle, "rd_kafka_" #name); \
	assert_non_null(k->name);
	KAFKA_KIT_FUNCTIONS(KAFKA_KIT_FUNCTION)
#undef KAFKA_KIT_FUNCTION
}

/* The topic "t" appears when it is first asked for: an explicit command to an idle
 * cluster may take a second. */
int kafka_kit_setup(void **state)
{
	struct kafka_kit *k = calloc(1, sizeof(*k));
	rd_kafka_conf_t *conf;
	char why[256];

	assert_non_null(k);
	load(k);
	k->log = (struct log){open_memstream(&k->said, &k->n_said), "test",
			      LOG_LEVEL_INFO};
	conf = k->conf_new();
	k->conf_set(conf, "log_level", "0", why, sizeof(why));
	k->owner = k->new (RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	assert_non_null(k->owner);
	k->cluster = k->mock_cluster_new(k->owner, KAFKA_KIT_BROKERS);
	assert_non_null(k->cluster);
	k->times = (struct kafka_times){.probe = 30 * NSEC_PER_SEC,
					.drain = 60 * NSEC_PER_SEC,
					.stall = 60 * NSEC_PER_SEC};
	*state = k;
	return 0;
}

int kafka_kit_teardown(void **state)
{
	struct kafka_kit *k = *state;

	if (k->output)
		output_close(k->output, NULL);
	kafka_conf_free(k->conf);
	k->mock_cluster_destroy(k->cluster);
	k->destroy(k->owner);
	fclose(k->log.out);
	free(k->said);
	dlclose(k->handle);
	free(k);
	return 0;
}

void kafka_kit_set_all(struct kafka_kit *k, bool up)
{
	for (int32_t i = 1; i <= KAFKA_KIT_BROKERS; i++)
		if (up)
			k->mock_broker_set_up(k->cluster, i);
		else
			k->mock_broker_set_down(k->cluster, i);
}

const char *kafka_kit_said(struct kafka_kit *k)
{
	fflush(k->log.out);
	return k->said ? k->said : "";
}

#define SCOPE 1

bool kafka_kit_open(struct kafka_kit *k, const char *brokers, bool blocking,
		    const char *const *argv)
{
	static _Alignas(max_align_t) char settings[SINK_SETTINGS_MAX];
	struct opt table[8] = {0};
	struct opt_set set = {table, settings, SCOPE, {0}, {0}};
	const char *args[16] = {
		"test", "--kafka-brokers",
		brokers ? brokers : k->mock_cluster_bootstraps(k->cluster)};
	int n = 3;
	bool help = false;
	struct sink_setup setup = {
		.settings = settings, .n = 1, .log = &k->log};
	struct output_sink sink = {.ops = &kafka_sink,
				   .destination = "kafka:t"};
	struct output_conf conf = {.sinks = &sink,
				   .n_sinks = 1,
				   .workers = 1,
				   .queue_limit = 8 << 20,
				   .blocking = blocking,
				   .log = &k->log};
	void *made = NULL;

	for (size_t i = 0; kafka_options[i].name; i++) {
		table[i] = kafka_options[i];
		table[i].scope = SCOPE;
	}
	while (*argv)
		args[n++] = *argv++;
	assert_int_equal(opt_defaults(&set, &k->log), 0);
	if (opt_command_line(&set, n, (char **)args, NULL, 0, &help, &k->log) ||
	    kafka_conf_setup(&setup, &made))
		return false;
	k->conf = made;
	k->conf->times = &k->times;
	sink.conf = made;
	k->output = output_new(&conf);
	return k->output != NULL;
}

int kafka_kit_close(struct kafka_kit *k, struct output_stats *stats)
{
	const int result = output_close(k->output, stats);

	k->output = NULL;
	return result;
}

void kafka_kit_submit(struct kafka_kit *k, unsigned int connection,
		      unsigned int number, size_t pad)
{
	struct buf b = {0};
	char text[160];

	snprintf(text, sizeof(text),
		 "{\"request\":{\"url\":{\"host\":\"h%u\"},\"body\":\"",
		 connection);
	buf_add_str(&b, text);
	for (size_t i = 0; i < pad; i++)
		buf_add(&b, "x", 1);
	snprintf(
		text, sizeof(text),
		"\"},\"meta\":{\"destination\":\"10.0.0.1\",\"destinationPort\":%u},\"capture\":{\"connection\":\"c%u\",\"collector\":\"me\",\"id\":\"%u\"}}\n",
		connection, connection, number);
	buf_add_str(&b, text);
	output_submit(k->output, 0, 0, &b, 1);
	buf_free(&b);
}

void kafka_kit_sleep(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* --- the consumer ---------------------------------------------------------- */

static rd_kafka_t *subscribe(struct kafka_kit *k)
{
	rd_kafka_topic_partition_list_t *l =
		k->topic_partition_list_new(KAFKA_KIT_PARTITIONS);
	rd_kafka_conf_t *conf = k->conf_new();
	rd_kafka_t *c;
	char why[256];

	k->conf_set(conf, "bootstrap.servers",
		    k->mock_cluster_bootstraps(k->cluster), why, sizeof(why));
	k->conf_set(conf, "group.id", "test", why, sizeof(why));
	k->conf_set(conf, "enable.auto.commit", "false", why, sizeof(why));
	k->conf_set(conf, "enable.partition.eof", "true", why, sizeof(why));
	k->conf_set(conf, "fetch.wait.max.ms", "10", why, sizeof(why));
	k->conf_set(conf, "fetch.error.backoff.ms", "10", why, sizeof(why));
	k->conf_set(conf, "topic.metadata.refresh.fast.interval.ms", "10", why,
		    sizeof(why));
	c = k->new (RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	assert_non_null(c);
	k->poll_set_consumer(c);
	for (int32_t i = 0; i < KAFKA_KIT_PARTITIONS; i++)
		k->topic_partition_list_add(l, "t", i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	k->assign(c, l);
	k->topic_partition_list_destroy(l);
	return c;
}

static void copy_text(char *to, size_t size, const void *from, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

static void copy(struct kafka_kit *k, struct kafka_kit_message *to,
		 rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t n;

	*to = (struct kafka_kit_message){.partition = m->partition,
					 .offset = m->offset};
	if (m->key)
		copy_text(to->key, sizeof(to->key), m->key, m->key_len);
	copy_text(to->value, sizeof(to->value), m->payload, m->len);
	if (k->message_headers(m, &headers))
		return;
	for (size_t i = 0; !k->header_get_all(headers, i, &name, &value, &n);
	     i++)
		if (!strcmp(name, "collector"))
			copy_text(to->header, sizeof(to->header), value, n);
}

static bool all(const bool *ended)
{
	for (unsigned int i = 0; i < KAFKA_KIT_PARTITIONS; i++)
		if (!ended[i])
			return false;
	return true;
}

size_t kafka_kit_consume(struct kafka_kit *k, struct kafka_kit_message *to,
			 size_t n, size_t max)
{
	rd_kafka_t *c = subscribe(k);
	bool ended[KAFKA_KIT_PARTITIONS] = {false};
	unsigned int tries = 0;
	size_t got = 0;

	/* Requests of a producer that was replaced may still be on their way. */
	while ((got < n || !all(ended)) && tries < 600) {
		rd_kafka_message_t *m = k->consumer_poll(c, 100);

		if (!m) {
			tries++;
			continue;
		}
		if (m->partition >= 0 && m->partition < KAFKA_KIT_PARTITIONS)
			ended[m->partition] =
				m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		if (!m->err) {
			assert_true(got < max);
			copy(k, &to[got++], m);
		}
		k->message_destroy(m);
	}
	k->consumer_close(c);
	k->destroy(c);
	assert_true(got >= n && all(ended));
	return got;
}
