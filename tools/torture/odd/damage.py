"""Pictures that break off, and pictures under a wrong name."""

from encoders import encoded, every_format
from odd.item import DAMAGED, either, readable, refused

# Where a file is cut: bytes from its start, then shares of its length, then bytes before its end.
FIRST_BYTES = (1, 3, 11, 29)
SHARES = (0.1, 0.5, 0.9)
LAST_BYTES = (1,)


def items(photographs, random):
    """Each format whole, cut at many points, and empty."""
    picture = photographs.take(size=(128, 96))
    everything = every_format(picture)
    for name, data in everything.items():
        stem, extension = name.split(".")
        yield readable(f"whole/{name}", "every format, whole", data, twin(picture, name, data))
        cuts = {f"{count}-bytes": count for count in FIRST_BYTES}
        cuts |= {f"{share:.0%}": round(len(data) * share) for share in SHARES}
        cuts |= {f"all-but-{count}": len(data) - count for count in LAST_BYTES}
        if name in EVERYWHERE:
            cuts |= {f"at-{place}": place for place in sorted(random.sample(range(30, len(data)), 8))}
        for label, length in cuts.items():
            # What lacks only its end marker may still be shown whole; anything else shown would be a part.
            yield either(f"truncated/{stem}-{extension}-{label}.{extension}", "truncated", data[:length],
                         twin(picture, name, data), DAMAGED)
    for extension in ("jpg", "png", "gif", "webp", "tif", "heic", "avif"):
        yield refused(f"empty/nothing.{extension}", "empty", b"", {"empty"})
        yield refused(f"empty/zeros.{extension}", "empty", bytes(4096), {"not-an-image"})
    yield from wrong_names(photographs)


EVERYWHERE = {"baseline.jpg", "progressive.jpg", "truecolour.png", "interlaced.png", "animated.gif", "lossy.webp",
              "strips.tif", "big-tiles-deflate.tif", "still.avif"}


def twin(picture, name, data):
    """What the file shows: the picture itself, or with a GIF what is left of it in 255 colours."""
    return picture.quantize(255).convert("RGB") if name.endswith(".gif") else picture


def wrong_names(photographs):
    """The content decides, not the extension: each format under another's name."""
    pairs = [("JPEG", "png"), ("PNG", "jpg"), ("GIF", "jpeg"), ("WEBP", "gif"), ("TIFF", "webp"), ("AVIF", "tif"),
             ("PNG", "heic"), ("JPEG", "bmp"), ("PNG", "svg"), ("JPEG", "cr2"), ("WEBP", "jxl"), ("JPEG", "JPG")]
    for format, extension in pairs:
        picture = photographs.take()
        name = f"wrong-extension/{format.lower()}-as.{extension}"
        data = encoded(picture.quantize(255) if format == "GIF" else picture, format, **LOSSLESS.get(format, {}))
        yield readable(name, "wrong extension", data, twin(picture, f".{format.lower()}", data))


LOSSLESS = {"WEBP": {"lossless": True}, "JPEG": {"quality": 92}, "AVIF": {"quality": 90, "speed": 9}}
