/* Simulates a disk that fails once. Of the calls FAULT_CALL on files below FAULT_UNDER, counted over all threads, number
   FAULT_AT fails with the error FAULT_ERROR, or, with 0, transfers only half of its bytes. The file of that call is
   written to FAULT_TOLD, so that the test can tell a fault that never occurred from one that was handled. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls;

/* The error that this call must return: -1 for none, 0 for only half of the bytes. */
static int fault(const char *call, const char *path)
{
    const char *wanted = getenv("FAULT_CALL"), *under = getenv("FAULT_UNDER");
    if (!wanted || !under || strcmp(wanted, call) || !path || strncmp(path, under, strlen(under)))
        return -1;
    if (atomic_fetch_add(&calls, 1) + 1 != atol(getenv("FAULT_AT")))
        return -1;
    int told = REAL(open)(getenv("FAULT_TOLD"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dprintf(told, ".%s", path + strlen(under));
    close(told);
    return atoi(getenv("FAULT_ERROR"));
}

static int fault_of(const char *call, int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return fault(call, path);
}

/* Calls on a descriptor that transfer bytes. */
#define BYTES(kind, call, params, args, half)                                                      \
    ssize_t call params                                                                            \
    {                                                                                              \
        int error = fault_of(kind, fd);                                                            \
        if (error > 0)                                                                             \
            return errno = error, -1;                                                              \
        return error ? REAL(call) args : REAL(call) half;                                          \
    }
#define HALF (count > 1 ? count / 2 : count)
BYTES("write", write, (int fd, const void *data, size_t count), (fd, data, count), (fd, data, HALF))
BYTES("write", pwrite, (int fd, const void *data, size_t count, off_t at), (fd, data, count, at), (fd, data, HALF, at))
BYTES("write", pwrite64, (int fd, const void *data, size_t count, off64_t at), (fd, data, count, at), (fd, data, HALF, at))
BYTES("read", read, (int fd, void *data, size_t count), (fd, data, count), (fd, data, HALF))
BYTES("read", pread, (int fd, void *data, size_t count, off_t at), (fd, data, count, at), (fd, data, HALF, at))
BYTES("read", pread64, (int fd, void *data, size_t count, off64_t at), (fd, data, count, at), (fd, data, HALF, at))

/* Calls that return 0. */
#define WHOLE(kind, call, params, args, hit)                                                       \
    int call params                                                                                \
    {                                                                                              \
        int error = hit;                                                                           \
        return error > 0 ? errno = error, -1 : REAL(call) args;                                    \
    }
WHOLE("sync", fsync, (int fd), (fd), fault_of("sync", fd))
WHOLE("sync", fdatasync, (int fd), (fd), fault_of("sync", fd))
WHOLE("truncate", ftruncate, (int fd, off_t length), (fd, length), fault_of("truncate", fd))
WHOLE("truncate", ftruncate64, (int fd, off64_t length), (fd, length), fault_of("truncate", fd))
WHOLE("unlink", unlink, (const char *path), (path), fault("unlink", path))
WHOLE("rename", rename, (const char *from, const char *to), (from, to), fault("rename", from))

#define OPEN(call)                                                                                 \
    int call(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                    \
        va_end(rest);                                                                              \
        int error = fault("open", path);                                                           \
        return error > 0 ? errno = error, -1 : REAL(call)(path, flags, mode);                      \
    }
OPEN(open)
OPEN(open64)

#define MAP(call, offset)                                                                          \
    void *call(void *at, size_t length, int protection, int flags, int fd, offset from)            \
    {                                                                                              \
        int error = fd < 0 ? -1 : fault_of("map", fd);                                             \
        return error > 0 ? errno = error, MAP_FAILED                                               \
                         : REAL(call)(at, length, protection, flags, fd, from);                    \
    }
MAP(mmap, off_t)
MAP(mmap64, off64_t)
