/* SPDX-License-Identifier: MIT */
/*
 * credential_process: runs a program that prints credentials as JSON. The
 * command is split into words without a shell, as the AWS tools do it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "auth/cred_json.h"
#include "auth/provider_process.h"
#include "base/clock.h"
#include "http/secret.h"

#define BLANKS	   " \t\r\n"
#define MAX_WORDS  64
#define MAX_OUTPUT (256u << 10)
#define TIMEOUT_S  120 /* the program may prompt the user */

extern char **environ;

/* Splits text in place by shell rules for quotes and backslashes, without any
 * expansion. Returns the number of words, or -EINVAL. */
static int split(char *text, char *words[MAX_WORDS + 1])
{
	char *r = text, *w = text, quote = 0;
	int n = 0;

	for (;;) {
		r += strspn(r, BLANKS);
		if (!*r)
			break;
		if (n == MAX_WORDS)
			return -EINVAL;
		words[n++] = w;
		for (; *r && (quote || !strchr(BLANKS, *r)); r++) {
			if (quote ? *r == quote : *r == '"' || *r == '\'') {
				quote = quote ? 0 : *r;
			} else if (*r == '\\' && r[1] && quote != '\'' &&
				   (!quote || r[1] == '"' || r[1] == '\\')) {
				*w++ = *++r;
			} else {
				*w++ = *r;
			}
		}
		if (quote)
			return -EINVAL;
		/* Step over the blank that ended the word, if there is one:
		 * the NUL written next may land on it. */
		if (*r)
			r++;
		*w++ = 0;
	}
	words[n] = NULL;
	return n ? n : -EINVAL;
}

/* Resets the signal mask and SIGPIPE, which a child process would inherit: the
 * program must die of Ctrl-C, and of SIGPIPE when we close its output. */
static int reset_signals(posix_spawnattr_t *attr)
{
	sigset_t none, pipe;
	int error;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	error = posix_spawnattr_setsigmask(attr, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attr, &pipe);
	if (!error)
		error = posix_spawnattr_setflags(
			attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return error;
}

static int spawn_to(char **words, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attr);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	error = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (!error)
		error = reset_signals(&attr);
	if (!error)
		error = posix_spawnp(pid, words[0], &actions, &attr, words,
				     environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int spawn(char **words, int *fd, pid_t *pid)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	error = spawn_to(words, ends[1], pid);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return -error;
	}
	*fd = ends[0];
	return 0;
}

/* Why to wait no longer for the program; 0: there is time left. */
static int wait_over(const struct cred_search *s, uint64_t end)
{
	if (s->stopped && s->stopped(s->ctx))
		return -EINTR;
	return clock_mono_ns() > end ? -ETIMEDOUT : 0;
}

/* Waits without reaping it, and kills it when the time is over. */
static int await_end(const struct cred_search *s, pid_t pid, uint64_t end)
{
	int error = 0;

	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)pid, &info,
			   WEXITED | WNOHANG | WNOWAIT) ||
		    info.si_pid)
			return 0;
		error = wait_over(s, end);
		if (error)
			break;
		poll(NULL, 0, 20);
	}
	kill(pid, SIGKILL);
	return error;
}

/* Reads until end of file. Kills the program on a timeout, an interrupt or an
 * error. */
static int read_output(const struct cred_search *s, int fd, pid_t pid,
		       uint64_t end, struct buf *out)
{
	int error = 0;

	while (!error) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint8_t chunk[4096];
		ssize_t n;

		error = wait_over(s, end);
		if (error || poll(&p, 1, 100) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (!n)
			break;
		if (n < 0)
			error = errno == EINTR ? 0 : -errno;
		if (n > 0 && out->len + (size_t)n > MAX_OUTPUT)
			error = -EMSGSIZE;
		else if (n > 0)
			buf_add(out, chunk, (size_t)n);
		explicit_bzero(chunk, sizeof(chunk));
		if (out->failed)
			error = -ENOMEM;
	}
	if (error)
		kill(pid, SIGKILL);
	return error;
}

/* Runs the program. 0 with its wait status in *status, or -errno. */
static int run(const struct cred_search *s, char **words, struct buf *out,
	       int *status)
{
	pid_t pid = -1;
	int fd = -1, error = spawn(words, &fd, &pid);
	uint64_t end = clock_mono_ns() + TIMEOUT_S * NSEC_PER_SEC;

	if (error || fd < 0)
		return error;
	/* Reserve the maximum: realloc() would leave copies of the secrets in
	 * freed memory. */
	if (!buf_reserve(out, MAX_OUTPUT + 1))
		error = -ENOMEM;
	if (!error)
		error = read_output(s, fd, pid, end, out);
	else
		kill(pid, SIGKILL);
	close(fd);
	/* It may have closed its output and go on. */
	if (!error)
		error = await_end(s, pid, end);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		continue;
	return error;
}

static int read_output_json(const struct buf *text, const char *where,
			    struct credentials *out, struct aws_error *err)
{
	cJSON *json = cred_json_parse(text->p, text->len);
	const cJSON *version =
		cJSON_GetObjectItemCaseSensitive(json, "Version");
	int error;

	if (!json)
		error = cred_fail(err, where, "its output is not JSON");
	else if (!cJSON_IsNumber(version) || version->valueint != 1)
		error = cred_fail(err, where,
				  "its output has no \"Version\": 1");
	else
		error = cred_json_read_valid(json, "SessionToken", where, out,
					     err);
	cred_json_free(json);
	return error;
}

/* Turns an error of run() into err. */
static int run_failure(int error, const char *where, const char *program,
		       struct aws_error *err)
{
	switch (error) {
	case -ENOMEM:
		return aws_error_no_memory(err);
	case -EINTR:
		return aws_error_set(err, AWS_ERR_STOPPED, "", "interrupted");
	case -ETIMEDOUT:
		return cred_fail(err, where,
				 "%s: still running after %d s, killed",
				 program, TIMEOUT_S);
	case -EMSGSIZE:
		return cred_fail(err, where,
				 "%s: printed more than %u KiB, killed",
				 program, MAX_OUTPUT >> 10);
	default:
		return cred_fail(err, where, "%s: %s", program,
				 strerror(-error));
	}
}

int cred_process(struct cred_search *s, const char *profile,
		 const char *command, struct credentials *out,
		 struct aws_error *err)
{
	char *copy = strdup(command), *words[MAX_WORDS + 1], where[300];
	struct buf text = {0};
	int error, status = 0;

	snprintf(where, sizeof(where), "profile %s, credential_process",
		 profile);
	if (!copy)
		return run_failure(-ENOMEM, where, command, err);
	if (split(copy, words) < 0) {
		free(copy);
		return cred_fail(
			err, where,
			"the command is empty or has unbalanced quotes");
	}
	error = run(s, words, &text, &status);
	if (error)
		error = run_failure(error, where, words[0], err);
	else if (WIFSIGNALED(status))
		error = cred_fail(err, where, "%s: killed by signal %d",
				  words[0], WTERMSIG(status));
	else if (WEXITSTATUS(status))
		error = cred_fail(err, where, "%s: exit code %d", words[0],
				  WEXITSTATUS(status));
	else
		error = read_output_json(&text, where, out, err);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%s", where);
	secret_free_buf(&text);
	free(copy);
	return error;
}
