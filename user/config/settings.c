/* SPDX-License-Identifier: MIT */
/* Converts settings for the packet decoder, and frees what they own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include "config/ports.h"
#include "config/settings.h"
#include "metlo_record.h"

void settings_to_config(const struct settings *s, struct metlo_config *c)
{
	_Static_assert(sizeof(c->port_bits) == sizeof(s->ports),
		       "the same bitmap");
	memcpy(c->port_bits, s->ports, sizeof(c->port_bits));
	c->any_port = s->any_port;
	c->vni_filter = s->vni_allow != NULL;
	c->vxlan_port = s->vxlan_port;
	c->pass_vxlan = s->pass;
	/* The decoder drops hashes below this. UINT32_MAX never is, so that some
	 * connections are captured however small the sample. */
	c->sample_out = (uint32_t)((100 - s->sample) / 100 * UINT32_MAX);
}

bool settings_parse_records(const char *text, unsigned int *kinds)
{
	static const char *const names[] = {
#define RECORD_NAME(ID, name) name,
		RECORD_KINDS(RECORD_NAME)
#undef RECORD_NAME
	};
	unsigned int i;
	size_t n;

	for (*kinds = 0;; text += n + 1) {
		n = strcspn(text, ",");
		for (i = 0; i < N_RECORD_KINDS; i++)
			if (strlen(names[i]) == n && !memcmp(text, names[i], n))
				break;
		if (i == N_RECORD_KINDS)
			return false;
		*kinds |= 1u << i;
		if (!text[n])
			return true;
	}
}

bool settings_report(const struct settings *s, enum record_kind kind)
{
	unsigned int kinds;

	return !s->records || (settings_parse_records(s->records, &kinds) &&
			       kinds & 1u << kind);
}

unsigned int settings_file_mode(const char *text)
{
	unsigned int mode = 0;
	size_t n = strlen(text);

	if (n < 3 || n > 4 || strspn(text, "01234567") != n ||
	    (n == 4 && *text != '0'))
		return 0;
	for (; *text; text++)
		mode = mode << 3 | (unsigned int)(*text - '0');
	return (mode & 0600) == 0600 && !(mode & ~0664u) ? mode : 0;
}

void settings_free(struct settings *s)
{
	free(s->vni_allow);
	free(s->config_text);
	*s = (struct settings){0};
}

void settings_scope_text(char *to, size_t size, const struct settings *s)
{
	char ports[256];

	ports_text(ports, sizeof(ports), s->ports, s->any_port);
	if (s->sample < 100)
		snprintf(to, size, "%s, %g %% of connections", ports,
			 s->sample);
	else
		snprintf(to, size, "%s", ports);
}
