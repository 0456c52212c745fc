/* SPDX-License-Identifier: MIT */
/* Sets errors, and formats them for users: what was called, what AWS said, what
 * it means and what to do next. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/error.h"

int aws_error_set(struct aws_error *err, enum aws_error_kind kind,
		  const char *code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return aws_error_errno(kind);
	err->kind = kind;
	snprintf(err->code, sizeof(err->code), "%s", code ? code : "");
	va_start(args, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, args);
	va_end(args);
	return aws_error_errno(kind);
}

/* Copies a leading service:Action. */
static bool permission_at(const char *p, char *to, size_t n)
{
	size_t len, colon;

	p += strspn(p, ": ");
	len = strspn(
		p,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:*");
	colon = strcspn(p, ":");
	if (!len || len >= n || colon == 0 || colon + 1 >= len)
		return false;
	memcpy(to, p, len);
	to[len] = 0;
	return true;
}

/* Finds ec2:CreateTags in "You are not authorized to perform this operation.
 * User: ... is not authorized to perform: ec2:CreateTags on resource: ...". Only
 * the second "to perform" is followed by an action. */
static bool permission_in(const char *message, char *to, size_t n)
{
	static const char marker[] = "to perform";
	const char *p = message;

	while ((p = strstr(p, marker))) {
		p += strlen(marker);
		if (permission_at(p, to, n))
			return true;
	}
	return false;
}

/* The IAM prefix of a service may differ from the name of its endpoint. */
static const char *iam_prefix(const char *service)
{
	return !strcmp(service, "monitoring") ? "cloudwatch" : service;
}

bool aws_error_permission(const struct aws_error *err, char *to, size_t n)
{
	if (err->kind != AWS_ERR_DENIED)
		return false;
	if (permission_in(err->message, to, n))
		return true;
	if (!err->service[0] || !err->action[0])
		return false;
	return (size_t)snprintf(to, n, "%s:%s", iam_prefix(err->service),
				err->action) < n;
}

int aws_error_copy(struct aws_error *err, const struct aws_error *why,
		   int error)
{
	if (error && err)
		*err = *why;
	return error;
}

int aws_error_no_memory(struct aws_error *err)
{
	aws_error_set(err, AWS_ERR_LOCAL, "", "out of memory");
	return -ENOMEM;
}

int aws_error_bad_parameter(struct aws_error *err, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return aws_error_set(err, AWS_ERR_LOCAL, "", "%s", text);
}

/* A bounded string being appended to. */
struct error_text {
	char *to;
	size_t n, used;
};

static void add(struct error_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct error_text *t, const char *fmt, ...)
{
	va_list args;
	int len;

	if (t->used + 1 >= t->n)
		return;
	va_start(args, fmt);
	len = vsnprintf(t->to + t->used, t->n - t->used, fmt, args);
	va_end(args);
	if (len > 0)
		t->used += (size_t)len;
	if (t->used >= t->n)
		t->used = t->n - 1;
}

/* Appends the message without the encoded authorization details. */
static void add_message(struct error_text *t, const char *message)
{
	const char *encoded = strstr(message, AWS_ENCODED_MARK);
	size_t n = encoded ? (size_t)(encoded - message) : strlen(message);

	while (n && (message[n - 1] == ' ' || message[n - 1] == '.' ||
		     message[n - 1] == '\n'))
		n--;
	if (n)
		add(t, "%.*s.", (int)n, message);
}

static void add_permission(struct error_text *t, const struct aws_error *err)
{
	char permission[128];

	if (!aws_error_permission(err, permission, sizeof(permission)))
		return;
	add(t,
	    " Grant %s to the user or role of these credentials (\"metlo-mirror aws policy\" prints a sufficient policy).",
	    permission);
	if (strstr(err->message, AWS_ENCODED_MARK))
		add(t,
		    " For the reason, pass the encoded message shown by -vv to: aws sts decode-authorization-message --encoded-message.");
	if (strstr(err->message, "explicit deny"))
		add(t,
		    " A policy denies it explicitly, which overrides any Allow.");
}

static bool is_read_only(const char *action)
{
	return !strncmp(action, "Describe", 8) || !strncmp(action, "List", 4) ||
	       !strncmp(action, "Get", 3);
}

char *aws_error_text(const struct aws_error *err, char *to, size_t n)
{
	struct error_text t = {.to = to, .n = n};
	const char *hint = aws_error_hint(err->code);

	if (!n)
		return to;
	to[0] = 0;
	if (err->action[0])
		add(&t, "%s:%s: ", err->service, err->action);
	if (err->code[0] && err->status)
		add(&t, "%s: ", err->code);
	add_message(&t, err->message);
	if (!err->message[0])
		add(&t, "HTTP status %d without an error message.",
		    err->status);
	if (hint)
		add(&t, " %s", hint);
	add_permission(&t, err);
	if (err->unknown_outcome && !is_read_only(err->action))
		add(&t, " AWS may or may not have made the change.");
	if (err->request_id[0] &&
	    (err->kind == AWS_ERR_SERVER || err->kind == AWS_ERR_RESPONSE))
		add(&t, " (request %s)", err->request_id);
	return to;
}
