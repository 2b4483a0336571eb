/* Makes the k-th call fail by which a program changes files or talks to others, or ends the program there.
 *
 * Loaded with LD_PRELOAD. Only files under MEMSYNC_TEST_UNDER and sockets count; the shared memory of a write-ahead
 * log ("-shm") does not, because it is no part of a database: whoever comes first makes it anew.
 *
 *   MEMSYNC_TEST_UNDER   the folder, without a slash at its end; without it nothing happens
 *   MEMSYNC_TEST_ONLY    only what has this name below the folder counts, or "socket"
 *   MEMSYNC_TEST_LOG     a file that gets a line for each call that counts: its name, a space, the file's name
 *   MEMSYNC_TEST_FAULT   none, kill (before the call), tear (in the middle of the call), late (after the call),
 *                        io (EIO), full (ENOSPC), lock (somebody else has the lock)
 *   MEMSYNC_TEST_AT      at which call, from 1
 *   MEMSYNC_TEST_ONWARDS set: at every call from then on as well
 *
 * With "lock" it is the calls that take locks that count, and waiting takes no time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum fault { NONE, KILL, TEAR, LATE, IO, FULL, LOCK };

static const char *under, *only;
static enum fault fault;
static long at;
static int onwards;
static int log_file = -1;
static atomic_long calls;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    static const char *const names[] = {"none", "kill", "tear", "late", "io", "full", "lock"};
    const char *name = getenv("MEMSYNC_TEST_FAULT");
    for (int i = 0; name && i < 7; i++)
        if (!strcmp(name, names[i])) fault = i;
    at = getenv("MEMSYNC_TEST_AT") ? atol(getenv("MEMSYNC_TEST_AT")) : 0;
    onwards = getenv("MEMSYNC_TEST_ONWARDS") != NULL;
    if (getenv("MEMSYNC_TEST_LOG"))
        log_file = open(getenv("MEMSYNC_TEST_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    only = getenv("MEMSYNC_TEST_ONLY");
    under = getenv("MEMSYNC_TEST_UNDER");
}

/* What the call is about, as the log names it; NULL where it does not count. */
static const char *named(const char *path) {
    size_t length = under ? strlen(under) : 0;
    if (!under || strncmp(path, under, length) || path[length] != '/') return NULL;
    size_t end = strlen(path);
    if (end >= 4 && !strcmp(path + end - 4, "-shm")) return NULL;
    return path + length + 1;
}

static const char *opened(int file, char path[PATH_MAX]) {
    char link[64];
    struct stat is;
    if (!under || file == log_file) return NULL;
    if (!fstat(file, &is) && S_ISSOCK(is.st_mode)) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        if (getpeername(file, (struct sockaddr *)&peer, &size) || peer.ss_family == AF_UNIX) return NULL;
        return "socket";
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return named(path);
}

/* Counts a call; what shall become of it. */
static enum fault count(const char *call, const char *what) {
    char line[PATH_MAX + 32];
    if (!what || (only && strcmp(what, only))) return NONE;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (log_file >= 0) {
        int length = snprintf(line, sizeof line, "%s %s\n", call, what);
        REAL(write)(log_file, line, length);
    }
    if (at <= 0 || (onwards ? number < at : number != at)) return NONE;
    if (fault == KILL) kill(getpid(), SIGKILL);
    return fault;
}

/* What a call returns: its errno where it shall fail. */
static int failure(enum fault fault, const char *what) {
    if (fault == IO) return strcmp(what, "socket") ? EIO : ECONNRESET;
    return fault == FULL && strcmp(what, "socket") ? ENOSPC : 0;
}

/* A call that writes SIZE bytes, with PARTLY writing half of them. */
#define WRITING(call, file, size, partly, whole)                     \
    char path[PATH_MAX];                                             \
    const char *what = opened(file, path);                           \
    enum fault now = fault == LOCK ? NONE : count(call, what);       \
    if (now == TEAR && (size) > 1) (void)(partly);                   \
    if (now == TEAR) kill(getpid(), SIGKILL);                        \
    if (now == LATE) (void)(whole);                                  \
    if (now == LATE) kill(getpid(), SIGKILL);                        \
    int error = now ? failure(now, what) : 0;                        \
    if (error) return errno = error, -1;                             \
    return whole

ssize_t write(int file, const void *bytes, size_t size) {
    WRITING("write", file, size, REAL(write)(file, bytes, size / 2), REAL(write)(file, bytes, size));
}

ssize_t writev(int file, const struct iovec *parts, int many) {
    WRITING("writev", file, many, REAL(writev)(file, parts, many / 2), REAL(writev)(file, parts, many));
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t where) {
    WRITING("pwrite", file, size, REAL(pwrite64)(file, bytes, size / 2, where),
            REAL(pwrite64)(file, bytes, size, where));
}

ssize_t send(int file, const void *bytes, size_t size, int flags) {
    WRITING("send", file, size, REAL(send)(file, bytes, size / 2, flags), REAL(send)(file, bytes, size, flags));
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags) {
    WRITING("sendmsg", file, 0, 0, REAL(sendmsg)(file, message, flags));
}

int ftruncate64(int file, off64_t size) { WRITING("ftruncate", file, 0, 0, REAL(ftruncate64)(file, size)); }

int fsync(int file) {
    WRITING("fsync", file, 0, 0, REAL(fsync)(file));
}

int unlink(const char *name) {
    const char *what = named(name);
    enum fault now = fault == LOCK ? NONE : count("unlink", what);
    if (now == LATE) REAL(unlink)(name);
    if (now == TEAR || now == LATE) kill(getpid(), SIGKILL);
    if (now == IO) return errno = EIO, -1;
    return REAL(unlink)(name);
}

/* Whether a call that takes a lock fails. */
static int is_taken(const char *call, int file) {
    char path[PATH_MAX];
    if (fault != LOCK) return 0;
    /* Not by OPENED alone: the shared memory is where a write-ahead log is locked. */
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 || !under) return 0;
    path[length] = 0;
    size_t root = strlen(under);
    if (strncmp(path, under, root) || path[root] != '/') return 0;
    return count(call, path + root + 1) == LOCK;
}

static int controlled(const char *call, int file, int command, void *argument) {
    int locks = command == F_SETLK || command == F_OFD_SETLK;
    if (locks && ((struct flock *)argument)->l_type != F_UNLCK && is_taken(call, file)) return errno = EAGAIN, -1;
    return REAL(fcntl64)(file, command, argument);
}

int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return controlled("fcntl", file, command, argument);
}

int fcntl64(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return controlled("fcntl", file, command, argument);
}

int flock(int file, int operation) {
    if (operation != LOCK_UN && is_taken("flock", file)) return errno = EWOULDBLOCK, -1;
    return REAL(flock)(file, operation);
}

int nanosleep(const struct timespec *long_, struct timespec *rest) {
    return fault == LOCK ? 0 : REAL(nanosleep)(long_, rest);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *long_, struct timespec *rest) {
    return fault == LOCK ? 0 : REAL(clock_nanosleep)(clock, flags, long_, rest);
}
