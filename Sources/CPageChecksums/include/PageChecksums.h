#ifndef LOOKALIKE_PAGE_CHECKSUMS_H
#define LOOKALIKE_PAGE_CHECKSUMS_H

#include <stdint.h>

#include "JournalState.h"

// A checksum on every page of a SQLite database, kept by a layer between SQLite and the operating system.
//
// In C because SQLite asks for tables of C functions and hands out memory for structs of ours.

struct sqlite3;

/// Bytes at the end of each page that belong to the checksum.
#define LK_PAGE_CHECKSUM_BYTES 8

/// `PRAGMA application_id` of a database whose pages carry checksums: "look".
#define LK_PAGE_CHECKSUM_APPLICATION 0x6C6F6F6B

/// Puts the layer between SQLite and its default file system, for every database that is opened from now on.
/// Returns SQLite's code.
int lk_page_checksums_register(void);

/// Sets how many bytes SQLite leaves free at the end of each page, from the next VACUUM on, or for a database that has
/// no page yet; -1 leaves it as it is. Returns how many there are or will be.
int lk_page_checksums_reserve(struct sqlite3 *database, int count);

/// Lets this connection write checksums although the header in the file does not ask for them yet, because the one that
/// does is still in the journal. Returns SQLite's code.
int lk_page_checksums_force(struct sqlite3 *database);

/// Lets this connection believe (1) pages whose checksum does not fit, at most 64, or no more of them (0). Returns
/// SQLite's code.
int lk_page_checksums_trust(struct sqlite3 *database, int trusts);

/// Lets the journal's file stay when this connection, the last one, closes. Returns SQLite's code.
int lk_page_checksums_keep_journal(struct sqlite3 *database);

/// What a look at one page in the file, not in the journal, can tell.
enum lk_page_state {
    lk_page_sound = 0,
    lk_page_damaged = 1,
    /// Its database carries no checksums.
    lk_page_unprotected = 2,
    /// The file ends before it, or within it.
    lk_page_absent = 3,
    lk_page_unreadable = 4,
};

/// Looks at a page of the database file; pages are numbered from 1.
enum lk_page_state lk_page_checksums_state(struct sqlite3 *database, uint32_t number);

/// Mends a page in memory of which one bit was flipped: the checksum tells which. Returns 0 when it was sound, 1 when
/// it was mended, -1 when more than one bit is wrong; it is left as it is then.
int lk_page_mend(void *page, int size, uint32_t number);

/// The checksum of a page's bytes but the last 8.
uint64_t lk_page_checksum(const void *page, int size, uint32_t number);

#endif
