/* SPDX-License-Identifier: MIT */
/* Where the content of an element of XML or HTML ends that is a secret. */
#ifndef TRACE_MASK_MARKUP_H
#define TRACE_MASK_MARKUP_H

#include "trace/mask_names.h"

/* The end of the content at p of an element: before the end-tag of a secret name. What
 * has none is masked up to the end. */
const uint8_t *mask_element_end(const struct mask_names *m, const uint8_t *p,
				const uint8_t *end);

/* The end of the content at p of an element that an attribute names: the next tag; of
 * children, the end of the first. */
const uint8_t *mask_content_end(const uint8_t *p, const uint8_t *end);

/* Sets *from to the content of the element after the end-tag at p, or to its
 * attributes. Returns the end of what may be the secret: of the text, if the tags
 * are encoded. */
const uint8_t *mask_sibling_end(const uint8_t *p, const uint8_t *end,
				const uint8_t **from);

#endif
