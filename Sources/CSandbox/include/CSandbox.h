#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stddef.h>
#include <stdint.h>

// What a process does to itself so that a hostile picture, should it take over its decoder, finds nothing to do harm with:
// the calls that Swift cannot make (seccomp filters, variadic syscalls) or whose constants it sees awkwardly.

// What a worker has put between itself and the rest of the machine; bits of csandbox_confine's result.
enum {
    CSANDBOX_LIMITED = 1,   // address space, open files and written files are limited, no core is dumped
    CSANDBOX_FILTERED = 2,  // no network, no new program, no file opened for writing, no other process touched
};

// Anonymous memory that can be handed to another process: a descriptor, closed on exec; negative with errno on failure.
int csandbox_shared_memory(void);

// Closes every descriptor from `first` on, so that nothing of the parent's stays open here.
void csandbox_close_from(int first);

// Confines the calling process for good; to be called once, after libraries have been loaded. Returns what holds.
int csandbox_confine(size_t address_space_bytes);

// What a confined process could do all the same; bits of csandbox_try's result.
enum {
    CSANDBOX_NETWORK = 1,    // open a socket
    CSANDBOX_WRITE = 2,      // open a file for writing
    CSANDBOX_DELETE = 4,     // delete a file
    CSANDBOX_SIGNAL = 8,     // signal another process
    CSANDBOX_FORK = 16,      // become two processes
    CSANDBOX_EXECUTE = 32,   // become another program
};

// Confines a copy of this process and lets it try what it must not be able to do. What succeeded, or -1 if that cannot be
// told here.
int csandbox_try(void);

// Ends the process by SIGPROF once it has used so much more processor time; 0 calls that off.
void csandbox_limit_processor_time(double seconds);

// Opens a file for reading: no link anywhere in its path is followed (where the kernel can say so, else none at its end),
// and no pipe or device is waited for. A descriptor, or negative with errno.
int csandbox_open_without_links(const char *path);

// Bytes of address space that this process has used at most, 0 if unknown.
size_t csandbox_peak_address_space(void);

#endif
