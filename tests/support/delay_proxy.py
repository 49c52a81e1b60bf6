#!/usr/bin/env python3
"""A TCP proxy that makes the way longer: every byte leaves DELAY milliseconds after it came, in both directions, in order.

    tests/support/delay_proxy.py LISTEN-PORT TARGET-PORT DELAY      a round trip is 2 x DELAY

or `with DelayProxy(target_port, milliseconds) as proxy: proxy.port`, which runs it as a process of its own."""
import asyncio
import contextlib
import pathlib
import socket
import subprocess
import sys

from gatepost_test import wait_until
from peers_base import free_port


async def carry(reader, writer, delay):
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    async def release():
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not piece:
                writer.close()
                return
            writer.write(piece)

    releasing = asyncio.create_task(release())
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            queue.put_nowait((loop.time() + delay, piece))
    queue.put_nowait((loop.time() + delay, b""))
    await releasing


async def serve(port, target, delay):
    async def session(reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        with contextlib.suppress(OSError):
            await asyncio.gather(carry(reader, there_writer, delay), carry(there_reader, writer, delay))

    async with await asyncio.start_server(session, "127.0.0.1", port) as server:
        await server.serve_forever()


class DelayProxy:
    def __init__(self, target, milliseconds):
        self.port = free_port()
        self.words = [sys.executable, str(pathlib.Path(__file__)), str(self.port), str(target), str(milliseconds)]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._open, 10, "the delay proxy listens")
        return self

    def _open(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
