# SPDX-License-Identifier: Apache-2.0
"""An NBD server in a thread, with the faults that a real one is not asked to have: exports that make nothing
durable, or are for reading only; a server that hangs up after some requests, or never says a word."""

import socket
import struct
import threading

HAS_FLAGS, READ_ONLY, SEND_FLUSH, SEND_FUA = 1, 2, 4, 8
OPTION_EXPORT_NAME, OPTION_ABORT, OPTION_GO = 1, 2, 7
READ, WRITE, DISCONNECT, FLUSH = range(4)
REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 1, 3, 0x80000001
OPTION_REPLY_MAGIC, REQUEST_MAGIC, REPLY_MAGIC = 0x3E889045565A9, 0x25609513, 0x67446698


class NbdServer:
    def __init__(self, path, content, flags=SEND_FLUSH | SEND_FUA, requests=None, silent=False):
        """`requests`: in place of the answer to the next after so many it hangs up, and is gone."""
        self.content, self.flags, self.requests, self.silent = bytearray(content), flags, requests, silent
        self.uri = f"nbd+unix:///?socket={path}"
        self.seen = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        # close() alone would not wake who waits in accept().
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                if self.silent:
                    client.recv(1)  # until the client gives up
                elif self.negotiate(client):
                    while self.request(client):
                        pass
            except OSError:
                pass

    @staticmethod
    def receive(client, count):
        data = b""
        while len(data) < count:
            part = client.recv(count - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def negotiate(self, client):
        client.sendall(b"NBDMAGICIHAVEOPT" + struct.pack(">H", 3))
        self.receive(client, 4)
        while True:
            _, option, length = struct.unpack(">QII", self.receive(client, 16))
            self.receive(client, length)

            def reply(kind, data=b""):
                client.sendall(struct.pack(">QIII", OPTION_REPLY_MAGIC, option, kind, len(data)) + data)
            if option == OPTION_GO:
                reply(REPLY_INFO, struct.pack(">HQH", 0, len(self.content), HAS_FLAGS | self.flags))
                reply(REPLY_ACK)
                return True
            if option == OPTION_ABORT:
                reply(REPLY_ACK)
                return False
            reply(REPLY_UNSUPPORTED)

    def request(self, client):
        _, flags, command, handle, offset, length = struct.unpack(">IHHQQI", self.receive(client, 28))
        data = self.receive(client, length) if command == WRITE else b""
        if command == DISCONNECT:
            return False
        if self.requests is not None and len(self.seen) >= self.requests:
            self.close()
            return False
        self.seen.append((command, flags))
        if command == WRITE:
            self.content[offset:offset + length] = data
        answer = bytes(self.content[offset:offset + length]) if command == READ else b""
        client.sendall(struct.pack(">IIQ", REPLY_MAGIC, 0, handle) + answer)
        return True
