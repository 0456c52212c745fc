/* SPDX-License-Identifier: MIT */
/* Formats a port bitmap as a list of ports and ranges. */
#include <stdio.h>
#include <string.h>

#include "config/ports.h"

static bool has(const uint64_t ports[1024], unsigned int p)
{
	return p < 65536 && ports[p / 64] >> (p % 64) & 1;
}

void ports_text(char *out, size_t size, const uint64_t ports[1024], bool any)
{
	size_t n = 0;

	snprintf(out, size, "%s", any ? "any" : "none");
	for (unsigned int p = 0; p < 65536 && !any; p++) {
		unsigned int first = p;
		char one[16];
		int len;

		if (!has(ports, p))
			continue;
		while (has(ports, p + 1))
			p++;
		if (p > first)
			len = snprintf(one, sizeof(one), "%s%u-%u",
				       n ? "," : "", first, p);
		else
			len = snprintf(one, sizeof(one), "%s%u", n ? "," : "",
				       p);
		/* Keep room for the ellipsis. */
		if (n + (size_t)len + sizeof(",...") > size) {
			snprintf(out + n, size - n, ",...");
			return;
		}
		memcpy(out + n, one, (size_t)len + 1);
		n += (size_t)len;
	}
}
