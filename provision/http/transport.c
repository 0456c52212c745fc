/* SPDX-License-Identifier: MIT */
/* HTTP by libcurl. The easy handle is reused, so connections persist. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "http/secret.h"
#include "http/transport.h"

struct transport {
	CURL *curl;
	bool (*stopped)(void *ctx);
	void *ctx;
	const char *ca_bundle;
	char error[CURL_ERROR_SIZE];
};

/* One exchange. */
struct transfer {
	struct transport *t;
	struct http_response *response;
	const uint8_t *body;
	size_t body_len, body_at;
	size_t max;
	bool too_large;
	bool finish;
};

int transport_new(struct transport **out, bool (*stopped)(void *ctx), void *ctx)
{
	struct transport *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return -ENOMEM;
	/* libcurl counts these calls, so the other users do not conflict. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(t);
		return -ENOMEM;
	}
	t->curl = curl_easy_init();
	t->stopped = stopped;
	t->ctx = ctx;
	if (!t->curl) {
		transport_free(t);
		return -ENOMEM;
	}
	*out = t;
	return 0;
}

void transport_free(struct transport *t)
{
	if (!t)
		return;
	curl_easy_cleanup(t->curl);
	curl_global_cleanup();
	free(t);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *tr = ctx;
	struct buf *body = &tr->response->body;

	n *= size;
	if (body->len + n > tr->max) {
		tr->too_large = true;
		return 0;
	}
	buf_add(body, p, n);
	return body->failed ? 0 : n;
}

static size_t on_send(char *to, size_t size, size_t n, void *ctx)
{
	struct transfer *tr = ctx;
	size_t left = tr->body_len - tr->body_at;

	n *= size;
	if (n > left)
		n = left;
	if (n)
		memcpy(to, tr->body + tr->body_at, n);
	tr->body_at += n;
	return n;
}

/* libcurl rewinds the body to resend a request if a persistent connection turns
 * out to be closed. Record that: the server may have processed the first
 * request, so a change may have been made twice. */
static int on_rewind(void *ctx, curl_off_t offset, int origin)
{
	struct transfer *tr = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > tr->body_len)
		return CURL_SEEKFUNC_FAIL;
	tr->body_at = (size_t)offset;
	tr->response->resent = true;
	return CURL_SEEKFUNC_OK;
}

/* The trimmed value of a header line; NULL if it has another name. */
static const char *header_value(const char *line, size_t n, const char *name,
				size_t *value_len)
{
	size_t name_len = strlen(name);
	const char *p = line + name_len + 1, *end = line + n;

	if (n <= name_len || strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':')
		return NULL;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && strchr(" \t\r\n", end[-1]))
		end--;
	*value_len = (size_t)(end - p);
	return p;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *tr = ctx;
	struct http_response *a = tr->response;
	char text[64];
	const char *v;
	size_t len;

	n *= size;
	v = header_value(p, n, "Date", &len);
	if (v) {
		time_t date;

		snprintf(text, sizeof(text), "%.*s", (int)len, v);
		date = curl_getdate(text, NULL);
		a->date = date > 0 ? date : 0;
	}
	v = header_value(p, n, "Retry-After", &len);
	if (v) {
		snprintf(text, sizeof(text), "%.*s", (int)len, v);
		/* Otherwise a date, or nonsense that strtoul() accepts. */
		if (text[strspn(text, "0123456789")] == 0)
			a->retry_after_s =
				(unsigned int)strtoul(text, NULL, 10);
	}
	v = header_value(p, n, "x-amzn-RequestId", &len);
	if (v)
		snprintf(a->request_id, sizeof(a->request_id), "%.*s", (int)len,
			 v);
	return n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c,
		       curl_off_t d)
{
	const struct transfer *tr = ctx;
	const struct transport *t = tr->t;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	/* Polled in any case: it also shows the progress. */
	return t->stopped && t->stopped(t->ctx) && !tr->finish;
}

static struct curl_slist *header_list(const struct http_request *r)
{
	/* Without this libcurl waits for "100 Continue" before a long body. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *next;
	size_t i;

	for (i = 0; list && i < r->n_headers; i++) {
		const struct sign_header *h = &r->headers[i];
		size_t room = strlen(h->name) + strlen(h->value) + 3;
		char *line = malloc(room);

		if (line)
			snprintf(line, room, "%s: %s", h->name, h->value);
		next = line ? curl_slist_append(list, line) : NULL;
		secret_free_string(&line);
		if (!next)
			curl_slist_free_all(list);
		list = next;
	}
	return list;
}

/* Wipes the headers: they contain tokens. */
static void free_headers(struct curl_slist *list)
{
	struct curl_slist *l;

	for (l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static void set_options(struct transport *t, const struct http_request *r,
			struct transfer *tr, struct curl_slist *headers)
{
	CURL *c = t->curl;

	curl_easy_reset(c); /* keeps the connections */
	curl_easy_setopt(c, CURLOPT_URL, r->url);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS,
			 (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
	if (r->body) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(c, CURLOPT_READDATA, tr);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_rewind);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, tr);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)r->body_len);
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, tr);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, tr);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, tr);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	if (r->no_proxy)
		curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
}

void transport_set_ca_bundle(struct transport *t, const char *path)
{
	t->ca_bundle = path;
}

/* Honors curl's CURL_CA_BUNDLE too. OpenSSL itself reads SSL_CERT_FILE. */
static void set_ca_bundle(struct transport *t)
{
	const char *bundle = t->ca_bundle;

	if (!bundle || !*bundle)
		bundle = getenv("CURL_CA_BUNDLE");
	if (bundle && *bundle)
		curl_easy_setopt(t->curl, CURLOPT_CAINFO, bundle);
}

/* Could the server have received the whole request? */
static bool may_have_sent(CURLcode code, const struct http_response *response)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_OUT_OF_MEMORY:
		return response->status != 0;
	default:
		return true;
	}
}

/* Whether the peer does not speak TLS, or not such that both understand it. OpenSSL
 * names the routine that failed; a connection that broke in the handshake has no
 * such reason, or "unexpected eof". */
static bool is_tls_mismatch(CURLcode code, const char *why)
{
	return code == CURLE_SSL_CONNECT_ERROR && strstr(why, "routines:") &&
	       !strstr(why, "unexpected eof");
}

/* What to do about a failure. */
struct remedy {
	const char *fix;
	bool permanent; /* repeating the attempt would not change it */
};

static struct remedy find_remedy(CURLcode code, const char *why,
				 long proxy_status)
{
	if (proxy_status == 407)
		return (struct remedy){
			": the proxy requires a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
			true};
	if (proxy_status >= 300 && proxy_status < 500)
		return (struct remedy){
			": the proxy of HTTPS_PROXY refuses to connect to this server",
			true};
	if (is_tls_mismatch(code, why))
		return (struct remedy){
			strstr(why, "wrong version number") ||
					strstr(why, "packet length too long") ||
					strstr(why, "http request")
				? ": the port does not speak TLS; check the URL (http:// or another port?) and HTTPS_PROXY"
				: ": the server and this program have no version or cipher of TLS in common",
			true};
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return (struct remedy){
			": check the network, DNS and the name of the region",
			false};
	case CURLE_COULDNT_RESOLVE_PROXY:
		return (struct remedy){": check HTTPS_PROXY", false};
	case CURLE_PEER_FAILED_VERIFICATION:
		return (struct remedy){
			": if a proxy intercepts TLS, set AWS_CA_BUNDLE to its CA certificate",
			true};
	case CURLE_SSL_CACERT_BADFILE:
		return (struct remedy){
			": check the file of AWS_CA_BUNDLE, ca_bundle or CURL_CA_BUNDLE",
			true};
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return (struct remedy){
			": the port does not speak HTTP; if it expects TLS, use https://",
			true};
	case CURLE_URL_MALFORMAT:
		return (struct remedy){"", true};
	case CURLE_GOT_NOTHING:
		return (struct remedy){
			": the server closed the connection; if it expects TLS, use https://",
			false};
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return (struct remedy){
			": check the route to AWS, or set HTTPS_PROXY if a proxy is required",
			false};
	default:
		return (struct remedy){"", false};
	}
}

static int set_error(struct transport *t, const struct http_request *r,
		     const struct transfer *tr, CURLcode code,
		     struct aws_error *err)
{
	const char *why = t->error[0] ? t->error : curl_easy_strerror(code);
	long proxy_status = 0;
	struct remedy remedy;

	curl_easy_getinfo(t->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (tr->too_large)
		return aws_error_set(err, AWS_ERR_RESPONSE, "",
				     "the response is larger than %zu bytes",
				     tr->max);
	if (tr->response->body.failed || code == CURLE_OUT_OF_MEMORY)
		return aws_error_no_memory(err);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return aws_error_set(err, AWS_ERR_STOPPED, "", "interrupted");
	remedy = find_remedy(code, why, proxy_status);
	return aws_error_set(err,
			     remedy.permanent ? AWS_ERR_LOCAL : AWS_ERR_NETWORK,
			     "", "%s: %s%s", r->url, why, remedy.fix);
}

int transport_send(struct transport *t, const struct http_request *r,
		   struct http_response *response, bool *sent,
		   struct aws_error *err)
{
	struct transfer tr = {.t = t,
			      .response = response,
			      .body = r->body,
			      .body_len = r->body_len,
			      .max = r->max_response,
			      .finish = r->finish};
	struct curl_slist *headers = header_list(r);
	long status = 0;
	CURLcode code;

	*response = (struct http_response){0};
	snprintf(response->url, sizeof(response->url), "%s", r->url);
	*sent = false;
	if (!headers)
		return aws_error_no_memory(err);
	t->error[0] = 0;
	set_options(t, r, &tr, headers);
	set_ca_bundle(t);
	code = curl_easy_perform(t->curl);
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	free_headers(headers);
	response->status = (int)status;
	if (code == CURLE_OK) {
		/* Terminate the body, so that it can be used as a string. */
		buf_add(&response->body, "", 1);
		if (!response->body.failed) {
			response->body.len--;
			*sent = true;
			return 0;
		}
		code = CURLE_OUT_OF_MEMORY;
	}
	*sent = response->resent || may_have_sent(code, response);
	response->abandoned = *sent && (code == CURLE_OPERATION_TIMEDOUT ||
					code == CURLE_ABORTED_BY_CALLBACK);
	return set_error(t, r, &tr, code, err);
}

bool http_response_is_html(const struct http_response *a)
{
	static const char *const starts[] = {"<!doctype html", "<html"};
	const char *p = (const char *)a->body.p;

	if (!p)
		return false;
	p += strncmp(p, "\xef\xbb\xbf", 3) ? 0 : 3;
	p += strspn(p, " \t\r\n");
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (!strncasecmp(p, starts[i], strlen(starts[i])))
			return true;
	return false;
}

void http_response_free(struct http_response *a)
{
	secret_free_buf(&a->body);
	*a = (struct http_response){0};
}
