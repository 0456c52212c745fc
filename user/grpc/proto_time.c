/* SPDX-License-Identifier: MIT */
/* Texts of Timestamp, Duration and FieldMask, as their .proto files define them. */
#include <stdio.h>

#include "grpc/proto_time.h"

#define SECONDS_MIN  (-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX  253402300799   /* 9999-12-31T23:59:59Z */
#define DURATION_MAX 315576000000
#define NANOS_MAX    999999999

/* A fraction of 0, 3, 6 or 9 digits. */
static void put_nanos(struct buf *out, uint32_t nanos)
{
	char text[12];

	if (!nanos)
		return;
	if (nanos % 1000000 == 0)
		snprintf(text, sizeof(text), ".%03u", nanos / 1000000);
	else if (nanos % 1000 == 0)
		snprintf(text, sizeof(text), ".%06u", nanos / 1000);
	else
		snprintf(text, sizeof(text), ".%09u", nanos);
	buf_add_str(out, text);
}

/* The proleptic Gregorian date of a day; 0 is 1970-01-01. By eras of 400 years
 * that begin on March 1. */
static void civil(int64_t day, int *year, unsigned int *month,
		  unsigned int *mday)
{
	const int64_t shifted = day + 719468;
	const int64_t era =
		(shifted >= 0 ? shifted : shifted - 146096) / 146097;
	const unsigned int of_era = (unsigned int)(shifted - era * 146097);
	const unsigned int y =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	const unsigned int of_year = of_era - (365 * y + y / 4 - y / 100);
	const unsigned int m = (5 * of_year + 2) / 153;

	*mday = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int)((int64_t)y + era * 400) + (*month <= 2);
}

bool proto_put_timestamp(struct buf *out, int64_t seconds, int32_t nanos)
{
	unsigned int month, mday, left;
	char text[80];
	int64_t day;
	int year;

	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 ||
	    nanos > NANOS_MAX)
		return false;
	day = seconds / 86400 - (seconds % 86400 < 0);
	left = (unsigned int)(seconds - day * 86400);
	civil(day, &year, &month, &mday);
	snprintf(text, sizeof(text), "\"%04d-%02u-%02uT%02u:%02u:%02u", year,
		 month, mday, left / 3600, left / 60 % 60, left % 60);
	buf_add_str(out, text);
	put_nanos(out, (uint32_t)nanos);
	buf_add_str(out, "Z\"");
	return true;
}

bool proto_put_duration(struct buf *out, int64_t seconds, int32_t nanos)
{
	const bool negative = seconds < 0 || nanos < 0;
	char text[32];

	if (seconds < -DURATION_MAX || seconds > DURATION_MAX ||
	    nanos < -NANOS_MAX || nanos > NANOS_MAX ||
	    (negative && (seconds > 0 || nanos > 0)))
		return false;
	snprintf(text, sizeof(text), "\"%s%lld", negative ? "-" : "",
		 (long long)(negative ? -seconds : seconds));
	buf_add_str(out, text);
	put_nanos(out, (uint32_t)(negative ? -nanos : nanos));
	buf_add_str(out, "s\"");
	return true;
}

bool proto_put_path(struct buf *out, const struct proto_span *path)
{
	bool after = false;

	for (size_t i = 0; i < path->n; i++) {
		uint8_t c = path->p[i];

		/* Other characters would not survive the way back. */
		if ((c >= 'A' && c <= 'Z') || c < ' ' || c >= 0x7f ||
		    c == '"' || c == '\\' || (after && (c < 'a' || c > 'z')))
			return false;
		if (c == '_') {
			after = true;
			continue;
		}
		if (after)
			c = (uint8_t)(c - 'a' + 'A');
		after = false;
		buf_add(out, &c, 1);
	}
	return !after;
}
