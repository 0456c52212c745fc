/* SPDX-License-Identifier: MIT */
/* Session numbers, VNIs and packet lengths. */
#include <string.h>

#include "model/hash.h"
#include "model/sessions.h"

#define NLB_PACKET_LENGTH_MAX PACKET_LENGTH_DEFAULT
/* Fewer bytes would not even hold the mirrored IPv4 header. */
#define PACKET_LENGTH_MIN 35

static bool in(uint32_t v, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return false;
}

uint32_t session_free_number(const uint32_t *taken, size_t n)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < n; i++)
		if (taken[i] > highest)
			highest = taken[i];
	if (highest < SESSION_NUMBER_MAX)
		return highest + 1;
	for (uint32_t v = 1; v <= SESSION_NUMBER_MAX; v++)
		if (!in(v, taken, n))
			return v;
	return 0;
}

uint32_t vni_choose(const char *key, const uint32_t *taken, size_t n)
{
	uint32_t first = (uint32_t)(hash_text(key) % VNI_MAX);

	/* Of any n + 1 candidates at least one is free. */
	for (uint32_t i = 0; i <= n && i < VNI_MAX; i++) {
		uint32_t vni = (first + i) % VNI_MAX + 1;

		if (!in(vni, taken, n))
			return vni;
	}
	return 0;
}

bool vni_parse(const char *text, uint32_t *out, struct parse_error *err)
{
	uint64_t v;

	if (!parse_number(text, 1, VNI_MAX, &v, err))
		return false;
	*out = (uint32_t)v;
	return true;
}

const char *target_type_text(enum target_type type)
{
	static const char *const names[] = {
		[TARGET_ENI] = "network interface",
		[TARGET_NLB] = "network load balancer",
		[TARGET_GWLBE] = "Gateway Load Balancer endpoint",
		[TARGET_MIRROR] = "mirror target",
		[TARGET_PLACED] = "interfaces of the collectors",
	};

	return names[type];
}

bool packet_length_check(enum target_type type, uint32_t length,
			 struct parse_error *err)
{
	uint32_t max =
		type == TARGET_NLB ? NLB_PACKET_LENGTH_MAX : PACKET_LENGTH_MAX;

	if (!length)
		return true;
	if (length < PACKET_LENGTH_MIN)
		return parse_refuse(
			err,
			"packet length %u: with fewer than %d bytes not even the packet headers are mirrored",
			length, PACKET_LENGTH_MIN);
	if (length > max)
		return parse_refuse(
			err,
			"packet length %u: a %s accepts at most %u bytes per packet",
			length, target_type_text(type), max);
	return true;
}
