#include "checksum.h"
#include "PageChecksums.h"

#include <string.h>

// The same scheme as the index file's (Sources/NeighborSearch/Snapshot): four lanes take 8-byte words in turn, every
// step is a bijection of the lane, so no change within a single word goes unnoticed. The page's number goes into
// the seeds: a page written in another's place does not fit.

static inline uint64_t step(uint64_t lane, uint64_t word) {
    uint64_t mixed = lane ^ word;
    return (mixed << 29 | mixed >> 35) * UINT64_C(0x9E3779B185EBCA87);
}

static inline uint64_t word_at(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

uint64_t lk_page_checksum(const void *page, int size, uint32_t number) {
    const unsigned char *bytes = page;
    uint64_t lanes[4];
    for (int lane = 0; lane < 4; lane++) lanes[lane] = step((uint64_t)lane + 1, number);
    // SQLite's pages have a power of two of bytes, 512 at least: without the checksum three words remain.
    int offset = 0;
    for (; offset + 32 <= size; offset += 32) {
        for (int lane = 0; lane < 4; lane++) {
            int place = offset + 8 * lane;
            if (place == size - LK_PAGE_CHECKSUM_BYTES) break;
            lanes[lane] = step(lanes[lane], word_at(bytes + place));
        }
    }
    uint64_t sum = lanes[0];
    for (int lane = 1; lane < 4; lane++) sum = step(sum, lanes[lane]);
    sum = step(sum, (uint64_t)size);
    sum = (sum ^ sum >> 32) * UINT64_C(0x9E3779B185EBCA87);
    return sum ^ sum >> 29;
}

void seal_page(unsigned char *page, int size, uint32_t number) {
    uint64_t sum = lk_page_checksum(page, size, number);
    for (int place = 0; place < LK_PAGE_CHECKSUM_BYTES; place++) {
        page[size - LK_PAGE_CHECKSUM_BYTES + place] = (unsigned char)(sum >> 8 * place);
    }
}

bool page_is_sound(const unsigned char *page, int size, uint32_t number) {
    uint64_t found = word_at(page + size - LK_PAGE_CHECKSUM_BYTES);
    if (found == lk_page_checksum(page, size, number)) return true;
    return page[0] == 0 && memcmp(page, page + 1, (size_t)size - 1) == 0;
}

int lk_page_mend(void *page, int size, uint32_t number) {
    unsigned char *bytes = page;
    if (page_is_sound(bytes, size, number)) return 0;
    for (int bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (page_is_sound(bytes, size, number)) return 1;
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    return -1;
}
