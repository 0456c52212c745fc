/* SPDX-License-Identifier: MIT */
/* Builds and prints JSON. cJSON keeps the order in which members are added. */
#include <stdlib.h>

#include "base/exit.h"
#include "base/list.h"
#include "cli/report.h"

int report_json(struct context *ctx, cJSON *tree)
{
	char *text = tree ? cJSON_Print(tree) : NULL;

	cJSON_Delete(tree);
	if (!text) {
		log_error(&ctx->log, "out of memory");
		return EXIT_FAILED;
	}
	fprintf(ctx->out.out, "%s\n", text);
	free(text);
	return EXIT_DONE;
}

void json_text(cJSON *to, const char *name, const char *text)
{
	if (str_empty(text))
		cJSON_AddNullToObject(to, name);
	else
		cJSON_AddStringToObject(to, name, text);
}

void json_number(cJSON *to, const char *name, double number)
{
	cJSON_AddNumberToObject(to, name, number);
}

cJSON *json_append(cJSON *array)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToArray(array, o);
	return o;
}

cJSON *json_result(const struct inventory *inv)
{
	cJSON *o = cJSON_CreateObject();

	json_text(o, "region", inv->region);
	json_text(o, "account", inv->account);
	return o;
}

enum style state_style(enum mirroring_state state)
{
	return state == MIRRORING_ACTIVE ? GREEN
	       : state == MIRRORING_IDLE ? YELLOW
					 : RED;
}

cJSON *json_session(const struct inventory *inv, const struct session_status *v)
{
	static const char *const states[] = {"active", "idle", "broken"};
	const struct mirror_session *s = v->session;
	const struct ec2_instance *i =
		v->eni ? inventory_instance(inv, v->eni->instance_id) : NULL;
	cJSON *o = cJSON_CreateObject(), *source;

	json_text(o, "id", s->id);
	json_text(o, "deployment", v->deployment);
	source = cJSON_AddObjectToObject(o, "source");
	json_text(source, "asked", v->source);
	json_text(source, "type", v->type);
	json_text(source, "interface", s->interface_id);
	json_text(source, "instance", i ? i->id : NULL);
	json_text(source, "name", v->name);
	json_text(source, "address", v->eni ? v->eni->private_ip : NULL);
	json_text(o, "target", s->target_id);
	json_text(o, "filter", s->filter_id);
	json_number(o, "number", (double)s->number);
	json_number(o, "vni", (double)s->vni);
	if (s->packet_length)
		json_number(o, "packetLength", (double)s->packet_length);
	else
		cJSON_AddNullToObject(o, "packetLength");
	json_text(o, "state", states[v->state]);
	json_text(o, "why", v->why);
	return o;
}

void json_tags(cJSON *o, const struct tag_list *l)
{
	cJSON *tags = cJSON_AddObjectToObject(o, "tags");

	FOREACH(tag, l)
		cJSON_AddStringToObject(tags, tag->key, tag->value);
}
