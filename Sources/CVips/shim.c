// See CVips.h for the contract. Nothing here decides anything; Sources/ImageDecoding does.

#define _GNU_SOURCE  // dladdr
#include "CVips.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <pthread.h>
#include <string.h>
#include <vips/vips.h>

#include "library.h"

static VipsImage *inner(CVipsImage *image) { return (VipsImage *)image; }

// Hands over a result, or clears libvips's error text so that it cannot pile up.
static CVipsImage *outcome(int status, VipsImage *image) {
    if (status == 0) return (CVipsImage *)image;
    if (image) g_object_unref(image);
    vips.error_clear();
    return NULL;
}

// The class that must have made an image, and its name to the blocking switch.
static const char *loader_class(CVipsLoader loader) {
    switch (loader) {
    case CVIPS_LOADER_JPEG: return "VipsForeignLoadJpeg";
    case CVIPS_LOADER_PNG: return "VipsForeignLoadPng";
    case CVIPS_LOADER_WEBP: return "VipsForeignLoadWebp";
    case CVIPS_LOADER_GIF: return "VipsForeignLoadNsgif";
    case CVIPS_LOADER_TIFF: return "VipsForeignLoadTiff";
    case CVIPS_LOADER_HEIF: return "VipsForeignLoadHeif";
    }
    return "";
}

static void swallow(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

// libvips loads all its modules when it starts: 25 of 27 ms, for poppler, openslide, ImageMagick and JPEG XL, which are
// blocked below anyway. It looks for them under a folder that it guesses once, from a variable of the environment if that
// is set; guessed beforehand from a variable that names no folder, there are none. HEIF's is loaded when it is asked for.
static void leave_modules_out(void) { vips.guess_libdir("lookalike", "PATH"); }

static void load_heif_module(void) {
    Dl_info library;
    if (g_type_from_name("VipsForeignLoadHeif") != 0 || dladdr((void *)vips.init, &library) == 0) return;
    gchar *folder = g_path_get_dirname(library.dli_fname);
    gchar *path = g_strdup_printf("%s/vips-modules-%d.%d/vips-heif.so", folder, vips.version(0), vips.version(1));
    g_module_open(path, G_MODULE_BIND_LAZY);
    g_free(path);
    g_free(folder);
    // A class can be blocked or let in only when it is there.
    vips.operation_block_set(loader_class(CVIPS_LOADER_HEIF), FALSE);
}

static void ensure_heif(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_heif_module);
}

int cvips_start(void) {
    if (!load_library()) return -1;
    leave_modules_out();
    if (vips.init("lookalike") != 0) {
        vips.error_clear();
        return -1;
    }
    // Results are used once, so a cache only holds memory; one picture per core beats threads inside one picture.
    vips.cache_set_max(0);
    vips.concurrency_set(1);
    // Broken pictures are daily bread and answered with a typed error; their warnings do not belong on stderr.
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
                      swallow, NULL);
    // Everything is blocked first and six families are let back in, so a decoder added by a future libvips stays out.
    vips.block_untrusted_set(TRUE);
    vips.operation_block_set("VipsForeignLoad", TRUE);
    for (CVipsLoader loader = CVIPS_LOADER_JPEG; loader <= CVIPS_LOADER_HEIF; loader++)
        vips.operation_block_set(loader_class(loader), FALSE);
    return 0;
}

void cvips_version(int *major, int *minor, int *micro) {
    *major = vips.version(0), *minor = vips.version(1), *micro = vips.version(2);
}

bool cvips_uses_vectors(void) { return vips.vector_isenabled(); }

bool cvips_has_loader(CVipsLoader loader) {
    if (loader == CVIPS_LOADER_HEIF) ensure_heif();
    return g_type_from_name(loader_class(loader)) != 0;
}

bool cvips_has_saver(CVipsSaver saver) {
    if (saver == CVIPS_SAVER_HEIC || saver == CVIPS_SAVER_AVIF) ensure_heif();
    switch (saver) {
    case CVIPS_SAVER_JPEG: return vips.type_find("VipsOperation", "jpegsave_buffer") != 0;
    case CVIPS_SAVER_PNG: return vips.type_find("VipsOperation", "pngsave_buffer") != 0;
    case CVIPS_SAVER_WEBP: return vips.type_find("VipsOperation", "webpsave_buffer") != 0;
    case CVIPS_SAVER_GIF: return vips.type_find("VipsOperation", "gifsave_buffer") != 0;
    case CVIPS_SAVER_TIFF: return vips.type_find("VipsOperation", "tiffsave_buffer") != 0;
    case CVIPS_SAVER_HEIC:
    case CVIPS_SAVER_AVIF: return vips.type_find("VipsOperation", "heifsave_buffer") != 0;
    }
    return false;
}

CVipsImage *cvips_image_load(CVipsLoader loader, const void *bytes, size_t count, double shrink) {
    VipsSource *source = vips.source_new_from_memory(bytes, count);
    if (!source) return outcome(-1, NULL);
    // Rows are read once, top to bottom: no full-size copy of the picture is ever held.
    const VipsAccess access = VIPS_ACCESS_SEQUENTIAL;
    const VipsFailOn fail_on = VIPS_FAIL_ON_ERROR;
    VipsImage *image = NULL;
    int status = -1;
    switch (loader) {
    case CVIPS_LOADER_JPEG:
        status = vips.jpegload_source(source, &image, "access", access, "fail_on", fail_on, "shrink", (int)shrink, NULL);
        break;
    case CVIPS_LOADER_PNG:
        status = vips.pngload_source(source, &image, "access", access, "fail_on", fail_on, NULL);
        break;
    case CVIPS_LOADER_WEBP:
        status = vips.webpload_source(source, &image, "access", access, "fail_on", fail_on, "scale", 1 / shrink, NULL);
        break;
    case CVIPS_LOADER_GIF:
        status = vips.gifload_source(source, &image, "access", access, "fail_on", fail_on, NULL);
        break;
    case CVIPS_LOADER_TIFF:
        status = vips.tiffload_source(source, &image, "access", access, "fail_on", fail_on, NULL);
        break;
    case CVIPS_LOADER_HEIF:
        status = vips.heifload_source(source, &image, "access", access, "fail_on", fail_on, NULL);
        break;
    }
    g_object_unref(source);
    return outcome(status, image);
}

CVipsImage *cvips_image_from_samples(const void *samples, size_t count, int width, int height, int bands) {
    VipsImage *raw = vips.image_new_from_memory(samples, count, width, height, bands, VIPS_FORMAT_UCHAR);
    if (!raw) return outcome(-1, NULL);
    VipsImage *image = NULL;
    VipsInterpretation interpretation = bands == 1   ? VIPS_INTERPRETATION_B_W
                                        : bands == 4 ? VIPS_INTERPRETATION_CMYK
                                                     : VIPS_INTERPRETATION_sRGB;
    int status = vips.copy(raw, &image, "interpretation", interpretation, NULL);
    g_object_unref(raw);
    return outcome(status, image);
}

void cvips_image_adopt_profile(CVipsImage *image, CVipsImage *model) {
    const void *profile = NULL;
    size_t count = 0;
    if (vips.image_get_typeof(inner(model), VIPS_META_ICC_NAME) &&
        vips.image_get_blob(inner(model), VIPS_META_ICC_NAME, &profile, &count) == 0)
        vips.image_set_blob_copy(inner(image), VIPS_META_ICC_NAME, profile, count);
}

void cvips_image_release(CVipsImage *image) { g_object_unref(inner(image)); }

static CVipsEncoding encoding_of(VipsImage *image) {
    switch (vips.image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_B_W:
    case VIPS_INTERPRETATION_GREY16: return CVIPS_ENCODING_GREY;
    case VIPS_INTERPRETATION_sRGB:
    case VIPS_INTERPRETATION_RGB:
    case VIPS_INTERPRETATION_RGB16: return CVIPS_ENCODING_RGB;
    case VIPS_INTERPRETATION_CMYK: return CVIPS_ENCODING_CMYK;
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABS: return CVIPS_ENCODING_LAB;
    case VIPS_INTERPRETATION_scRGB: return CVIPS_ENCODING_LINEAR_RGB;
    default: return CVIPS_ENCODING_OTHER;
    }
}

static bool has_usable_samples(VipsImage *image, CVipsEncoding encoding) {
    VipsBandFormat format = vips.image_get_format(image);
    bool is_integer = format == VIPS_FORMAT_UCHAR || format == VIPS_FORMAT_USHORT;
    switch (encoding) {
    case CVIPS_ENCODING_GREY: return is_integer && vips.image_get_bands(image) <= 2;
    case CVIPS_ENCODING_RGB: return is_integer && vips.image_get_bands(image) >= 3;
    case CVIPS_ENCODING_CMYK: return is_integer && vips.image_get_bands(image) >= 4;
    case CVIPS_ENCODING_LAB: return format == VIPS_FORMAT_FLOAT || format == VIPS_FORMAT_SHORT;
    case CVIPS_ENCODING_LINEAR_RGB: return format == VIPS_FORMAT_FLOAT;
    case CVIPS_ENCODING_OTHER: return false;
    }
    return false;
}

CVipsHeader cvips_image_header(CVipsImage *image) {
    VipsImage *in = inner(image);
    CVipsEncoding encoding = encoding_of(in);
    return (CVipsHeader){
        .width = vips.image_get_width(in),
        .height = vips.image_get_height(in),
        .band_count = vips.image_get_bands(in),
        .page_count = vips.image_get_n_pages(in),
        .orientation = vips.image_get_orientation(in),
        .has_alpha = vips.image_hasalpha(in),
        .has_profile = vips.image_get_typeof(in, VIPS_META_ICC_NAME) != 0,
        .encoding = encoding,
        .has_usable_samples = has_usable_samples(in, encoding),
        .has_8_bit_samples = vips.image_get_format(in) == VIPS_FORMAT_UCHAR,
    };
}

bool cvips_image_came_from(CVipsImage *image, CVipsLoader loader) {
    static const char *const names[] = {"jpegload", "pngload", "webpload", "gifload", "tiffload", "heifload"};
    const char *name = NULL;
    if (!vips.image_get_typeof(inner(image), VIPS_META_LOADER)) return false;
    if (vips.image_get_string(inner(image), VIPS_META_LOADER, &name) != 0) {
        vips.error_clear();
        return false;
    }
    return strncmp(name, names[loader], strlen(names[loader])) == 0;
}

CVipsImage *cvips_image_flattened(CVipsImage *image) {
    VipsImage *in = inner(image);
    // White is full light, but no ink, and in Lab lightness 100 without colour.
    CVipsEncoding encoding = encoding_of(in);
    VipsInterpretation interpretation = vips.image_get_interpretation(in);
    bool is_wide = interpretation == VIPS_INTERPRETATION_GREY16 || interpretation == VIPS_INTERPRETATION_RGB16;
    double full = encoding == CVIPS_ENCODING_LINEAR_RGB ? 1 : is_wide ? 65535 : 255;
    double light[] = {full}, ink[] = {0}, lab[] = {100, 0, 0};
    VipsArrayDouble *background = encoding == CVIPS_ENCODING_LAB    ? vips.array_double_new(lab, 3)
                                  : encoding == CVIPS_ENCODING_CMYK ? vips.array_double_new(ink, 1)
                                                                    : vips.array_double_new(light, 1);
    VipsImage *out = NULL;
    int status = vips.flatten(in, &out, "background", background, NULL);
    vips.area_unref((VipsArea *)background);
    return outcome(status, out);
}

CVipsImage *cvips_image_without_extra_bands(CVipsImage *image) {
    static const int bands[] = {
        [CVIPS_ENCODING_GREY] = 1, [CVIPS_ENCODING_RGB] = 3,        [CVIPS_ENCODING_CMYK] = 4,
        [CVIPS_ENCODING_LAB] = 3,  [CVIPS_ENCODING_LINEAR_RGB] = 3, [CVIPS_ENCODING_OTHER] = 1,
    };
    VipsImage *out = NULL;
    int status = vips.extract_band(inner(image), &out, 0, "n", bands[encoding_of(inner(image))], NULL);
    return outcome(status, out);
}

CVipsImage *cvips_image_cast_to_8_bits(CVipsImage *image) {
    VipsImage *narrow = NULL, *out = NULL;
    if (vips.cast(inner(image), &narrow, VIPS_FORMAT_UCHAR, "shift", TRUE, NULL) != 0) return outcome(-1, narrow);
    VipsInterpretation interpretation = vips.image_get_interpretation(narrow);
    if (interpretation == VIPS_INTERPRETATION_GREY16) interpretation = VIPS_INTERPRETATION_B_W;
    if (interpretation == VIPS_INTERPRETATION_RGB16) interpretation = VIPS_INTERPRETATION_sRGB;
    int status = vips.copy(narrow, &out, "interpretation", interpretation, NULL);
    g_object_unref(narrow);
    return outcome(status, out);
}

CVipsImage *cvips_image_converted_by_profile(CVipsImage *image) {
    VipsImage *out = NULL;
    int status = vips.icc_transform(inner(image), &out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_RELATIVE,
                                    "black_point_compensation", TRUE, "depth", 8, NULL);
    return outcome(status, out);
}

CVipsImage *cvips_image_converted_to_rgb(CVipsImage *image) {
    VipsImage *out = NULL;
    return outcome(vips.colourspace(inner(image), &out, VIPS_INTERPRETATION_sRGB, NULL), out);
}

CVipsImage *cvips_image_cropped(CVipsImage *image, int left, int top, int width, int height) {
    VipsImage *out = NULL;
    return outcome(vips.extract_area(inner(image), &out, left, top, width, height, NULL), out);
}

CVipsImage *cvips_image_mirrored(CVipsImage *image) {
    VipsImage *out = NULL;
    return outcome(vips.flip(inner(image), &out, VIPS_DIRECTION_HORIZONTAL, NULL), out);
}

CVipsImage *cvips_image_turned(CVipsImage *image, double degrees) {
    double white[] = {255, 255, 255};
    VipsArrayDouble *background = vips.array_double_new(white, 3);
    VipsImage *out = NULL;
    int status = vips.rotate(inner(image), &out, degrees, "background", background, NULL);
    vips.area_unref((VipsArea *)background);
    return outcome(status, out);
}

CVipsImage *cvips_image_brightened(CVipsImage *image, double factor) {
    VipsImage *out = NULL;
    return outcome(vips.linear1(inner(image), &out, factor, 0, "uchar", TRUE, NULL), out);
}

CVipsImage *cvips_image_upright(CVipsImage *image, int orientation) {
    VipsImage *out = NULL;
    vips.image_set_int(inner(image), VIPS_META_ORIENTATION, orientation);
    return outcome(vips.autorot(inner(image), &out, NULL), out);
}

int cvips_image_read_rows(CVipsImage *image, int block, CVipsRowReceiver receive, void *context) {
    VipsImage *in = inner(image);
    if (vips.image_get_format(in) != VIPS_FORMAT_UCHAR) return -1;
    VipsRegion *region = vips.region_new(in);
    int width = vips.image_get_width(in), height = vips.image_get_height(in), status = 0;
    for (int top = 0; top < height; top += block) {
        VipsRect rows = {.left = 0, .top = top, .width = width, .height = VIPS_MIN(block, height - top)};
        status = vips.region_prepare(region, &rows);
        if (status != 0) break;
        // VIPS_REGION_ADDR, for samples of one byte.
        const ptrdiff_t stride = VIPS_REGION_LSKIP(region);
        const ptrdiff_t left = (ptrdiff_t)region->valid.left * vips.image_get_bands(in);
        receive(region->data + (top - region->valid.top) * stride - left, rows.height, stride, context);
    }
    g_object_unref(region);
    if (status != 0) vips.error_clear();
    return status == 0 ? 0 : -1;
}

int cvips_image_encode(CVipsImage *image, CVipsSaver saver, int quality, void **bytes, size_t *count) {
    VipsImage *in = inner(image);
    int status = -1;
    switch (saver) {
    case CVIPS_SAVER_JPEG:
        status = vips.jpegsave_buffer(in, bytes, count, "Q", quality, "strip", TRUE, "optimize_coding", TRUE, NULL);
        break;
    case CVIPS_SAVER_PNG: status = vips.pngsave_buffer(in, bytes, count, "strip", TRUE, NULL); break;
    case CVIPS_SAVER_WEBP: status = vips.webpsave_buffer(in, bytes, count, "Q", quality, "strip", TRUE, NULL); break;
    case CVIPS_SAVER_GIF: status = vips.gifsave_buffer(in, bytes, count, "strip", TRUE, NULL); break;
    case CVIPS_SAVER_TIFF: status = vips.tiffsave_buffer(in, bytes, count, "strip", TRUE, NULL); break;
    case CVIPS_SAVER_HEIC:
        status = vips.heifsave_buffer(in, bytes, count, "Q", quality, "compression",
                                      VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, "strip", TRUE, NULL);
        break;
    case CVIPS_SAVER_AVIF:
        status = vips.heifsave_buffer(in, bytes, count, "Q", quality, "compression",
                                      VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", 0, "strip", TRUE, NULL);
        break;
    }
    if (status != 0) vips.error_clear();
    return status == 0 ? 0 : -1;
}

void cvips_free(void *bytes) { g_free(bytes); }
