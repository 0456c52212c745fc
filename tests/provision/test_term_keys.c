/* SPDX-License-Identifier: MIT */
/* Lines read from a terminal in canonical mode, on a pseudo-terminal. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "term/prompt_keys.h"

#define LIMIT_S 10

static int master = -1, slave = -1; /* the two ends of the pseudo-terminal */
static const char *typed_late;	    /* typed just before the first read() */

/* Replaces the one of libc: types when the caller is about to read the line that
 * poll() has reported, and waits until the terminal has raised SIGINT. */
ssize_t read(int fd, void *to, size_t n)
{
	const char *keys = typed_late;
	sigset_t set;

	if (fd != slave || !keys)
		return syscall(SYS_read, fd, to, n);
	typed_late = NULL;
	if (write(master, keys, strlen(keys)) < 0)
		_exit(10);
	do {
		usleep(1000);
		sigpending(&set);
	} while (!sigismember(&set, SIGINT));
	return syscall(SYS_read, fd, to, n);
}

/* Reads a line in a session of its own, whose terminal is the slave. Exits with
 * the answer, or 20 if the terminal's settings were not restored. */
static int read_line_in_child(const char *typed)
{
	struct interrupt interrupt;
	struct arena mem = {0};
	struct prompt p = {.interrupt = &interrupt, .mem = &mem};
	struct termios before, after;
	const char *line = NULL;
	enum prompt_answer answer;

	alarm(LIMIT_S);
	setsid();
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master))
		return 11;
	slave = open(ptsname(master), O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 ||
	    interrupt_init(&interrupt) || tcgetattr(slave, &before))
		return 12;
	p.in = slave;
	if (write(master, typed, strlen(typed)) < 0)
		return 13;
	answer = keys_line(&p, &line);
	tcgetattr(slave, &after);
	if (before.c_lflag != after.c_lflag || before.c_iflag != after.c_iflag)
		return 20;
	if (answer == ANSWER_GIVEN && strcmp(line, "hello") != 0)
		return 21;
	arena_free(&mem);
	interrupt_free(&interrupt);
	return (int)answer;
}

static int run(const char *typed, const char *late)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		typed_late = late;
		_exit(read_line_in_child(typed));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Killed by SIGALRM: the line never ended. */
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_line(void **state)
{
	(void)state;
	assert_int_equal(run("hello \r\n", NULL), ANSWER_GIVEN);
	assert_int_equal(run("hel\177lo\n\004", NULL), 21);
	assert_int_equal(run("\004", NULL), ANSWER_END);
}

/* Ctrl-C between poll() and read() must not leave read() waiting for input that
 * the terminal has flushed. */
static void test_interrupt_before_read(void **state)
{
	(void)state;
	assert_int_equal(run("\003", NULL), ANSWER_STOPPED);
	assert_int_equal(run("hello\n", "\003"), ANSWER_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_interrupt_before_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
