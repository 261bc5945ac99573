"""Libraries of the tests' own, made with the command and served by it."""

import contextlib
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Servers:
    """Serves libraries, and knows the addresses of those it has served."""

    def __init__(self, binary):
        self.binary = binary
        self.urls = []

    def index(self, library, *arguments):
        subprocess.run([self.binary, "index", *arguments, "--library", library], check=True, stdout=subprocess.DEVNULL)

    @contextlib.contextmanager
    def serving(self, library, *arguments):
        """Yields the address at which a library is served."""
        server = subprocess.Popen(
            [self.binary, "serve", "--library", library, "--port", "0", *arguments], stdout=subprocess.PIPE, text=True)
        try:
            self.urls.append(announced_url(server))
            yield self.urls[-1]
            server.send_signal(signal.SIGTERM)
            if server.wait(timeout=30) != 0:
                sys.exit(f"the server ended with status {server.returncode} when it was asked to stop")
        finally:
            server.kill()
            server.wait()

    @contextlib.contextmanager
    def library(self, *arguments):
        """Yields a new library's folder, into which `arguments` of `lookalike index` have been indexed."""
        with folder() as library:
            if arguments:
                self.index(library, *arguments)
            yield library


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="lookalike-browser-test-") as path:
        yield pathlib.Path(path)


def pictures_in(folder):
    pictures = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    return pictures or sys.exit(f"{folder} holds no picture; name another folder with --images")


@contextlib.contextmanager
def gathered(folders):
    """Yields a folder with copies of the pictures, the last of them there three times: as it is, with the same content
    under another name, and nearly the same, for a byte after a JPEG's end changes its content and not its picture."""
    with folder() as copies:
        for each in folders:
            shutil.copytree(each, copies / each.name)
        last = pictures_in(copies)[-1]
        more = copies / "zz-copies"
        more.mkdir()
        shutil.copy(last, more / f"same-as-{last.name}")
        (more / f"nearly-{last.name}").write_bytes(last.read_bytes() + b"\0")
        yield copies


def photographed(jpeg, camera, taken):
    """Returns a JPEG's bytes with a camera's model and a time (`2020:05:01 12:00:00`) in its Exif data."""
    camera, taken = camera.encode() + b"\0", taken.encode() + b"\0"
    # A TIFF header and two directories: entries of tag, type, count, and value or the place of the value. Exif 2.3, 4.6.
    entry = struct.Struct("<HHII").pack
    second = 8 + 2 + 2 * 12 + 4
    values = second + 2 + 12 + 4
    tiff = b"II*\0" + struct.pack("<IH", 8, 2)
    tiff += entry(0x0110, 2, len(camera), values) + entry(0x8769, 4, 1, second) + bytes(4)
    tiff += struct.pack("<H", 1) + entry(0x9003, 2, len(taken), values + len(camera)) + bytes(4) + camera + taken
    segment = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def announced_url(server):
    """Returns the address in the server's `Serving …` line, and keeps reading so that its pipe never fills."""
    for line in server.stdout:
        if found := re.search(r"Serving .*?(http://\S+)", line):
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return found[1].rstrip("/")
    sys.exit(f"the server ended with status {server.wait()} before it served anything")
