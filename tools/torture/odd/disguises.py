"""Files that are no pictures under the names of pictures, and files that are two things at once."""

import io
import struct
import zipfile

from encoders import chunk, encoded, segment
from odd.item import DAMAGED, either, readable, refused

NO_PICTURE = {"not-an-image", "unsupported-format"}

TEXTS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="100000" height="100000"><rect width="9"/></svg>',
    "svg-xml": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
               b'<svg xmlns="http://www.w3.org/2000/svg"><text>&b;&b;&b;</text></svg>',
    "svg-after-spaces": b"\n \t <svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
    "svg-marked": b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
           b"trailer<</Root 1 0 R>>\n%%EOF\n",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n0 0 moveto 100 100 lineto stroke\nshowpage\n",
    "matrix": b"3 3 1 0\n0 1 0\n1 4 1\n0 1 0\n",
    "matrix-large": b"20000 20000 1 0\n" + b"1 " * 20_000,
    "csv": b"1,2,3\n4,5,6\n7,8,9\n",
    "ppm": b"P6 2 2 255\n" + bytes(12),
    "ppm-huge": b"P6 65535 65535 255\n" + bytes(12),
    "pgm-text": b"P2 2 2 255\n1 2 3 4\n",
    "pfm": b"PF\n2 2\n-1.0\n" + bytes(48),
    "analyze": struct.pack("<i", 348) + bytes(344),
    "radiance": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 2\n" + bytes(16),
    "openexr": b"\x76\x2f\x31\x01" + bytes(64),
    "fits": b"SIMPLE  =                    T" + b" " * 50,
    "icon": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0" + bytes(64),
    "photoshop": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 65535, 65535, 8, 3),
    "jpeg-2000": struct.pack(">I4sI", 12, b"jP  ", 0x0D0A870A) + bytes(64),
    "jpeg-xl": b"\xff\x0a" + bytes(64),
    "jpeg-xl-box": struct.pack(">I4sI", 12, b"JXL ", 0x0D0A870A) + bytes(64),
    "qoi": b"qoif" + struct.pack(">IIBB", 65535, 65535, 3, 0) + bytes(8),
    "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "script": b"#!/bin/sh\ntouch /tmp/pwned\n",
    "delegate": b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://localhost/x.jpg\"|touch \"x)'\n",
    "film": struct.pack(">I4s4sI4s", 24, b"ftyp", b"isom", 512, b"mp41") + bytes(4) + bytes(64),
    "quicktime": struct.pack(">I4s4sI", 16, b"ftyp", b"qt  ", 0) + bytes(64),
    "sound": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
    "riff-of-nothing": b"RIFF" + struct.pack("<I", 4) + b"WEBP",
    "program": b"\x7fELF\2\1\1" + bytes(57),
    "archive": b"PK\5\6" + bytes(18),
    "gzip": b"\x1f\x8b\x08" + bytes(40),
    "database": b"SQLite format 3\0" + bytes(84),
    "utf-16": "picture".encode("utf-16") * 20,
    "one-byte": b"\xff",
    "jpeg-start-only": b"\xff\xd8\xff",
    "jpeg-start-and-end": b"\xff\xd8\xff\xd9",
    "png-signature-only": b"\x89PNG\r\n\x1a\n",
    "png-end-only": b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
    "png-line-ends-converted": b"\x89PNG\n\x1a\n" + bytes(64),
    "gif-signature-only": b"GIF89a",
    "tiff-signature-only": b"II*\0",
    "heif-signature-only": struct.pack(">I4s4sI", 16, b"ftyp", b"heic", 0),
}


def items(photographs, random):
    """All of them."""
    extensions = ["jpg", "png", "gif", "webp", "tif", "heic", "avif"]
    for number, (name, data) in enumerate(TEXTS.items()):
        reasons = NO_PICTURE | DAMAGED if name.endswith(("-only", "-end", "nothing")) else NO_PICTURE
        yield refused(f"disguises/{name}.{extensions[number % 7]}", "disguises", data, reasons)
    for extension in extensions:
        yield refused(f"disguises/matrix-as.{extension}", "disguises", TEXTS["matrix"], NO_PICTURE)
        noise = random.randbytes(5000)
        yield refused(f"disguises/noise-as.{extension}", "disguises", noise, NO_PICTURE | DAMAGED)
    for format in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF"):
        data = encoded(photographs.take(size=(64, 48)), format)
        garbled = data[:16] + random.randbytes(len(data) - 16)
        name = f"disguises/noise-behind-a-start.{format.lower()}"
        yield refused(name, "disguises", garbled, NO_PICTURE | DAMAGED)
        name = f"disguises/zeros-behind-a-start.{format.lower()}"
        # To WebP's arithmetic decoder zeros are a picture like any other.
        make = either if format == "WEBP" else refused
        yield make(name, "disguises", data[:32] + bytes(len(data)), reasons=NO_PICTURE | DAMAGED)
    yield from polyglots(photographs)


def polyglots(photographs):
    """Pictures that are something else as well. What shows is the picture."""
    kind = "polyglots"
    picture = photographs.take()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("inside.txt", "hello")
    jpeg = encoded(picture, "JPEG", quality=92)
    yield readable("polyglots/jpeg-and-zip.jpg", kind, jpeg + archive.getvalue(), picture)
    picture = photographs.take(size=(96, 72))
    palette = picture.quantize(255)
    gif = bytearray(encoded(palette, "GIF"))
    # "GIF89a" is a name, "/*" begins a comment: the width is 0x2a2f, the height stays.
    script = bytes(gif) + b"*/=1;alert(1)"
    yield readable("polyglots/gif-and-script.gif", kind, script, palette.convert("RGB"))
    struct.pack_into("<H", gif, 6, 0x2A2F)
    yield either("polyglots/gif-is-script.gif", kind, bytes(gif) + b"*/=1;alert(1)", None)
    picture = photographs.take()
    data = encoded(picture, "JPEG", quality=92)
    document = data[:2] + segment(0xFE, b"\n%PDF-1.4\n1 0 obj<<>>endobj\n") + data[2:] + b"\ntrailer<<>>\n%%EOF"
    yield readable("polyglots/jpeg-and-pdf.jpg", kind, document, picture)
    yield refused("polyglots/pdf-and-jpeg.jpg", kind, TEXTS["pdf"] + data, NO_PICTURE)
    picture = photographs.take()
    page = segment(0xFE, b"--><html><script>alert(1)</script><!--")
    data = encoded(picture, "JPEG", quality=92)
    yield readable("polyglots/jpeg-and-page.jpg", kind, data[:2] + page + data[2:], picture)
    picture, other = photographs.take(), photographs.take()
    data = encoded(picture, "PNG")
    yield readable("polyglots/png-and-png.png", kind, data + encoded(other, "PNG"), picture)
    picture, other = photographs.take(), photographs.take()
    data = encoded(picture, "JPEG", quality=92) + encoded(other, "JPEG")
    yield readable("polyglots/jpeg-and-jpeg.jpg", kind, data, picture)
    picture, inner = photographs.take(), photographs.take(size=(64, 48))
    thumbnail = segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<I", 8) + bytes(6) + encoded(inner, "JPEG"))
    data = encoded(picture, "JPEG", quality=92)
    yield readable("polyglots/jpeg-with-another-inside.jpg", kind, data[:2] + thumbnail + data[2:], picture)
    yield refused("polyglots/archive-and-png.png", kind, archive.getvalue() + encoded(picture, "PNG"), NO_PICTURE)
    picture = photographs.take()
    data = encoded(picture, "PNG")
    script = chunk(b"tEXt", b"Comment\0<?php system($_GET['c']); ?>")
    yield readable("polyglots/png-and-script.png", kind, data[:33] + script + data[33:], picture)
    picture = photographs.take()
    data = encoded(picture, "WEBP", lossless=True)
    yield readable("polyglots/webp-and-tail.webp", kind, data + b"\0" * 70_000, picture)
