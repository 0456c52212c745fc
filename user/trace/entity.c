/* SPDX-License-Identifier: MIT */
/* Entities: numeric ones, and the names of characters that delimit values or are part of
 * them. */
#include <stdbool.h>
#include <string.h>

#include "base/parse.h"
#include "trace/entity.h"

unsigned int entity_code(const uint8_t *p, size_t n)
{
	static const struct {
		const char *name;
		uint8_t code;
	} named[] = {
		{"quot", '"'},	 {"apos", '\''}, {"amp", '&'},
		{"lt", '<'},	 {"gt", '>'},	 {"commat", '@'},
		{"equals", '='}, {"colon", ':'}, {"period", '.'},
		{"hyphen", '-'}, {"nbsp", ' '},
	};
	unsigned int code = 0;
	size_t i;
	bool hex;
	int digit;

	if (n && *p == '#') {
		hex = n > 1 && (p[1] | 0x20) == 'x';
		for (i = 1 + hex; i < n && i < ENTITY_MAX; i++) {
			digit = parse_hex_digit(p[i]);
			if (digit < 0 || (!hex && digit > 9))
				return 0;
			code = code * (hex ? 16 : 10) + (unsigned int)digit;
		}
		return code;
	}
	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strlen(named[i].name) == n && !memcmp(p, named[i].name, n))
			return named[i].code;
	return 0;
}
