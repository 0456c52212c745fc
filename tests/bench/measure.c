/* SPDX-License-Identifier: MIT */
/*
 * Runs a command on one CPU and measures its resources:
 *
 *   measure CPU SECONDS RESULT COMMAND...
 *
 * writes "user_us sys_us wall_us peak_kib status" to the file RESULT; status is
 * the exit code, or 128 plus the signal. Kills the command after SECONDS. This is
 * a separate program because a child's peak memory starts at its parent's size,
 * so that a Python interpreter would hide a small one.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child; /* read by the signal handler */

static void on_alarm(int sig)
{
	(void)sig;
	kill((pid_t)child, SIGKILL);
}

static long long us(const struct timeval *t)
{
	return (long long)t->tv_sec * 1000000 + t->tv_usec;
}

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (end == text || *end || v > 1000000)
		errx(2, "%s: not a number", text);
	return (unsigned int)v;
}

static void run_on(unsigned int cpu, char **command)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		err(126, "CPU %u", cpu);
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

int main(int argc, char **argv)
{
	unsigned int cpu, seconds;
	struct rusage usage;
	long long start;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 5)
		errx(2, "usage: measure CPU SECONDS RESULT COMMAND...");
	cpu = number(argv[1]);
	seconds = number(argv[2]);
	start = now_us();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		run_on(cpu, argv + 4);
	child = pid;
	signal(SIGALRM, on_alarm);
	alarm(seconds);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			err(1, "wait4");
	alarm(0);
	f = fopen(argv[3], "w");
	if (!f)
		err(1, "%s", argv[3]);
	fprintf(f, "%lld %lld %lld %ld %d\n", us(&usage.ru_utime),
		us(&usage.ru_stime), now_us() - start, usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status)
				  : 128 + WTERMSIG(status));
	if (fclose(f))
		err(1, "%s", argv[3]);
	return 0;
}
