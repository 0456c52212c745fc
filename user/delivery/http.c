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

#include "delivery/http.h"

#define CONNECT_TIMEOUT_MS 10000L
#define TEXT_MAX	   8192 /* of a response body that is kept */

struct request {
	CURL *easy;
	bool busy;
	enum delivery_call call;
	size_t n_body; /* bytes that it sends */
	char text[TEXT_MAX + 1];
	size_t n_text;
	char error[CURL_ERROR_SIZE];
};

struct delivery_http {
	const struct delivery_server *server;
	struct delivery_url url;
	char ca_file[4096]; /* empty: the system's authorities */
	unsigned int timeout_ms;
	struct delivery_peers *peers;
	CURLM *multi;
	/* Those of each call. */
	struct curl_slist *headers[DELIVERY_CALLS];
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

bool delivery_url_parse(struct delivery_url *url, const char *text,
			delivery_port_of *default_port, const char *example,
			char *why, size_t size)
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
		snprintf(why, size, "\"%.100s\" is not a URL such as %s", text,
			 example);
	} else if (has_part(u, CURLUPART_USER) ||
		   has_part(u, CURLUPART_QUERY) ||
		   has_part(u, CURLUPART_FRAGMENT)) {
		snprintf(why, size,
			 "\"%.100s\" has more than scheme, host, port and path",
			 text);
	} else {
		if (!part_of(u, CURLUPART_PORT, port, sizeof(port)))
			strcpy(port, !strcmp(scheme, "https")
					     ? "443"
					     : default_port(host));
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

static void explain(struct delivery_answer *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void explain(struct delivery_answer *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, args);
	va_end(args);
}

/* The request got no answer. */
static void explain_failure(const struct delivery_http *h,
			    const struct request *s, CURLcode code,
			    struct delivery_answer *a)
{
	const char *url = h->url.base, *error = s->error;
	const char *check = h->server->url_option, *ca = h->server->ca_option;
	long os = 0;

	if (!*error)
		error = curl_easy_strerror(code);
	curl_easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &os);
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		explain(a, "%s: host not found: check %s and the name servers",
			url, check);
		break;
	case CURLE_COULDNT_CONNECT:
		explain(a,
			"%s: cannot connect: %s: check the port of %s, and that the collector is running",
			url, os ? strerror((int)os) : error, check);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		explain(a,
			"%s: timed out (%s): check %s, routes and security groups",
			url, error, check);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		explain(a,
			"%s: its certificate is not trusted: %s: name the certificate of its authority with %s, or use the host name that the certificate was issued for",
			url, error, ca);
		break;
	case CURLE_SSL_CACERT_BADFILE:
		explain(a, "%s: cannot be used as %s: %s",
			*h->ca_file ? h->ca_file : url, ca, error);
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

/* Was the request sent to its end, so that the server may have processed it? */
static bool was_sent(const struct request *s)
{
	curl_off_t sent = 0;

	curl_easy_getinfo(s->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return s->call == DELIVERY_CALL_BATCH && (size_t)sent >= s->n_body;
}

static void fill_answer(struct delivery_http *h, unsigned int slot,
			CURLcode code, struct delivery_answer *a)
{
	struct request *s = &h->request[slot];
	curl_off_t retry_after = 0;
	char *type = NULL;
	long status = 0;

	*a = (struct delivery_answer){.slot = slot};
	s->text[s->n_text] = '\0';
	a->text = s->text;
	a->n = s->n_text;
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	/* A truncated answer counts as none, whatever its status. */
	if (code && h->server->status_decides && status >= 200 && status < 300)
		a->unreadable = true;
	if (!code || a->unreadable) {
		a->status = status;
		curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_after);
		curl_easy_getinfo(s->easy, CURLINFO_CONTENT_TYPE, &type);
	}
	a->type = type;
	if (retry_after > 0)
		a->retry_after_s = (uint64_t)retry_after;
	a->maybe_processed = code && was_sent(s);
	if (code)
		explain_failure(h, s, code, a);
	h->server->judge(s->call, h->url.base, a);
}

void delivery_text_line(const char *text, char to[DELIVERY_LINE_MAX])
{
	size_t n = strcspn(text, "\r\n");

	if (n > DELIVERY_LINE_MAX - 1)
		n = DELIVERY_LINE_MAX - 1;
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
	to[n] = '\0';
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

static int make_headers(struct delivery_http *h,
			const struct delivery_http_conf *conf)
{
	struct curl_slist **alive = &h->headers[DELIVERY_CALL_ALIVE];
	struct curl_slist **verify = &h->headers[DELIVERY_CALL_VERIFY];
	struct curl_slist **batch = &h->headers[DELIVERY_CALL_BATCH];
	int err = add_header(alive, "Accept: */*");

	for (unsigned int i = 0; !err && i < conf->n_headers; i++)
		err = add_header(verify, conf->headers[i])
			      ?: add_header(batch, conf->headers[i]);
	/* No Expect: 100-continue: it would only cost a round trip. */
	err = err ?: add_header(verify, "Expect:") ?: add_header(batch, "Expect:");
	if (!err && conf->encoding)
		err = add_header(batch, conf->encoding);
	return err;
}

/* Opens a socket as libcurl does, and notes the address before the first packet
 * is sent to it. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose,
				 struct curl_sockaddr *addr)
{
	struct delivery_http *h = ctx;

	(void)purpose;
	if (h->peers)
		delivery_peers_add(h->peers, &addr->addr);
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
		      addr->protocol);
}

static void set_options(struct delivery_http *h, struct request *s)
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

struct delivery_http *delivery_http_new(const struct delivery_http_conf *conf,
					unsigned int n)
{
	struct delivery_http *h =
		calloc(1, sizeof(*h) + n * sizeof(h->request[0]));

	if (!h)
		return NULL;
	h->server = conf->server;
	h->url = *conf->url;
	h->timeout_ms = conf->timeout_ms;
	h->peers = conf->peers;
	if (conf->ca_file)
		snprintf(h->ca_file, sizeof(h->ca_file), "%s", conf->ca_file);
	h->multi = curl_multi_init();
	if (!h->multi || make_headers(h, conf))
		goto fail;
	for (; h->n < n; h->n++) {
		h->request[h->n].easy = curl_easy_init();
		if (!h->request[h->n].easy)
			goto fail;
		set_options(h, &h->request[h->n]);
	}
	return h;
fail:
	delivery_http_free(h);
	errno = ENOMEM;
	return NULL;
}

void delivery_http_free(struct delivery_http *h)
{
	if (!h)
		return;
	for (unsigned int i = 0; i < h->n; i++) {
		delivery_http_abort(h, i);
		curl_easy_cleanup(h->request[i].easy);
	}
	curl_multi_cleanup(h->multi);
	for (unsigned int i = 0; i < DELIVERY_CALLS; i++)
		curl_slist_free_all(h->headers[i]);
	free(h);
}

static void prepare(struct delivery_http *h, struct request *s,
		    enum delivery_call call, const void *body, size_t n)
{
	char url[DELIVERY_URL_MAX + 64];
	CURL *e = s->easy;

	s->call = call;
	s->n_body = n;
	s->n_text = 0;
	s->error[0] = '\0';
	snprintf(url, sizeof(url), "%s%s", h->url.base, h->server->path[call]);
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, h->headers[call]);
	if (call == DELIVERY_CALL_BATCH ||
	    (call == DELIVERY_CALL_VERIFY && h->server->verify_by_post)) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, n ? body : "");
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	} else {
		curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	}
}

int delivery_http_start(struct delivery_http *h, unsigned int slot,
			enum delivery_call call, const void *body, size_t n)
{
	struct request *s = &h->request[slot];

	prepare(h, s, call, body, n);
	s->busy = !curl_multi_add_handle(h->multi, s->easy);
	return s->busy ? 0 : -ENOMEM;
}

void delivery_http_abort(struct delivery_http *h, unsigned int slot)
{
	struct request *s = &h->request[slot];

	if (s->busy)
		curl_multi_remove_handle(h->multi, s->easy);
	s->busy = false;
}

bool delivery_http_next(struct delivery_http *h, struct delivery_answer *a)
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
			delivery_http_abort(h, i);
			return true;
		}
	}
	return false;
}

void delivery_http_wait(struct delivery_http *h, int fd, int timeout_ms)
{
	struct curl_waitfd extra = {.fd = fd, .events = CURL_WAIT_POLLIN};

	curl_multi_poll(h->multi, &extra, 1, timeout_ms, NULL);
}

void delivery_http_call(const struct delivery_http_conf *conf,
			enum delivery_call call, struct delivery_answer *a)
{
	struct delivery_http *h = delivery_http_new(conf, 1);

	*a = (struct delivery_answer){.verdict = DELIVERY_RETRY, .text = ""};
	if (!h) {
		snprintf(a->why, sizeof(a->why), "%s", strerror(errno));
		return;
	}
	prepare(h, &h->request[0], call, NULL, 0);
	fill_answer(h, 0, curl_easy_perform(h->request[0].easy), a);
	a->text = "";
	delivery_http_free(h);
}
