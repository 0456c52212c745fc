/* SPDX-License-Identifier: MIT */
/*
 * A head, the fixed part and the rows, behind the pid in the lock file. A sequence number
 * in the head is odd during a write, so that readers need no lock and never delay the
 * daemon. Readers may be root, and the file belongs to the user of the daemon: all sizes
 * and texts are checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/shared_state.h"

#define HEAD_AT	  64 /* the pid comes before */
#define BODY_AT	  (HEAD_AT + (off_t)sizeof(struct state_head))
#define ROWS_AT	  (BODY_AT + (off_t)sizeof(struct shared_state))
#define TRIES_MAX 100u

struct state_head {
	char magic[8];
	uint64_t form; /* see form() */
	uint64_t sequence;
};

static const char magic[8] = {'m', 'e', 't', 'l', 'o', 'x', 'd', 'p'};

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return (hash ^ 0xff) * 0x100000001b3;
}

/* Differs between versions whose counters or structs do. */
static uint64_t form(void)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (int stage = 0; stage < STAGES; stage++)
		for (size_t i = 0; i < counter_table[stage].n; i++)
			hash = add_text(hash,
					counter_table[stage].counters[i].name);
	for (int i = 0; i < N_ADVICES; i++)
		hash = add_text(hash, advice_names[i]);
#define ADD_NAME(name, ...) hash = add_text(hash, #name);
	SOURCE_COUNTERS(ADD_NAME)
	COVERAGE_STATES(ADD_NAME)
#undef ADD_NAME
	return hash ^ sizeof(struct shared_state) << 32 ^
	       sizeof(struct coverage_row);
}

static int write_all(int fd, const void *p, size_t n, off_t at)
{
	const ssize_t done = pwrite(fd, p, n, at);

	return done == (ssize_t)n ? 0 : done < 0 ? -errno : -EIO;
}

static int write_head(int fd, struct state_head *h)
{
	h->sequence++;
	return write_all(fd, h, sizeof(*h), HEAD_AT);
}

int shared_state_write(int fd, const struct shared_state *s,
		       const struct coverage_row *rows)
{
	struct shared_state body = *s;
	struct state_head h;
	int err;

	body.rows = NULL;
	if (pread(fd, &h, sizeof(h), HEAD_AT) != (ssize_t)sizeof(h) ||
	    memcmp(h.magic, magic, sizeof(magic)) || h.form != form())
		h = (struct state_head){.form = form()};
	memcpy(h.magic, magic, sizeof(magic));
	h.sequence &= ~1ull; /* a write may have been interrupted */
	err = write_head(fd, &h);
	if (!err)
		err = write_all(fd, &body, sizeof(body), BODY_AT);
	if (!err && s->n_rows)
		err = write_all(fd, rows, s->n_rows * sizeof(*rows), ROWS_AT);
	return err ? err : write_head(fd, &h);
}

static int read_all(int fd, void *p, size_t n, off_t at)
{
	const ssize_t done = pread(fd, p, n, at);

	return done == (ssize_t)n ? 0 : done < 0 ? -errno : -ENODATA;
}

static int read_head(int fd, struct state_head *h)
{
	int err = read_all(fd, h, sizeof(*h), HEAD_AT);

	if (!err &&
	    (memcmp(h->magic, magic, sizeof(magic)) || h->form != form()))
		err = -ENODATA;
	return err;
}

static int read_body(int fd, struct shared_state *s)
{
	int err;

	free(s->rows);
	err = read_all(fd, s, sizeof(*s), BODY_AT);
	s->rows = NULL;
	if (err)
		return err;
	if (s->n_advice > N_ADVICES || s->n_rows > VNI_INDEX_MAX)
		return -EPROTO;
	s->rows = calloc(s->n_rows + 1u, sizeof(*s->rows));
	if (!s->rows)
		return -ENOMEM;
	return s->n_rows ? read_all(fd, s->rows, s->n_rows * sizeof(*s->rows),
				    ROWS_AT)
			 : 0;
}

static int check(struct shared_state *s)
{
	for (uint32_t i = 0; i < s->n_advice; i++) {
		if ((unsigned int)s->advice[i].id >= N_ADVICES)
			return -EPROTO;
		s->advice[i].text[sizeof(s->advice[i].text) - 1] = '\0';
	}
	for (uint32_t i = 0; i < s->n_rows; i++)
		if (s->rows[i].state >= N_COVERAGE_STATES)
			return -EPROTO;
	return 0;
}

int shared_state_read(int fd, struct shared_state *s)
{
	struct state_head before, after;
	int err = -EAGAIN;

	*s = (struct shared_state){0};
	for (unsigned int i = 0; i < TRIES_MAX && err == -EAGAIN; i++) {
		int body;

		err = read_head(fd, &before);
		if (err)
			break;
		body = read_body(fd, s);
		err = read_head(fd, &after);
		if (!err && (before.sequence & 1 ||
			     before.sequence != after.sequence)) {
			err = -EAGAIN;
			usleep(1000);
			continue;
		}
		err = err ? err : body ? body : check(s);
	}
	if (err)
		shared_state_free(s);
	return err;
}

void shared_state_free(struct shared_state *s)
{
	free(s->rows);
	s->rows = NULL;
	s->n_rows = 0;
}
