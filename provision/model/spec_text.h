/* SPDX-License-Identifier: MIT */
/* The spec as the text that is stored in tags. */
#ifndef MODEL_SPEC_TEXT_H
#define MODEL_SPEC_TEXT_H

#include "model/spec.h"

/* The spec without its name, as "key=value ..." in letters, digits and
 * " +-=._:/@" only: what tags of every service allow. */
const char *spec_encode(struct arena *a, const struct spec *s);
/* Unknown keys of a later version are an error: half a spec is a wrong one. */
bool spec_decode(struct arena *a, const char *text, struct spec *out,
		 struct parse_error *err);

#endif
