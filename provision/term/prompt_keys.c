/* SPDX-License-Identifier: MIT */
/*
 * Decodes keyboard input. Each read is preceded by a poll() of the terminal and
 * of the signalfd; signals are blocked, so a read that found no data would hang
 * until the next key.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "term/prompt_keys.h"

/* A byte that follows ESC within this time belongs to an escape sequence. */
#define ESCAPE_MS      50
#define LINE_MAX_BYTES 4096

int keys_open(struct keys *k, struct prompt *p)
{
	struct termios raw;

	*k = (struct keys){.p = p};
	if (tcgetattr(p->in, &k->before))
		return -errno;
	raw = k->before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= (tcflag_t) ~(IXON | ICRNL | INLCR | ISTRIP);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(p->in, TCSADRAIN, &raw) ? -errno : 0;
}

void keys_close(struct keys *k)
{
	tcsetattr(k->p->in, TCSADRAIN, &k->before);
}

enum input_state { INPUT_READY, INPUT_TIMEOUT, INPUT_SIGNAL, INPUT_HANGUP };

/* Waits until a byte can be read; ms as for poll(). */
static enum input_state wait_for_input(struct prompt *p, int ms)
{
	struct pollfd fds[] = {{.fd = p->in, .events = POLLIN},
			       {.fd = p->interrupt->fd, .events = POLLIN}};

	for (;;) {
		int n = poll(fds, 2, ms);

		if (n < 0 && errno != EINTR)
			return INPUT_HANGUP;
		if (interrupt_pending(p->interrupt))
			return INPUT_SIGNAL;
		if (n == 0)
			return INPUT_TIMEOUT;
		if (n > 0 && fds[0].revents)
			return INPUT_READY;
	}
}

/* Returns the next byte, or -1 with the reason in *state. */
static int next_byte(struct prompt *p, int ms, enum input_state *state)
{
	unsigned char c;

	*state = wait_for_input(p, ms);
	if (*state != INPUT_READY)
		return -1;
	if (read(p->in, &c, 1) == 1)
		return c;
	*state = INPUT_HANGUP;
	return -1;
}

static enum key decode_final(int number, int c)
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

/* Decodes what follows ESC: an ECMA-48 control sequence (CSI), or SS3, which
 * terminals send in application mode. */
static enum key read_escape(struct prompt *p)
{
	enum input_state state;
	int number = 0, c = next_byte(p, ESCAPE_MS, &state);

	if (c < 0)
		return state == INPUT_TIMEOUT  ? KEY_ESCAPE
		       : state == INPUT_SIGNAL ? KEY_INTERRUPT
					       : KEY_EOF;
	if (c != '[' && c != 'O')
		return KEY_NONE;
	for (unsigned int n = 0; n < 16; n++) {
		c = next_byte(p, ESCAPE_MS, &state);
		if (c < 0)
			return KEY_NONE;
		if (c >= '0' && c <= '9' && number < 1000)
			number = number * 10 + c - '0';
		else if (c >= 0x40 && c <= 0x7e)
			return decode_final(number, c);
	}
	return KEY_NONE;
}

/* Reads the continuation bytes of a UTF-8 character. */
static enum key read_character(struct keys *k, int first)
{
	unsigned int more = first >= 0xf0   ? 3
			    : first >= 0xe0 ? 2
			    : first >= 0xc0 ? 1
					    : 0,
		     n = 0;
	enum input_state state;

	k->text[n++] = (char)first;
	while (more--) {
		int c = next_byte(k->p, ESCAPE_MS, &state);

		if (c < 0)
			return KEY_NONE;
		k->text[n++] = (char)c;
	}
	k->text[n] = 0;
	return KEY_TEXT;
}

enum key keys_next(struct keys *k)
{
	enum input_state state;
	int c = next_byte(k->p, -1, &state);

	if (c < 0)
		return state == INPUT_SIGNAL ? KEY_INTERRUPT : KEY_EOF;
	switch (c) {
	case '\r':
	case '\n':
		return KEY_ENTER;
	case 1:
		return KEY_ALL;
	case 3:
		/* Counts like SIGINT, so later checks see it too. */
		k->p->interrupt->count++;
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
		return read_escape(k->p);
	default:
		return c < 32 ? KEY_NONE : read_character(k, c);
	}
}

static enum prompt_answer read_line(struct prompt *p, const char **out)
{
	char line[LINE_MAX_BYTES];
	size_t n = 0;

	for (;;) {
		enum input_state state;
		int c = next_byte(p, -1, &state);

		if (c < 0)
			return state == INPUT_SIGNAL ? ANSWER_STOPPED
						     : ANSWER_END;
		if (c == '\n')
			break;
		if (c == 4) /* Ctrl-D on a terminal left in raw mode */
			return ANSWER_END;
		if (n < sizeof(line) - 1)
			line[n++] = (char)c;
	}
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\r'))
		n--;
	*out = arena_dup_n(p->mem, line, n);
	return ANSWER_GIVEN;
}

/* By default Ctrl-C flushes the input queue: pressed after poll() has reported a
 * line but before read(), it would leave read() blocked, and the pending signal
 * unnoticed until the next line. NOFLSH keeps the line. */
enum prompt_answer keys_line(struct prompt *p, const char **out)
{
	struct termios before, keep;
	bool tty = !tcgetattr(p->in, &before);
	enum prompt_answer answer;

	if (tty) {
		keep = before;
		keep.c_lflag |= NOFLSH;
		tcsetattr(p->in, TCSANOW, &keep);
	}
	answer = read_line(p, out);
	if (tty)
		tcsetattr(p->in, TCSANOW, &before);
	return answer;
}
