"""Sends heartbeats for groups with one node per interval. Heartbeats that are due while it is stopped are skipped.

    small_groups.py ENDPOINT GROUPS SECONDS [SECONDS ...]
"""

import hashlib
import heapq
import struct
import sys
import time

import zmq


def frame(group, node, interval, incarnation, sequence):
    name = f"{group}/{node}".encode()
    head = struct.pack(
        "<2s8sBBfIIq", b"PH", hashlib.sha256(name).digest()[:8], 1, 2, interval, incarnation, sequence, time.monotonic_ns()
    )
    parts = [bytes([len(part)]) + part.encode() for part in (group, node)]
    return head + b"".join(parts) + struct.pack("<H", 0)


def main(endpoint, groups, *intervals):
    socket = zmq.Context().socket(zmq.PUB)
    socket.linger = 0
    socket.connect(endpoint)
    start, incarnation = time.monotonic(), int(time.time())
    # Instant, group, node, interval, sequence.
    plan = []
    for group in range(int(groups)):
        for node, interval in enumerate(map(float, intervals)):
            plan.append((start + interval * group / int(groups), f"g{group}", f"n{node}", interval, 0))
    heapq.heapify(plan)
    while True:
        at, group, node, interval, sequence = heapq.heappop(plan)
        time.sleep(max(0, at - time.monotonic()))
        missed = int((time.monotonic() - at) / interval)
        at, sequence = at + missed * interval, sequence + missed
        socket.send(frame(group, node, interval, incarnation, sequence))
        heapq.heappush(plan, (at + interval, group, node, interval, sequence + 1))


main(*sys.argv[1:])
