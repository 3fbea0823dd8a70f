"""Sends malformed and absurd heartbeats to a detector, and then the heartbeats and goodbye of one good node.

    hostile_heartbeats.py ENDPOINT

Prints the counts that the detector must report: {"malformed": {reason: count}, "heartbeats": {fate: count}}.
"""

import collections
import hashlib
import json
import os
import socket
import struct
import sys

import zmq

PUBLISHED_BYTES = 1024  # a larger message ends the connection
context = zmq.Context()
endpoint = sys.argv[1]
malformed = collections.Counter()


def frame(group=b"lab", name=b"victim", key=None, magic=b"PH", version=1, flags=2, interval=1.0, incarnation=5,
          sequence=0, sent=0, labels=b"{}", tail=None):
    key = hashlib.sha256(group + b"/" + name).digest()[:8] if key is None else key
    if tail is None:
        tail = struct.pack("B", len(group)) + group + struct.pack("B", len(name)) + name
        tail += struct.pack("<H", len(labels)) + labels
    return struct.pack("<2s8sBBfIIq", magic, key, version, flags, interval, incarnation, sequence, sent) + tail


def outlet():
    """A publisher with a subscriber, so that no message is dropped."""
    publisher = context.socket(zmq.XPUB)
    publisher.linger = 0
    publisher.connect(endpoint)
    assert publisher.recv() == b"\1"
    return publisher


def send(publisher, *frames, reason=None):
    publisher.send_multipart(frames)
    malformed[reason] += 1 if reason else 0


def send_malformed(publisher):
    compact = frame(flags=0, tail=b"")
    for foreign in (b"foreign", b"x", b"HP" + compact[2:], b"{}" * 500):
        send(publisher, foreign, reason="foreign")
    send(publisher, b"", reason="empty")
    for length in (1, 2, 3, 10, 11, 12, 31):
        send(publisher, compact[:length], reason="too-short")
    for rest in (b"x", b"x" * 100, b"x" * (PUBLISHED_BYTES - 32)):
        send(publisher, compact + rest, reason="too-long")
    for version in (0, 2, 255):
        send(publisher, frame(version=version), reason="unknown-version")
        send(publisher, frame(version=version)[:11], reason="unknown-version")
    for flags in (4, 6, 8, 128, 255):
        send(publisher, frame(flags=flags), reason="unknown-flags")
    for interval in (float("nan"), -float("nan"), -1.0, -1e-30, float("inf"), -float("inf")):
        send(publisher, frame(interval=interval), reason="bad-interval")
    for tail in (b"", b"\3", b"\3lab", b"\3lab\6vic", b"\3lab\6victim", b"\3lab\6victim\2", b"\3lab\6victim\2\0{",
                 b"\3lab\6victim\2\0{}!", b"\3lab\6victim\xff\xff{}", b"\xff" + b"x" * 500, b"\xff" + b"x" * 991):
        send(publisher, frame(tail=tail), reason="bad-length")
    for name in (b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"):
        send(publisher, frame(name=name), reason="not-utf8")
        send(publisher, frame(group=name), reason="not-utf8")
    for name in (b"", b"-", b"x" * 65, b"x" * 255, b"a/b", b"a\0b", b"a\nb", b"\x1b[31m", "\u0085".encode()):
        send(publisher, frame(name=name), reason="bad-name")
        send(publisher, frame(group=name), reason="bad-name")
    for key in (b"\0" * 8, b"\xff" * 8, hashlib.sha256(b"lab/victims").digest()[:8]):
        send(publisher, frame(key=key), reason="key-mismatch")
    for labels in (b"{", b"[]", b"1", b"null", b'{"a":1}', b'{"a":{}}', b'{"a":null}', b"[" * 900, b"\xff", b"\0", b'"'):
        send(publisher, frame(labels=labels), reason="bad-labels")
    for frames in ([compact, b""], [compact, compact], [compact[:5], b"x", compact], [compact] + [b""] * 5000):
        send(publisher, *frames, reason="multipart")


def send_absurd(publisher):
    """Sends heartbeats that are well-formed but implausible."""
    def say(**fields):
        send(publisher, frame(name=b"absurd", **fields))

    for sequence in (0, 0, 2_000_000_000, 100_000, 1_500_000_000, 2**32 - 1):
        say(sequence=sequence)
    say(incarnation=4, sequence=7)
    say(sequence=1, sent=-2**63, interval=3.4e38)
    say(sequence=2, sent=2**63 - 1, interval=1e-45)
    say(sequence=3, flags=3)
    # The goodbye of a node that never existed.
    send(publisher, frame(name=b"ghost", flags=1, tail=b""))
    return {"duplicate": 1, "out-of-order": 1, "implausible-jump": 3, "stale-incarnation": 1, "unknown-goodbye": 1}


def send_more_than_allowed():
    """Sends one oversized message, which ends its connection."""
    publisher = outlet()
    monitor = publisher.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    publisher.send(frame(flags=0, tail=b"x" * 2000))
    monitor.recv_multipart()
    publisher.close()


def send_garbage():
    """Sends bytes that are not ZeroMQ, and bytes that only start like it."""
    host, port = endpoint.removeprefix("tcp://").split(":")
    greeting = b"\xff" + b"\0" * 8 + b"\x7f\3\0NULL" + b"\0" * 48
    ready = b"\4\x19\5READY\x0bSocket-Type\0\0\0\3PUB"
    for garbage in (
        b"", b"\0", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\3\1\2\0\1\0\1\xfc\3\3", os.urandom(10_000),
        b"\xff" * 10_000, greeting, greeting + os.urandom(1000), greeting + ready + os.urandom(1000),
        greeting + ready + b"\2" + b"\xff" * 8, greeting + b"\4\xff" + b"A" * 254,
        # A publisher written by hand, which first sends an empty frame.
        greeting + ready + b"\0\0" + b"\0\3foo" + b"\1\0\0\0",
    ):
        with socket.create_connection((host, int(port))) as connection:
            try:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the detector closed the connection


publisher = outlet()
send_malformed(publisher)
fates = send_absurd(publisher)
send_more_than_allowed()
send_garbage()
# The detector announces this node only after it has handled all frames before.
for sequence in range(3):
    send(publisher, frame(name=b"last", sequence=sequence))
send(publisher, frame(name=b"last", sequence=3, flags=3))
del malformed[None]
print(json.dumps({"malformed": malformed, "heartbeats": fates}), flush=True)
publisher.recv()  # stay connected
