#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The forgetting disk from its socket: out of order, flushed data survives a cut, the rest may not."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

from forgetting_disk import ForgettingDisk
from nbd_client import FLUSH, READ, WRITE, NbdClient

PROGRAM = Path(os.environ.get("STELE_FORGETTING_DISK", "forgetting-disk"))
SIZE = 1 << 20
BLOCK = 4096


def block(value):
    return bytes([value]) * BLOCK


class ForgettingDiskTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.image = Path(self.folder.name) / "disk.img"
        self.image.write_bytes(bytes(SIZE))
        self.disk = None

    def tearDown(self):
        if self.disk is not None:
            self.disk.close()
        self.folder.cleanup()

    def start(self, *arguments, seed=1):
        self.disk = ForgettingDisk(PROGRAM, self.image, self.folder.name, seed, arguments)
        client = NbdClient(self.disk.socket)
        self.addCleanup(client.close)
        return client

    def on_platter(self, number):
        return self.image.read_bytes()[number * BLOCK:(number + 1) * BLOCK]

    def test_announces_size_and_flush(self):
        client = self.start()
        self.assertEqual(client.size, SIZE)
        self.assertTrue(client.flags & 4)

    def test_replies_come_out_of_order(self):
        client = self.start()
        handles = [client.submit(WRITE, i * BLOCK, data=block(i + 1)) for i in range(100)]
        replies = [client.reply()[0] for _ in handles]
        self.assertEqual(sorted(replies), handles)
        self.assertNotEqual(replies, handles)
        self.assertEqual(client.read(7 * BLOCK, BLOCK), block(8))
        client.close()

    def test_replies_come_in_order_when_told(self):
        client = self.start("--no-reorder")
        handles = [client.submit(WRITE, i * BLOCK, data=block(i + 1)) for i in range(50)]
        self.assertEqual([client.reply()[0] for _ in handles], handles)

    def test_flushed_data_survives_and_the_rest_is_forgotten(self):
        client = self.start("--keep", 0)
        client.write(0, block(1))
        client.flush()
        client.write(BLOCK, block(2))
        self.assertEqual(client.read(BLOCK, BLOCK), block(2))
        report = self.disk.cut()
        self.assertEqual(self.on_platter(0), block(1))
        self.assertEqual(self.on_platter(1), block(0))
        names = ("pending_writes", "dropped_writes", "pending_sectors", "completed_flushes")
        self.assertEqual([report[name] for name in names], [1, 1, 8, 1])

    def test_a_cut_tears_writes_by_sector(self):
        client = self.start("--keep", 0.5)
        for i in range(20):
            client.write(i * BLOCK, block(i + 1))
        report = self.disk.cut()
        self.assertGreater(report["torn_writes"], 10)
        self.assertGreater(report["reordered_writes"], 10)
        kept = sum(self.on_platter(i)[s * 512] != 0 for i in range(20) for s in range(8))
        self.assertEqual(kept, report["kept_sectors"])
        self.assertEqual(kept + report["dropped_sectors"], 160)

    def test_a_cut_at_a_flush_comes_before_it_takes_effect(self):
        client = self.start("--keep", 0, "--cut-after-flushes", 2)
        client.write(0, block(1))
        client.flush()
        client.write(BLOCK, block(2))
        client.submit(FLUSH)
        report = self.disk.wait_for_cut(5)
        names = ("flushes", "completed_flushes", "pending_writes")
        self.assertEqual([report[name] for name in names], [2, 1, 1])
        self.assertEqual(self.on_platter(0), block(1))
        self.assertEqual(self.on_platter(1), block(0))

    def test_a_flush_does_not_cover_a_write_in_flight(self):
        client = self.start("--keep", 0, "--delay-us", 100000)
        flush_first = 0
        for attempt in range(20):  # the flush comes while the write is in flight, and at times overtakes it
            write = client.submit(WRITE, attempt * BLOCK, data=block(9))
            client.submit(FLUSH)
            first, _, _ = client.reply()
            client.reply()
            flush_first += first != write
        report = self.disk.cut()
        self.assertGreater(flush_first, 2)
        # Later flushes cover the earlier writes; the last write was in flight at the last flush.
        self.assertEqual(report["pending_writes"], 1)
        self.assertEqual(self.on_platter(19), block(0))
        self.assertEqual(self.on_platter(18), block(9))

    def test_cut_after_events_and_writes(self):
        client = self.start("--cut-after-writes", 5)
        for i in range(5):
            client.submit(WRITE, i * BLOCK, data=block(1))
        report = self.disk.wait_for_cut(10)
        self.assertEqual(report["writes"], 5)
        self.assertLessEqual(report["events"], 10)
        client.close()
        self.assertEqual(self.disk.process.wait(10), 0)

    def test_cut_after_time_hangs_the_client_until_it_goes(self):
        client = self.start("--cut-after-ms", 50)
        self.disk.wait_for_cut(10)
        client.submit(READ, 0, 512)
        client.socket.settimeout(0.1)
        with self.assertRaises(TimeoutError):
            client.reply()
        self.assertIsNone(self.disk.process.poll())
        client.close()
        self.assertEqual(self.disk.process.wait(10), 0)

    def test_an_honest_disk_keeps_completed_writes(self):
        client = self.start("--keep", 0, "--mode", "honest")
        client.write(0, block(3))
        self.disk.cut()
        self.assertEqual(self.on_platter(0), block(3))

    def test_quit_keeps_everything_and_the_next_client_is_served(self):
        client = self.start()
        client.write(0, block(4))
        client.close()
        again = NbdClient(self.disk.socket)
        self.addCleanup(again.close)
        self.assertEqual(again.read(0, BLOCK), block(4))
        self.assertEqual(self.disk.stats()["completed_writes"], 1)
        self.disk.quit()
        self.assertEqual(self.on_platter(0), block(4))

    def test_the_same_seed_makes_the_same_damage(self):
        left = []
        for _ in range(2):
            self.image.write_bytes(bytes(SIZE))
            client = self.start("--no-reorder", seed=77)
            for i in range(10):
                client.write(i * BLOCK, block(i + 1))
            self.disk.cut()
            self.disk.close()
            left.append(self.image.read_bytes())
        self.assertEqual(left[0], left[1])

    def test_requests_outside_the_disk_are_refused(self):
        client = self.start()
        for offset, length in ((SIZE, 512), (SIZE - 512, 1024), (100, 512)):
            with self.assertRaises(OSError):
                client.read(offset, length)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = Path(sys.argv.pop(1))
    unittest.main()
