"""Encodes a picture in every format that is read, the rarer ones by hand. Pillow pictures in, bytes out."""

import io
import struct
import zlib

from PIL import Image

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


def encoded(image, format, **options):
    """The picture as Pillow writes it."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def every_format(image):
    """The picture in every format and variant, by name with extension; all but the lossy ones exact."""
    return {
        "baseline.jpg": encoded(image, "JPEG", quality=92),
        "progressive.jpg": encoded(image, "JPEG", quality=92, progressive=True),
        "restart-markers.jpg": encoded(image, "JPEG", quality=92, restart_marker_blocks=4),
        "arithmetic-free-444.jpg": encoded(image, "JPEG", quality=95, subsampling=0, optimize=True),
        "truecolour.png": encoded(image, "PNG"),
        "interlaced.png": interlaced_png(image),
        "sixteen-bit.png": sixteen_bit_png(image),
        "rgba.png": encoded(image.convert("RGBA"), "PNG"),
        "still.gif": encoded(image.quantize(255), "GIF"),
        "interlaced.gif": encoded(image.quantize(255), "GIF", interlace=1),
        "animated.gif": animated(image, "GIF"),
        "lossy.webp": encoded(image, "WEBP", quality=90),
        "lossless.webp": encoded(image, "WEBP", lossless=True),
        "animated.webp": animated(image, "WEBP", lossless=True),
        "strips.tif": tiff(image),
        "strips-lzw.tif": encoded(image, "TIFF", compression="tiff_lzw"),
        "strips-deflate.tif": tiff(image, compression=8),
        "tiles.tif": tiff(image, tile=64),
        "big.tif": tiff(image, big=True),
        "big-tiles-deflate.tif": tiff(image, big=True, tile=32, compression=8),
        "big-endian.tif": tiff(image, order=">"),
        "planar.tif": tiff(image, planar=True),
        "sixteen-bit.tif": tiff(image, bits=16),
        "several-pages.tif": encoded(image, "TIFF", save_all=True, append_images=other_pages(image)),
        "packbits.tif": encoded(image, "TIFF", compression="packbits"),
        "jpeg-inside.tif": encoded(image, "TIFF", compression="jpeg", quality=95),
        "still.avif": encoded(image, "AVIF", quality=90, speed=9),
    }


def other_pages(image, count=3):
    """Pictures of the same size that look nothing like it."""
    return [Image.new("RGB", image.size, colour) for colour in [(250, 0, 250), (0, 250, 250), (9, 9, 9)][:count]]


def animated(image, format, **options):
    """An animation that begins with the picture."""
    frames = [image, *other_pages(image)]
    if format == "GIF":
        frames = [frames[0].quantize(255), *(frame.quantize(4) for frame in frames[1:])]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100, **options)


def turned(image, orientation, format="JPEG", **options):
    """The picture stored turned, with the EXIF orientation that turns it back."""
    operation = STORED.get(orientation)
    stored = image.transpose(operation) if operation is not None else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored, format, exif=exif, **options)


# JPEG


def segment(marker, body):
    """A marker segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg, *segments):
    """The JPEG with segments inserted after its first marker."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def cmyk(image):
    """The picture in four inks, some of the colour moved to black."""
    c, m, y = (band.point(lambda v: 255 - v) for band in image.split())
    black = Image.merge("RGB", (c, m, y)).convert("L").point(lambda v: v // 4)
    return Image.merge("CMYK", (c, m, y, black))


def light_left(inks):
    """The plain conversion of inks to light: each takes its share."""
    data = inks.tobytes()
    paper = bytes(255 - k for k in data[3::4])
    bands = []
    for band in range(3):
        left = bytes(((255 - ink) * light + 127) // 255 for ink, light in zip(data[band::4], paper))
        bands.append(Image.frombytes("L", inks.size, left))
    return Image.merge("RGB", bands)


def ycck_jpeg(inks):
    """Inks as YCCK: the same numbers stored as YCbCr and K, with Adobe's marker saying so."""
    c, m, y, k = inks.split()
    light = Image.merge("RGB", (c, m, y)).convert("YCbCr")
    # Pillow inverts inks as Adobe does and says transform 0; transform 2 stands for YCbCr made of the ink, plus K.
    stored = [band.point(lambda v: 255 - v) for band in light.split()] + [k]
    data = bytearray(encoded(Image.merge("CMYK", stored), "JPEG", quality=95, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


# PNG


def chunk(kind, body):
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth, colour, idat, interlace=0, before=b"", between=b"", after=b""):
    """A PNG of compressed data that is given, and chunks before, after and (as text) around it."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + between + chunk(b"IDAT", idat) + after
            + chunk(b"IEND", b""))


def sixteen_bit_png(image):
    stride = image.width * 3
    wide = bytes(byte for sample in image.tobytes() for byte in (sample, sample))
    rows = b"".join(b"\0" + wide[y * stride * 2:(y + 1) * stride * 2] for y in range(image.height))
    return png(image.width, image.height, 16, 2, zlib.compress(rows))


def interlaced_png(image):
    """Adam7: seven passes of ever finer grids."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    pixels, rows = image.load(), []
    for left, top, across, down in passes:
        for y in range(top, image.height, down):
            row = bytes(sample for x in range(left, image.width, across) for sample in pixels[x, y])
            if row:
                rows.append(b"\0" + row)
    return png(image.width, image.height, 8, 2, zlib.compress(b"".join(rows)), interlace=1)


# TIFF


def tiff_file(directories, order="<", big=False, data=b""):
    """A TIFF of directories {tag: (type, values)}; `data` lies right after the header, at `tiff_data_start`."""
    word, size = ("Q", 8) if big else ("I", 4)
    codes, sizes = {1: "B", 2: "B", 3: "H", 4: "I", 5: "I", 11: "f", 12: "d", 16: "Q"}, {}
    out = bytearray(tiff_header(order, big)) + data
    link = 8 if big else 4
    for fields in directories:
        out += b"\0" * (-len(out) % 8)
        spilled = {}
        for tag, (kind, values) in fields.items():
            body = struct.pack(f"{order}{len(values)}{codes[kind]}", *values)
            if len(body) > size:
                spilled[tag] = len(out)
                out += body + b"\0" * (-len(body) % 8)
            sizes[tag] = body
        struct.pack_into(order + word, out, link, len(out))
        out += struct.pack(order + ("Q" if big else "H"), len(fields))
        for tag, (kind, values) in sorted(fields.items()):
            count = len(values) // 2 if kind == 5 else len(values)
            out += struct.pack(f"{order}HH{word}", tag, kind, count)
            out += struct.pack(order + word, spilled[tag]) if tag in spilled else sizes[tag].ljust(size, b"\0")
        link = len(out)
        out += struct.pack(order + word, 0)
    return bytes(out)


def tiff_header(order="<", big=False):
    mark = b"II" if order == "<" else b"MM"
    return mark + (struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0))


def tiff_fields(width, height, samples=3, bits=8, photometric=2, compression=1, **extra):
    """The fields that every picture has, with others by number: tag_339=(3, [3])."""
    fields = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples), 259: (3, [compression]),
              262: (3, [photometric]), 277: (3, [samples]), 284: (3, [1])}
    return fields | {int(name.removeprefix("tag_")): value for name, value in extra.items()}


def raw_tiff(width, height, data, order="<", big=False, **fields):
    """A TIFF of one strip that holds `data` as it is."""
    start = len(tiff_header(order, big))
    fields = tiff_fields(width, height, **fields)
    fields = {273: (4, [start]), 278: (4, [height]), 279: (4, [len(data)])} | fields
    return tiff_file([fields], order, big, data)


def tiff(image, bits=8, compression=1, tile=None, big=False, order="<", planar=False, photometric=2):
    """The picture as TIFF: strips of 16 rows or square tiles, plain (1) or deflated (8)."""
    samples, (width, height) = len(image.getbands()), image.size
    planes = list(image.split()) if planar else [image]
    if tile:
        boxes = [(x, y, x + tile, y + tile) for y in range(0, height, tile) for x in range(0, width, tile)]
    else:
        boxes = [(0, y, width, min(y + 16, height)) for y in range(0, height, 16)]
    pieces = []
    for plane in planes:
        for box in boxes:
            raw = plane.crop(box).tobytes()
            if bits == 16:
                raw = bytes(byte for sample in raw for byte in (sample, sample))
            pieces.append(zlib.compress(raw) if compression == 8 else raw)
    place, places = len(tiff_header(order, big)), []
    for piece in pieces:
        places.append(place)
        place += len(piece)
    fields = tiff_fields(width, height, samples, bits, photometric, compression)
    fields[284] = (3, [2 if planar else 1])
    counts = (4, [len(piece) for piece in pieces])
    if tile:
        fields |= {322: (4, [tile]), 323: (4, [tile]), 324: (4, places), 325: counts}
    else:
        fields |= {273: (4, places), 278: (4, [16]), 279: counts}
    return tiff_file([fields], order, big, b"".join(pieces))


# GIF


def gif_header(width, height, colours=((40, 90, 160), (200, 200, 200))):
    """Header, screen and a colour table of two."""
    table = b"".join(bytes(colour) for colour in colours)
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + table


def gif_frame(left, top, width, height, codes=b"\x44\x01"):
    """One frame; unless told otherwise with the data of a single pixel."""
    blocks = b"".join(bytes([len(part)]) + part for part in (codes[i:i + 255] for i in range(0, len(codes), 255)))
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02" + blocks + b"\0"
