/* SPDX-License-Identifier: MIT */
/* Signals that ask the program to stop, read from a signalfd. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <sys/signalfd.h>

#include "term/interrupt.h"

int interrupt_init(struct interrupt *i)
{
	sigset_t signals;

	*i = (struct interrupt){.fd = -1};
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	i->fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return i->fd < 0 ? -errno : 0;
}

void interrupt_free(struct interrupt *i)
{
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
}

bool interrupt_pending(struct interrupt *i)
{
	struct signalfd_siginfo info;

	while (i->fd >= 0 && read(i->fd, &info, sizeof(info)) == sizeof(info))
		i->count++;
	return i->count && !i->deferred;
}
