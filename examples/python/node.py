#!/usr/bin/env python3
"""A node: publishes heartbeats until it is asked to stop, and then says goodbye. Needs pyzmq.

    node.py tcp://127.0.0.1:7710 edge edge-1 1
"""

import hashlib
import signal
import struct
import sys
import threading
import time

import zmq


def heartbeat(group, name, interval, incarnation, sequence, sent, leaving=False):
    """One frame as docs/protocol.md has it, in the long form: it says the node's name every time."""
    key = hashlib.sha256(f"{group}/{name}".encode()).digest()[:8]
    group, name, labels = group.encode(), name.encode(), b"{}"
    return (
        struct.pack("<2s8sBBfIIq", b"PH", key, 1, 2 + leaving, interval, incarnation, sequence % 2**32, sent)
        + struct.pack("B", len(group)) + group + struct.pack("B", len(name)) + name
        + struct.pack("<H", len(labels)) + labels
    )


def main(endpoint, group, name, interval):
    context = zmq.Context()
    socket = context.socket(zmq.PUB)
    socket.immediate = True  # without a connection nothing is queued: a late heartbeat is worthless
    socket.sndhwm = 16
    socket.linger = 0
    socket.connect(endpoint)

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())

    incarnation = int(time.time())
    start = time.monotonic()
    sequence = 0
    while True:
        socket.send(heartbeat(group, name, interval, incarnation, sequence, time.monotonic_ns()))
        # Numbers follow the schedule: what a pause of ours swallowed shows as missing.
        sequence = max(sequence + 1, int((time.monotonic() - start) / interval))
        if stopped.wait(max(0, start + sequence * interval - time.monotonic())):
            break
    socket.send(heartbeat(group, name, interval, incarnation, sequence, time.monotonic_ns(), leaving=True))
    socket.close(linger=500)  # milliseconds for the goodbye to get out
    context.term()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:4], float(sys.argv[4]))
