#ifndef LOOKALIKE_SHARED_MEMORY_H
#define LOOKALIKE_SHARED_MEMORY_H

#include <stdint.h>

// Reads and writes of plain memory that other threads write and read at the same time. Swift's `Atomic` cannot lie in
// mapped memory, and these are single moves on x86-64 and arm64.
//
// A store publishes: whoever loads the value also sees all that was written before it.

static inline uint32_t lk_load_u32(const uint32_t *address) {
    return __atomic_load_n(address, __ATOMIC_ACQUIRE);
}

static inline void lk_store_u32(uint32_t *address, uint32_t value) {
    __atomic_store_n(address, value, __ATOMIC_RELEASE);
}

static inline uint8_t lk_load_u8(const uint8_t *address) {
    return __atomic_load_n(address, __ATOMIC_ACQUIRE);
}

static inline void lk_store_u8(uint8_t *address, uint8_t value) {
    __atomic_store_n(address, value, __ATOMIC_RELEASE);
}

#endif
