/* SPDX-License-Identifier: MIT */
#include "spool_kit.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

int spool_kit_setup(void **state)
{
	struct spool_kit *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test_spool_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/spool", f->dir);
	f->log = (struct log){open_memstream(&f->said, &f->n_said), "test",
			      LOG_LEVEL_DEBUG};
	f->conf = (struct spool_conf){.dir = f->path,
				      .limit = SPOOL_LIMIT_MIN,
				      .memory = 1 << 20,
				      .log = &f->log};
	*state = f;
	return 0;
}

unsigned int spool_kit_files(const struct spool_kit *f, bool remove)
{
	DIR *d = opendir(f->path);
	struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n += strcmp(e->d_name, "lock") != 0;
		if (remove)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	return n;
}

int spool_kit_teardown(void **state)
{
	struct spool_kit *f = *state;

	fclose(f->log.out);
	free(f->said);
	spool_kit_files(f, true);
	rmdir(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

struct spool *spool_kit_open(struct spool_kit *f)
{
	struct spool *s = spool_open(&f->conf);

	if (!s) {
		fflush(f->log.out);
		fail_msg("%s", f->said);
	}
	while (spool_recover(s))
		;
	return s;
}

void spool_kit_add(struct spool *s, unsigned int first, unsigned int n,
		   unsigned int text)
{
	struct buf b = {0};
	char number[16];

	for (unsigned int i = first; i < first + n; i++) {
		size_t begin = spool_record_begin(&b);

		snprintf(number, sizeof(number), "%u ", i);
		buf_add_str(&b, number);
		for (unsigned int k = 0; k < text; k++)
			buf_add_str(&b, "\xc3\xa9"); /* two bytes */
		spool_record_end(&b, begin);
	}
	assert_int_equal(spool_append(s, &b, n), 0);
	buf_free(&b);
}

long spool_kit_next(struct spool *s, struct spool_range *range)
{
	struct spool_record r;

	if (!spool_read(s, &r, 0))
		return -1;
	*range = r.range;
	return strtol((const char *)r.payload, NULL, 10);
}

void spool_kit_read_all(struct spool *s, unsigned int first, unsigned int n,
			bool ack)
{
	struct spool_range range;

	for (unsigned int i = first; i < first + n; i++) {
		assert_int_equal(spool_kit_next(s, &range), i);
		if (ack)
			spool_ack(s, &range, 1);
	}
}

struct spool_stats spool_kit_stats(const struct spool *s)
{
	struct spool_stats stats;

	spool_stats(s, &stats);
	return stats;
}

void spool_kit_spit(const char *path, const uint8_t *p, size_t n)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(p, 1, n, file), n);
	fclose(file);
}
