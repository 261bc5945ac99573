#include "JournalState.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// The format is documented at https://www.sqlite.org/fileformat2.html#walformat: a header of 32 bytes, then frames, each
// a header of 24 bytes and a page. Every frame has a checksum that goes on from the one before, so SQLite reads up to
// the first that does not fit and forgets the rest. After a power cut that is right: what is not whole was never
// acknowledged. But a transaction is only written when the one before is on the disk. So when two commits of this journal
// stand behind the first frame that does not fit, something acknowledged was damaged.

enum { headerSize = 32, frameHeaderSize = 24 };

static uint32_t bigEndian(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t littleEndian(const unsigned char *bytes) {
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static void add(uint32_t sums[2], const unsigned char *bytes, uint32_t size, bool isBig) {
    for (uint32_t place = 0; place + 8 <= size; place += 8) {
        sums[0] += (isBig ? bigEndian(bytes + place) : littleEndian(bytes + place)) + sums[1];
        sums[1] += (isBig ? bigEndian(bytes + place + 4) : littleEndian(bytes + place + 4)) + sums[0];
    }
}

static enum lk_journal_state look(FILE *file) {
    unsigned char header[headerSize], frame[frameHeaderSize];
    if (fread(header, 1, headerSize, file) < headerSize) return lk_journal_whole;
    bool isBig = header[3] & 1;
    uint32_t sums[2] = {0, 0};
    add(sums, header, 24, isBig);
    bool fits = sums[0] == bigEndian(header + 24) && sums[1] == bigEndian(header + 28);
    // A damaged header: the pages of every catalog have 4096 bytes, and the salts are those of the first frame.
    bool isHeaderSound = fits;
    uint32_t pageSize = fits ? bigEndian(header + 8) : 4096;
    if (pageSize < 512 || pageSize > 65536) return lk_journal_whole;
    uint32_t salts[2] = {bigEndian(header + 16), bigEndian(header + 20)};
    unsigned char *page = malloc(pageSize);
    if (page == NULL) return lk_journal_whole;
    int commits = 0;
    for (bool isFirst = true; fread(frame, 1, frameHeaderSize, file) == frameHeaderSize; isFirst = false) {
        if (fread(page, 1, pageSize, file) < pageSize) break;
        if (isFirst && !isHeaderSound) {
            salts[0] = bigEndian(frame + 8);
            salts[1] = bigEndian(frame + 12);
        }
        bool isOurs = bigEndian(frame + 8) == salts[0] && bigEndian(frame + 12) == salts[1];
        if (fits) {
            add(sums, frame, 8, isBig);
            add(sums, page, pageSize, isBig);
            fits = isOurs && sums[0] == bigEndian(frame + 16) && sums[1] == bigEndian(frame + 20);
        }
        // The frame with the commit says how many pages the database has.
        if (!fits && isOurs && bigEndian(frame + 4) != 0) commits++;
    }
    free(page);
    return commits >= 2 ? lk_journal_damaged : lk_journal_whole;
}

enum lk_journal_state lk_journal_state(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return lk_journal_whole;
    enum lk_journal_state state = look(file);
    fclose(file);
    return state;
}
