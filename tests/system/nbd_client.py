# SPDX-License-Identifier: Apache-2.0
"""A tiny NBD client: many requests in flight, replies as they come. For tests of the forgetting disk."""
import socket
import struct

READ, WRITE, DISCONNECT, FLUSH = range(4)
REQUEST_MAGIC, REPLY_MAGIC = 0x25609513, 0x67446698


class NbdClient:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.lengths = {}  # handle -> bytes that follow its reply
        self.last_handle = 0
        self.size = self._handshake()

    def _receive(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError("the disk hung up")
            data += part
        return data

    def _handshake(self):
        magic, option_magic, flags = struct.unpack(">8s8sH", self._receive(18))
        assert (magic, option_magic) == (b"NBDMAGIC", b"IHAVEOPT") and flags & 1, "not a newstyle NBD server"
        export = struct.pack(">IH", 0, 0)  # the default one, no further information
        self.socket.sendall(struct.pack(">I", 3) + b"IHAVEOPT" + struct.pack(">II", 7, len(export)) + export)
        size = None
        while True:
            _, _, kind, length = struct.unpack(">QIII", self._receive(20))
            data = self._receive(length)
            if kind == 3 and data[:2] == b"\0\0":
                size, self.flags = struct.unpack(">QH", data[2:12])
            elif kind == 1:
                return size
            elif kind >= 0x80000000:
                raise ConnectionError(f"option refused: {kind:#x}")

    def submit(self, command, offset=0, length=0, data=b""):
        """Sends a request, does not wait; returns its handle."""
        self.last_handle += 1
        handle = self.last_handle
        self.lengths[handle] = length if command == READ else 0
        size = len(data) if command == WRITE else length
        self.socket.sendall(struct.pack(">IHHQQI", REQUEST_MAGIC, 0, command, handle, offset, size) + data)
        return handle

    def reply(self):
        """The next reply, whichever request it belongs to: (handle, error, data)."""
        magic, error, handle = struct.unpack(">IIQ", self._receive(16))
        assert magic == REPLY_MAGIC, "not a reply"
        length = self.lengths.pop(handle)
        return handle, error, self._receive(length) if error == 0 else b""

    def call(self, command, offset=0, length=0, data=b""):
        handle = self.submit(command, offset, length, data)
        answered, error, answer = self.reply()
        assert answered == handle, "another request was in flight"
        if error:
            raise OSError(error, "refused by the disk")
        return answer

    def read(self, offset, length):
        return self.call(READ, offset, length)

    def write(self, offset, data):
        self.call(WRITE, offset, data=data)

    def flush(self):
        self.call(FLUSH)

    def close(self):
        self.socket.close()
