"""Colour modes, transparency, profiles and orientations, each with the upright picture it shows."""

import struct
import zlib

from PIL import Image, ImageCms

from encoders import STORED, cmyk, encoded, light_left, png, raw_tiff, tiff, turned, ycck_jpeg
from odd.item import either, readable

KIND = "colour modes"
MEASUREMENTS = {"unsupported-format", "corrupt"}


def items(photographs, random):
    """All of them."""
    yield from modes(photographs)
    yield from inks(photographs)
    yield from numbers(photographs)
    yield from further_channels(photographs)
    yield from transparency(photographs)
    yield from profiles(photographs)
    yield from orientations(photographs)


def modes(photographs):
    for format, options in [("PNG", {}), ("JPEG", {"quality": 92}), ("WEBP", {"lossless": True}), ("TIFF", {})]:
        grey = photographs.take().convert("L")
        data = encoded(grey, format, **options)
        yield readable(f"colours/grey.{format.lower()}", KIND, data, grey.convert("RGB"))
    for depth in (2, 16, 255):
        for format in ("PNG", "GIF", "TIFF"):
            palette = photographs.take().quantize(depth)
            name = f"colours/palette-{depth}.{format.lower()}"
            yield readable(name, KIND, encoded(palette, format), palette.convert("RGB"))
    for format in ("PNG", "TIFF"):
        bits = photographs.take().convert("1")
        yield readable(f"colours/one-bit.{format.lower()}", KIND, encoded(bits, format), bits.convert("RGB"))
    picture = photographs.take()
    bits = picture.convert("1")
    white_is_zero = bits.point(lambda v: 255 - v)
    fax = encoded(bits, "TIFF", compression="group4")
    yield readable("colours/one-bit-fax.tif", KIND, fax, bits.convert("RGB"))
    yield readable("colours/white-is-zero.tif", KIND,
                   tiff(white_is_zero.convert("L"), photometric=0), bits.convert("RGB"))
    yield readable("colours/rgb-jpeg.jpg", KIND, encoded(picture, "JPEG", quality=95, keep_rgb=True), picture)


def inks(photographs):
    picture = cmyk(photographs.take())
    data = encoded(picture, "JPEG", quality=95, subsampling=0)
    yield readable("colours/cmyk.jpg", KIND, data, light_left(picture))
    picture = cmyk(photographs.take())
    yield readable("colours/ycck.jpg", KIND, ycck_jpeg(picture), light_left(picture))
    for compression in (1, 8):
        picture = cmyk(photographs.take())
        data = tiff(picture, photometric=5, compression=compression)
        yield readable(f"colours/cmyk-{compression}.tif", KIND, data, light_left(picture))


def numbers(photographs):
    """16 bits, floats, Lab, many bands."""
    picture = photographs.take(size=(160, 120))
    samples = picture.tobytes()
    wide = struct.pack(f"<{len(samples)}H", *(sample * 257 for sample in samples))
    grey = picture.convert("L").tobytes()
    size = picture.size
    yield readable("colours/sixteen-bit.tif", KIND, raw_tiff(*size, wide, bits=16), picture)
    swapped = struct.pack(f">{len(samples)}H", *(sample * 257 for sample in samples))
    yield readable("colours/sixteen-bit-big-endian.tif", KIND, raw_tiff(*size, swapped, ">", bits=16), picture)
    yield readable("colours/sixteen-bit-grey.png", KIND, grey_png(picture, 16), picture.convert("L").convert("RGB"))
    kinds = [("float", "f", 1 / 255, 3), ("double", "d", 1 / 255, 3), ("signed", "h", 64, 2)]
    for label, kind, scale, code in kinds:
        data = struct.pack(f"<{len(grey)}{kind}", *((type(scale))(v * scale) for v in grey))
        bits = 8 * struct.calcsize(kind)
        fields = {"samples": 1, "bits": bits, "photometric": 1, "tag_339": (3, [code])}
        yield either(f"colours/{label}.tif", KIND, raw_tiff(*size, data, **fields), None, MEASUREMENTS)
    data = struct.pack(f"<{len(samples)}f", *(v / 255 for v in samples))
    fields = {"bits": 32, "tag_339": (3, [3, 3, 3])}
    yield either("colours/float-rgb.tif", KIND, raw_tiff(*size, data, **fields), None, MEASUREMENTS)
    lab = ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
                                    outputMode="LAB")
    # Pillow stores a and b with 128 added; TIFF's CIELab has them signed.
    stored = bytes(v if i % 3 == 0 else v ^ 0x80 for i, v in enumerate(lab.tobytes()))
    yield either("colours/lab.tif", KIND, raw_tiff(*size, stored, photometric=8), picture, MEASUREMENTS)


def further_channels(photographs):
    """Channels beside the colours whose meaning is not told (ExtraSamples 0), a mask perhaps: no transparency."""
    for label, image, photometric in [("rgb", photographs.take(), 2), ("grey", photographs.take().convert("L"), 1),
                                      ("cmyk", cmyk(photographs.take()), 5)]:
        shown = light_left(image) if label == "cmyk" else image.convert("RGB")
        colours, samples = len(image.getbands()), image.tobytes()
        for count in (1, 4):
            data = b"".join(samples[i:i + colours] + bytes(count) for i in range(0, len(samples), colours))
            fields = {"samples": colours + count, "photometric": photometric, "tag_338": (3, [0] * count)}
            yield either(f"colours/{label}-and-{count}-more.tif", KIND, raw_tiff(*image.size, data, **fields), shown,
                         MEASUREMENTS)


def grey_png(picture, depth):
    grey = picture.convert("L")
    rows = b"".join(b"\0" + bytes(b for v in grey.crop((0, y, grey.width, y + 1)).tobytes() for b in (v, v))
                    for y in range(grey.height))
    return png(grey.width, grey.height, depth, 0, zlib.compress(rows))


def transparency(photographs):
    """Half transparent on the right, garish colour hidden where nothing shows; the twin lies on white."""
    for format, options in [("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {}),
                            ("AVIF", {"quality": 90, "speed": 9})]:
        picture = photographs.take()
        alpha = Image.linear_gradient("L").resize(picture.size)
        hidden = Image.composite(picture, Image.new("RGB", picture.size, (255, 0, 255)),
                                 alpha.point(lambda v: 255 if v else 0))
        shown = Image.composite(picture, Image.new("RGB", picture.size, "white"), alpha)
        data = encoded(Image.merge("RGBA", (*hidden.split(), alpha)), format, **options)
        yield readable(f"colours/transparent.{format.lower()}", "transparency", data, shown)
    grey = photographs.take().convert("L")
    alpha = Image.linear_gradient("L").resize(grey.size)
    shown = Image.composite(grey, Image.new("L", grey.size, 255), alpha).convert("RGB")
    yield readable("colours/transparent-grey.png", "transparency", encoded(Image.merge("LA", (grey, alpha)), "PNG"),
                   shown)
    palette = photographs.take().quantize(200)
    data = encoded(palette, "PNG", transparency=bytes([255] * 200))
    yield readable("colours/transparent-palette.png", "transparency", data, palette.convert("RGB"))
    nothing = Image.new("RGBA", (64, 64), (255, 0, 255, 0))
    yield readable("colours/wholly-transparent.png", "transparency", encoded(nothing, "PNG"),
                   Image.new("RGB", (64, 64), "white"))


def profiles(photographs):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    broken = {"text": b"no profile at all", "header": srgb[:128], "half": srgb[:len(srgb) // 2],
              "zeros": bytes(4096), "counts": srgb[:128] + b"\xff" * 64 + srgb[192:]}
    for label, profile in broken.items():
        for format in ("JPEG", "PNG"):
            picture = photographs.take()
            options = {"quality": 92} if format == "JPEG" else {}
            name = f"colours/{label}-profile.{format.lower()}"
            yield readable(name, "profiles", encoded(picture, format, icc_profile=profile, **options), picture)
    picture = photographs.take()
    yield readable("colours/srgb-profile.jpg", "profiles", encoded(picture, "JPEG", quality=92, icc_profile=srgb),
                   picture)


def orientations(photographs):
    """All eight, of a picture that looks different in each; values beyond, which mean upright; broken EXIF."""
    for format in ("JPEG", "TIFF", "WEBP", "PNG"):
        picture = photographs.take()
        options = {"JPEG": {"quality": 92}, "WEBP": {"lossless": True}}.get(format, {})
        for orientation in STORED if format in ("JPEG", "TIFF") else (3, 6):
            name = f"orientation/{orientation}.{format.lower()}"
            yield readable(name, "orientations", turned(picture, orientation, format, **options), picture)
    for orientation in (0, 9, 65535):
        picture = photographs.take()
        data = turned(picture, orientation, quality=92)
        yield readable(f"orientation/{orientation}-is-none.jpg", "orientations", data, picture)
    picture = photographs.take()
    for label, exif in [("garbage", b"Exif\0\0garbage"), ("loop", looping_exif()), ("empty", b"Exif\0\0")]:
        data = encoded(picture, "JPEG", quality=92, exif=exif)
        yield readable(f"orientation/{label}-exif.jpg", "orientations", data, picture)


def looping_exif():
    """A directory whose successor is itself."""
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x10F, 2, 4, 0x41414141) \
        + struct.pack("<I", 8)
