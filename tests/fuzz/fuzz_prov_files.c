/* SPDX-License-Identifier: MIT */
/* ~/.aws/config and ~/.aws/credentials, and the parsers for values found
 * there: times, regions, endpoint URLs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/cred_json.h"
#include "http/endpoint.h"
#include "auth/profiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* v may have several lines: an indented line continues a value. */
static void check_value(const char *v)
{
	char host[ENDPOINT_MAX], path[ENDPOINT_MAX], url[ENDPOINT_MAX];
	int64_t when;

	cred_parse_time(v, &when);
	if (endpoint_region_valid(v) &&
	    (endpoint_url("ec2", v, url, sizeof(url)) ||
	     endpoint_split(url, host, path) || strcmp(path, "/") != 0 ||
	     strncmp(host, "ec2.", 4) != 0))
		abort();
	if (!endpoint_split(v, host, path) &&
	    (!*host || *path != '/' || strpbrk(host, "/@ \r\n")))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ini_section *s;
	const struct ini_value *v;
	struct profiles p = {0};
	struct buf names = {0};
	unsigned int line;
	int error = ini_parse(&p.config.ini, (const char *)data, size, &line);

	if (error) {
		if (p.config.ini.sections || p.config.ini.text)
			abort();
		return 0;
	}
	for (s = p.config.ini.sections; s; s = s->next) {
		if (!ini_find(&p.config.ini, s->type, s->name))
			abort();
		for (v = s->values; v; v = v->next) {
			check_value(v->value);
			if (*v->name && !ini_get(s, v->name))
				abort();
		}
		profiles_get(&p, s->name, "region");
	}
	profiles_names(&p, &names);
	buf_free(&names);
	profiles_free(&p);
	return 0;
}
