/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a daemon under test (LD_PRELOAD): moves its wall clock without
 * moving that of the machine, and leaks slowly to prove that the endurance test
 * notices.
 *
 *   ENDURANCE_CLOCK=FILE  8 bytes, a signed number of nanoseconds, added to
 *                         CLOCK_REALTIME; may change at any time
 *   ENDURANCE_LEAK=BYTES,FD_MS,THREAD_MS
 *                         bytes of heap per second; milliseconds between two
 *                         leaked descriptors and two leaked threads; 0: none
 *
 * The daemon reads the clock many times a second, which drives the leaks: a
 * thread of the shim's own would start before privileges are dropped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000ll
#define NS_PER_MS 1000000ll

static int (*real_gettime)(clockid_t clock, struct timespec *ts);
static _Atomic int64_t *offset;
static int64_t leak[3]; /* as in ENDURANCE_LEAK */
static _Atomic int64_t leaked_at[3];

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("ENDURANCE_CLOCK");
	const char *rates = getenv("ENDURANCE_LEAK");
	int fd;

	real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(
		RTLD_NEXT, "clock_gettime");
	if (rates)
		(void)sscanf(rates, "%ld,%ld,%ld", &leak[0], &leak[1],
			     &leak[2]);
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		void *p = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd,
			       0);

		close(fd);
		if (p != MAP_FAILED)
			offset = p;
	}
}

/* By a call that the daemon makes itself, so that its filter permits it. */
static void *idle(void *unused)
{
	const struct timespec hour = {.tv_sec = 3600};

	(void)unused;
	for (;;)
		nanosleep(&hour, NULL);
	return NULL;
}

/* True once per period, whichever thread asks. */
static int due(int what, int64_t now, int64_t period)
{
	int64_t last = atomic_load(&leaked_at[what]);

	if (!last) {
		atomic_compare_exchange_strong(&leaked_at[what], &last, now);
		return 0;
	}
	return now - last >= period &&
	       atomic_compare_exchange_strong(&leaked_at[what], &last, now);
}

static void leak_some(int64_t now)
{
	pthread_t thread;

	if (leak[0] && due(0, now, NS_PER_S)) {
		char *p = malloc((size_t)leak[0]);

		/* Touched, or it would not be in memory. */
		if (p)
			memset(p, 1, (size_t)leak[0]);
	}
	if (leak[1] && due(1, now, leak[1] * NS_PER_MS) && dup(0) < 0)
		leak[1] = 0;
	if (leak[2] && due(2, now, leak[2] * NS_PER_MS) &&
	    pthread_create(&thread, NULL, idle, NULL))
		leak[2] = 0;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int code = real_gettime ? real_gettime(clock, ts) : -1;
	int64_t ns;

	if (code)
		return code;
	if (clock == CLOCK_MONOTONIC && (leak[0] || leak[1] || leak[2]))
		leak_some(ts->tv_sec * NS_PER_S + ts->tv_nsec);
	if (!offset ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
		return 0;
	ns = ts->tv_sec * NS_PER_S + ts->tv_nsec + atomic_load(offset);
	ts->tv_sec = ns / NS_PER_S;
	ts->tv_nsec = ns % NS_PER_S;
	return 0;
}

time_t time(time_t *t)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts = {0};

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
