/* SPDX-License-Identifier: MIT */
/*
 * Refused calls raise SIGSYS. The handler makes the call return ENOSYS and notes
 * its number, which the main loop logs. A user notification (SECCOMP_RET_USER_NOTIF)
 * would serve the log as well, but whoever controls the process could answer it
 * with "continue". SECCOMP_RET_ERRNO leaves no trace that we may read.
 *
 * The kernel kills a thread that blocks SIGSYS. libc blocks all signals around
 * clone(), clone3() and vfork(), therefore these return ENOSYS without a signal,
 * and without a line in the log: for clone3(), whose flags cannot be checked because
 * they are in memory, that is the normal case, and libc then uses clone().
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <seccomp.h>

#include "capture/sandbox.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* Which calls were refused. Further ones share the last slot. */
#define SLOTS 64

enum slot_state {
	SLOT_FREE,
	SLOT_WRITING,
	SLOT_NEW,
	SLOT_LOGGED,
};

struct refused {
	_Atomic int state; /* enum slot_state */
	_Atomic int number;
	_Atomic uint32_t arch;
	uint64_t args[6];
};

/* A signal handler has no other way to pass on what it saw. */
static struct refused refused[SLOTS];

#if defined(__x86_64__)
static void read_args(const ucontext_t *uc, uint64_t args[6])
{
	static const int regs[6] = {REG_RDI, REG_RSI, REG_RDX,
				    REG_R10, REG_R8,  REG_R9};

	for (size_t i = 0; i < 6; i++)
		args[i] = (uint64_t)uc->uc_mcontext.gregs[regs[i]];
}

static void set_result(ucontext_t *uc, long result)
{
	uc->uc_mcontext.gregs[REG_RAX] = result;
}
#define HAVE_HANDLER 1
#elif defined(__aarch64__)
static void read_args(const ucontext_t *uc, uint64_t args[6])
{
	for (size_t i = 0; i < 6; i++)
		args[i] = uc->uc_mcontext.regs[i];
}

static void set_result(ucontext_t *uc, long result)
{
	uc->uc_mcontext.regs[0] = (uint64_t)result;
}
#define HAVE_HANDLER 1
#else
static void read_args(const ucontext_t *uc, uint64_t args[6])
{
	(void)uc;
	memset(args, 0, 6 * sizeof(*args));
}

static void set_result(ucontext_t *uc, long result)
{
	(void)uc;
	(void)result;
}
#define HAVE_HANDLER 0
#endif

/* Runs in the handler: no locks, no calls. Two threads that are refused the same
 * call at the same moment may take two slots; sandbox_report() merges them. */
static void note(int number, uint32_t arch, const ucontext_t *uc)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct refused *r = &refused[i];
		int state = SLOT_FREE;

		if (atomic_compare_exchange_strong(&r->state, &state,
						   SLOT_WRITING)) {
			r->number = number;
			r->arch = arch;
			read_args(uc, r->args);
			atomic_store_explicit(&r->state, SLOT_NEW,
					      memory_order_release);
			return;
		}
		if (state != SLOT_WRITING && r->number == number &&
		    r->arch == arch)
			return;
	}
}

/* Also reached by a plain kill -SYS, which is ignored. */
static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	if (info->si_code != SYS_SECCOMP)
		return;
	note(info->si_syscall, info->si_arch, uc);
	set_result(uc, -ENOSYS);
}

int sandbox_prepare(const struct log *log)
{
	/* If a thread is refused a call inside another handler, it must not be
	 * killed. */
	struct sigaction sa = {.sa_sigaction = on_sigsys,
			       .sa_flags = SA_SIGINFO | SA_NODEFER};
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	sigemptyset(&sa.sa_mask);
	err = sigaction(SIGSYS, &sa, NULL) ? -errno : 0;
	if (!err)
		err = -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	if (err)
		log_error(log, "cannot handle SIGSYS: %s", strerror(-err));
	return err;
}

/* The number of a call on this architecture; negative if it has none. */
static int number_of(const struct sandbox_rule *rule)
{
	int n = seccomp_syscall_resolve_name(rule->name);

	return n == __NR_SCMP_ERROR && rule->number ? rule->number : n;
}

static int add_rule(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	const int number = number_of(rule);
	struct scmp_arg_cmp cmp[4];
	unsigned int n = 0;

	/* Not in this architecture, or younger than this libseccomp. */
	if (number < 0)
		return 0;
	if (rule->groups & SANDBOX_SELF)
		cmp[n++] =
			(struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, UINT32_MAX,
					      (scmp_datum_t)getpid()};
	for (size_t i = 0; i < sizeof(rule->arg) / sizeof(*rule->arg); i++)
		if (rule->arg[i].mask)
			cmp[n++] = (struct scmp_arg_cmp){
				rule->arg[i].index, SCMP_CMP_MASKED_EQ,
				rule->arg[i].mask, rule->arg[i].value};
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, number, n, cmp);
}

/* Calls for which libc blocks all signals. */
static int add_silent_rules(scmp_filter_ctx ctx)
{
	static const struct sandbox_rule clone3 = {.name = "clone3",
						   .number = 435};
	int err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				   number_of(&clone3), 0);

	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
				       SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10000, 0));
	return err;
}

static bool applies(const struct sandbox_rule *rule, unsigned int groups)
{
	const unsigned int needed = rule->groups & ~(unsigned int)SANDBOX_SELF;

	return !needed || needed & groups;
}

static int fill(scmp_filter_ctx ctx, unsigned int groups)
{
	int err;

	/* Load in all threads; report the kernel's own error codes; do not kill
	 * for calls of another architecture, such as 32-bit ones, either. */
	err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
				       SCMP_ACT_TRAP);
	if (!err)
		seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (!err)
		err = add_silent_rules(ctx);
	for (size_t i = 0; !err && i < sandbox_rule_count; i++)
		if (applies(&sandbox_rules[i], groups))
			err = add_rule(ctx, &sandbox_rules[i]);
	return err;
}

int sandbox_enter(unsigned int groups)
{
	scmp_filter_ctx ctx;
	int err;

	if (!HAVE_HANDLER)
		return -EOPNOTSUPP;
	if (!(groups & SANDBOX_FILES))
		groups |= SANDBOX_NO_FILES;
	ctx = seccomp_init(SCMP_ACT_TRAP);
	if (!ctx)
		return -ENOMEM;
	err = fill(ctx, groups);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

/* Writes the arguments that rules check, such as " (argument 2 is 0x5401)". */
static void describe_args(char *to, size_t size, const struct refused *r)
{
	unsigned int seen = 0;
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < sandbox_rule_count; i++) {
		const struct sandbox_rule *rule = &sandbox_rules[i];

		if (number_of(rule) != r->number)
			continue;
		for (size_t j = 0; j < 3 && n < size; j++) {
			const struct sandbox_arg *a = &rule->arg[j];

			if (!a->mask || seen >> a->index & 1)
				continue;
			seen |= 1u << a->index;
			n += (size_t)snprintf(
				to + n, size - n, "%sargument %u is 0x%llx",
				n ? ", " : " (", a->index + 1,
				(unsigned long long)(r->args[a->index] &
						     a->mask));
		}
	}
	if (n && n + 1 < size)
		snprintf(to + n, size - n, ")");
}

static void log_refused(const struct refused *r, const struct log *log)
{
	char *known = NULL, name[64], args[160] = "";

	if (r->arch == seccomp_arch_native()) {
		known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
							 r->number);
		describe_args(args, sizeof(args), r);
		snprintf(name, sizeof(name), "%s", known ? known : "");
	}
	if (!known)
		snprintf(name, sizeof(name), "number %d%s", r->number,
			 r->arch == seccomp_arch_native()
				 ? ""
				 : " of another architecture");
	log_warn(
		log,
		"seccomp: refused the system call %s%s with ENOSYS: please report this; if something does not work, use --no-seccomp",
		name, args);
	free(known);
}

void sandbox_report(const struct log *log)
{
	for (size_t i = 0; i < SLOTS; i++) {
		struct refused *r = &refused[i];
		bool before = false;

		if (atomic_load_explicit(&r->state, memory_order_acquire) !=
		    SLOT_NEW)
			continue;
		for (size_t j = 0; j < i && !before; j++)
			before = refused[j].state == SLOT_LOGGED &&
				 refused[j].number == r->number &&
				 refused[j].arch == r->arch;
		if (!before)
			log_refused(r, log);
		r->state = SLOT_LOGGED;
	}
}
