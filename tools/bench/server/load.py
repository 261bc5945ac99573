"""Clients that ask a server over and over on connections that stay open, many at once in one thread.

A library of HTTP would cost more than what is measured; this one knows answers with a Content-Length, which are all there are.
"""

import collections
import random
import selectors
import socket
import time

HEAD_END = b"\r\n\r\n"


class Load:
    """`clients` connections, each of which sends its next request when its last was answered, or at its turn of `rate`."""

    def __init__(self, port, clients, request, rate=None):
        self.request, self.rate = request, rate
        self.selector = selectors.DefaultSelector()
        self.times, self.failures = [], {}
        self.free = collections.deque()
        self.turn = 0
        for _ in range(clients):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            connection = Connection(sock)
            self.selector.register(sock, selectors.EVENT_READ, connection)
            self.free.append(connection)

    def run(self, seconds):
        """Asks for so long; returns how long it really took, the last answers included."""
        start = time.perf_counter()
        end = start + seconds
        busy = 0
        while True:
            now = time.perf_counter()
            while self.free and now < end and self.may_start(now - start):
                # A request that had to wait for a free connection is as late as its asker would find it.
                due = start + self.turn / self.rate if self.rate else now
                # In turn: one that is never used would be closed for being idle.
                self.send(self.free.popleft(), due)
                self.turn += 1
                busy += 1
            if now >= end and busy == 0:
                return now - start
            for key, events in self.selector.select(0.001 if self.rate else 1):
                if self.advance(key.data, events):
                    self.free.append(key.data)
                    busy -= 1

    def may_start(self, elapsed):
        return self.rate is None or self.turn / self.rate <= elapsed

    def send(self, connection, due):
        connection.due = due
        connection.unsent = memoryview(self.request())
        connection.received = b""
        self.flush(connection)

    def flush(self, connection):
        try:
            sent = connection.sock.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        connection.unsent = connection.unsent[sent:]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if len(connection.unsent) else 0)
        self.selector.modify(connection.sock, events, connection)

    def advance(self, connection, events):
        """Sends and receives what there is; true when the answer is complete."""
        if events & selectors.EVENT_WRITE:
            self.flush(connection)
        if not events & selectors.EVENT_READ:
            return False
        chunk = connection.sock.recv(1 << 18)
        if not chunk:
            raise SystemExit(f"the server closed a connection behind {connection.received[:200]!r}")
        connection.received += chunk
        if not connection.is_complete():
            return False
        self.times.append(time.perf_counter() - connection.due)
        status = int(connection.received[9:12])
        if status != 200:
            self.failures[status] = self.failures.get(status, 0) + 1
        return True

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.data.sock.close()
        self.selector.close()


class Connection:
    def __init__(self, sock):
        self.sock, self.due, self.unsent, self.received = sock, 0.0, memoryview(b""), b""

    def is_complete(self):
        head, separator, body = self.received.partition(HEAD_END)
        if not separator:
            return False
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return len(body) >= int(line.split(b":")[1])
        raise SystemExit(f"an answer without a length: {head!r}")


def similar(ids, limit, seed=1):
    """Makes requests for what is similar to pictures of the library, drawn at random."""
    chance = random.Random(seed)
    return lambda: (f"GET /v1/images/{chance.choice(ids)}/similar?limit={limit} HTTP/1.1\r\n"
                    "Host: localhost\r\n\r\n").encode()


def uploads(pictures, limit):
    """Makes requests that bring pictures, one after the other."""
    turn = 0

    def request():
        nonlocal turn
        body = pictures[turn % len(pictures)]
        turn += 1
        return (f"POST /v1/search?limit={limit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    return request


def mixed(ids, pictures, limit, share):
    """Makes requests of which this share brings a picture."""
    chance, by_id, by_upload = random.Random(2), similar(ids, limit), uploads(pictures, limit)
    return lambda: by_upload() if chance.random() < share else by_id()
