/* SPDX-License-Identifier: MIT */
/* credential_process: a program that prints credentials as JSON. */
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

#include "auth/credentials.h"
#include "http/file.h"

#define MAX_WORDS  64
#define MAX_OUTPUT (256u << 10)
#define TIMEOUT_S  120 /* it may ask its user something */

extern char **environ;

/* Splits text in place as a shell would (quotes and backslashes, nothing
 * else). The number of words, or -EINVAL. */
static int split(char *text, char *words[MAX_WORDS + 1])
{
	char *r = text, *w = text, quote = 0;
	int n = 0;

	for (;;) {
		while (*r == ' ' || *r == '\t')
			r++;
		if (!*r)
			break;
		if (n == MAX_WORDS)
			return -EINVAL;
		words[n++] = w;
		for (; *r && (quote || (*r != ' ' && *r != '\t')); r++) {
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
		/* The reader is past it, unless the text ends here. */
		if (*r)
			r++;
		*w++ = 0;
	}
	words[n] = NULL;
	return n ? n : -EINVAL;
}

/* What the caller has blocked or ignored for itself is not the program's
 * business: it has to end by Ctrl-C, and when nobody reads it. */
static int usual_signals(posix_spawnattr_t *attr)
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
		error = usual_signals(&attr);
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

/* Reads until its end; asked to stop or late, kills the program. */
static int read_output(const struct cred_search *s, int fd, pid_t pid,
		       struct buf *out)
{
	time_t end = time(NULL) + TIMEOUT_S;
	int error = 0;

	while (!error) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint8_t piece[4096];
		ssize_t n;

		if (s->stopped && s->stopped(s->ctx))
			error = -EINTR;
		else if (time(NULL) > end)
			error = -ETIMEDOUT;
		if (error || poll(&p, 1, 100) <= 0)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (!n)
			break;
		if (n < 0)
			error = errno == EINTR ? 0 : -errno;
		if (n > 0 && out->len + (size_t)n > MAX_OUTPUT)
			error = -EMSGSIZE;
		else if (n > 0)
			buf_add(out, piece, (size_t)n);
		explicit_bzero(piece, sizeof(piece));
		if (out->failed)
			error = -ENOMEM;
	}
	if (error)
		kill(pid, SIGKILL);
	return error;
}

/* 0 or -errno; *status as of waitpid(). */
static int run(const struct cred_search *s, char **words, struct buf *out,
	       int *status)
{
	pid_t pid = -1;
	int fd = -1, error = spawn(words, &fd, &pid);

	if (error || fd < 0)
		return error;
	/* It does not grow, so that no copies stay behind. */
	if (!buf_reserve(out, MAX_OUTPUT + 1))
		error = -ENOMEM;
	if (!error)
		error = read_output(s, fd, pid, out);
	else
		kill(pid, SIGKILL);
	close(fd);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		continue;
	return error;
}

static int take(const struct buf *text, const char *where,
		struct credentials *out, struct aws_error *err)
{
	cJSON *json = cred_json_parse(text->p, text->len);
	const cJSON *version =
		cJSON_GetObjectItemCaseSensitive(json, "Version");
	int error;

	if (!json)
		error = cred_fail(err, where, "what it printed is no JSON");
	else if (!cJSON_IsNumber(version) || version->valueint != 1)
		error = cred_fail(err, where,
				  "what it printed has no \"Version\": 1");
	else
		error = cred_from_json(json, "SessionToken", where, out, err);
	cred_json_wipe(json);
	return error;
}

/* Says what went wrong with a program that was to run. */
static int run_failure(int error, const char *where, const char *program,
		       struct aws_error *err)
{
	switch (error) {
	case -ENOMEM:
		aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
		return error;
	case -EINTR:
		return aws_error_set(err, AWS_ERR_STOPPED, "", "interrupted");
	case -ETIMEDOUT:
		return cred_fail(err, where, "%s: not finished after %d s",
				 program, TIMEOUT_S);
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
		return cred_fail(err, where,
				 "it is empty or its quotes do not match");
	}
	error = run(s, words, &text, &status);
	if (error)
		error = run_failure(error, where, words[0], err);
	else if (WIFSIGNALED(status))
		error = cred_fail(err, where, "%s: ended by signal %d",
				  words[0], WTERMSIG(status));
	else if (WEXITSTATUS(status))
		error = cred_fail(err, where, "%s: exit code %d", words[0],
				  WEXITSTATUS(status));
	else
		error = take(&text, where, out, err);
	if (!error)
		snprintf(out->source, sizeof(out->source), "%s", where);
	file_wipe(&text);
	free(copy);
	return error;
}
