/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "term/prompt_keys.h"

/* How long the bytes behind an ESC may take to be a key and not an ESC. */
#define ESCAPE_MS      50
#define LINE_MAX_BYTES 4096

bool keys_open(struct keys *k, struct prompt *p)
{
	struct termios raw;

	*k = (struct keys){.p = p};
	if (tcgetattr(p->in, &k->before))
		return false;
	raw = k->before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= (tcflag_t) ~(IXON | ICRNL | INLCR | ISTRIP);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return !tcsetattr(p->in, TCSADRAIN, &raw);
}

void keys_close(struct keys *k)
{
	tcsetattr(k->p->in, TCSADRAIN, &k->before);
}

enum wait { WAIT_READY, WAIT_TIMEOUT, WAIT_SIGNAL, WAIT_GONE };

/* Until a byte can be read; ms as of poll(). */
static enum wait wait_for_input(struct prompt *p, int ms)
{
	struct pollfd fds[] = {{.fd = p->in, .events = POLLIN},
			       {.fd = p->interrupt->fd, .events = POLLIN}};

	for (;;) {
		int n = poll(fds, 2, ms);

		if (n < 0 && errno != EINTR)
			return WAIT_GONE;
		if (interrupt_seen(p->interrupt))
			return WAIT_SIGNAL;
		if (n == 0)
			return WAIT_TIMEOUT;
		if (n > 0 && fds[0].revents)
			return WAIT_READY;
	}
}

/* The next byte; -1 when there is none, with why in *w. */
static int next_byte(struct prompt *p, int ms, enum wait *w)
{
	unsigned char c;

	*w = wait_for_input(p, ms);
	if (*w != WAIT_READY)
		return -1;
	if (read(p->in, &c, 1) == 1)
		return c;
	*w = WAIT_GONE;
	return -1;
}

static enum key final_of_sequence(int number, int c)
{
	switch (c) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		break;
	default:
		return KEY_NONE;
	}
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	case 5:
		return KEY_PAGE_UP;
	case 6:
		return KEY_PAGE_DOWN;
	default:
		return KEY_NONE;
	}
}

/* What follows an ESC: ECMA-48 control sequences, and the SS3 ones of
 * application mode. */
static enum key escape(struct prompt *p)
{
	enum wait w;
	int number = 0, c = next_byte(p, ESCAPE_MS, &w);

	if (c < 0)
		return w == WAIT_TIMEOUT  ? KEY_ESCAPE
		       : w == WAIT_SIGNAL ? KEY_INTERRUPT
					  : KEY_EOF;
	if (c != '[' && c != 'O')
		return KEY_NONE;
	for (unsigned int n = 0; n < 16; n++) {
		c = next_byte(p, ESCAPE_MS, &w);
		if (c < 0)
			return KEY_NONE;
		if (c >= '0' && c <= '9' && number < 1000)
			number = number * 10 + c - '0';
		else if (c >= 0x40 && c <= 0x7e)
			return final_of_sequence(number, c);
	}
	return KEY_NONE;
}

/* The rest of a UTF-8 character. */
static enum key character(struct keys *k, int first)
{
	unsigned int more = first >= 0xf0   ? 3
			    : first >= 0xe0 ? 2
			    : first >= 0xc0 ? 1
					    : 0,
		     n = 0;
	enum wait w;

	k->text[n++] = (char)first;
	while (more--) {
		int c = next_byte(k->p, ESCAPE_MS, &w);

		if (c < 0)
			return KEY_NONE;
		k->text[n++] = (char)c;
	}
	k->text[n] = 0;
	return KEY_TEXT;
}

enum key keys_next(struct keys *k)
{
	enum wait w;
	int c = next_byte(k->p, -1, &w);

	if (c < 0)
		return w == WAIT_SIGNAL ? KEY_INTERRUPT : KEY_EOF;
	switch (c) {
	case '\r':
	case '\n':
		return KEY_ENTER;
	case 1:
		return KEY_ALL;
	case 3:
		/* As a signal would, for what is asked later. */
		k->p->interrupt->seen++;
		return KEY_INTERRUPT;
	case 4:
		return KEY_EOF;
	case 5:
		return KEY_END;
	case 14:
		return KEY_DOWN;
	case 16:
		return KEY_UP;
	case 21:
		return KEY_CLEAR;
	case 8:
	case 127:
		return KEY_BACKSPACE;
	case 27:
		return escape(k->p);
	default:
		return c < 32 ? KEY_NONE : character(k, c);
	}
}

enum answer keys_line(struct prompt *p, const char **out)
{
	char line[LINE_MAX_BYTES];
	size_t n = 0;

	for (;;) {
		enum wait w;
		int c = next_byte(p, -1, &w);

		if (c < 0)
			return w == WAIT_SIGNAL ? ANSWER_STOPPED : ANSWER_END;
		if (c == '\n')
			break;
		if (c == 4) /* end of input on a terminal left in raw mode */
			return ANSWER_END;
		if (n < sizeof(line) - 1)
			line[n++] = (char)c;
	}
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\r'))
		n--;
	*out = arena_dup_n(p->mem, line, n);
	return ANSWER_GIVEN;
}
