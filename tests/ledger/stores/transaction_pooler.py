"""What a connection pooler does, PgBouncer for example: many clients share few connections to PostgreSQL.

In transaction mode, a client has a connection from its first statement until no transaction is open; in session mode,
until it disconnects; in statement mode, there is no transaction. As such poolers do, it answers the start of a
connection itself, with a number of its own.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from queue import LifoQueue
from struct import pack, unpack
from threading import Thread
from typing import Literal

import psycopg

Mode = Literal["statement", "transaction", "session"]

_SSL_REQUEST = 80_877_103
_GSS_REQUEST = 80_877_104
_REPORTED = ("server_version", "server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes")


@contextmanager
def pooler(url: str, mode: Mode, connections: int) -> Iterator[int]:
    """The port of a pooler of this many connections to the server at `url`."""
    with ExitStack() as stack:
        free: LifoQueue[socket.socket] = LifoQueue()
        reported: dict[str, str] = {}
        for _ in range(connections):
            connection = stack.enter_context(closing(psycopg.connect(url, autocommit=True)))
            reported = {name: connection.info.parameter_status(name) or "" for name in _REPORTED}
            free.put(stack.enter_context(socket.socket(fileno=os.dup(connection.pgconn.socket))))
        for server in free.queue:
            server.setblocking(True)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        Thread(target=_accept, args=(listener, free, reported, mode), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Wakes the thread that accepts.
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, free: LifoQueue[socket.socket], reported: dict[str, str], mode: Mode) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            Thread(target=_serve, args=(client, free, reported, mode), daemon=True).start()


def _serve(client: socket.socket, free: LifoQueue[socket.socket], reported: dict[str, str], mode: Mode) -> None:
    server: socket.socket | None = None
    with client, suppress(OSError, EOFError):
        try:
            _welcome(client, reported)
            while True:
                kind, message = _message(client)
                if kind == b"X" or (mode == "statement" and b"BEGIN" in message):
                    return
                if server is None:
                    server = free.get()
                server.sendall(message)
                # Simple queries, and the end of a series of messages of the extended protocol.
                if kind in {b"Q", b"S"}:
                    end = _pass_back(server, client)
                    # Before the client knows that its transaction has ended.
                    if end[-1:] == b"I" and mode != "session":
                        free.put(server)
                        server = None
                    client.sendall(end)
        finally:
            if server is not None:
                for statement in (b"ROLLBACK", b"DISCARD ALL"):
                    server.sendall(_packed(b"Q", statement + b"\0"))
                    while _message(server)[0] != b"Z":
                        pass
                free.put(server)


def _welcome(client: socket.socket, reported: dict[str, str]) -> None:
    """The start of a connection. The client needs no password."""
    while True:
        (length,) = unpack(">I", _exactly(client, 4))
        (code,) = unpack(">I", _exactly(client, length - 4)[:4])
        if code not in {_SSL_REQUEST, _GSS_REQUEST}:
            break
        client.sendall(b"N")
    parameters = b"".join(_packed(b"S", f"{name}\0{value}\0".encode()) for name, value in reported.items())
    number = pack(">II", secrets.randbits(31), secrets.randbits(31))
    client.sendall(_packed(b"R", pack(">I", 0)) + parameters + _packed(b"K", number) + _packed(b"Z", b"I"))


def _pass_back(server: socket.socket, client: socket.socket) -> bytes:
    """Passes the answers to the client, and returns the last one, which ends with the state of the transaction."""
    while True:
        kind, message = _message(server)
        if kind == b"Z":
            return message
        # A client that has gone leaves no answer in the connection for the next one.
        with suppress(OSError):
            client.sendall(message)


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    kind, length = _exactly(source, 1), _exactly(source, 4)
    return kind, kind + length + _exactly(source, unpack(">I", length)[0] - 4)


def _packed(kind: bytes, content: bytes) -> bytes:
    return kind + pack(">I", len(content) + 4) + content


def _exactly(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = source.recv(size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found
