// See CSandbox.h for the contract.

#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

int csandbox_shared_memory(void) {
#ifdef __linux__
    return memfd_create("lookalike", MFD_CLOEXEC);
#else
    char name[] = "/tmp/lookalike.XXXXXX";
    int descriptor = mkostemp(name, O_CLOEXEC);
    if (descriptor >= 0) unlink(name);
    return descriptor;
#endif
}

void csandbox_close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
#endif
    long last = sysconf(_SC_OPEN_MAX);
    for (long descriptor = first; descriptor < (last > 0 ? last : 1024); descriptor++) close((int)descriptor);
}

void csandbox_limit_processor_time(double seconds) {
    struct itimerval limit = {{0, 0}, {(time_t)seconds, (suseconds_t)((seconds - (time_t)seconds) * 1e6)}};
    setitimer(ITIMER_PROF, &limit, NULL);
}

int csandbox_open_without_links(const char *path) {
    int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
#if defined(__linux__) && defined(SYS_openat2)
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (unsigned)flags;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    int descriptor = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    // Kernels before 5.6 have no such call, and some containers forbid those they do not know.
    if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) return descriptor;
#endif
    return open(path, flags);
}

size_t csandbox_peak_address_space(void) {
    FILE *status = fopen("/proc/self/status", "re");
    if (!status) return 0;
    char line[256];
    unsigned long kibibytes = 0;
    while (fgets(line, sizeof line, status)) {
        if (sscanf(line, "VmPeak: %lu kB", &kibibytes) == 1) break;
    }
    fclose(status);
    return (size_t)kibibytes * 1024;
}

#ifdef __linux__

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// System calls that a decoder has no use for. Whoever makes one gets EPERM.
static const int refused_calls[] = {
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
    SYS_execve, SYS_execveat, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_setpriority,
    SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mkdirat, SYS_mknodat, SYS_fchmodat,
    SYS_fchownat, SYS_utimensat, SYS_truncate, SYS_mount, SYS_umount2, SYS_chroot, SYS_setsid, SYS_setrlimit,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_unshare, SYS_setns,
    SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open,
#ifdef SYS_open
    // The older spellings of calls above; a C library of today does not use them.
    SYS_unlink, SYS_rename, SYS_link, SYS_symlink, SYS_mkdir, SYS_rmdir, SYS_mknod, SYS_chmod, SYS_chown, SYS_creat,
    SYS_fork, SYS_vfork, SYS_utime, SYS_utimes,
#endif
#ifdef SYS_io_uring_setup
    SYS_io_uring_setup,
#endif
#ifdef SYS_pidfd_send_signal
    SYS_pidfd_send_signal,
#endif
};

#define REFUSED_COUNT (sizeof refused_calls / sizeof refused_calls[0])
#define WRITING_FLAGS (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

static unsigned append(struct sock_filter *program, unsigned at, struct sock_filter instruction) {
    program[at] = instruction;
    return at + 1;
}

#define STATEMENT(code, k) ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, yes, no) ((struct sock_filter)BPF_JUMP(code, k, yes, no))
#define LOAD(field) STATEMENT(BPF_LD | BPF_W | BPF_ABS, field)
// Little-endian machines keep the lower half of an argument first.
#define ARGUMENT(n) ((unsigned)offsetof(struct seccomp_data, args) + 8 * (n))

// Lets a call through unless one of `flags` is set (or, where `wanted`, is missing) in argument `n`.
static unsigned check_flags(struct sock_filter *program, unsigned at, int call, unsigned n, unsigned flags, int wanted) {
    at = append(program, at, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4));
    at = append(program, at, LOAD(ARGUMENT(n)));
    at = append(program, at, JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, wanted ? 1 : 0, wanted ? 0 : 1));
    at = append(program, at, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    return append(program, at, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

// Lets a call through only if the lower half of its first argument is `value`.
static unsigned check_first(struct sock_filter *program, unsigned at, int call, unsigned value) {
    at = append(program, at, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4));
    at = append(program, at, LOAD(ARGUMENT(0)));
    at = append(program, at, JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    at = append(program, at, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    return append(program, at, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static int filter_calls(void) {
#ifndef OWN_ARCHITECTURE
    return -1;
#else
    struct sock_filter program[96 + 2 * REFUSED_COUNT];
    unsigned count = 0;
    count = append(program, count, LOAD(offsetof(struct seccomp_data, arch)));
    count = append(program, count, JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0));
    count = append(program, count, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    count = append(program, count, LOAD(offsetof(struct seccomp_data, nr)));
#ifdef __x86_64__
    // The x32 variants of all calls.
    count = append(program, count, JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1));
    count = append(program, count, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
#endif
    for (size_t i = 0; i < REFUSED_COUNT; i++) {
        count = append(program, count, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refused_calls[i], 0, 1));
        count = append(program, count, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    // A filter sees no memory, so calls that take their flags there are as good as missing: the C library does without.
    const int unseen[] = {
#ifdef SYS_clone3
        SYS_clone3,
#endif
#ifdef SYS_openat2
        SYS_openat2,
#endif
    };
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
        count = append(program, count, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)unseen[i], 0, 1));
        count = append(program, count, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    }
    count = check_flags(program, count, SYS_openat, 2, WRITING_FLAGS, 0);
#ifdef SYS_open
    count = check_flags(program, count, SYS_open, 1, WRITING_FLAGS, 0);
#endif
    // Signals and limits of its own, as abort() and getrlimit() need.
    count = check_first(program, count, SYS_tgkill, (unsigned)getpid());
    count = check_first(program, count, SYS_prlimit64, 0);
    // Threads, but no processes.
    count = check_flags(program, count, SYS_clone, 0, CLONE_THREAD, 1);
    count = append(program, count, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

    struct sock_fprog filter = {(unsigned short)count, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    // All threads, also those that libraries have started by now.
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0 ? 0 : -1;
#endif
}

// When memory runs out, the system shall take a worker rather than whoever it works for.
static void offer_oneself_when_memory_runs_out(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t written = write(file, "800", 3);
    (void)written;
    close(file);
}

#else
static int filter_calls(void) { return -1; }
static void offer_oneself_when_memory_runs_out(void) {}
#endif

static int limit(int resource, rlim_t value) {
    struct rlimit limits;
    if (getrlimit(resource, &limits) != 0) return -1;
    if (limits.rlim_max != RLIM_INFINITY && limits.rlim_max < value) value = limits.rlim_max;
    limits.rlim_cur = limits.rlim_max = value;
    return setrlimit(resource, &limits);
}

int csandbox_confine(size_t address_space_bytes) {
    offer_oneself_when_memory_runs_out();
    int result = 0;
    if (limit(RLIMIT_CORE, 0) == 0 && limit(RLIMIT_NOFILE, 64) == 0 && limit(RLIMIT_FSIZE, 0) == 0 &&
        limit(RLIMIT_AS, address_space_bytes) == 0)
        result |= CSANDBOX_LIMITED;
    if (filter_calls() == 0) result |= CSANDBOX_FILTERED;
    return result;
}

// Between fork and _exit only calls that are safe there: the process may have had other threads.
static int what_succeeds(void) {
    if (!(csandbox_confine((size_t)1 << 40) & CSANDBOX_FILTERED)) return -1;
    int result = 0;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0) result |= CSANDBOX_NETWORK;
    if (open("/dev/null", O_WRONLY) >= 0) result |= CSANDBOX_WRITE;
    if (unlink("/nowhere/at-all") == 0 || errno != EPERM) result |= CSANDBOX_DELETE;
    if (kill(getppid(), 0) == 0) result |= CSANDBOX_SIGNAL;
#ifdef __linux__
    if (syscall(SYS_tgkill, getppid(), getppid(), 0) == 0) result |= CSANDBOX_SIGNAL;
    if (syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0) != 0) return -1;
#endif
    pid_t child = fork();
    if (child == 0) _exit(0);
    if (child > 0) result |= CSANDBOX_FORK;
    char *arguments[] = {"true", NULL}, *environment[] = {NULL};
    execve("/bin/true", arguments, environment);
    return result;
}

int csandbox_try(void) {
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        int result = what_succeeds();
        // Another program would have ended with 0.
        _exit(result < 0 ? 255 : 128 | result);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status)) return -1;
    int code = WEXITSTATUS(status);
    if (code == 255) return -1;
    return code & 128 ? code & 127 : CSANDBOX_EXECUTE;
}
