/* Makes one file-system call of a program fail: preloaded by tools/torture/faults.
 *
 * Calls that reach files at or below TORTURE_BELOW and are named in TORTURE_CALLS are counted, in all processes
 * together; number TORTURE_NTH fails with the errno TORTURE_ERRNO, and with TORTURE_ON=1 all after it as well. The
 * count lies in the file TORTURE_STATE, mapped by everyone. With TORTURE_NTH=0 calls are only counted.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct state {
    atomic_long seen, failed;
    char call[32];    /* the one that failed */
    char path[4064];  /* and what it was to reach */
};

static struct state *state;
static const char *below, *calls;
static size_t below_length;
static long nth;
static int error, goes_on;

__attribute__((constructor)) static void prepare(void) {
    const char *file = getenv("TORTURE_STATE");
    below = getenv("TORTURE_BELOW");
    calls = getenv("TORTURE_CALLS");
    if (!file || !below || !calls) return;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) return;
    void *mapped = (void *)syscall(SYS_mmap, NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED,
                                   descriptor, 0);
    syscall(SYS_close, descriptor);
    if (mapped == MAP_FAILED) return;
    below_length = strlen(below);
    nth = atol(getenv("TORTURE_NTH") ?: "0");
    error = atoi(getenv("TORTURE_ERRNO") ?: "5");
    goes_on = atoi(getenv("TORTURE_ON") ?: "0");
    state = mapped;
}

/* Whether the calls to be counted include this one; they are given as ",open,read,". */
static int is_named(const char *call) {
    size_t length = strlen(call);
    for (const char *place = calls; (place = strstr(place, call)); place += length)
        if (place[-1] == ',' && place[length] == ',') return 1;
    return 0;
}

static int fails(const char *call, const char *path) {
    if (!is_named(call)) return 0;
    if (strncmp(path, below, below_length) || (path[below_length] && path[below_length] != '/')) return 0;
    long number = atomic_fetch_add(&state->seen, 1) + 1;
    if (!nth || number < nth || (number > nth && !goes_on)) return 0;
    if (atomic_fetch_add(&state->failed, 1) == 0) {
        snprintf(state->call, sizeof state->call, "%s", call);
        snprintf(state->path, sizeof state->path, "%s", path + below_length);
    }
    errno = error;
    return 1;
}

static int fails_at(const char *call, int folder, const char *name) {
    char whole[2 * PATH_MAX], start[PATH_MAX];
    if (!state || !name) return 0;
    if (name[0] == '/') return fails(call, name);
    char link[64] = "/proc/self/cwd";
    if (folder != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    int kept = errno;
    ssize_t length = syscall(SYS_readlink, link, start, sizeof start - 1);
    errno = kept;
    if (length < 0) return 0;
    start[length] = 0;
    snprintf(whole, sizeof whole, "%s/%s", start, name);
    return fails(call, whole);
}

static int fails_on(const char *call, int descriptor) {
    char link[64], path[PATH_MAX];
    if (!state || descriptor < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int kept = errno;
    ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
    errno = kept;
    if (length < 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define WITH_MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        WITH_MODE REAL(name); \
        return fails_at("open", AT_FDCWD, path) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        WITH_MODE REAL(name); \
        return fails_at("open", folder, path) ? -1 : real(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

/* openat2 has no wrapper of its own. Our own calls come by here too, and pass. */
long syscall(long number, ...) {
    REAL(syscall);
    va_list rest;
    va_start(rest, number);
    long words[6];
    for (int i = 0; i < 6; i++) words[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_openat2 && fails_at("open", (int)words[0], (const char *)words[1])) return -1;
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* One call, by descriptor (ON) or by name (AT), failing with a value. */
#define ON(result, name, as, failure, parameters, arguments) \
    result name parameters { REAL(name); return fails_on(as, descriptor) ? failure : real arguments; }
#define AT(result, name, as, folder, failure, parameters, arguments) \
    result name parameters { REAL(name); return fails_at(as, folder, path) ? failure : real arguments; }

int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
ssize_t __read_chk(int, void *, size_t, size_t);
ssize_t __pread_chk(int, void *, size_t, off_t, size_t);
ssize_t __pread64_chk(int, void *, size_t, off64_t, size_t);
AT(int, __open_2, "open", AT_FDCWD, -1, (const char *path, int flags), (path, flags))
AT(int, __open64_2, "open", AT_FDCWD, -1, (const char *path, int flags), (path, flags))
AT(int, __openat_2, "open", folder, -1, (int folder, const char *path, int flags), (folder, path, flags))
AT(int, creat, "open", AT_FDCWD, -1, (const char *path, mode_t mode), (path, mode))
AT(FILE *, fopen, "open", AT_FDCWD, NULL, (const char *path, const char *mode), (path, mode))
AT(FILE *, fopen64, "open", AT_FDCWD, NULL, (const char *path, const char *mode), (path, mode))
AT(DIR *, opendir, "opendir", AT_FDCWD, NULL, (const char *path), (path))

ON(ssize_t, read, "read", -1, (int descriptor, void *to, size_t count), (descriptor, to, count))
ON(ssize_t, __read_chk, "read", -1, (int descriptor, void *to, size_t count, size_t room),
   (descriptor, to, count, room))
ON(ssize_t, pread, "read", -1, (int descriptor, void *to, size_t count, off_t from), (descriptor, to, count, from))
ON(ssize_t, pread64, "read", -1, (int descriptor, void *to, size_t count, off64_t from),
   (descriptor, to, count, from))
ON(ssize_t, __pread_chk, "read", -1, (int descriptor, void *to, size_t count, off_t from, size_t room),
   (descriptor, to, count, from, room))
ON(ssize_t, __pread64_chk, "read", -1, (int descriptor, void *to, size_t count, off64_t from, size_t room),
   (descriptor, to, count, from, room))
ON(ssize_t, readv, "read", -1, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
ON(ssize_t, write, "write", -1, (int descriptor, const void *from, size_t count), (descriptor, from, count))
ON(ssize_t, pwrite, "write", -1, (int descriptor, const void *from, size_t count, off_t to),
   (descriptor, from, count, to))
ON(ssize_t, pwrite64, "write", -1, (int descriptor, const void *from, size_t count, off64_t to),
   (descriptor, from, count, to))
ON(ssize_t, writev, "write", -1, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
ON(int, fsync, "fsync", -1, (int descriptor), (descriptor))
ON(int, fdatasync, "fsync", -1, (int descriptor), (descriptor))
ON(int, ftruncate, "ftruncate", -1, (int descriptor, off_t length), (descriptor, length))
ON(int, ftruncate64, "ftruncate", -1, (int descriptor, off64_t length), (descriptor, length))
ON(int, fallocate, "ftruncate", -1, (int descriptor, int mode, off_t from, off_t length),
   (descriptor, mode, from, length))
ON(int, posix_fallocate, "ftruncate", error, (int descriptor, off_t from, off_t length), (descriptor, from, length))
ON(int, posix_fallocate64, "ftruncate", error, (int descriptor, off64_t from, off64_t length),
   (descriptor, from, length))
ON(int, fstat, "stat", -1, (int descriptor, struct stat *to), (descriptor, to))
ON(int, fstat64, "stat", -1, (int descriptor, struct stat64 *to), (descriptor, to))
ON(void *, mmap, "mmap", MAP_FAILED,
   (void *address, size_t length, int protection, int flags, int descriptor, off_t from),
   (address, length, protection, flags, descriptor, from))
ON(void *, mmap64, "mmap", MAP_FAILED,
   (void *address, size_t length, int protection, int flags, int descriptor, off64_t from),
   (address, length, protection, flags, descriptor, from))
ON(int, flock, "flock", -1, (int descriptor, int operation), (descriptor, operation))

AT(int, stat, "stat", AT_FDCWD, -1, (const char *path, struct stat *to), (path, to))
AT(int, stat64, "stat", AT_FDCWD, -1, (const char *path, struct stat64 *to), (path, to))
AT(int, lstat, "stat", AT_FDCWD, -1, (const char *path, struct stat *to), (path, to))
AT(int, lstat64, "stat", AT_FDCWD, -1, (const char *path, struct stat64 *to), (path, to))
AT(int, fstatat, "stat", folder, -1, (int folder, const char *path, struct stat *to, int flags),
   (folder, path, to, flags))
AT(int, fstatat64, "stat", folder, -1, (int folder, const char *path, struct stat64 *to, int flags),
   (folder, path, to, flags))
AT(int, access, "stat", AT_FDCWD, -1, (const char *path, int mode), (path, mode))
AT(int, mkdir, "mkdir", AT_FDCWD, -1, (const char *path, mode_t mode), (path, mode))
AT(int, mkdirat, "mkdir", folder, -1, (int folder, const char *path, mode_t mode), (folder, path, mode))
AT(int, unlink, "unlink", AT_FDCWD, -1, (const char *path), (path))
AT(int, unlinkat, "unlink", folder, -1, (int folder, const char *path, int flags), (folder, path, flags))
AT(int, rename, "rename", AT_FDCWD, -1, (const char *path, const char *to), (path, to))
AT(int, renameat, "rename", folder, -1, (int folder, const char *path, int other, const char *to),
   (folder, path, other, to))
AT(int, renameat2, "rename", folder, -1,
   (int folder, const char *path, int other, const char *to, unsigned flags), (folder, path, other, to, flags))

/* The descriptor is given back all the same, as Linux does. */
int close(int descriptor) {
    REAL(close);
    int failing = fails_on("close", descriptor), kept = errno, result = real(descriptor);
    if (!failing) return result;
    errno = kept;
    return -1;
}

/* readdir tells an error from the end by errno alone. */
struct dirent *readdir(DIR *stream) {
    REAL(readdir);
    return fails_on("readdir", dirfd(stream)) ? NULL : real(stream);
}

struct dirent64 *readdir64(DIR *stream) {
    REAL(readdir64);
    return fails_on("readdir", dirfd(stream)) ? NULL : real(stream);
}
