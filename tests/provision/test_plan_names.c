/* SPDX-License-Identifier: MIT */
/* Names of addresses: networks that overlap, several deployments and VNIs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/names.h"
#include "plan_world.h"

static void add_session(struct world *w, const char *id, const char *eni,
			unsigned int vni, const char *deployment)
{
	struct mirror_session *s =
		world_session(w, id, eni, "tmt-1", "tmf-1", 1, vni);

	world_tag(w, &s->tags, TAG_DEPLOYMENT, deployment);
	world_tag(w, &s->tags, TAG_MADE_BY, TAG_MADE_BY_VALUE);
}

static const struct name_entry *find(const struct name_list *l, uint32_t vni,
				     const char *address)
{
	FOREACH(e, l)
		if (e->vni == vni && !strcmp(e->address, address))
			return e;
	return NULL;
}

static void networks(void **state)
{
	struct str_list both = {0}, one = {0};
	struct ec2_interface *eni;
	struct name_list l;
	size_t ambiguous;
	struct world w;

	(void)state;
	world_init(&w);
	add_session(&w, "tms-1", "eni-1a", 7, "shop");
	add_session(&w, "tms-2", "eni-2", 8, "web");
	str_list_add(&w.mem, &one, "shop");
	str_list_add(&w.mem, &both, "shop");
	str_list_add(&w.mem, &both, "web");
	l = names_list(&w.mem, &w.inv, &one, &ambiguous);
	eni = (struct ec2_interface *)inventory_interface(&w.inv, "eni-2");
	assert_int_equal(ambiguous, 0);
	assert_non_null(find(&l, 7, eni->private_ip));
	assert_null(find(&l, 8, eni->private_ip));
	assert_null(
		tags_value(&find(&l, 7, eni->private_ip)->labels, "session"));
	l = names_list(&w.mem, &w.inv, &both, &ambiguous);
	assert_string_equal(
		tags_value(&find(&l, 8, eni->private_ip)->labels, "session"),
		"tms-2");
	/* Another network of the deployment has the same address. */
	eni->vpc_id = (char *)arena_dup(&w.mem, "vpc-other");
	eni->private_ip = inventory_interface(&w.inv, "eni-1a")->private_ip;
	add_session(&w, "tms-3", "eni-2", 7, "shop");
	l = names_list(&w.mem, &w.inv, &one, &ambiguous);
	assert_int_equal(ambiguous, 1);
	assert_null(find(&l, 7, eni->private_ip));
	l = names_list(&w.mem, &w.inv, &both, &ambiguous);
	assert_non_null(find(&l, 8, eni->private_ip));
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(networks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
