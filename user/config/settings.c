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

void settings_free(struct settings *s)
{
	free(s->vni_allow);
	free(s->config_text);
	*s = (struct settings){0};
}
