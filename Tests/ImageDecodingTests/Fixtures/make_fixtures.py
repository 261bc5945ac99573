#!/usr/bin/env python3
"""Writes the pictures that ImageDecodingTests decode.

Everything is drawn here; nothing is taken from elsewhere. Run it with Pillow 11 or later (for AVIF) in this
directory. The tests compare each picture with a twin, so another version of an encoder does no harm.
"""

import io
import random
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageCms

HERE = Path(__file__).parent
WIDTH, HEIGHT = 48, 32


def scene(width=WIDTH, height=HEIGHT):
    """Four soft quarters of different colour: no symmetry under turning or mirroring."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            u, v = x / (width - 1), y / (height - 1)
            image.putpixel((x, y), (round(40 + 190 * u), round(50 + 150 * v), round(220 - 170 * u * v)))
    return image


def save(image, name, **options):
    image.save(HERE / name, **options)


def exif_with_orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


# What has to be done to an upright picture so that a viewer obeying the tag shows it upright again.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def orientations(upright):
    for value, operation in STORED.items():
        stored = upright.transpose(operation) if operation is not None else upright
        save(stored, f"orientation-{value}.jpg", quality=95, subsampling=0, exif=exif_with_orientation(value))


def colour_modes(upright):
    save(upright, "scene.png")
    save(upright, "scene.jpg", quality=95, subsampling=0)
    save(upright.convert("L"), "grey.jpg", quality=95)
    save(upright.convert("L"), "grey.png")
    palette = upright.quantize(256, dither=Image.Dither.NONE)
    save(palette, "palette.png")
    save(palette.convert("RGB"), "palette-twin.png")
    save(upright.convert("1"), "one-bit.png")
    save(upright.convert("1").convert("RGB"), "one-bit-twin.png")
    save(upright.convert("CMYK"), "cmyk.jpg", quality=95, subsampling=0)
    save(upright.convert("CMYK"), "cmyk.tif", compression="tiff_deflate")
    black = Image.linear_gradient("L").resize(upright.size)
    inks = Image.merge("CMYK", (*upright.convert("CMYK").split()[:3], black))
    save(inks, "cmyk-black.tif", compression="tiff_deflate")
    save(inks.convert("RGB"), "cmyk-black-twin.png")
    (HERE / "ycck.jpg").write_bytes(ycck(upright))
    (HERE / "sixteen-bit.png").write_bytes(sixteen_bit_png(upright))
    (HERE / "interlaced.png").write_bytes(interlaced_png(upright))
    save(upright, "progressive.jpg", quality=95, subsampling=0, progressive=True)


def ycck(upright):
    """Encodes CMYK as YCCK: the same numbers stored as YCbCr + K, with Adobe's marker saying so."""
    cmyk = upright.convert("CMYK")
    buffer = io.BytesIO()
    # Pillow inverts CMYK as Adobe does and says transform 0; transform 2 stands for YCbCr made of the ink, plus K.
    c, m, y, k = cmyk.split()
    ink = Image.merge("RGB", (c, m, y)).convert("YCbCr")
    inverted = [band.point(lambda v: 255 - v) for band in ink.split()] + [k]
    Image.merge("CMYK", inverted).save(buffer, "JPEG", quality=95, subsampling=0)
    data = bytearray(buffer.getvalue())
    adobe = data.index(b"Adobe")
    assert data[adobe + 11] == 0
    data[adobe + 11] = 2
    return bytes(data)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth, colour, rows, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9))
        + chunk(b"IEND", b"")
    )


def sixteen_bit_png(upright):
    rows = []
    for y in range(upright.height):
        samples = [s * 257 for x in range(upright.width) for s in upright.getpixel((x, y))]
        rows.append(struct.pack(f">{len(samples)}H", *samples))
    return png(upright.width, upright.height, 16, 2, rows)


def interlaced_png(upright):
    """Adam7: seven passes of ever finer grids."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = []
    for left, top, across, down in passes:
        for y in range(top, upright.height, down):
            rows.append(bytes(s for x in range(left, upright.width, across) for s in upright.getpixel((x, y))))
    return png(upright.width, upright.height, 8, 2, rows, interlace=1)


def transparency(upright):
    """Left half opaque, right half half transparent, and hidden garish colour where nothing is to be seen."""
    rgba = upright.convert("RGBA")
    twin = Image.new("RGB", upright.size)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            r, g, b = upright.getpixel((x, y))
            alpha = 255 if x < 16 else 128 if x < 32 else 0
            rgba.putpixel((x, y), (r, g, b, alpha) if alpha else (255, 0, 255, 0))
            twin.putpixel((x, y), tuple(round(s * alpha / 255 + 255 * (1 - alpha / 255)) for s in (r, g, b)))
    save(rgba, "transparent.png")
    save(rgba, "transparent.webp", lossless=True, exact=True)
    save(twin, "transparent-twin.png")
    grey = upright.convert("L")
    save(Image.merge("LA", (grey, rgba.getchannel("A"))), "transparent-grey.png")


def profiles(upright):
    """A profile whose red and green primaries have changed places, and what it makes of the scene."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    data = bytearray(srgb.tobytes())
    tags = {}
    for index in range(struct.unpack_from(">I", data, 128)[0]):
        offset = 132 + 12 * index
        tags[bytes(data[offset : offset + 4])] = offset
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    r, g, b = upright.split()
    save(Image.merge("RGB", (g, r, b)), "swapped-profile.png", icc_profile=bytes(data))
    save(Image.merge("RGB", (g, r, b)), "swapped-profile.jpg", quality=95, subsampling=0, icc_profile=bytes(data))
    save(upright, "broken-profile.png", icc_profile=b"\0\0\0\x80" + bytes(range(124)))
    save(upright, "broken-profile.jpg", quality=95, subsampling=0, icc_profile=b"no profile at all")
    save(upright.convert("L"), "grey-with-rgb-profile.png", icc_profile=srgb.tobytes())
    save(upright.convert("L"), "grey-profile.png", icc_profile=grey_profile())


def grey_profile():
    """A minimal version 2 grey profile with a gamma of 1.0: light itself, so that obeying it is plain to see."""

    def tag(kind, body):
        body = kind + b"\0\0\0\0" + body
        return body + b"\0" * (-len(body) % 4)

    text = b"linear grey\0"
    bodies = {
        b"desc": tag(b"desc", struct.pack(">I", len(text)) + text + b"\0" * 78),
        b"cprt": tag(b"text", b"public domain\0"),
        b"wtpt": tag(b"XYZ ", struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)),
        b"kTRC": tag(b"curv", struct.pack(">IH", 1, 0x0100)),
    }
    table, data, offset = struct.pack(">I", len(bodies)), b"", 128 + 4 + 12 * len(bodies)
    for name, body in bodies.items():
        table += name + struct.pack(">II", offset + len(data), len(body))
        data += body
    size = 128 + len(table) + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + table + data


def several_pages(upright):
    other = Image.new("RGB", upright.size, (250, 0, 250))
    palette = upright.quantize(64, dither=Image.Dither.NONE)
    save(palette, "animated.gif", save_all=True, append_images=[other.quantize(2)], duration=100)
    save(palette.convert("RGB"), "animated-twin.png")
    save(upright, "two-pages.tif", save_all=True, append_images=[other], compression="tiff_lzw")
    save(upright, "animated.webp", save_all=True, append_images=[other], duration=100, lossless=True)


def other_formats(upright):
    save(upright.quantize(256, dither=Image.Dither.NONE), "scene.gif")
    save(upright, "lossless.webp", lossless=True)
    save(upright, "lossy.webp", quality=95)
    save(upright, "scene.tif", compression="tiff_lzw")
    save(upright, "jpeg.tif", compression="jpeg", quality=95)
    save(upright, "scene.avif", quality=95, subsampling="4:4:4")
    save(upright, "scene.bmp.bin", format="BMP")
    save(upright, "scene.jp2.bin", format="JPEG2000")


def resized_by_pillow():
    """Noise, the hardest thing to resize alike, and what Pillow makes of it: smaller, and larger."""
    numbers = random.Random(20261120)
    noise = Image.frombytes("RGB", (WIDTH, HEIGHT), numbers.randbytes(WIDTH * HEIGHT * 3))
    save(noise, "noise.png")
    for width, height in [(9, 6), (30, 20), (105, 70)]:
        save(noise.resize((width, height), Image.Resampling.BICUBIC), f"noise-{width}x{height}.png")
    grey = noise.convert("L")
    save(grey, "grey-noise.png")
    save(grey.resize((30, 20), Image.Resampling.BICUBIC), "grey-noise-30x20.png")


def main():
    for old in HERE.iterdir():
        if old.suffix not in (".py", ".md"):
            old.unlink()
    upright = scene()
    orientations(upright)
    colour_modes(upright)
    transparency(upright)
    profiles(upright)
    several_pages(upright)
    other_formats(upright)
    resized_by_pillow()


if __name__ == "__main__":
    main()
