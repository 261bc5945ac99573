"""Damages real files in the ways that decoders fear, each file decided by the seed and its number alone."""

import random
import re
import struct
import zlib

from encoders import chunk, cmyk, encoded, every_format, turned, ycck_jpeg

NASTY = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)


class Mutator:
    """Makes damaged file number n from a stock of good ones."""

    def __init__(self, seed, stock):
        self._seed = seed
        self._stock = sorted(stock.items())

    def file(self, number):
        """The name and bytes of one damaged file."""
        chance = random.Random(f"{self._seed} {number}")
        name, data = chance.choice(self._stock)
        data = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
            if len(data) > 8:
                chance.choice(WAYS)(data, chance, self)
        if data.startswith(b"\x89PNG") and chance.random() < 0.7:
            data = with_right_checksums(data)
        return f"{number:06d}-{name}", bytes(data)

    def other(self, chance):
        return chance.choice(self._stock)[1]


def stock(photographs, count=4):
    """Small good files of every format and several colour modes, by name."""
    files = {}
    for number in range(count):
        picture = photographs.take(size=[(64, 48), (31, 77), (120, 90), (16, 16)][number % 4])
        for name, data in every_format(picture).items():
            files[f"{number}-{name}"] = data
        inks = cmyk(picture)
        files |= {f"{number}-cmyk.jpg": encoded(inks, "JPEG"), f"{number}-ycck.jpg": ycck_jpeg(inks),
                  f"{number}-grey.jpg": encoded(picture.convert("L"), "JPEG"),
                  f"{number}-turned.jpg": turned(picture, 6), f"{number}-palette.png":
                  encoded(picture.quantize(16), "PNG"), f"{number}-fax.tif":
                  encoded(picture.convert("1"), "TIFF", compression="group4"),
                  f"{number}-grey-alpha.png": encoded(picture.convert("LA"), "PNG")}
    return files


# Ways of damage: each changes the bytes in place.


def flip_bits(data, chance, _):
    for _ in range(chance.choice((1, 1, 4, 16))):
        data[place(data, chance)] ^= 1 << chance.randrange(8)


def set_bytes(data, chance, _):
    for _ in range(chance.choice((1, 2, 8))):
        data[place(data, chance)] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))


def set_number(data, chance, _):
    """A number of 2, 4 or 8 bytes becomes one at the edge of its range."""
    width, order = chance.choice("HIQ"), chance.choice("<>")
    size = struct.calcsize(width)
    if len(data) > size:
        value = chance.choice(NASTY) & (1 << 8 * size) - 1
        struct.pack_into(order + width, data, min(place(data, chance), len(data) - size), value)


def delete_piece(data, chance, _):
    start = place(data, chance)
    del data[start:start + extent(chance)]


def double_piece(data, chance, _):
    start = place(data, chance)
    piece = data[start:start + extent(chance)]
    data[start:start] = piece * chance.choice((1, 1, 2, 50))


def insert_noise(data, chance, _):
    start = place(data, chance)
    data[start:start] = chance.randbytes(extent(chance))


def splice(data, chance, mutator):
    """The beginning of one file and the end of another."""
    other = mutator.other(chance)
    data[place(data, chance):] = other[chance.randrange(len(other)):]


def exchange_pieces(data, chance, _):
    one, other, size = place(data, chance), place(data, chance), extent(chance)
    data[one:one + size], data[other:other + size] = data[other:other + size], data[one:one + size]


def cut(data, chance, _):
    del data[place(data, chance):]


def attack_length(data, chance, _):
    """A length, count or offset of the format itself becomes one that cannot be right."""
    fields = list(length_fields(data))
    if fields:
        start, width = chance.choice(fields)
        size = struct.calcsize(width)
        old = struct.unpack_from(width, data, start)[0]
        new = chance.choice((*NASTY, old + 1, old - 1, old * 2, old // 2, old ^ 1 << chance.randrange(8 * size)))
        struct.pack_into(width, data, start, new & (1 << 8 * size) - 1)


def attack_inside(data, chance, _):
    """What is deflated in a PNG is damaged and deflated again, so that the damage is behind the checksums."""
    body = b"".join(bytes(piece) for kind, piece in png_chunks(data) if kind == b"IDAT")
    try:
        rows = bytearray(zlib.decompressobj().decompress(body, 1 << 22))
    except zlib.error:
        return
    if len(rows) > 8:
        chance.choice((flip_bits, set_bytes, delete_piece, double_piece, cut))(rows, chance, None)
        before = [chunk(kind, bytes(piece)) for kind, piece in png_chunks(data) if kind not in (b"IDAT", b"IEND")]
        data[8:] = b"".join(before) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


WAYS = (flip_bits, flip_bits, set_bytes, set_number, delete_piece, double_piece, insert_noise, splice,
        exchange_pieces, cut, attack_length, attack_length, attack_length, attack_inside)


def place(data, chance):
    """An offset; every other time among the first bytes, where the headers are."""
    return chance.randrange(min(len(data), 200) if chance.random() < 0.5 else len(data))


def extent(chance):
    return chance.choice((1, 2, 4, 16, 64, 256, 1024))


def length_fields(data):
    """Offsets and struct codes of the lengths, sizes and offsets that the format has."""
    if data.startswith(b"\xff\xd8"):
        for match in re.finditer(rb"\xff[\xc0-\xcf\xda-\xdf\xe0-\xef\xfe](?=..)", bytes(data), re.DOTALL):
            yield match.end(), ">H"
            if data[match.start() + 1] in (0xC0, 0xC1, 0xC2) and match.end() + 7 < len(data):
                yield from ((match.end() + 3, ">H"), (match.end() + 5, ">H"))
    elif data.startswith(b"\x89PNG"):
        offset = 8
        while offset + 12 <= len(data):
            yield offset, ">I"
            offset += 12 + struct.unpack_from(">I", data, offset)[0]
        if len(data) > 24:
            yield from ((16, ">I"), (20, ">I"))
    elif data.startswith(b"GIF8"):
        yield from ((6, "<H"), (8, "<H"))
        for match in re.finditer(rb"[,!]", bytes(data[:2000])):
            if match.end() + 8 < len(data):
                yield from ((match.end() + step, "<H") for step in (0, 2, 4, 6))
    elif data.startswith(b"RIFF"):
        yield 4, "<I"
        for match in re.finditer(rb"VP8[ LX]|AN[IM][MF]|ALPH|EXIF|ICCP", bytes(data)):
            if match.end() + 12 < len(data):
                yield from ((match.end(), "<I"), (match.end() + 4, "<I"), (match.end() + 8, "<I"))
    elif data[:2] in (b"II", b"MM"):
        yield from tiff_length_fields(data)
    elif data[4:8] == b"ftyp":
        boxes = rb"meta|iinf|iloc|iprp|ipco|ispe|pixi|av1C|ipma|mdat|infe|iref|hdlr|pitm"
        for match in re.finditer(boxes, bytes(data)):
            yield match.start() - 4, ">I"
            if match.end() + 12 < len(data):
                yield from ((match.end() + 4, ">I"), (match.end() + 8, ">I"))


def tiff_length_fields(data):
    order = "<" if data[:2] == b"II" else ">"
    big = len(data) > 16 and struct.unpack_from(order + "H", data, 2)[0] == 43
    word, entry, count = ("Q", 20, "Q") if big else ("I", 12, "H")
    start = 8 if big else 4
    yield start, order + word
    if len(data) < start + 8:
        return
    directory = struct.unpack_from(order + word, data, start)[0]
    if directory + 8 > len(data):
        return
    yield directory, order + count
    entries = struct.unpack_from(order + count, data, directory)[0]
    for number in range(min(entries, 40)):
        field = directory + struct.calcsize(count) + number * entry
        if field + entry <= len(data):
            yield from ((field, order + "H"), (field + 2, order + "H"), (field + 4, order + word))
            yield field + 4 + struct.calcsize(word), order + word


def png_chunks(data):
    offset = 8
    while data.startswith(b"\x89PNG") and offset + 12 <= len(data):
        length = struct.unpack_from(">I", data, offset)[0]
        yield bytes(data[offset + 4:offset + 8]), data[offset + 8:offset + 8 + length]
        offset += 12 + length


def with_right_checksums(data):
    """The PNG with checksums that fit its chunks again, lengths that lead beyond its end left alone."""
    offset = 8
    while offset + 12 <= len(data):
        length = struct.unpack_from(">I", data, offset)[0]
        if offset + 12 + length > len(data):
            break
        checksum = zlib.crc32(bytes(data[offset + 4:offset + 8 + length]))
        struct.pack_into(">I", data, offset + 8 + length, checksum)
        offset += 12 + length
    return data
