/* SPDX-License-Identifier: MIT */
/* Groups sinks into views and compiles masks, filters and limits for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grpc/proto_file.h"
#include "run/rules.h"
#include "trace/names_file.h"

static bool same_names(const struct string_list *list, unsigned int a,
		       unsigned int b)
{
	const char *x[OPT_LIST_MAX], *y[OPT_LIST_MAX];
	unsigned int n = redact_select(list, a, x);

	/* Both point into the same option values. */
	return redact_select(list, b, y) == n && !memcmp(x, y, n * sizeof(*x));
}

static bool same_masks(const struct settings *s, unsigned int a, unsigned int b)
{
	return redact_select_classes(&s->redact_classes, a) ==
		       redact_select_classes(&s->redact_classes, b) &&
	       (s->no_redact || (same_names(&s->redact_headers, a, b) &&
				 same_names(&s->redact_fields, a, b)));
}

void rules_views(struct rules_views *out, const struct settings *s)
{
	const unsigned int used = redact_sinks(&s->outputs);
	unsigned int view;
	bool started;

	*out = (struct rules_views){0};
	for (unsigned int id = 0; id < N_SINKS; id++) {
		const unsigned int sink = 1u << id;

		if (!(used & sink))
			continue;
		started = s->progress_interval > 0 && s->format != FORMAT_HAR &&
			  sink_table[id]->started;
		for (view = 0; view < out->n; view++)
			if (out->started[view] == started &&
			    same_masks(s, out->sinks[view], sink))
				break;
		out->sinks[view] |= sink;
		out->started[view] = started;
		if (view == out->n)
			out->n++;
	}
}

void rules_output_views(unsigned int out[OPT_LIST_MAX],
			const struct settings *s, const struct rules_views *v)
{
	unsigned int i, view;

	for (i = 0; i < s->outputs.n; i++) {
		const struct string_list one = {{s->outputs.item[i]}, 1};
		const unsigned int sink = redact_sinks(&one);

		for (view = 0; view + 1 < v->n; view++)
			if (v->sinks[view] & sink)
				break;
		out[i] = view;
	}
}

static struct trace_conf *new_trace(const struct settings *s,
				    unsigned int sinks)
{
	const char *headers[OPT_LIST_MAX], *fields[OPT_LIST_MAX];
	const struct trace_options o = {
		.no_redact = s->no_redact,
		.headers = headers,
		.n_headers = redact_select(&s->redact_headers, sinks, headers),
		.fields = fields,
		.n_fields = redact_select(&s->redact_fields, sinks, fields),
		.classes = redact_select_classes(&s->redact_classes, sinks),
		.bodies = s->bodies,
		.grpc_decode = s->grpc_decode,
		.body_types = s->body_types.item,
		.n_body_types = s->body_types.n,
		.client_field = s->client_field,
		.trusted = s->trusted_proxies.item,
		.n_trusted = s->trusted_proxies.n,
		.environment = s->environment,
		.collector = s->collector,
		.interface = s->interface,
	};

	return trace_conf_new(&o);
}

struct rules *rules_new(const struct settings *s, const struct rules_views *v,
			unsigned int workers)
{
	struct rules *r = calloc(1, sizeof(*r));
	unsigned int i;
	int err;

	if (!r)
		return NULL;
	r->views = *v;
	r->rates.all = s->rate_limit / workers;
	r->rates.endpoint = s->rate_limit_endpoint / workers;
	r->body_limit = s->body_limit;
	/* What is left out is at least identified. */
	r->body_hash =
		s->body_hash || s->bodies != BODIES_ALL || s->body_types.n;
	r->filter = filter_new(s->include.item, s->include.n, s->exclude.item,
			       s->exclude.n);
	for (i = 0; r->filter && i < v->n; i++)
		if (!(r->trace[i] = new_trace(s, v->sinks[i])))
			break;
	if (r->filter && i == v->n)
		return r;
	err = errno;
	rules_free(r);
	errno = err;
	return NULL;
}

int rules_load(struct rules **out, const struct settings *s,
	       const struct rules_views *v, unsigned int workers,
	       const struct log *log)
{
	struct name_table *names = NULL;
	struct proto_set *protos = NULL;
	struct rules *r;
	int err = s->names ? names_read(s->names, &names, log) : 0;

	if (!err && s->proto_descriptors)
		err = proto_file_read(s->proto_descriptors, &protos, log);
	if (err) {
		names_free(names);
		return err;
	}
	if (s->no_redact && (s->redact_headers.n || s->redact_fields.n))
		log_warn(
			log,
			"--no-redact: --redact-header and --redact-field have no effect: remove --no-redact to mask these names");
	r = rules_new(s, v, workers);
	if (!r) {
		err = -errno;
		names_free(names);
		proto_set_free(protos);
		log_error(log, "cannot compile the rules: %s", strerror(-err));
		return err;
	}
	if (names)
		log_info(log, "%s: names of %u addresses and networks",
			 s->names, names_count(names));
	if (protos)
		log_info(log, "%s: types of %zu gRPC methods",
			 s->proto_descriptors, proto_set_methods(protos));
	r->names = names;
	r->protos = protos;
	for (unsigned int i = 0; i < N_SINKS && r->trace[i]; i++) {
		r->trace[i]->names = names;
		r->trace[i]->protos = protos;
	}
	*out = r;
	return 0;
}

void rules_free(struct rules *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->views.n; i++)
		trace_conf_free(r->trace[i]);
	names_free(r->names);
	proto_set_free(r->protos);
	filter_free(r->filter);
	free(r);
}
