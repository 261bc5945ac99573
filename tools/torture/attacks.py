"""What clients may do to a server, by malice or by accident; each attack says how the server took it."""

import asyncio
import os
import random
import time

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
HEALTH = GET % (b"/healthz", b"")
SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%s\r\n"
# What a refusal may be; 500 never.
REFUSALS = range(400, 500)


class Client:
    """One connection, seen as bytes."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port):
        return cls(*await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port, limit=1 << 22), 10))

    async def send(self, data, patience=30):
        """Sends; false when the server has closed or does not take it."""
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), patience)
            return True
        except (OSError, asyncio.TimeoutError):
            return False

    async def read_all(self, patience=30):
        """What comes until the server closes, and whether it did."""
        received = b""
        end = time.monotonic() + patience
        while True:
            try:
                chunk = await asyncio.wait_for(self.reader.read(1 << 16), max(0.01, end - time.monotonic()))
            except asyncio.TimeoutError:
                return received, False
            except OSError:
                return received, True
            if not chunk:
                return received, True
            received += chunk

    def close(self):
        self.writer.transport.abort()


def statuses(received):
    """The statuses of all answers in what came; a body that looks like an answer would count as well."""
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]


async def exchange(port, data, patience=30):
    """Sends all, and returns what came back and whether the server closed."""
    client = await Client.open(port)
    try:
        # A server that refuses early may stop reading; what it said still counts.
        sending = asyncio.create_task(client.send(data, patience))
        result = await client.read_all(patience)
        sending.cancel()
        return result
    finally:
        client.close()


async def drip(port, beginning, drop, seconds, every=0.5):
    """Sends a beginning and then a drop now and then; returns seconds until the server closed (None: not), and what it
    said."""
    start = time.monotonic()
    try:
        client = await Client.open(port)
    except (OSError, asyncio.TimeoutError):
        return 0.0, b""
    try:
        await client.send(beginning)
        reading = asyncio.create_task(client.read_all(seconds))
        while time.monotonic() - start < seconds and not reading.done():
            await asyncio.wait([reading], timeout=every)
            if not await client.send(drop):
                break
        received, closed = await reading
        return (time.monotonic() - start if closed else None), received
    finally:
        client.close()


async def half_open(port, count, seconds, during=None):
    """Connections that say nothing, or only the beginning of a request; returns how many were ended by the server."""
    clients = []
    for number in range(count):
        try:
            client = await Client.open(port)
        except (OSError, asyncio.TimeoutError):
            continue
        if number % 2:
            await client.send(b"GET /healthz HTTP/1.1\r\nHost: loc")
        clients.append(client)
    result = await during() if during else None
    await asyncio.sleep(seconds)
    ended = sum(client.reader.at_eof() or client.reader.exception() is not None for client in clients)
    for client in clients:
        client.close()
    return ended, result


def forms(generator, count):
    """Bodies that are almost forms, each with its content type."""
    for number in range(count):
        boundary = bytes(generator.choices(b"abcXYZ019'()+_,-./:=?", k=generator.randint(1, 80)))
        part = b"--%s\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n%s\r\n"
        body = bytearray(part % (boundary, os.urandom(generator.randint(0, 2000))) * generator.randint(0, 20)
                         + b"--" + boundary + b"--\r\n")
        for _ in range(generator.randint(1, 8)):
            place = generator.randrange(len(body) + 1)
            match generator.randrange(4):
                case 0: del body[place:place + generator.randint(1, 30)]
                case 1: body[place:place] = generator.choice([b"\r\n", b"--", b"\r\n--" + boundary, b"\0", b"\"", b"\n"])
                case 2: body[place:place + 1] = bytes([generator.randrange(256)])
                case 3: body[place:place] = body[place:place + 200]
        kind = b"multipart/form-data; boundary=" + generator.choice([boundary, b"\"%s\"" % boundary, b"", b"\"", boundary[:1]])
        yield kind, bytes(body)


TARGETS = [
    b"/../../../../etc/passwd", b"/..%2f..%2f..%2fetc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"//etc/passwd",
    b"/style.css/../../../etc/passwd", b"/..\\..\\etc\\passwd", b"/etc/passwd%00.png", b"/%00", b"/v1/images/../../etc/passwd",
    b"/v1/images/%2fetc%2fpasswd/thumbnail", b"/v1/images/-1", b"/v1/images/99999999999999999999", b"/v1/images/1%00/thumbnail",
    b"/v1/images/1/thumbnail?size=../../x", b"/v1/images/1/similar?limit=1e9", b"/%c0%ae%c0%ae/etc/passwd", b"/.git/config",
    b"file:///etc/passwd", b"http://localhost/../../etc/passwd", b"/index.html", b"/Web/app.js", b"/proc/self/environ",
    b"/v1/images/1/thumbnail?size=%", b"/" + b"a" * 12_000, b"/v1/judging?skip=" + b"1," * 5000,
]

GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 1000, b"\r\n" * 20_000,
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"G" * 100_000, b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    SEARCH % (b"image/jpeg", b"Content-Length: 5\r\nContent-Length: 7\r\n") + b"12345GET / H",
    SEARCH % (b"image/jpeg", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\n" + HEALTH,
    SEARCH % (b"image/jpeg", b"Content-Length: -5\r\n") + b"12345", SEARCH % (b"image/jpeg", b"Content-Length: 99999999999999999999\r\n"),
    SEARCH % (b"image/jpeg", b"Transfer-Encoding: chunked\r\n") + b"fffffffffffffffff\r\nx",
    SEARCH % (b"image/jpeg", b"Transfer-Encoding: chunked\r\n") + b"-1\r\nx\r\n0\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: localhost\n\n", b"GET\t/healthz\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
]


async def pipelined(port, generator, seconds):
    """Requests without a pause, whole ones and broken ones, whose answers nobody reads at first; returns their statuses."""
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        requests = [GET % (generator.choice([b"/", b"/app.js", b"/healthz", b"/nowhere"]), b"") for _ in range(300)]
        requests.insert(generator.randrange(len(requests)), generator.choice(GARBAGE))
        received, _ = await exchange(port, b"".join(requests), patience=5)
        seen += statuses(received)
    return seen


def generator(seed, name):
    return random.Random(f"{seed} {name}")
