/* SPDX-License-Identifier: MIT */
/* The spec as the text that is stored in tags. */
#ifndef MODEL_SPEC_TEXT_H
#define MODEL_SPEC_TEXT_H

#include "model/spec.h"

/* Encodes the spec, without its name, as "key=value ...", using only letters,
 * digits and " +-=._:/@", which tags of every service allow. */
const char *spec_encode(struct arena *a, const struct spec *s);
/* Decodes it; out->name is kept. Unknown keys of a later version are an error:
 * applying half a spec would be wrong. */
bool spec_decode(struct arena *a, const char *text, struct spec *out,
		 struct parse_error *err);

#endif
