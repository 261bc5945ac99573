// A narrow door to libvips for Swift.
//
// Swift cannot call libvips directly: its operations are variadic. This header lets through what image decoding
// needs, one operation per function, and none of libvips's own types, so that nothing above knows vips.h.
//
// Rules that hold for every function:
// - An image is owned by whoever received it from here and is given back with cvips_image_release.
// - A null result or a negative return is a failure. libvips's error text is never consulted: its buffer is shared
//   by all threads, so it may speak of another picture.
// - Images are lazy. Pixels are computed by cvips_image_read_rows and cvips_image_encode; until then the bytes given to
//   cvips_image_load and cvips_image_from_samples must stay where they are.

#ifndef CVIPS_H
#define CVIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An image as libvips knows it: a pipeline that has not run yet, or pixels in memory.
typedef struct CVipsImage CVipsImage;

/// The decoders that are let near untrusted bytes; every other one is blocked by cvips_start.
typedef enum CVipsLoader {
    CVIPS_LOADER_JPEG,
    CVIPS_LOADER_PNG,
    CVIPS_LOADER_WEBP,
    CVIPS_LOADER_GIF,
    CVIPS_LOADER_TIFF,
    CVIPS_LOADER_HEIF,
} CVipsLoader;

/// The encoders: JPEG for thumbnails, all of them for checking that what we say we read is read.
typedef enum CVipsSaver {
    CVIPS_SAVER_JPEG,
    CVIPS_SAVER_PNG,
    CVIPS_SAVER_WEBP,
    CVIPS_SAVER_GIF,
    CVIPS_SAVER_TIFF,
    CVIPS_SAVER_HEIC,
    CVIPS_SAVER_AVIF,
} CVipsSaver;

/// How the numbers of an image are to be read.
typedef enum CVipsEncoding {
    CVIPS_ENCODING_GREY,
    CVIPS_ENCODING_RGB,
    CVIPS_ENCODING_CMYK,
    CVIPS_ENCODING_LAB,
    CVIPS_ENCODING_LINEAR_RGB,
    CVIPS_ENCODING_OTHER,
} CVipsEncoding;

/// What stands in the header of an image.
typedef struct CVipsHeader {
    int width;
    int height;
    int band_count;
    int page_count;
    /// EXIF orientation, 1 to 8.
    int orientation;
    bool has_alpha;
    bool has_profile;
    CVipsEncoding encoding;
    /// Whether the samples are of a kind that belongs to the encoding (8 or 16 bits, or floats for Lab and linear RGB).
    bool has_usable_samples;
    bool has_8_bit_samples;
} CVipsHeader;

/// Starts libvips: no cache, one thread per pipeline, no plug-in or untrusted decoder, no writing to stderr.
/// Call it once, before everything else. Takes about 100 ms.
int cvips_start(void);

/// Writes libvips's version into three numbers.
void cvips_version(int *major, int *minor, int *micro);
/// Whether libvips uses its vector code generator.
bool cvips_uses_vectors(void);
bool cvips_has_loader(CVipsLoader loader);
bool cvips_has_saver(CVipsSaver saver);

/// Opens bytes with exactly this loader, first page only.
/// shrink is 1, or for JPEG 2, 4 or 8, or for WebP any number above: the loader then decodes that much smaller.
CVipsImage *cvips_image_load(CVipsLoader loader, const void *bytes, size_t count, double shrink);
/// Wraps 8-bit samples without copying them: grey (1 band), RGB (3) or CMYK (4).
CVipsImage *cvips_image_from_samples(const void *samples, size_t count, int width, int height, int bands);
/// Gives an image made by cvips_image_from_samples the colour profile of another, if that has one.
void cvips_image_adopt_profile(CVipsImage *image, CVipsImage *model);
void cvips_image_release(CVipsImage *image);

CVipsHeader cvips_image_header(CVipsImage *image);
/// Whether the image was made by this loader and no other.
bool cvips_image_came_from(CVipsImage *image, CVipsLoader loader);

/// Lays the image on white and drops its alpha channel.
CVipsImage *cvips_image_flattened(CVipsImage *image);
/// Drops the bands beyond those of the encoding.
CVipsImage *cvips_image_without_extra_bands(CVipsImage *image);
/// Keeps the upper 8 bits of 16-bit samples.
CVipsImage *cvips_image_cast_to_8_bits(CVipsImage *image);
/// Converts to 8-bit sRGB with the colour profile inside the image.
CVipsImage *cvips_image_converted_by_profile(CVipsImage *image);
/// Converts to 8-bit sRGB by the rules of the image's encoding alone.
CVipsImage *cvips_image_converted_to_rgb(CVipsImage *image);
/// Turns and mirrors an image made by cvips_image_from_samples, by an EXIF orientation.
/// What the evaluation does to pictures; white comes in from the sides of a turned one. Of 8-bit RGB.
CVipsImage *cvips_image_cropped(CVipsImage *image, int left, int top, int width, int height);
CVipsImage *cvips_image_mirrored(CVipsImage *image);
CVipsImage *cvips_image_turned(CVipsImage *image, double degrees);
CVipsImage *cvips_image_brightened(CVipsImage *image, double factor);

CVipsImage *cvips_image_upright(CVipsImage *image, int orientation);

/// Receives rows from the top: 'row_count' of width * bands bytes, 'stride' apart, valid during the call only.
typedef void (*CVipsRowReceiver)(const uint8_t *samples, ptrdiff_t row_count, ptrdiff_t stride, void *context);
/// Runs the pipeline on the calling thread, 'block' rows after one another; the last are fewer. Decoders deliver blocks of
/// rows: asking row by row would pass through the whole pipeline for each. Fails unless samples have 8 bits.
int cvips_image_read_rows(CVipsImage *image, int block, CVipsRowReceiver receive, void *context);

/// Encodes without metadata. The caller frees *bytes with cvips_free.
int cvips_image_encode(CVipsImage *image, CVipsSaver saver, int quality, void **bytes, size_t *count);
void cvips_free(void *bytes);

#endif
