"""What others decode with: a file to the pixels of the network's size, uint8 RGB, (224, 224, 3).

The shorter side is brought to 256, the longer side follows, and the middle 224 × 224 are cut out. All but
`pillow-full` shrink by 2, 4 or 8 inside the JPEG decoder as far as the picture stays larger than wanted.
"""

import numpy as np

SHORTER_SIDE, SIDE = 256, 224


def fitted(width, height):
    scale = SHORTER_SIDE / min(width, height)
    return tuple(max(SHORTER_SIDE, int(side * scale + 0.5)) for side in (width, height))


def centre(width, height):
    return (width - SIDE) // 2, (height - SIDE) // 2


def shrink_of(width, height):
    """The largest of 8, 4 and 2 that leaves the shorter side long enough."""
    return next((shrink for shrink in (8, 4, 2) if min(width, height) / shrink >= SHORTER_SIDE), 1)


def resized_by_pillow(image):
    """Bicubic, and antialiased."""
    from PIL import Image

    size = fitted(*image.size)
    left, top = centre(*size)
    image = image.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def with_pillow(path, draft=True):
    """Pillow's draft mode, then its bicubic filter."""
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        if draft:
            opened.draft("RGB", fitted(*opened.size))
        image = ImageOps.exif_transpose(opened).convert("RGB")
    return resized_by_pillow(image)


def with_pyvips(path):
    """libvips's own thumbnail: shrinks while loading, one pass, sequential."""
    import pyvips

    image = pyvips.Image.thumbnail(str(path), SHORTER_SIDE, height=SHORTER_SIDE, crop="centre")
    if image.hasalpha():
        image = image.flatten(background=255)
    margin = (SHORTER_SIDE - SIDE) // 2
    return image.colourspace("srgb").crop(margin, margin, SIDE, SIDE).numpy()


def shrunk_by_opencv(image):
    """Averages over areas, which is what OpenCV recommends for shrinking."""
    import cv2

    height, width = image.shape[:2]
    size = fitted(width, height)
    left, top = centre(*size)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)[top:top + SIDE, left:left + SIDE]


def with_opencv(path):
    """OpenCV decodes shrunk, turns upright, and resizes; the size comes from a look at the header."""
    import cv2
    import simplejpeg

    with open(path, "rb") as file:
        data = file.read()
    height, width = simplejpeg.decode_jpeg_header(data)[:2]
    flag = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2,
            1: cv2.IMREAD_COLOR}[shrink_of(width, height)]
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    return np.ascontiguousarray(shrunk_by_opencv(image)[:, :, ::-1])


def scaled_by_turbojpeg(path):
    """libjpeg-turbo's own interface decodes shrunk. Ignores the orientation that EXIF tells."""
    import simplejpeg

    with open(path, "rb") as file:
        data = file.read()
    height, width = simplejpeg.decode_jpeg_header(data)[:2]
    shrink = shrink_of(width, height)
    return simplejpeg.decode_jpeg(data, "RGB", min_height=-(-height // shrink), min_width=-(-width // shrink),
                                  min_factor=1)


def with_simplejpeg(path):
    return np.ascontiguousarray(shrunk_by_opencv(scaled_by_turbojpeg(path)))


def with_simplejpeg_bicubic(path):
    from PIL import Image

    return resized_by_pillow(Image.fromarray(scaled_by_turbojpeg(path)))


DECODERS = {
    "pillow-draft": with_pillow,
    "pyvips-thumbnail": with_pyvips,
    "opencv-reduced": with_opencv,
    "simplejpeg-scaled": with_simplejpeg,
    "simplejpeg-bicubic": with_simplejpeg_bicubic,
    "pillow-full": lambda path: with_pillow(path, draft=False),
}


def prepare(decoder):
    """One thread, and nothing kept from one picture to the next."""
    if decoder == "pyvips-thumbnail":
        import pyvips

        pyvips.concurrency_set(1)
        pyvips.cache_set_max(0)
    elif decoder in ("opencv-reduced", "simplejpeg-scaled"):
        import cv2

        cv2.setNumThreads(1)
    return DECODERS[decoder]
