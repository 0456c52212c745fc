/* SPDX-License-Identifier: MIT */
/* Parsers of responses (XML, shapes), the INI parser, endpoints, and the delays
 * of retries. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cjson/cJSON.h>

#include "http/endpoint.h"
#include "http/error_codes.h"
#include "auth/ini.h"
#include "client/retry.h"
#include "client/shape.h"

static void xml_tree(void **state)
{
	static const char text[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<n:a xmlns:n=\"http://x/\"><b c=\"1\"> t &amp; <![CDATA[<u>]]></b>\n  <n:set>\n<item>1</item><item/>\n"
		"</n:set></n:a>";
	const struct xml_node *set;
	struct xml x;

	(void)state;
	assert_int_equal(xml_parse(&x, text, strlen(text)), 0);
	assert_string_equal(x.root->name, "a");
	assert_string_equal(xml_text(x.root, "b"), " t & <u>");
	assert_string_equal(xml_text(x.root, "set/item"), "1");
	set = xml_child(x.root, "set");
	assert_string_equal(set->text, "");
	assert_string_equal(set->child->next->text, "");
	assert_null(set->child->next->next);
	assert_null(xml_at(x.root, "set/item/x"));
	assert_null(xml_at(x.root, "se"));
	assert_null(xml_text(NULL, "a"));
	xml_free(&x);
	assert_null(x.root);
	assert_int_equal(xml_parse(&x, "<p:q:r/>", 8), 0);
	assert_string_equal(x.root->name, "r");
	xml_free(&x);
}

static void xml_bounds(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"<a>",
		"<a></b>",
		"<a/><b/>",
		"<a>\1</a>",
		"<a>&x;</a>",
		"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
		"<!DOCTYPE a><a/>"};
	struct xml x;
	char deep[8 * XML_MAX_DEPTH + 8] = "", *big;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (xml_parse(&x, bad[i], strlen(bad[i])) != -EPROTO)
			fail_msg("%s", bad[i]);
	for (i = 0; i < XML_MAX_DEPTH; i++)
		strcat(deep, "<a>");
	for (i = 0; i < XML_MAX_DEPTH; i++)
		strcat(deep, "</a>");
	assert_int_equal(xml_parse(&x, deep, strlen(deep)), 0);
	xml_free(&x);
	memmove(deep + 3, deep, strlen(deep) + 1);
	strcat(deep, "</a>");
	assert_int_equal(xml_parse(&x, deep, strlen(deep)), -EPROTO);

	big = malloc(XML_MAX_BYTES + 1);
	memset(big, ' ', XML_MAX_BYTES + 1);
	assert_int_equal(xml_parse(&x, big, XML_MAX_BYTES + 1), -EMSGSIZE);
	/* A million elements, and one more. */
	strcpy(big, "<a>");
	for (i = 0; i < XML_MAX_NODES - 1; i++)
		memcpy(big + 3 + 4 * i, "<b/>", 4);
	memcpy(big + 3 + 4 * i, "</a>", 4);
	assert_int_equal(xml_parse(&x, big, 7 + 4 * i), 0);
	xml_free(&x);
	memcpy(big + 3 + 4 * i, "<b/></a>", 8);
	assert_int_equal(xml_parse(&x, big, 11 + 4 * i), -EPROTO);
	free(big);
}

#define PART(X)                 \
	X(STRING, name, "name") \
	X(NUMBER, port, "port|Port", -1)
SHAPE(part, parts, PART);
SHAPE_TABLE(part, parts, PART)

#define WHOLE(X)                            \
	X(STRING, id, "id")                 \
	X(STRING, deep, "a/b")              \
	X(NUMBER, number, "number")         \
	X(NUMBER, missing, "missing", 42)   \
	X(BOOL, on, "on")                   \
	X(EQUALS, allowed, "rule", "allow") \
	X(EQUALS, denied, "rule", "deny")   \
	X(LIST, parts, "parts", parts)      \
	X(STRINGS, texts, "texts")          \
	X(STRINGS, inner, "inner", "v")     \
	X(VALUES, values, "values")         \
	X(SUM, sum, "values")
SHAPE(whole, wholes, WHOLE);
SHAPE_TABLE(whole, wholes, WHOLE)

static void check_whole(const struct whole *w)
{
	assert_string_equal(w->id, "i-1");
	assert_string_equal(w->deep, "x");
	assert_int_equal(w->number, -7);
	assert_int_equal(w->missing, 42);
	assert_true(w->on);
	assert_true(w->allowed);
	assert_false(w->denied);
	assert_int_equal(w->parts.n, 4);
	assert_string_equal(w->parts.items[0].name, "q");
	assert_int_equal(w->parts.items[0].port, -1);
	assert_int_equal(w->parts.items[2].port, -1);
	assert_int_equal(w->parts.items[3].port, 81);
	assert_int_equal(w->parts.items[1].port, 80);
	assert_int_equal(w->texts.n, 2);
	assert_string_equal(w->texts.items[1], "t2");
	assert_int_equal(w->inner.n, 1);
	assert_string_equal(w->inner.items[0], "v1");
	assert_int_equal(w->values.n, 2);
	assert_true(w->values.items[1] == 2.25);
	assert_true(w->sum == 3.25);
}

static void shapes(void **state)
{
	static const char xml[] =
		"<r><id>i-1</id><a><b>x</b></a><number>-7</number><on>true</on><rule>allow</rule><parts><item><name>q</name></item><member><port>80</port></member><item><port/></item><item><Port>81</Port></item></parts><texts><item>t1</item><item>t2</item></texts><inner><item><v>v1</v></item><item><w/></item></inner><values><member>1</member><member>2.25</member></values></r>";
	static const char json[] =
		"{\"id\":\"i-1\",\"a\":{\"b\":\"x\"},\"number\":-7,\"on\":true,\"rule\":\"allow\",\"missing\":null,\"parts\":[{\"name\":\"q\"},{\"port\":80},{},{\"Port\":81}],\"texts\":[\"t1\",\"t2\"],\"inner\":[{\"v\":\"v1\"},{}],\"values\":[1,2.25]}";
	struct whole w;
	struct xml x;
	cJSON *j;

	(void)state;
	assert_int_equal(xml_parse(&x, xml, strlen(xml)), 0);
	assert_int_equal(shape_from_xml(wholes_shape(), x.root, &w), 0);
	xml_free(&x);
	check_whole(&w);
	shape_free(wholes_shape(), &w);
	assert_null(w.id);
	j = cJSON_Parse(json);
	assert_int_equal(shape_from_json(wholes_shape(), j, &w), 0);
	cJSON_Delete(j);
	check_whole(&w);
	shape_free(wholes_shape(), &w);
}

static void shapes_refuse(void **state)
{
	static const char *const xmls[] = {
		"<r><id>a</id><number>7x</number></r>",
		"<r><number>99999999999999999999</number></r>",
		"<r><on>maybe</on></r>",
		"<r><values><member>nan</member></values></r>",
		"<r><parts><item><port>p</port></item></parts></r>"};
	static const char *const jsons[] = {
		"{\"id\":1}",		"{\"id\":\"a\",\"number\":\"7x\"}",
		"{\"number\":1e300}",	"{\"parts\":{}}",
		"{\"texts\":[1]}",	"{\"texts\":{\"a\":\"b\"}}",
		"{\"values\":[\"x\"]}", "{\"on\":3}"};
	struct whole w;
	struct xml x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(xmls) / sizeof(xmls[0]); i++) {
		assert_int_equal(xml_parse(&x, xmls[i], strlen(xmls[i])), 0);
		if (shape_from_xml(wholes_shape(), x.root, &w) != -EPROTO)
			fail_msg("%s", xmls[i]);
		assert_null(w.id);
		xml_free(&x);
	}
	for (i = 0; i < sizeof(jsons) / sizeof(jsons[0]); i++) {
		cJSON *j = cJSON_Parse(jsons[i]);

		assert_non_null(j);
		if (shape_from_json(wholes_shape(), j, &w) != -EPROTO)
			fail_msg("%s", jsons[i]);
		assert_null(w.id);
		cJSON_Delete(j);
	}
}

static void ini_files(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf# c\r\n[default]\r\nregion = a\r\n\r\n"
		"[profile  'two words']\nKey=v = w\nurl: http://x/#y\n"
		"s3 =\n  inner = 1\n[default]\nregion=b ; no comment\nempty=\n";
	struct ini ini;
	const struct ini_section *s;
	unsigned int line;

	(void)state;
	assert_int_equal(ini_parse(&ini, text, strlen(text), &line), 0);
	s = ini_find(&ini, "profile", "default");
	assert_string_equal(ini_get(s, "region"), "b ; no comment");
	assert_string_equal(ini_get(s, "EMPTY"), "");
	s = ini_find(&ini, "profile", "two words");
	assert_string_equal(ini_get(s, "key"), "v = w");
	assert_string_equal(ini_get(s, "url"), "http://x/#y");
	assert_string_equal(ini_get(s, "s3"), "");
	assert_null(ini_get(s, "inner"));
	assert_string_equal(ini_get_nested(s, "S3", "Inner"), "1");
	assert_null(ini_get_nested(s, "url", "inner"));
	assert_null(ini_get_nested(s, "s3", "key"));
	assert_null(ini_find(&ini, "", "two words"));
	assert_null(ini_get(NULL, "x"));
	ini_free(&ini);
}

static void ini_refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} bad[] = {{"a = b\n", 1}, {"[a]\n\nnothing\n", 3}, {"[a\nb = c\n", 1}};
	struct ini ini;
	unsigned int line;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(ini_parse(&ini, bad[i].text,
					   strlen(bad[i].text), &line),
				 -EPROTO);
		assert_int_equal(line, bad[i].line);
		assert_null(ini.sections);
	}
	assert_int_equal(ini_parse(&ini, "", INI_MAX_BYTES + 1, &line),
			 -EMSGSIZE);
	assert_int_equal(ini_read(&ini, "/no/such", &line), -ENOENT);
	assert_int_equal(ini_read(&ini, "/", &line), -EISDIR);
}

static void endpoint_variants(void **state)
{
	char url[200];
	static const struct {
		const char *service, *region;
		struct endpoint_options options;
		const char *url;
	} variants[] = {
		{"ec2",
		 "us-east-1",
		 {.fips = true},
		 "https://ec2-fips.us-east-1.amazonaws.com"},
		{"ec2",
		 "us-gov-west-1",
		 {.fips = true},
		 "https://ec2.us-gov-west-1.amazonaws.com"},
		{"ecs",
		 "us-gov-west-1",
		 {.fips = true},
		 "https://ecs-fips.us-gov-west-1.amazonaws.com"},
		{"sts",
		 "eu-west-1",
		 {.dual_stack = true},
		 "https://sts.eu-west-1.api.aws"},
		{"monitoring",
		 "us-east-1",
		 {true, true},
		 "https://monitoring-fips.us-east-1.api.aws"},
		{"ec2",
		 "cn-north-1",
		 {.dual_stack = true},
		 "https://ec2.cn-north-1.api.amazonwebservices.com.cn"},
	};

	(void)state;
	for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
		assert_int_equal(endpoint_url_variant(variants[v].service,
						      variants[v].region,
						      variants[v].options, url,
						      sizeof(url)),
				 0);
		assert_string_equal(url, variants[v].url);
	}
}

static void endpoints(void **state)
{
	static const char *const bad[] = {"",
					  "ftp://x",
					  "http://",
					  "http://u@h/",
					  "https://h/?q",
					  "https://h/#f",
					  "https://h\r\nX",
					  "//h",
					  "http:///path"};
	char url[ENDPOINT_MAX], host[ENDPOINT_MAX], path[ENDPOINT_MAX];
	size_t i;

	(void)state;
	assert_int_equal(endpoint_url("ec2", "us-east-1", url, sizeof(url)), 0);
	assert_string_equal(url, "https://ec2.us-east-1.amazonaws.com");
	assert_int_equal(endpoint_url("ecs", "cn-north-1", url, sizeof(url)),
			 0);
	assert_string_equal(url, "https://ecs.cn-north-1.amazonaws.com.cn");
	assert_int_equal(endpoint_url("sts", "us-gov-west-1", url, sizeof(url)),
			 0);
	assert_string_equal(url, "https://sts.us-gov-west-1.amazonaws.com");
	assert_int_equal(endpoint_url("ec2", "us-east-1", url, 20),
			 -ENAMETOOLONG);
	assert_string_equal(endpoint_partition("cn-northwest-1"), "aws-cn");
	assert_string_equal(endpoint_partition("us-gov-east-1"), "aws-us-gov");
	assert_string_equal(endpoint_partition("eu-west-1"), "aws");
	assert_true(endpoint_region_valid("ap-southeast-5"));
	assert_false(endpoint_region_valid("x.evil.com/"));
	assert_false(endpoint_region_valid(""));
	assert_int_equal(endpoint_split("https://h:443/a/b", host, path), 0);
	assert_string_equal(host, "h");
	assert_string_equal(path, "/a/b");
	assert_int_equal(endpoint_split("http://127.0.0.1:8080", host, path),
			 0);
	assert_string_equal(host, "127.0.0.1:8080");
	assert_string_equal(path, "/");
	assert_int_equal(endpoint_split("http://h:443", host, path), 0);
	assert_string_equal(host, "h:443");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!endpoint_split(bad[i], host, path))
			fail_msg("%s", bad[i]);
}

static void delays(void **state)
{
	const struct retry_policy p = {3, 100};
	struct aws_error e = {.kind = AWS_ERR_SERVER, .status = 503};

	(void)state;
	assert_int_equal(retry_delay_ms(&p, 1, 0, 0), 0);
	assert_in_range(retry_delay_ms(&p, 1, UINT32_MAX, 0), 99, 100);
	assert_in_range(retry_delay_ms(&p, 4, UINT32_MAX, 0), 799, 800);
	assert_in_range(retry_delay_ms(&p, 4, UINT32_MAX / 2, 0), 399, 400);
	assert_in_range(retry_delay_ms(&p, 60, UINT32_MAX, 0), 19999, 20000);
	assert_int_equal(retry_delay_ms(&p, 1, 0, 3), 3000);
	assert_int_equal(retry_delay_ms(&p, 1, 0, 4000000000u), RETRY_MAX_MS);

	assert_true(retry_again(&p, 2, &e));
	assert_false(retry_again(&p, 3, &e));
	e.status = 501;
	assert_false(retry_again(&p, 1, &e));
	strcpy(e.code, "InternalError");
	assert_true(retry_again(&p, 1, &e));
	e.kind = AWS_ERR_THROTTLED;
	assert_true(retry_again(&p, 5, &e));
	assert_false(retry_again(&p, 6, &e));
	e.kind = AWS_ERR_DENIED;
	assert_false(retry_again(&p, 1, &e));
	e = (struct aws_error){.kind = AWS_ERR_RESPONSE};
	assert_false(retry_again(&p, 1, &e));
	e.status = 200;
	assert_true(retry_again(&p, 1, &e));
	e.kind = AWS_ERR_NETWORK;
	assert_true(retry_again(&p, 1, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml_tree),
		cmocka_unit_test(xml_bounds),
		cmocka_unit_test(shapes),
		cmocka_unit_test(shapes_refuse),
		cmocka_unit_test(ini_files),
		cmocka_unit_test(ini_refuses),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(endpoint_variants),
		cmocka_unit_test(delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
