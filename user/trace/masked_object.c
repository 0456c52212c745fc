/* SPDX-License-Identifier: MIT */
/* Objects that are JSON already, such as labels: what masks leave of them is copied
 * as it is. */
#include "trace/masked_object.h"

#include <string.h>

#include "trace/body_form.h"
#include "trace/class_mask.h"

/* What is JSON already. */
static void put_json(void *line, const void *p, size_t n)
{
	struct line *l = line;

	if (!line_room(l, n + LINE_ROOM))
		return;
	memcpy(l->w, p, n);
	l->w += n;
}

void masked_object(const struct masked *w, const struct http_span *json)
{
	const enum body_form form =
		w->c->redact_fields ? BODY_JSON : BODY_PLAIN;
	struct class_mask mask;

	if (!w->c->values.classes ||
	    !class_mask_begin(&mask, &w->c->values, json->p, json->len, false,
			      NULL, 0)) {
		body_write(form, w->c->fields, json->p, json->len, put_json,
			   w->l);
		return;
	}
	mask.json = true;
	mask.put = put_json;
	mask.ctx = w->l;
	body_write(form, w->c->fields, json->p, json->len, class_mask_put,
		   &mask);
}
