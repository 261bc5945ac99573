"""Small files that unfold: by the size they claim, by frames, by chunks, by compression, by scans."""

import struct
import zlib

from PIL import Image

from encoders import (chunk, encoded, gif_frame, gif_header, png, raw_tiff, segment, tiff, tiff_fields, tiff_file,
                      tiff_header, with_segments)
from odd.item import DAMAGED, TOO_MUCH, either, readable, refused
from odd.scan_bomb import scan_bomb

TOO_MANY = {"too-many-pixels"}
# A header that claims too much may also be seen through as broken, or as short of bytes.
CLAIM = {"too-many-pixels", "corrupt", "truncated"}
BLUE = (40, 90, 160)


def items(photographs, random):
    """All of them."""
    yield from dimensions()
    yield from gif_dimensions()
    yield from tiff_dimensions()
    yield from frames(photographs)
    yield from chunks(photographs)
    yield from compression(photographs)
    yield from scans()
    yield from avif_dimensions(random)


def flat(side=64, colour=BLUE):
    return Image.new("RGB", (side, side), colour)


def bomb(name, content, reasons, **extra):
    return refused(f"bombs/{name}", "bombs by size", content, reasons, heavy=True, **extra)


def dimensions():
    """Headers of a few bytes that claim billions of pixels."""
    nothing = zlib.compress(bytes(1000))
    for width, height in [(65535, 65535), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (100_000_001, 1), (1, 2**31 - 1)]:
        for interlace in (0, 1):
            data = png(width, height, 8, 2, nothing, interlace)
            yield bomb(f"png-{width}x{height}-{interlace}.png", data, CLAIM)
    yield bomb("png-zero.png", png(0, 0, 8, 2, nothing), DAMAGED)
    yield bomb("png-negative.png", png(2**32 - 1, 2**32 - 1, 16, 6, nothing), CLAIM)
    yield bomb("png-within-the-limit-but-empty.png", png(10_000, 10_000, 16, 6, nothing), DAMAGED)
    jpeg = encoded(flat(), "JPEG")
    for label, options in [("baseline", {}), ("progressive", {"progressive": True})]:
        data = bytearray(encoded(flat(), "JPEG", **options))
        frame = data.index(b"\xff\xc2" if options else b"\xff\xc0")
        struct.pack_into(">HH", data, frame + 5, 65535, 65535)
        yield bomb(f"jpeg-{label}-65535.jpg", bytes(data), CLAIM)
        struct.pack_into(">HH", data, frame + 5, 9999, 9999)
        yield bomb(f"jpeg-{label}-9999-of-64.jpg", bytes(data), DAMAGED)
        struct.pack_into(">HH", data, frame + 5, 0, 64)
        yield bomb(f"jpeg-{label}-no-lines.jpg", bytes(data), DAMAGED)
    many = bytearray(jpeg)
    many[many.index(b"\xff\xc0") + 9] = 255
    yield bomb("jpeg-255-components.jpg", bytes(many), DAMAGED)
    for label, lossless in [("lossy", False), ("lossless", True)]:
        data = bytearray(encoded(flat(), "WEBP", lossless=lossless))
        if lossless:
            struct.pack_into("<I", data, 21, 0x3FFF | 0x3FFF << 14)
        else:
            struct.pack_into("<HH", data, 26, 16383, 16383)
        yield bomb(f"webp-{label}-16383.webp", bytes(data), CLAIM)
    canvas = struct.pack("<B3x", 2) + b"\xff\xff\xff" * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    yield bomb("webp-canvas-16777216.webp", b"RIFF" + struct.pack("<I", len(body)) + body, CLAIM)
    bitmap = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 65535, 65535, 1, 24, 0, 0, 0, 0, 0, 0)
    yield bomb("bitmap-65535.bmp", bitmap, {"unsupported-format"})
    yield bomb("bitmap-as.jpg", bitmap, {"unsupported-format"})


def gif_dimensions():
    # 43 bytes: 14 GB and more than a minute in a program that trusts them.
    yield bomb("gif-43-bytes.gif", gif_header(1, 1) + gif_frame(60_000, 60_000, 1, 1) + b";", TOO_MANY)
    yield bomb("gif-screen-65535.gif", gif_header(65535, 65535) + gif_frame(0, 0, 1, 1) + b";", TOO_MANY)
    yield bomb("gif-frame-65535.gif", gif_header(1, 1) + gif_frame(0, 0, 65535, 65535) + b";", TOO_MANY)
    late = gif_header(4, 4) + gif_frame(0, 0, 1, 1) * 500 + gif_frame(65535, 65535, 65535, 65535) + b";"
    yield bomb("gif-late-frame.gif", late, TOO_MANY | DAMAGED)
    empty = gif_header(9_999, 9_999) + gif_frame(0, 0, 1, 1) + b";"
    yield either("bombs/gif-within-the-limit.gif", "bombs by size", empty, None, TOO_MUCH, heavy=True)
    yield bomb("gif-no-frame.gif", gif_header(9_999, 9_999) + b";", DAMAGED)
    elongated = gif_header(65535, 1) + gif_frame(0, 0, 65535, 1) + b";"
    yield bomb("gif-elongated.gif", elongated, DAMAGED)


def tiff_dimensions():
    data = bytes(3000)
    for label, big in [("tiff", False), ("bigtiff", True)]:
        for width, height in [(65535, 65535), (2**32 - 1, 2**32 - 1), (2**31, 1), (0, 0)]:
            yield bomb(f"{label}-{width}x{height}.tif", raw_tiff(width, height, data, big=big), DAMAGED)
    tiled = bytearray(tiff(flat(), tile=32))
    for tag in (322, 323):
        place = tiled.index(struct.pack("<HHI", tag, 4, 1))
        struct.pack_into("<I", tiled, place + 8, 65520)
    yield bomb("tiff-tiles-65520.tif", bytes(tiled), DAMAGED)
    yield bomb("tiff-65535-samples.tif", raw_tiff(100, 100, data, samples=1, tag_277=(3, [65535])), DAMAGED)
    # What is not compressed may be read without a look at the count.
    black = Image.new("RGB", (60, 10))
    huge = raw_tiff(60, 10, data, tag_279=(4, [2**32 - 1]))
    yield either("bombs/tiff-strip-of-4-gb.tif", "bombs by size", huge, black, heavy=True)
    yield bomb("tiff-strip-beyond.tif", raw_tiff(60, 10, data, tag_273=(4, [2**32 - 1])), DAMAGED)
    huge = raw_tiff(60, 10, data, big=True, tag_279=(16, [2**63]))
    yield either("bombs/bigtiff-strip-of-8-eb.tif", "bombs by size", huge, black, heavy=True)
    counted = bytearray(raw_tiff(60, 10, data, big=True))
    struct.pack_into("<Q", counted, struct.unpack_from("<Q", counted, 8)[0], 2**60)
    yield bomb("bigtiff-fields-without-end.tif", bytes(counted), DAMAGED)
    loop = bytearray(raw_tiff(60, 10, Image.new("RGB", (60, 10), BLUE).tobytes()))
    directory = struct.unpack_from("<I", loop, 4)[0]
    struct.pack_into("<I", loop, directory + 2 + 12 * struct.unpack_from("<H", loop, directory)[0], directory)
    yield either("bombs/tiff-page-loop.tif", "bombs by frames", bytes(loop), flat(), DAMAGED, heavy=True)
    strip = bytes(10_000 * 3)
    one_strip = tiff_fields(10_000, 10_000) | {273: (4, [8]), 278: (4, [10_000]), 279: (4, [len(strip)])}
    yield bomb("tiff-one-strip-mostly-missing.tif", tiff_file([one_strip], data=strip), DAMAGED | TOO_MUCH)
    shared = tiff_fields(10_000, 10_000) | {273: (4, [8] * 10_000), 278: (4, [1]), 279: (4, [len(strip)] * 10_000)}
    yield either("bombs/tiff-all-strips-the-same.tif", "bombs by compression", tiff_file([shared], data=strip),
                 flat(colour=(0, 0, 0)), TOO_MUCH, heavy=True)


def frames(photographs):
    """Animations and documents of very many pages; the first is what counts."""
    picture = photographs.take(size=(96, 72)).quantize(255)
    still = encoded(picture, "GIF")
    data = still[:-1] + gif_frame(0, 0, 1, 1) * 100_000 + b";"
    yield either("bombs/gif-100000-frames.gif", "bombs by frames", data, picture.convert("RGB"), TOO_MUCH,
                 heavy=True)
    picture = photographs.take(size=(96, 72))
    frames = [picture] + [Image.new("RGB", picture.size, (i % 256, i // 256, 0)) for i in range(1000)]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=10, lossless=True, method=0)
    yield readable("bombs/webp-1000-frames.webp", "bombs by frames", data, picture, heavy=True)
    picture = photographs.take(size=(96, 72))
    data = picture.tobytes()
    fields = tiff_fields(*picture.size) | {273: (4, [8]), 278: (4, [72]), 279: (4, [len(data)])}
    for count in (5_000, 65_000):
        pages = tiff_file([fields] * count, data=data)
        yield either(f"bombs/tiff-{count}-pages.tif", "bombs by frames", pages, picture, TOO_MUCH, heavy=True)


def chunks(photographs):
    """Very many pieces between header and pixels."""
    def png_around(label, picture, before, reasons=DAMAGED):
        whole = encoded(picture, "PNG")
        data = whole[:33] + before + whole[33:]
        return either(f"bombs/png-{label}.png", "bombs by chunks", data, picture, reasons | TOO_MUCH, heavy=True)

    text = chunk(b"tEXt", b"Comment\0x")
    yield png_around("100000-texts", photographs.take(), text * 100_000)
    yield png_around("100000-unknown-chunks", photographs.take(), chunk(b"ruBb", b"") * 100_000)
    yield png_around("text-of-50-mb", photographs.take(), chunk(b"tEXt", b"Comment\0" + b"x" * 50_000_000))
    yield png_around("chunk-of-4-gb", photographs.take(), struct.pack(">I", 2**32 - 1) + b"tEXtComment\0")
    zeros = deflated_zeros(1 << 30)
    yield png_around("ztxt-of-1-gb", photographs.take(), chunk(b"zTXt", b"Comment\0\0" + zeros))
    yield png_around("itxt-of-1-gb", photographs.take(), chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros))
    yield png_around("profile-of-1-gb", photographs.take(), chunk(b"iCCP", b"ICC\0\0" + zeros))
    picture = photographs.take()
    yield readable("bombs/png-one-byte-per-chunk.png", "bombs by chunks", scattered(picture), picture, heavy=True)

    def jpeg_with(label, *segments, reasons=DAMAGED):
        picture = photographs.take()
        data = with_segments(encoded(picture, "JPEG", quality=92), *segments)
        return either(f"bombs/jpeg-{label}.jpg", "bombs by chunks", data, picture, reasons | TOO_MUCH, heavy=True)

    yield jpeg_with("20000-comments", segment(0xFE, b"hello") * 20_000)
    yield jpeg_with("20000-application-segments", segment(0xEF, b"x") * 20_000)
    yield jpeg_with("1000-comments-of-64-kb", segment(0xFE, bytes(65_500)) * 1000)
    profiles = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes([i, 255]) + bytes(65_000)) for i in range(1, 256))
    yield jpeg_with("profile-in-255-pieces", profiles)
    yield jpeg_with("5000-exif-segments", segment(0xE1, b"Exif\0\0" + tiff_header() + bytes(6)) * 5_000)
    yield jpeg_with("fill-bytes", b"\xff" * 5_000_000)


def scattered(picture):
    """A PNG whose data lies in chunks of a single byte."""
    whole = encoded(picture, "PNG")
    rest, body = whole[33:], b""
    while rest:
        length, kind = struct.unpack_from(">I4s", rest)
        body += rest[8:8 + length] if kind == b"IDAT" else b""
        rest = rest[12 + length:]
    return whole[:33] + b"".join(chunk(b"IDAT", body[i:i + 1]) for i in range(len(body))) + chunk(b"IEND", b"")


def deflated_zeros(count):
    """`count` zeros, at least a million, deflated to a thousandth.

    A block that ends on a whole byte is repeated, instead of being made a thousand times; only the checksum is not.
    """
    size = 1 << 20
    squeeze = zlib.compressobj(9)
    first, block = (squeeze.compress(bytes(size)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    end = squeeze.compress(bytes(count % size)) + squeeze.flush()
    checksum = struct.pack(">I", count % 65521 << 16 | 1)  # Adler-32 of zeros
    return first + block * (count // size - 1) + end[:-4] + checksum


def compression(photographs):
    """Flat pictures at the pixel limit and beyond, squeezed a thousandfold."""
    black = flat(colour=(0, 0, 0))
    clear = flat(colour=(255, 255, 255))
    for depth, colour, bands, twin in [(8, 2, 3, black), (8, 0, 1, black), (16, 2, 6, black), (16, 6, 8, clear)]:
        for interlace in (0, 1):
            data = png(10_000, 10_000, depth, colour, deflated_zeros(10_000 * 10_000 * bands + 40_000), interlace)
            name = f"bombs/png-100-mp-{depth}-bit-{bands}-bytes-{interlace}.png"
            yield either(name, "bombs by compression", data, twin, TOO_MUCH, heavy=True)
    data = png(10_001, 10_000, 8, 2, deflated_zeros(10_001 * 10_000 * 3))
    yield bomb("png-just-over-100-mp.png", data, TOO_MANY)
    data = png(1, 1, 8, 2, deflated_zeros(1 << 30))
    yield either("bombs/png-1-gb-behind-a-pixel.png", "bombs by compression", data, black, TOO_MUCH, heavy=True)
    data = deflated_zeros(300_000_000)
    fields = {"compression": 8}
    yield either("bombs/tiff-one-strip-of-100-mp.tif", "bombs by compression",
                 raw_tiff(10_000, 10_000, data, **fields), black, TOO_MUCH, heavy=True)
    yield bomb("tiff-one-strip-of-400-mp.tif", raw_tiff(20_000, 20_000, data, **fields), TOO_MANY)
    yield either("bombs/tiff-strip-unfolds-to-1-gb.tif", "bombs by compression",
                 raw_tiff(64, 64, deflated_zeros(1 << 30), **fields), black, TOO_MUCH, heavy=True)
    wide = raw_tiff(10_000, 10_000, deflated_zeros(1_200_000_000), bits=32, compression=8, tag_339=(3, [3] * 3))
    yield either("bombs/tiff-100-mp-of-floats.tif", "bombs by compression", wide, None, TOO_MUCH, heavy=True)
    side = 9_900
    big = Image.new("L", (side, side))
    yield either("bombs/tiff-lzw-98-mp.tif", "bombs by compression", encoded(big, "TIFF", compression="tiff_lzw"),
                 black, TOO_MUCH, heavy=True)
    yield either("bombs/gif-98-mp.gif", "bombs by compression", encoded(big, "GIF", interlace=1), black, TOO_MUCH,
                 heavy=True)
    yield either("bombs/jpeg-98-mp.jpg", "bombs by compression", encoded(big, "JPEG"), black, TOO_MUCH, heavy=True)
    yield either("bombs/jpeg-98-mp-progressive.jpg", "bombs by compression", encoded(big, "JPEG", progressive=True),
                 black, TOO_MUCH, heavy=True)
    del big
    side = 9_900
    yield either("bombs/webp-98-mp.webp", "bombs by compression",
                 encoded(Image.new("RGB", (side, side), BLUE), "WEBP", lossless=True, quality=0, method=0), flat(),
                 TOO_MUCH, heavy=True)
    yield either("bombs/png-elongated.png", "bombs by compression",
                 png(1_000_000, 1, 8, 2, deflated_zeros(3_000_001)), None, TOO_MUCH, heavy=True)
    yield either("bombs/png-tall.png", "bombs by compression", png(1, 1_000_000, 8, 0, deflated_zeros(2_000_000)),
                 None, TOO_MUCH, heavy=True)


def scans():
    """Progressive JPEGs of as many scans as the standard allows; each goes over the whole frame."""
    for side, count in [(512, 2600), (4096, 300), (9_992, 60), (9_992, 2600)]:
        name = f"bombs/jpeg-{side}-{count}-scans.jpg"
        yield either(name, "bombs by scans", scan_bomb(side, count), None, TOO_MUCH, heavy=True)


def avif_dimensions(random):
    """A header that claims too much, and a stream larger than its header."""
    side = 8_192
    large = encoded(Image.new("L", (side, side), 90), "AVIF", quality=20, speed=10)
    yield either("bombs/avif-67-mp.avif", "bombs by compression", large, flat(colour=(90, 90, 90)), TOO_MUCH,
                 heavy=True)
    size = large.index(b"ispe") + 8
    hidden = large[:size] + struct.pack(">II", 64, 64) + large[size + 8:]
    yield either("bombs/avif-67-mp-behind-64.avif", "bombs by size", hidden, None, TOO_MUCH, heavy=True)
    small = encoded(flat(), "AVIF", speed=10)
    size = small.index(b"ispe") + 8
    for claim in (65_535, 2**32 - 1):
        data = small[:size] + struct.pack(">II", claim, claim) + small[size + 8:]
        yield bomb(f"avif-{claim}.avif", data, CLAIM)
    boxes = small[:small.index(b"meta") - 4] + struct.pack(">I4s", 8, b"free") * 200_000
    yield bomb("avif-200000-boxes.avif", boxes, DAMAGED | TOO_MUCH)
    nested = b"".join(struct.pack(">I4s", 0x7FFFFFFF - i, b"moov") for i in range(20_000))
    yield bomb("avif-nested-boxes.avif", small[:small.index(b"meta") - 4] + nested, DAMAGED | TOO_MUCH)
