/* SPDX-License-Identifier: MIT */
/* The static table of HPACK (RFC 7541 appendix A). */
#include "http2/hpack_static.h"

#include "http2/hpack_name.h"

#define FIELD(n, v, i)                                                \
	{                                                             \
		.name = (n), .value = (v), .name_len = sizeof(n) - 1, \
		.value_len = sizeof(v) - 1, .name_known = true,       \
		.value_known = true, .value_valid = true, .id = (i)   \
	}
#define ROW(n, v) FIELD(n, v, HPACK_OTHER)

const struct hpack_field hpack_static[HPACK_STATIC] = {
	FIELD(":authority", "", HPACK_AUTHORITY),
	FIELD(":method", "GET", HPACK_METHOD),
	FIELD(":method", "POST", HPACK_METHOD),
	FIELD(":path", "/", HPACK_PATH),
	FIELD(":path", "/index.html", HPACK_PATH),
	FIELD(":scheme", "http", HPACK_SCHEME),
	FIELD(":scheme", "https", HPACK_SCHEME),
	FIELD(":status", "200", HPACK_STATUS),
	FIELD(":status", "204", HPACK_STATUS),
	FIELD(":status", "206", HPACK_STATUS),
	FIELD(":status", "304", HPACK_STATUS),
	FIELD(":status", "400", HPACK_STATUS),
	FIELD(":status", "404", HPACK_STATUS),
	FIELD(":status", "500", HPACK_STATUS),
	ROW("accept-charset", ""),
	ROW("accept-encoding", "gzip, deflate"),
	ROW("accept-language", ""),
	ROW("accept-ranges", ""),
	ROW("accept", ""),
	ROW("access-control-allow-origin", ""),
	ROW("age", ""),
	ROW("allow", ""),
	ROW("authorization", ""),
	ROW("cache-control", ""),
	ROW("content-disposition", ""),
	FIELD("content-encoding", "", HPACK_CONTENT_ENCODING),
	ROW("content-language", ""),
	FIELD("content-length", "", HPACK_CONTENT_LENGTH),
	ROW("content-location", ""),
	ROW("content-range", ""),
	ROW("content-type", ""),
	FIELD("cookie", "", HPACK_COOKIE),
	ROW("date", ""),
	ROW("etag", ""),
	ROW("expect", ""),
	ROW("expires", ""),
	ROW("from", ""),
	FIELD("host", "", HPACK_HOST),
	ROW("if-match", ""),
	ROW("if-modified-since", ""),
	ROW("if-none-match", ""),
	ROW("if-range", ""),
	ROW("if-unmodified-since", ""),
	ROW("last-modified", ""),
	ROW("link", ""),
	ROW("location", ""),
	ROW("max-forwards", ""),
	ROW("proxy-authenticate", ""),
	ROW("proxy-authorization", ""),
	ROW("range", ""),
	ROW("referer", ""),
	ROW("refresh", ""),
	ROW("retry-after", ""),
	ROW("server", ""),
	ROW("set-cookie", ""),
	ROW("strict-transport-security", ""),
	ROW("transfer-encoding", ""),
	ROW("user-agent", ""),
	ROW("vary", ""),
	ROW("via", ""),
	ROW("www-authenticate", ""),
};
