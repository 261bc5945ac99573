#include "PageChecksums.h"
#include "checksum.h"

#include <sqlite3.h>
#include <string.h>

// A layer on SQLite's default file system ("VFS"), by https://www.sqlite.org/vfs.html.
//
// It looks at the main database file alone; journals, which carry checksums of SQLite's own, and temporary files are
// opened by the layer below and never seen here again.
//
//   read    a page whose last 8 bytes are not its checksum is SQLITE_IOERR_DATA
//   write   a page is copied and sealed on its way to the file: in write-ahead mode that is at a checkpoint
//
// A database carries checksums when its header says that pages end 8 bytes early (byte 20), or that it is ours (bytes 68
// to 71). Both together, so that no single flipped bit switches checking off. Pages of other databases pass
// unchanged. There is no memory mapping: SQLite would read past us.

enum { headerLength = 100, maximumTrusted = 64 };
enum { controlForce = 0x6C6F6F01, controlTrust = 0x6C6F6F02, controlState = 0x6C6F6F03 };

typedef struct {
    sqlite3_file base;
    /// Size of a page; 0 until a header was seen.
    int pageSize;
    /// Whether the header asks for checksums, and whether this connection writes them without.
    int isProtected, isForced;
    /// Whether damaged pages are believed; those that were once stay so, for SQLite reads them again as it likes.
    int isTrusting, trustedCount;
    uint32_t trusted[maximumTrusted];
    /// Room for one page.
    unsigned char *page;
    int pageCapacity;
} LayerFile;

typedef struct {
    uint32_t number;
    enum lk_page_state state;
} StateRequest;

static sqlite3_vfs *below;

// The layer below keeps its own file right behind ours, in the memory that SQLite hands out for both.
static int ownSize(void) { return (int)((sizeof(LayerFile) + 15) / 16 * 16); }

static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((char *)file + ownSize()); }

/// Learns from the first bytes of the file.
static void readHeader(LayerFile *file, const unsigned char *header) {
    if (memcmp(header, "SQLite format 3", 16) != 0) return;
    int size = header[16] << 8 | header[17];
    if (size == 1) size = 65536;
    if (size < 512 || (size & (size - 1)) != 0) return;
    uint32_t application =
        (uint32_t)header[68] << 24 | (uint32_t)header[69] << 16 | (uint32_t)header[70] << 8 | header[71];
    file->pageSize = size;
    file->isProtected =
        header[20] == LK_PAGE_CHECKSUM_BYTES || application == LK_PAGE_CHECKSUM_APPLICATION;
}

static int makeRoom(LayerFile *file, int size) {
    if (file->pageCapacity >= size) return SQLITE_OK;
    unsigned char *room = sqlite3_realloc(file->page, size);
    if (room == NULL) return SQLITE_NOMEM;
    file->page = room;
    file->pageCapacity = size;
    return SQLITE_OK;
}

// MARK: - Files

static int layerClose(sqlite3_file *base) {
    LayerFile *file = (LayerFile *)base;
    sqlite3_free(file->page);
    file->page = NULL;
    return real(base)->pMethods->xClose(real(base));
}

static int verified(LayerFile *file, const void *page, int size, uint32_t number) {
    if (page_is_sound(page, size, number)) return SQLITE_OK;
    for (int place = 0; place < file->trustedCount; place++) {
        if (file->trusted[place] == number) return SQLITE_OK;
    }
    if (!file->isTrusting || file->trustedCount == maximumTrusted) return SQLITE_IOERR_DATA;
    file->trusted[file->trustedCount++] = number;
    return SQLITE_OK;
}

static int layerRead(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
    LayerFile *file = (LayerFile *)base;
    int code = real(base)->pMethods->xRead(real(base), buffer, count, offset);
    if (code != SQLITE_OK) return code;
    if (offset == 0 && count >= headerLength) readHeader(file, buffer);
    if (!file->isProtected) return SQLITE_OK;
    int size = file->pageSize;
    if (count == size && offset % size == 0) {
        return verified(file, buffer, size, (uint32_t)(offset / size) + 1);
    }
    // SQLite looks at the header before it holds a lock, when a page may be half written: what matters is read again.
    if (offset + count <= headerLength) return SQLITE_OK;
    // A part of a page: the whole of it is looked at.
    sqlite3_int64 number = offset / size;
    if (number != (offset + count - 1) / size) return SQLITE_IOERR_DATA;
    if (makeRoom(file, size) != SQLITE_OK) return SQLITE_NOMEM;
    code = real(base)->pMethods->xRead(real(base), file->page, size, number * size);
    return code != SQLITE_OK ? code : verified(file, file->page, size, (uint32_t)number + 1);
}

static int layerWrite(sqlite3_file *base, const void *buffer, int count, sqlite3_int64 offset) {
    LayerFile *file = (LayerFile *)base;
    int isPage = count >= 512 && (count & (count - 1)) == 0 && offset % count == 0;
    if (isPage && offset == 0) readHeader(file, buffer);
    if (isPage && (file->isForced || (file->isProtected && count == file->pageSize))) {
        if (makeRoom(file, count) != SQLITE_OK) return SQLITE_NOMEM;
        memcpy(file->page, buffer, (size_t)count);
        seal_page(file->page, count, (uint32_t)(offset / count) + 1);
        buffer = file->page;
    }
    return real(base)->pMethods->xWrite(real(base), buffer, count, offset);
}

static enum lk_page_state state(LayerFile *file, uint32_t number) {
    if (!file->isProtected) return lk_page_unprotected;
    int size = file->pageSize;
    if (makeRoom(file, size) != SQLITE_OK) return lk_page_unreadable;
    sqlite3_file *lower = real(&file->base);
    int code = lower->pMethods->xRead(lower, file->page, size, (sqlite3_int64)(number - 1) * size);
    if (code == SQLITE_IOERR_SHORT_READ) return lk_page_absent;
    if (code != SQLITE_OK) return lk_page_unreadable;
    return page_is_sound(file->page, size, number) ? lk_page_sound : lk_page_damaged;
}

static int layerFileControl(sqlite3_file *base, int operation, void *argument) {
    LayerFile *file = (LayerFile *)base;
    StateRequest *request = argument;
    switch (operation) {
    case controlForce: file->isForced = 1; return SQLITE_OK;
    case controlTrust: file->isTrusting = *(int *)argument; return SQLITE_OK;
    case controlState: request->state = state(file, request->number); return SQLITE_OK;
    default: return real(base)->pMethods->xFileControl(real(base), operation, argument);
    }
}

static int layerDeviceCharacteristics(sqlite3_file *base) {
    int traits = real(base)->pMethods->xDeviceCharacteristics(real(base));
#ifdef SQLITE_IOCAP_SUBPAGE_READ
    traits &= ~SQLITE_IOCAP_SUBPAGE_READ;
#endif
    return traits;
}

// What is handed down as it is.
#define LOWER(call, ...) real(base)->pMethods->call(real(base), ##__VA_ARGS__)
static int layerTruncate(sqlite3_file *base, sqlite3_int64 size) { return LOWER(xTruncate, size); }
static int layerSync(sqlite3_file *base, int flags) { return LOWER(xSync, flags); }
static int layerFileSize(sqlite3_file *base, sqlite3_int64 *size) { return LOWER(xFileSize, size); }
static int layerLock(sqlite3_file *base, int level) { return LOWER(xLock, level); }
static int layerUnlock(sqlite3_file *base, int level) { return LOWER(xUnlock, level); }
static int layerCheckLock(sqlite3_file *base, int *isReserved) { return LOWER(xCheckReservedLock, isReserved); }
static int layerSectorSize(sqlite3_file *base) { return LOWER(xSectorSize); }
static int layerShmMap(sqlite3_file *base, int region, int size, int extends, void volatile **memory) {
    return LOWER(xShmMap, region, size, extends, memory);
}
static int layerShmLock(sqlite3_file *base, int offset, int count, int flags) {
    return LOWER(xShmLock, offset, count, flags);
}
static void layerShmBarrier(sqlite3_file *base) { LOWER(xShmBarrier); }
static int layerShmUnmap(sqlite3_file *base, int deletes) { return LOWER(xShmUnmap, deletes); }

#define METHODS(version, ...)                                                                                          \
    {                                                                                                                  \
        version, layerClose, layerRead, layerWrite, layerTruncate, layerSync, layerFileSize, layerLock, layerUnlock,   \
            layerCheckLock, layerFileControl, layerSectorSize, layerDeviceCharacteristics, __VA_ARGS__                 \
    }

/// Version 2 has shared memory, for write-ahead mode; version 3 would have memory mapping.
static const sqlite3_io_methods sharedMethods =
    METHODS(2, layerShmMap, layerShmLock, layerShmBarrier, layerShmUnmap, NULL, NULL);
/// Files that may not change have none.
static const sqlite3_io_methods plainMethods = METHODS(1, NULL, NULL, NULL, NULL, NULL, NULL);

// MARK: - The file system

static int layerOpen(sqlite3_vfs *layer, const char *name, sqlite3_file *base, int flags, int *flagsOut) {
    (void)layer;
    if (!(flags & SQLITE_OPEN_MAIN_DB)) return below->xOpen(below, name, base, flags, flagsOut);
    memset(base, 0, (size_t)ownSize() + (size_t)below->szOsFile);
    int code = below->xOpen(below, name, real(base), flags, flagsOut);
    // SQLite closes a file that has methods, also one that could not be opened.
    const sqlite3_io_methods *methods = real(base)->pMethods;
    if (methods != NULL) {
        base->pMethods = methods->iVersion >= 2 && methods->xShmMap != NULL ? &sharedMethods : &plainMethods;
    }
    return code;
}

static int layerDelete(sqlite3_vfs *layer, const char *name, int syncs) {
    (void)layer;
    return below->xDelete(below, name, syncs);
}
static int layerAccess(sqlite3_vfs *layer, const char *name, int flags, int *result) {
    (void)layer;
    return below->xAccess(below, name, flags, result);
}
static int layerFullPathname(sqlite3_vfs *layer, const char *name, int size, char *result) {
    (void)layer;
    return below->xFullPathname(below, name, size, result);
}
static int layerRandomness(sqlite3_vfs *layer, int count, char *result) {
    (void)layer;
    return below->xRandomness(below, count, result);
}
static int layerSleep(sqlite3_vfs *layer, int microseconds) {
    (void)layer;
    return below->xSleep(below, microseconds);
}
static int layerCurrentTime(sqlite3_vfs *layer, double *time) {
    (void)layer;
    return below->xCurrentTime(below, time);
}
static int layerLastError(sqlite3_vfs *layer, int count, char *text) {
    (void)layer;
    return below->xGetLastError ? below->xGetLastError(below, count, text) : 0;
}
static int layerCurrentTimeInt64(sqlite3_vfs *layer, sqlite3_int64 *time) {
    (void)layer;
    return below->xCurrentTimeInt64(below, time);
}

/// Extensions are not loaded, and system calls not replaced: those functions are absent.
static sqlite3_vfs layer = {
    .zName = "lookalike",
    .xOpen = layerOpen,
    .xDelete = layerDelete,
    .xAccess = layerAccess,
    .xFullPathname = layerFullPathname,
    .xRandomness = layerRandomness,
    .xSleep = layerSleep,
    .xCurrentTime = layerCurrentTime,
    .xGetLastError = layerLastError,
};

int lk_page_checksums_register(void) {
    if (below != NULL) return SQLITE_OK;
    sqlite3_vfs *found = sqlite3_vfs_find(NULL);
    if (found == NULL) return SQLITE_ERROR;
    below = found;
    layer.iVersion = found->iVersion >= 2 && found->xCurrentTimeInt64 != NULL ? 2 : 1;
    layer.xCurrentTimeInt64 = layer.iVersion == 2 ? layerCurrentTimeInt64 : NULL;
    layer.szOsFile = ownSize() + found->szOsFile;
    layer.mxPathname = found->mxPathname;
    return sqlite3_vfs_register(&layer, 1);
}

// MARK: - Connections

int lk_page_checksums_reserve(struct sqlite3 *database, int count) {
    int value = count;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &value);
    if (count < 0) return value;
    value = -1;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &value);
    return value;
}

int lk_page_checksums_force(struct sqlite3 *database) {
    return sqlite3_file_control(database, "main", controlForce, NULL);
}

int lk_page_checksums_trust(struct sqlite3 *database, int trusts) {
    return sqlite3_file_control(database, "main", controlTrust, &trusts);
}

int lk_page_checksums_keep_journal(struct sqlite3 *database) {
    int keeps = 1;
    return sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps);
}

enum lk_page_state lk_page_checksums_state(struct sqlite3 *database, uint32_t number) {
    StateRequest request = {number, lk_page_unreadable};
    sqlite3_file_control(database, "main", controlState, &request);
    return request.state;
}
