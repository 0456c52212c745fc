/* SPDX-License-Identifier: MIT */
/* Compiled settings: which masks apply to which output, and the number of views
 * that needs. */
#include "trace_kit.h"

#include "run/rules.h"

static struct settings settings_of(unsigned int outputs)
{
	static const char *const all[] = {"ndjson:-", "metlo", "ndjson:/x"};
	struct settings s = {.body_limit = 1};
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (outputs & 1u << i)
			s.outputs.item[s.outputs.n++] = all[i];
	return s;
}

static void add(struct string_list *list, const char *name)
{
	list->item[list->n++] = name;
}

static void test_names(void **state)
{
	static const struct {
		const char *text;
		unsigned int sinks;
		const char *name; /* NULL: refused */
	} cases[] = {
		{"password", SINKS_ALL, "password"},
		{"metlo:password", 1u << SINK_ingest, "password"},
		{"ndjson:password", 1u << SINK_ndjson, "password"},
		{"all:metlo:x", SINKS_ALL, "metlo:x"},
		{"soap:Body", SINKS_ALL, "soap:Body"},
		{":x", SINKS_ALL, ":x"},
		{"metlos:x", 0, NULL},
		{"Metlo:x", 0, NULL},
		{"al:x", 0, NULL},
	};
	struct parse_error err;
	struct redact_name name;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ok = redact_parse(cases[i].text, false, &name, &err);

		if (ok != !!cases[i].name)
			fail_msg("%s", cases[i].text);
		if (!ok)
			continue;
		assert_int_equal(name.sinks, cases[i].sinks);
		assert_string_equal(name.name, cases[i].name);
	}
}

static void test_views(void **state)
{
	struct settings s = settings_of(7);
	unsigned int of[OPT_LIST_MAX];
	struct rules_views v;

	(void)state;
	/* Equal masks for all. */
	add(&s.redact_fields, "password");
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	rules_output_views(of, &s, &v);
	assert_true(!of[0] && !of[1] && !of[2]);
	/* One type of sink has an additional mask. */
	add(&s.redact_fields, "metlo:pin");
	rules_views(&v, &s);
	assert_int_equal(v.n, 2);
	rules_output_views(of, &s, &v);
	assert_true(of[0] == 0 && of[1] == 1 && of[2] == 0);
	/* They mask without names, too. */
	s.no_redact = true;
	add(&s.redact_classes, "metlo:ssn");
	rules_views(&v, &s);
	assert_int_equal(v.n, 2);
	/* Only one of them gets lines of responses that have begun. */
	s = settings_of(7);
	s.progress_interval = 1;
	rules_views(&v, &s);
	assert_int_equal(v.n, 2);
	rules_output_views(of, &s, &v);
	assert_true(of[0] == 0 && of[1] == 1 && of[2] == 0);
	assert_true(v.started[0] && !v.started[1]);
	s.no_redact = true;
	rules_views(&v, &s);
	assert_int_equal(v.n, 2);
	/* Classes differ, too. */
	s = settings_of(7);
	add(&s.redact_classes, "card, iban");
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	add(&s.redact_classes, "ndjson:email,card");
	rules_views(&v, &s);
	assert_int_equal(v.n, 2);
	assert_int_equal(redact_select_classes(&s.redact_classes,
					       redact_sinks(&s.outputs)),
			 1u << CLASS_CARD | 1u << CLASS_IBAN |
				 1u << CLASS_EMAIL);
	add(&s.redact_classes, "all");
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	/* Masking is off. */
	s = settings_of(7);
	add(&s.redact_fields, "metlo:pin");
	s.no_redact = true;
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	/* A mask for a type of output that is not configured. */
	s = settings_of(5);
	add(&s.redact_headers, "metlo:X-A");
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	/* The only output is of the other type. */
	s = settings_of(2);
	rules_views(&v, &s);
	assert_int_equal(v.n, 1);
	rules_output_views(of, &s, &v);
	assert_int_equal(of[0], 0);
}

static void test_class_lists(void **state)
{
	static const struct {
		const char *text, *error;
	} refused[] = {
		{"crad", "did you mean card?"},
		{"card,", "is not a class: use card"},
		{"", "is not a class: use card"},
		{"card iban", "is not a class"},
		{"metol:card", "did you mean metlo:card?"},
	};
	struct redact_classes classes;
	struct parse_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_false(
			redact_parse_classes(refused[i].text, &classes, &err));
		assert_non_null(strstr(err.text, refused[i].error));
	}
	assert_true(redact_parse_classes("metlo:jwt, aws-key", &classes, &err));
	assert_int_equal(classes.sinks, 1u << SINK_ingest);
	assert_int_equal(classes.classes,
			 1u << CLASS_JWT | 1u << CLASS_AWS_KEY);
}

static char *seen(const struct rules *r, unsigned int view)
{
	static const struct http_field fields[] = {
		FIELD("X-A", "SECRET1"),
		FIELD("Content-Type", "application/json"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	struct buf line = {0};

	q.fields = fields;
	q.n_fields = 2;
	q.body = (struct http_body)BODY(
		"{\"password\":\"SECRET2\",\"pin\":\"SECRET3\"}");
	t.request = &q;
	trace_write(&line, &t, r->trace[view]);
	buf_add(&line, "", 1);
	assert_false(line.failed);
	return (char *)line.p;
}

static void expect_seen(const struct rules *r, unsigned int view, bool s1,
			bool s2, bool s3)
{
	char *line = seen(r, view);

	assert_int_equal(!!strstr(line, "SECRET1"), s1);
	assert_int_equal(!!strstr(line, "SECRET2"), s2);
	assert_int_equal(!!strstr(line, "SECRET3"), s3);
	free(line);
}

static void test_masks(void **state)
{
	struct settings s = settings_of(7);
	struct rules_views two, one;
	struct rules *r;

	(void)state;
	rules_views(&one, &s);
	add(&s.redact_headers, "ndjson:X-A");
	add(&s.redact_fields, "password");
	add(&s.redact_fields, "metlo:pin");
	rules_views(&two, &s);
	r = rules_new(&s, &two, 2);
	assert_non_null(r);
	expect_seen(r, 0, false, false, true);
	expect_seen(r, 1, true, false, false);
	rules_free(r);
	/* There was one view at the start: too much is masked, never too
	 * little. */
	r = rules_new(&s, &one, 2);
	assert_non_null(r);
	expect_seen(r, 0, false, false, false);
	rules_free(r);
}

static void test_rates(void **state)
{
	struct settings s = settings_of(1);
	struct rules_views v;
	struct rules *r;

	(void)state;
	s.rate_limit = 100;
	s.rate_limit_endpoint = 10;
	rules_views(&v, &s);
	r = rules_new(&s, &v, 4);
	assert_non_null(r);
	assert_true(r->rates.all == 25 && r->rates.endpoint == 2.5);
	rules_free(r);
}

/* Bodies that are left out are hashed. */
static void test_bodies(void **state)
{
	struct settings s = settings_of(1);
	struct rules_views v;
	struct rules *r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		s.bodies = i == 1 ? BODIES_NONE : BODIES_ALL;
		if (i == 2)
			add(&s.body_types, "text/*");
		rules_views(&v, &s);
		r = rules_new(&s, &v, 1);
		assert_non_null(r);
		assert_int_equal(r->body_hash, i != 0);
		assert_int_equal(!!r->trace[0]->bodies, i != 0);
		rules_free(r);
	}
}

static void test_records(void **state)
{
	static const char *const bad[] = {"",	      "http,", ",tls",
					  "http tls", "HTTP",  "quics"};
	struct settings s = {0};
	unsigned int kinds;

	(void)state;
	assert_true(settings_report(&s, RECORDS_HTTP));
	assert_true(settings_report(&s, RECORDS_TLS));
	s.records = "tls";
	assert_true(settings_report(&s, RECORDS_TLS));
	assert_false(settings_report(&s, RECORDS_HTTP));
	assert_false(settings_report(&s, RECORDS_QUIC));
	s.records = "http,quic";
	assert_true(settings_report(&s, RECORDS_QUIC));
	assert_true(settings_parse_records("tls,http,tls", &kinds));
	assert_int_equal(kinds, 1u << RECORDS_HTTP | 1u << RECORDS_TLS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(settings_parse_records(bad[i], &kinds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_class_lists),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
