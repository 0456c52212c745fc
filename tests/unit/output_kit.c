/* SPDX-License-Identifier: MIT */
#include "output_kit.h"

#include <dirent.h>
#include <unistd.h>

#include "output/ndjson.h"

int output_kit_setup(void **state)
{
	struct output_kit *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test_output_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/out", f->dir);
	snprintf(f->destination, sizeof(f->destination), "ndjson:%s", f->path);
	f->log = (struct log){open_memstream(&f->said, &f->n_said), "test",
			      LOG_LEVEL_DEBUG};
	assert_non_null(f->log.out);
	*state = f;
	return 0;
}

int output_kit_teardown(void **state)
{
	struct output_kit *f = *state;
	DIR *d = opendir(f->dir);

	for (struct dirent *e; (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(f->dir);
	fclose(f->log.out);
	free(f->said);
	free(f);
	return 0;
}

const char *output_kit_said(struct output_kit *f)
{
	fflush(f->log.out);
	return f->said ? f->said : "";
}

struct output *output_kit_open(struct output_kit *f, unsigned int workers,
			       uint64_t limit, bool blocking)
{
	const struct output_sink sink = {.ops = &ndjson_sink,
					 .destination = f->destination,
					 .conf = &f->conf};
	const struct output_conf conf = {.sinks = &sink,
					 .n_sinks = 1,
					 .workers = workers,
					 .queue_limit = limit,
					 .blocking = blocking,
					 .log = &f->log};

	f->conf = (struct ndjson_conf){.rules = f->rules};
	return output_new(&conf);
}

void output_kit_add_lines(struct buf *b, unsigned int worker,
			  unsigned int first, unsigned int n)
{
	char line[64];

	for (; n--; first++) {
		snprintf(line, sizeof(line), "%u %u\n", worker, first);
		buf_add_str(b, line);
	}
}

void output_kit_check_balance(const struct output_stats *s)
{
	assert_int_equal(s->submitted,
			 s->written + s->dropped_queue + s->dropped_error);
	assert_int_equal(s->bytes_queued, 0);
}

unsigned int output_kit_count_lines(const char *path, unsigned int workers)
{
	unsigned int next[8] = {0}, w, i, n = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fscanf(f, "%u %u\n", &w, &i) == 2) {
		assert_true(w < workers);
		assert_int_equal(i, next[w]);
		next[w]++;
		n++;
	}
	assert_true(feof(f));
	fclose(f);
	return n;
}
