#ifndef LOOKALIKE_CHECKSUM_H
#define LOOKALIKE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

/// Writes the checksum into the last bytes of a page.
void seal_page(unsigned char *page, int size, uint32_t number);

/// Whether the last bytes of a page are its checksum. A page of zeros counts as sound: SQLite leaves holes for pages that
/// were freed before they were ever written, and finds out by itself when a page that ought to hold something is empty.
bool page_is_sound(const unsigned char *page, int size, uint32_t number);

#endif
