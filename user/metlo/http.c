/* SPDX-License-Identifier: MIT */
/*
 * One easy handle per slot, all in one multi handle, so connections are kept
 * and reused. Every failure becomes a sentence that names the URL, the cause and
 * the option to check: most of them are mistakes in the set-up.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "metlo/http.h"

#define COLLECTOR_PORT	   "8081"
#define CONNECT_TIMEOUT_MS 10000L
#define TEXT_MAX	   8192 /* of a response body that is kept */

struct request {
	CURL *easy;
	bool busy;
	enum ingest_call call;
	char text[TEXT_MAX + 1];
	size_t n_text;
	char error[CURL_ERROR_SIZE];
};

struct ingest_http {
	struct ingest_url url;
	char ca_file[4096]; /* empty: the system's authorities */
	unsigned int timeout_ms;
	struct ingest_peers *peers;
	CURLM *multi;
	struct curl_slist *headers, *no_key; /* with and without the key */
	unsigned int n;
	struct request request[];
};

/* --- the URL ----------------------------------------------------------- */

static bool part_of(CURLU *u, CURLUPart part, char *to, size_t size)
{
	char *text = NULL;
	bool ok = !curl_url_get(u, part, &text, 0) && strlen(text) < size;

	snprintf(to, size, "%s", ok ? text : "");
	curl_free(text);
	return ok;
}

static bool has_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool has = !curl_url_get(u, part, &text, 0);

	curl_free(text);
	return has;
}

static bool is_default_port(const char *scheme, const char *port)
{
	return !strcmp(port, strcmp(scheme, "https") ? "80" : "443");
}

bool ingest_url_parse(struct ingest_url *url, const char *text, char *why,
		      size_t size)
{
	char scheme[16], host[512], port[8], path[256];
	CURLU *u = curl_url();
	CURLUcode code;
	size_t n;
	bool ok = false;

	if (!u) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return false;
	}
	code = curl_url_set(u, CURLUPART_URL, text, 0);
	if (code || !part_of(u, CURLUPART_SCHEME, scheme, sizeof(scheme)) ||
	    (strcmp(scheme, "http") && strcmp(scheme, "https")) ||
	    !part_of(u, CURLUPART_HOST, host, sizeof(host)) || !*host) {
		snprintf(
			why, size,
			"\"%.100s\" is not a URL such as https://metlo.example.com or http://metlo.example.com:8081",
			text);
	} else if (has_part(u, CURLUPART_USER) ||
		   has_part(u, CURLUPART_QUERY) ||
		   has_part(u, CURLUPART_FRAGMENT)) {
		snprintf(why, size,
			 "\"%.100s\" has more than scheme, host, port and path",
			 text);
	} else {
		if (!part_of(u, CURLUPART_PORT, port, sizeof(port)))
			strcpy(port, !strcmp(scheme, "https") ? "443"
				     : !strcmp(host, "app.metlo.com")
					     ? "80"
					     : COLLECTOR_PORT);
		part_of(u, CURLUPART_PATH, path, sizeof(path));
		for (n = strlen(path); n && path[n - 1] == '/';)
			path[--n] = '\0';
		if (is_default_port(scheme, port))
			snprintf(url->authority, sizeof(url->authority), "%s",
				 host);
		else
			snprintf(url->authority, sizeof(url->authority),
				 "%s:%s", host, port);
		snprintf(url->base, sizeof(url->base), "%s://%.600s%s", scheme,
			 url->authority, path);
		ok = true;
	}
	curl_url_cleanup(u);
	return ok;
}

/* --- error messages ---------------------------------------------------- */

enum ingest_verdict ingest_verdict_of(long status)
{
	if (status >= 200 && status < 300)
		return INGEST_OK;
	switch (status) {
	case 401:
	case 403:
	case 407:
		return INGEST_UNAUTHORIZED;
	case 413:
		return INGEST_TOO_LARGE;
	case 400:
	case 409:
	case 422:
		return INGEST_REJECTED;
	case 0:
	case 408:
	case 425:
	case 429:
		return INGEST_RETRY;
	}
	return status < 500 ? INGEST_WRONG_SERVER : INGEST_RETRY;
}

static void explain(struct ingest_answer *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void explain(struct ingest_answer *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, args);
	va_end(args);
}

/* The request got no answer. */
static void explain_failure(const struct ingest_http *h,
			    const struct request *s, CURLcode code,
			    struct ingest_answer *a)
{
	const char *url = h->url.base, *error = s->error;
	long os = 0;

	if (!*error)
		error = curl_easy_strerror(code);
	curl_easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &os);
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		explain(a,
			"%s: host not found: check --metlo-host and the name servers",
			url);
		break;
	case CURLE_COULDNT_CONNECT:
		explain(a,
			"%s: cannot connect: %s: check the port of --metlo-host, and that the collector is running",
			url, os ? strerror((int)os) : error);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		explain(a,
			"%s: timed out (%s): check --metlo-host, routes and security groups",
			url, error);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		explain(a,
			"%s: its certificate is not trusted: %s: name the certificate of its authority with --metlo-ca, or use the host name that the certificate was issued for",
			url, error);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		explain(a, "%s: cannot be used as --metlo-ca: %s",
			*h->ca_file ? h->ca_file : url, error);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		explain(a,
			"%s: TLS handshake failed: %s: if the collector does not use TLS, use http://",
			url, error);
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		explain(a,
			"%s: the answer is not HTTP: %s: if the collector uses TLS, use https://",
			url, error);
		break;
	default:
		explain(a, "%s: %s", url, error);
	}
}

static void explain_status(const struct ingest_http *h, const struct request *s,
			   struct ingest_answer *a)
{
	const char *url = h->url.base;
	char text[81];
	size_t n = strcspn(s->text, "\r\n");

	if (n > sizeof(text) - 1)
		n = sizeof(text) - 1;
	for (size_t i = 0; i < n; i++)
		text[i] = (unsigned char)s->text[i] < 0x20 ? ' ' : s->text[i];
	text[n] = '\0';
	switch (a->verdict) {
	case INGEST_OK:
		break;
	case INGEST_UNAUTHORIZED:
		explain(a,
			"%s rejected the API key (%ld %s): check METLO_API_KEY or --metlo-key-file",
			url, a->status, text);
		break;
	case INGEST_WRONG_SERVER:
		if (a->status == 400) {
			explain(a,
				"%s answered 400 %s: it is not Metlo's collector, or it uses TLS: check --metlo-host, or use https://",
				url, text);
			break;
		}
		explain(a,
			"%s answered %ld: it is not Metlo's collector: check --metlo-host (its port is 8081, not that of the user interface)",
			url, a->status);
		break;
	case INGEST_RETRY:
	case INGEST_TOO_LARGE:
	case INGEST_REJECTED:
		explain(a, "%s answered %ld %s", url, a->status, text);
	}
}

static void fill_answer(struct ingest_http *h, unsigned int slot, CURLcode code,
			struct ingest_answer *a)
{
	struct request *s = &h->request[slot];
	curl_off_t retry_after = 0;

	*a = (struct ingest_answer){.slot = slot};
	s->text[s->n_text] = '\0';
	a->text = s->text;
	/* A truncated answer counts as none, whatever its status. */
	if (!code) {
		curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &a->status);
		curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_after);
	}
	if (retry_after > 0)
		a->retry_after_s = (uint64_t)retry_after;
	a->verdict = ingest_verdict_of(a->status);
	/* Only the collector answers these calls with OK. */
	if (s->call != INGEST_CALL_BATCH &&
	    (a->verdict == INGEST_REJECTED || a->verdict == INGEST_TOO_LARGE ||
	     (a->verdict == INGEST_OK && strncmp(s->text, "OK", 2) != 0)))
		a->verdict = INGEST_WRONG_SERVER;
	if (code)
		explain_failure(h, s, code, a);
	else
		explain_status(h, s, a);
}

/* --- requests ---------------------------------------------------------- */

static size_t keep_body(char *p, size_t size, size_t n, void *ctx)
{
	struct request *s = ctx;
	size_t room = TEXT_MAX - s->n_text;

	n *= size;
	if (n < room)
		room = n;
	memcpy(s->text + s->n_text, p, room);
	s->n_text += room;
	return n;
}

static int add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *more = curl_slist_append(*list, text);

	if (more)
		*list = more;
	return more ? 0 : -ENOMEM;
}

static int make_headers(struct ingest_http *h, const char *key)
{
	char authorization[512];
	/* No Expect: 100-continue: it would only cost a round trip. */
	const char *const lines[] = {
		authorization, "Content-Type: application/json", "Expect:"};
	int err = add_header(&h->no_key, "Accept: */*");

	snprintf(authorization, sizeof(authorization), "Authorization: %s",
		 key);
	for (size_t i = 0; !err && i < sizeof(lines) / sizeof(*lines); i++)
		err = add_header(&h->headers, lines[i]);
	return err;
}

/* Opens a socket as libcurl does, and notes the address before the first packet
 * is sent to it. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose,
				 struct curl_sockaddr *addr)
{
	struct ingest_http *h = ctx;

	(void)purpose;
	if (h->peers)
		ingest_peers_add(h->peers, &addr->addr);
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
		      addr->protocol);
}

static void set_options(struct ingest_http *h, struct request *s)
{
	CURL *e = s->easy;

	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "metlo-xdp/" METLO_VERSION);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)h->timeout_ms);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	/* Do not send the key to a proxy. */
	curl_easy_setopt(e, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(e, CURLOPT_PROTOCOLS,
			 CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	if (*h->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
}

struct ingest_http *ingest_http_new(const struct ingest_http_conf *conf,
				    unsigned int n)
{
	struct ingest_http *h =
		calloc(1, sizeof(*h) + n * sizeof(h->request[0]));

	if (!h)
		return NULL;
	h->url = *conf->url;
	h->timeout_ms = conf->timeout_ms;
	h->peers = conf->peers;
	if (conf->ca_file)
		snprintf(h->ca_file, sizeof(h->ca_file), "%s", conf->ca_file);
	h->multi = curl_multi_init();
	if (!h->multi || make_headers(h, conf->key))
		goto fail;
	for (; h->n < n; h->n++) {
		h->request[h->n].easy = curl_easy_init();
		if (!h->request[h->n].easy)
			goto fail;
		set_options(h, &h->request[h->n]);
	}
	return h;
fail:
	ingest_http_free(h);
	errno = ENOMEM;
	return NULL;
}

void ingest_http_free(struct ingest_http *h)
{
	if (!h)
		return;
	for (unsigned int i = 0; i < h->n; i++) {
		ingest_http_abort(h, i);
		curl_easy_cleanup(h->request[i].easy);
	}
	curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->headers);
	curl_slist_free_all(h->no_key);
	free(h);
}

static void prepare(struct ingest_http *h, struct request *s,
		    enum ingest_call call, const void *body, size_t n)
{
	static const char *const paths[] = {"/api/v1", "/api/v1/verify",
					    "/api/v1/log-request/batch"};
	char url[INGEST_URL_MAX + 64];
	CURL *e = s->easy;

	s->call = call;
	s->n_text = 0;
	s->error[0] = '\0';
	snprintf(url, sizeof(url), "%s%s", h->url.base, paths[call]);
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER,
			 call == INGEST_CALL_ALIVE ? h->no_key : h->headers);
	if (call == INGEST_CALL_BATCH) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	} else {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	}
}

int ingest_http_start(struct ingest_http *h, unsigned int slot,
		      enum ingest_call call, const void *body, size_t n)
{
	struct request *s = &h->request[slot];

	prepare(h, s, call, body, n);
	s->busy = !curl_multi_add_handle(h->multi, s->easy);
	return s->busy ? 0 : -ENOMEM;
}

void ingest_http_abort(struct ingest_http *h, unsigned int slot)
{
	struct request *s = &h->request[slot];

	if (s->busy)
		curl_multi_remove_handle(h->multi, s->easy);
	s->busy = false;
}

bool ingest_http_next(struct ingest_http *h, struct ingest_answer *a)
{
	int running, left;
	CURLMsg *m;

	curl_multi_perform(h->multi, &running);
	while ((m = curl_multi_info_read(h->multi, &left))) {
		for (unsigned int i = 0; i < h->n; i++) {
			if (m->msg != CURLMSG_DONE ||
			    m->easy_handle != h->request[i].easy)
				continue;
			fill_answer(h, i, m->data.result, a);
			ingest_http_abort(h, i);
			return true;
		}
	}
	return false;
}

void ingest_http_wait(struct ingest_http *h, int fd, int timeout_ms)
{
	struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};

	curl_multi_poll(h->multi, &extra, 1, timeout_ms, NULL);
}

void ingest_http_call(const struct ingest_http_conf *conf,
		      enum ingest_call call, struct ingest_answer *a)
{
	struct ingest_http *h = ingest_http_new(conf, 1);

	*a = (struct ingest_answer){.verdict = INGEST_RETRY, .text = ""};
	if (!h) {
		snprintf(a->why, sizeof(a->why), "%s", strerror(errno));
		return;
	}
	prepare(h, &h->request[0], call, NULL, 0);
	fill_answer(h, 0, curl_easy_perform(h->request[0].easy), a);
	a->text = "";
	ingest_http_free(h);
}
