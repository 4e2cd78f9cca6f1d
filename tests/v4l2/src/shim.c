/* Redirects two calls to umockdev's preload. The v4l crate calls ioctl through syscall(), which the preload does not
   intercept, and a node of the bed is a regular file, for which poll() always reports that it is ready. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    va_list rest;
    long a[6];
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_ioctl)
        return ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
    if (!real)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The bed's own request, which waits this many milliseconds for a frame. */
#define WAIT 0x4245

int poll(struct pollfd *fds, nfds_t count, int limit)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    if (count == 1 && fds->fd >= 0 && fds->events & POLLIN) {
        int ready = ioctl(fds->fd, WAIT, (long)limit);
        if (ready >= 0) {
            fds->revents = ready ? fds->events : 0;
            return ready;
        }
    }
    if (!real)
        real = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    return real(fds, count, limit);
}
