"""A client of RESP2 and RESP3 with a parser of its own.

A reply is a tuple: its type byte and its value. Lists, sets and maps are tuples of replies. CLOSED stands for a
connection that the server has ended.
"""

import socket

CLOSED = ("closed", None)
LISTS = {b"*": 1, b"~": 1, b">": 1, b"%": 2}


class Broken(Exception):
    """The server has sent something that is not RESP."""


def encode(words):
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


class Connection:
    def __init__(self, address, timeout):
        if "/" in address:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb", 65536)

    def close(self):
        self.input.close()
        self.socket.close()

    def send(self, data):
        """A server may end the connection before it has read everything: its reply says so."""
        try:
            self.socket.sendall(data)
        except ConnectionError:
            pass

    def send_all_of_it(self, data):
        """Sends the last bytes: the server sees the end of the connection after them."""
        self.send(data)
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def read(self):
        try:
            line = self.input.readline()
            if line == b"":
                return CLOSED
            if not line.endswith(b"\r\n"):
                raise Broken(line)
            return self.value(line[:1], line[1:-2])
        except ConnectionError:
            return CLOSED

    def read_to_end(self):
        replies = []
        while not replies or replies[-1] != CLOSED:
            replies.append(self.read())
        return replies

    def value(self, kind, rest):
        if kind in b"+-,(":
            return (kind, rest)
        if kind == b":":
            return (kind, int(rest))
        if kind in b"$=":
            size = int(rest)
            return (kind, None if size < 0 else self.bulk(size))
        if kind in LISTS:
            size = int(rest)
            return (kind, None if size < 0 else tuple(self.read() for _ in range(size * LISTS[kind])))
        if kind in b"_#":
            return (kind, rest)
        raise Broken(kind + rest)

    def bulk(self, size):
        data = self.input.read(size + 2)
        if len(data) < size + 2:
            raise ConnectionResetError
        if data[-2:] != b"\r\n":
            raise Broken(data)
        return data[:-2]
