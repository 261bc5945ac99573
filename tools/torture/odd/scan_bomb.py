"""A progressive JPEG in which every scan is legal and there are very many of them (ITU-T T.81, annex G).

Each coefficient is sent by itself, and one bit at a time: 63 coefficients × 14 bit positions × 3 components. All
are zero, so that a scan over the whole frame is a handful of "end of band" runs; a decoder walks the frame for
each.
"""

import struct

from encoders import segment

LUMA, BLUE_DIFFERENCE, RED_DIFFERENCE = 1, 2, 3
RUN_BITS = 14  # the longest run of empty blocks is 2^14 to 2^15 - 1


def scan_bomb(side, scans):
    """A flat grey picture of `side`² pixels, a multiple of 8, in so many scans."""
    blocks = (side // 8) ** 2
    out = [b"\xff\xd8", segment(0xDB, b"\0" + b"\1" * 64), frame(side)]
    # DC: category 0 has the code 0. AC: a run of 2^14 blocks and more has the code 0, a run of 1 the code 10.
    out.append(huffman_table(0x00, [0x00]))
    out.append(huffman_table(0x10, [0xE0, 0x00]))
    out.append(scan_header([LUMA, BLUE_DIFFERENCE, RED_DIFFERENCE], 0, 0, 0, 0) + packed("0" * 3 * blocks))
    empty = end_of_band_runs(blocks)
    for position in range(13, -1, -1):
        for coefficient in range(1, 64):
            for component in (LUMA, BLUE_DIFFERENCE, RED_DIFFERENCE):
                if scans <= 1:
                    return b"".join(out) + b"\xff\xd9"
                high = 0 if position == 13 else position + 1
                out.append(scan_header([component], coefficient, coefficient, high, position) + empty)
                scans -= 1
    return b"".join(out) + b"\xff\xd9"


def frame(side):
    components = b"".join(bytes([number, 0x11, 0]) for number in (LUMA, BLUE_DIFFERENCE, RED_DIFFERENCE))
    return segment(0xC2, struct.pack(">BHHB", 8, side, side, 3) + components)


def huffman_table(kind, symbols):
    """One symbol gets the code 0, two get 0 and 10."""
    lengths = bytes([1, len(symbols) - 1]) + bytes(14)
    return segment(0xC4, bytes([kind]) + lengths + bytes(symbols))


def scan_header(components, first, last, high, low):
    body = bytes([len(components)]) + b"".join(bytes([number, 0x00]) for number in components)
    return segment(0xDA, body + bytes([first, last, high << 4 | low]))


def end_of_band_runs(blocks):
    """Runs that cover the frame: long ones (code 0) with their length in 14 bits, or single ones (code 10)."""
    longest = (1 << RUN_BITS + 1) - 1
    if blocks < 1 << RUN_BITS:
        return packed("10" * blocks)
    count = -(-blocks // longest)
    runs = [blocks // count + (i < blocks % count) for i in range(count)]
    return packed("".join("0" + format(run - (1 << RUN_BITS), f"0{RUN_BITS}b") for run in runs))


def packed(bits):
    """Bits as bytes, filled with ones; a byte of ones is followed by a zero."""
    bits += "1" * (-len(bits) % 8)
    if not bits:
        return b""
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")
