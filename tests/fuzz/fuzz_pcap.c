/* SPDX-License-Identifier: MIT */
/* Runs a capture file through every stage of replay. The first byte of the input
 * selects the options; the rest is the file. */
#include <stdio.h>
#include <stdlib.h>

#include "output/ndjson.h"
#include "pcap/frames.h"
#include "pcap/source.h"
#include "run/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(void *ctx, const struct metlo_rec *rec, const uint8_t *payload)
{
	pipeline_record(ctx, rec, payload);
}

/* Shared by all inputs: starting a thread for each would dominate the cost. */
static struct output *the_output(void)
{
	static struct output *output;
	static struct log log = {.program = "fuzz"};
	static const struct output_sink sink = {
		.ops = &ndjson_sink, .destination = "ndjson:/dev/null"};
	const struct output_conf conf = {.sinks = &sink,
					 .n_sinks = 1,
					 .workers = 1,
					 .queue_limit = 1 << 20,
					 .blocking = true,
					 .log = &log};

	log.out = stderr;
	if (!output)
		output = output_new(&conf);
	return output;
}

static void replay(struct pcap_source *source, uint8_t how)
{
	static struct settings settings = {
		.any_port = true,
		.vxlan_port = 4789,
		.body_limit = 1024,
		.outputs = {{"ndjson:-"}, 1},
		.redact_fields = {{"a", "password"}, 2},
		.max_flows = 16,
		.memory = 16 << 20,
		.idle_timeout = 10,
	};
	/* Reused because they are large; state left over from earlier inputs
	 * does no harm. */
	static struct frames *decoders[2];
	struct frames_conf fc = {.raw = how & 1};
	struct pipeline_conf pc = {.settings = &settings,
				   .workers = 1,
				   .seed = {1, 2},
				   .output = the_output()};
	char error[PCAP_ERROR_SIZE];
	struct rules_views views;
	struct pcap_frame f;
	struct pipeline *p;
	struct rules *rules;
	struct frames *frames;
	uint64_t now = 0;

	settings.body_hash = how & 2;
	settings.body_limit = how & 4 ? 16 : 65536;
	settings.include = (struct string_list){{"*a*"}, how >> 3 & 1};
	settings.rate_limit = how & 16 ? 1 : 0;
	settings_to_config(&settings, &fc.config);
	rules_views(&views, &settings);
	rules = rules_new(&settings, &views, 1);
	pc.rules = rules;
	if (!decoders[fc.raw])
		decoders[fc.raw] = frames_new(&fc);
	frames = decoders[fc.raw];
	p = rules ? pipeline_new(&pc) : NULL;
	if (!frames || !p || !pc.output)
		abort();
	while (pcap_source_next(source, &f, error) == 1) {
		if (f.ts_ns > now) {
			now = f.ts_ns;
			pipeline_tick(p, now);
		}
		frames_feed(frames, f.data, f.caplen, f.wire_len, f.ts_ns, emit,
			    p);
	}
	pipeline_flush(p, now);
	pipeline_free(p);
	rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[PCAP_ERROR_SIZE];
	struct pcap_source *source;
	FILE *file;

	if (size < 2)
		return 0;
	file = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "rb");
	if (!file)
		return 0;
	source = pcap_source_from(file, error);
	if (source)
		replay(source, data[0]);
	pcap_source_free(source);
	return 0;
}
