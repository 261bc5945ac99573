// libvips, loaded when it is first asked for.
//
// Its hundred libraries take 40 of the 60 ms in which the program would start, for commands that decode nothing as well.
// Loaded by hand it costs nobody else anything, and a search loads its model meanwhile.

#ifndef CVIPS_LIBRARY_H
#define CVIPS_LIBRARY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <vips/vector.h>
#include <vips/vips.h>

// What shim.c calls; `vips.init` is vips_init.
#define VIPS_FUNCTIONS(X)                                                                                          \
    X(init) X(version) X(guess_libdir) X(error_clear) X(cache_set_max) X(concurrency_set) X(block_untrusted_set)   \
    X(operation_block_set) X(vector_isenabled) X(type_find) X(source_new_from_memory) X(image_new_from_memory)     \
    X(image_get_bands) X(image_get_blob) X(image_get_format) X(image_get_height) X(image_get_interpretation)       \
    X(image_get_n_pages) X(image_get_orientation) X(image_get_string) X(image_get_typeof) X(image_get_width)       \
    X(image_hasalpha) X(image_set_blob_copy) X(image_set_int) X(area_unref) X(array_double_new) X(autorot) X(cast) \
    X(colourspace) X(copy) X(extract_band) X(flatten) X(icc_transform) X(flip) X(rotate) X(extract_area)           \
    X(linear1) X(region_new) X(region_prepare) X(jpegload_source) X(pngload_source) X(webpload_source)             \
    X(gifload_source) X(tiffload_source) X(heifload_source) X(jpegsave_buffer) X(pngsave_buffer)                   \
    X(webpsave_buffer) X(gifsave_buffer) X(tiffsave_buffer) X(heifsave_buffer)

static struct {
#define MEMBER(name) __typeof__(vips_##name) *name;
    VIPS_FUNCTIONS(MEMBER)
#undef MEMBER
} vips;

// The dynamic linker looks for a symbol in all libraries of the one that is being loaded, in turn. Loaded first and by
// themselves, those with the most symbols look among their own few: half the time. A name that is unknown here is skipped.
static void load_large_dependencies(void) {
#ifdef __linux__
    static const char *const names[] = {
        "libgio-2.0.so.0", "libgnutls.so.30", "libcrypto.so.3", "libcairo.so.2", "libpangocairo-1.0.so.0",
        "libcurl-gnutls.so.4", "libcurl.so.4", "libhdf5_serial.so.103", "libOpenEXR-3_1.so.30",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) dlopen(names[i], RTLD_LAZY);
#endif
}

// Whether libvips is here, with every function above.
static bool load_library(void) {
#ifdef __APPLE__
    const char *name = "libvips.42.dylib";
#else
    const char *name = "libvips.so.42";
#endif
    load_large_dependencies();
    void *library = dlopen(name, RTLD_LAZY);
    if (!library) return false;
#define LOOK_UP(name) \
    if (!(vips.name = (__typeof__(vips.name))dlsym(library, "vips_" #name))) return false;
    VIPS_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return true;
}

#endif
