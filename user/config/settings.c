/* SPDX-License-Identifier: MIT */
/* Converts settings for the packet decoder, and frees what they own. */
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

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
