/* SPDX-License-Identifier: MIT */
/*
 * Pairing with ground truth: the input decides what simulated endpoints send
 * and what the mirror loses. Without loss every pair must be found and right.
 * Under loss a search finds packets whose loss leaves no trace of the truth;
 * test_pairing bounds how often that happens by chance.
 *
 * Input: loss, network loss, flags of the mirror and of the endpoints (4 bytes);
 * then the choices of the simulation (pairing_sim.h), a generator seeded by the
 * input continues when they run out.
 */
#include <stdlib.h>

#include "../unit/pairing_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pairing_kit *kit;
	struct sim_random r = {.state = 88172645463325252ull};
	struct verdict v = {0};
	struct mirror mirror = {0};
	struct sim_conf conf = {
		/* those that send while others are unanswered cannot always
		 * be told apart; see user/http/README.md */
		.modes = 1u << SIM_SEQUENTIAL | 1u << SIM_BATCH,
		.uploads = 2500,
		.head = 800,
		.slow = 2000,
		.requests = 12,
	};

	if (len < 4)
		return 0;
	if (!kit)
		kit = pairing_new();
	mirror.loss = data[0] * 20u;
	conf.network_loss = data[1] * 4u;
	mirror.duplicates = data[2] & 1 ? 500 : 0;
	mirror.delayed = data[2] & 2 ? 1000 : 0;
	mirror.delay_ns = 3000000;
	mirror.lag_ns = data[2] & 4 ? 40000000 : 0;
	mirror.midstream = data[2] & 8 ? 5000 : 0;
	mirror.truncated = data[2] & 16 ? 5000 : 0;
	conf.interim = data[3] & 1 ? 10000 : 0;
	conf.hints = data[3] & 2 ? 1000 : 0;
	conf.early = data[3] & 4 ? 500 : 0;
	conf.change = data[3] & 8 ? 1000 : 0;
	for (size_t i = 0; i < len; i++)
		r.state = r.state * 6364136223846793005ull + data[i] + 1;
	r.state |= 1;
	r.p = data + 4;
	r.len = len - 4;
	pairing_group(kit, &conf, &mirror, &r, &v, false);
	if (!mirror.loss && !mirror.midstream && !mirror.truncated &&
	    (v.wrong || v.found != v.complete))
		abort();
	return 0;
}
