"""Odd names, odd kinds of file, links, loops, depths; what is passed over."""

import os
import socket
import stat

from encoders import encoded
from odd.item import Item, as_bytes, below_excluded, either, excluded, folder, readable, refused

LINK = {"symbolic-link"}
LOOP = {"symbolic-link", "folder-loop"}
NO_FILE = {"not-a-file"}
# A folder that cannot be listed stands for everything below it.
TOO_DEEP = {"unreadable-folder", "unreadable", "path-too-long"}

NAMES = {
    "newline": b"new\nline.jpg", "return": b"carriage\rreturn.jpg", "tab": b"a\ttab.jpg", "bell": b"bell\x07.jpg",
    "escape": b"\x1b[31mred\x1b[0m.jpg", "delete": b"delete\x7f.jpg", "backslash": b"back\\slash\\n.jpg",
    "dash": b"-rf.jpg", "two-dashes": b"--library=x.jpg", "space": b" leading space.jpg", "spaces": b"  .jpg",
    "trailing-space": b"trailing.jpg ", "quotes": b"it's \"quoted\" `x` $HOME $(x).jpg",
    "percent": b"100%s%n%20.jpg", "brackets": b"pages[page=0].jpg", "brackets-end": b"x.jpg[0]",
    "options": b"x[shrink=8,access=random].jpg",
    "star": b"*?.jpg", "colon": b"c:\\x.jpg", "semicolon": b"a;b&c|d.jpg", "tilde": b"~root.jpg", "hash": b"#x.jpg",
    "not-utf-8": b"caf\xe9.jpg", "not-utf-8-at-all": b"\xff\xfe\x80.jpg", "half-a-character": b"x\xe2\x82.jpg",
    "overlong": b"x\xc0\xafy.jpg", "surrogate": b"x\xed\xa0\x80.jpg", "emoji": "🏝️👩‍👩‍👧.jpg".encode(),
    "right-to-left": "صورة\u202egpj.jpg".encode(), "composed": "é.jpg".encode(),
    "decomposed": "e\u0301.jpg".encode(),
    "line-separator": "a\u2028b\u0085c.jpg".encode(), "zero-width": "a\u200bb\ufeff.jpg".encode(),
    "capitals": b"HOLIDAY.JPG", "mixed": b"holiday.JpEg", "two-extensions": b"x.txt.jpg",
    "long": b"n" * 251 + b".jpg",
    "long-characters": "長".encode() * 83 + b".jpg", "dot-jpg-dot": b"x..jpg", "con": b"CON.jpg",
    "sql": b"'; DROP TABLE file; --.jpg", "json": b'{"a":"\\u0000"}.jpg', 
    "html": b"<img src=x onerror=alert(1)>.jpg",
    "ack": b"x\nACK injected.jpg",
}


def items(photographs, random):
    """All of them."""
    for label, name in NAMES.items():
        picture = photographs.take(size=(96, 72))
        path = b"names/" + as_bytes(label) + b"/" + name
        data = encoded(picture, "JPEG", quality=92)
        if label in ("trailing-space", "brackets-end"):
            yield excluded(path, "odd names", data, "not-a-picture")
        else:
            yield readable(path, "odd names", data, picture)
    picture = photographs.take(size=(96, 72))
    data = encoded(picture, "PNG")
    for name in (b"fold\ner", b"-folder", b"f\xffolder", b" ", b"folder[0]", b"folder.jpg", b"\\n"):
        yield readable(b"names/folders/" + name + b"/picture.png", "odd names", data, picture)
    yield from links(photographs)
    yield from special_files()
    yield from sizes(photographs)
    yield from depths(photographs)
    yield from passed_over(photographs)


def linking(target):
    return lambda path: os.symlink(target, path)


def links(photographs):
    kind = "links and loops"
    picture = photographs.take()
    data = encoded(picture, "JPEG", quality=92)
    yield readable("links/picture.jpg", kind, data, picture)
    yield readable("links/hard-link.jpg", kind,
                   lambda path: os.link(os.path.join(os.path.dirname(path), b"picture.jpg"), path), picture)
    yield readable("links/folder/copy.jpg", kind, data, picture)
    yield Item(b"../outside-the-tree.jpg", kind, data, below_excluded=True)
    for name, target in [("to-picture", b"picture.jpg"), ("dangling", b"nowhere.jpg"),
                         ("out", b"../../outside-the-tree.jpg"), ("absolute", b"/etc/passwd"),
                         ("null", b"/dev/null"), ("zeros", b"/dev/zero"), ("long", b"x" * 4000), ("memory", b"/proc/self/mem"),
                         ("terminal", b"/dev/tty")]:
        yield refused(f"links/{name}.jpg", kind, linking(target), LINK)
    yield refused("links/itself.jpg", kind, linking(b"itself.jpg"), LOOP)
    yield refused("links/ping.jpg", kind, linking(b"pong.jpg"), LOOP)
    yield refused("links/pong.jpg", kind, linking(b"ping.jpg"), LOOP)
    folders = [("here", b"."), ("up", b".."), ("root", b"/"), ("folder-link", b"folder"), ("proc", b"/proc")]
    for name, target in folders:
        yield refused(f"links/{name}", kind, linking(target), LOOP)
    yield refused("links/a/to-b", kind, linking(b"../b"), LOOP)
    yield refused("links/b/to-a", kind, linking(b"../a"), LOOP)
    yield excluded("links/dangling.txt", kind, linking(b"nowhere"), "not-a-picture")


def special_files():
    kind = "kinds of file"

    def listening(path):
        # The name of a socket may have 107 bytes; its folder may be reached by a shorter one.
        here = os.open(os.path.dirname(path), os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(b"/proc/self/fd/%d/%s" % (here, os.path.basename(path)))
        os.close(here)

    def device(path):
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))

    yield refused("kinds/pipe.jpg", kind, os.mkfifo, NO_FILE)
    yield refused("kinds/socket.png", kind, listening, NO_FILE)
    yield excluded("kinds/pipe", kind, os.mkfifo, "not-a-picture")
    if os.geteuid() == 0:
        yield refused("kinds/zeros-device.jpg", kind, device, NO_FILE)
    yield Item(b"kinds/empty-folder.jpg/.keep", kind, b"", exclusions=frozenset({"hidden"}))
    yield Item(b"kinds/folder.png/notes.txt", kind, b"x", exclusions=frozenset({"not-a-picture"}))


def sizes(photographs):
    kind = "kinds of file"
    picture = photographs.take()
    jpeg = encoded(picture, "JPEG", quality=92)

    def sparse(count, start=b""):
        def make(path):
            with open(path, "wb") as file:
                file.write(start)
                file.truncate(count)
        return make

    reasons = {"too-many-bytes", "not-an-image"}
    yield refused("kinds/sparse-300-mb.jpg", kind, sparse(300 << 20), reasons, heavy=True)
    yield refused("kinds/sparse-300-mb-picture.jpg", kind, sparse(300 << 20, jpeg), {"too-many-bytes"}, heavy=True)
    yield refused("kinds/sparse-1-tb.jpg", kind, sparse(1 << 40, jpeg), {"too-many-bytes"}, heavy=True)
    yield readable("kinds/sparse-250-mb-picture.jpg", kind, sparse(250 << 20, jpeg), picture, heavy=True)

    def unreadable(path):
        sparse(len(jpeg), jpeg)(path)
        os.chmod(path, 0)

    # Root may read it all the same.
    yield either("kinds/mode-000.jpg", kind, unreadable, picture, {"unreadable"})

    def dated(seconds):
        def make(path):
            sparse(len(jpeg), jpeg)(path)
            os.utime(path, (seconds, seconds))
        return make

    for label, seconds in [("1901", -2**31), ("1969", -1), ("2106", 2**32), ("2446", 15_000_000_000)]:
        yield readable(f"kinds/from-{label}.jpg", kind, dated(seconds), picture)


def depths(photographs):
    kind = "depth"
    picture = photographs.take(size=(96, 72))
    data = encoded(picture, "PNG")
    for depth in (10, 100):
        path = b"depth-%d/" % depth + b"/".join([b"d"] * depth) + b"/picture.png"
        yield readable(path, kind, data, picture)
    near = b"depth-near/" + b"/".join([b"n" * 250] * 14) + b"/picture.png"
    yield readable(near, kind, data, picture)
    # Beyond PATH_MAX no name reaches; the folder that cannot be entered must say so.
    parts = [b"depth-beyond", *[b"f" * 250] * 20, b"picture.png"]
    yield refused(b"/".join(parts), kind, reaching_down(parts, data), TOO_DEEP)


def reaching_down(parts, data):
    """Makes a file in folders too deep for any name, one folder at a time."""
    def make(path):
        here = os.open(path, os.O_RDONLY)
        for name in parts[:-1]:
            try:
                os.mkdir(name, dir_fd=here)
            except FileExistsError:
                pass
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        file = os.open(parts[-1], os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
        os.write(file, data)
        os.close(file)
        os.close(here)
    make.takes_root = True
    return make


def passed_over(photographs):
    kind = "passed over"
    picture = photographs.take(size=(96, 72))
    data = encoded(picture, "PNG")
    for name in (".hidden", ".Trash", ".git", "@eaDir", "$RECYCLE.BIN", "#recycle", "System Volume Information"):
        yield excluded(f"passed-over/{name}", kind, folder, "hidden", "system-folder")
        yield below_excluded(f"passed-over/{name}/picture.png", kind, data)
        yield below_excluded(f"passed-over/{name}/deeper/picture.png", kind, data)
    yield excluded("passed-over/.hidden.jpg", kind, data, "hidden")
    yield excluded("passed-over/._resource.jpg", kind, b"\0\5\x16\7" + bytes(78), "hidden", "system-folder")
    for name in ("notes.txt", "film.mp4", "sidecar.xmp", "Thumbs.db", "noextension", "jpg", "picture.jpg~",
                 "x.jpg.part"):
        yield excluded(f"passed-over/{name}", kind, data, "not-a-picture", "system-folder")
    yield excluded("passed-over/by-pattern", kind, folder, "pattern")
    yield below_excluded("passed-over/by-pattern/picture.png", kind, data)
    yield excluded("passed-over/draft-1.png", kind, data, "pattern")
    yield readable("passed-over/not-a-draft.png", kind, data, picture)


# What the run is told to pass over; `passed_over` counts on it.
PATTERNS = ("by-pattern/", "draft-*")
