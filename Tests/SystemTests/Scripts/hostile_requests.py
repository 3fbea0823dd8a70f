"""Sends invalid and odd requests to a detector's control socket, and prints one line with the reply to each.

    hostile_requests.py ENDPOINT

A line is {"sent": text, "id": expected id, "code": expected code or null, "reply": object}.
"""

import json
import sys

import zmq

context = zmq.Context()
endpoint = sys.argv[1]


def client():
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)
    return socket


def report(sent, number, code, reply):
    line = {"sent": repr(sent[:100]), "id": number, "code": code, "reply": json.loads(reply)}
    print(json.dumps(line), flush=True)


# Bytes, the expected id of the reply, and its expected error code (None: an answer).
REQUESTS = [
    (b"", 0, "malformed"),
    (b"\0", 0, "malformed"),
    (b"\xff\xfe\xfd", 0, "malformed"),
    (b"PH" + b"\0" * 30, 0, "malformed"),
    (b"hello", 0, "malformed"),
    (b"{", 0, "malformed"),
    (b"null", 0, "malformed"),
    (b"[]", 0, "malformed"),
    (b"[" * 60_000, 0, "malformed"),
    (b'{"a":' * 10_000, 0, "malformed"),
    (b'"' + b"x" * 60_000 + b'"', 0, "malformed"),
    (b'{"id": 1, "do": "\xff"}', 1, "malformed"),
    (b"{}", 0, "malformed"),
    (b'{"id": 2}', 2, "malformed"),
    (b'{"id": 3, "do": 7}', 3, "malformed"),
    (b'{"id": 4, "do": null}', 4, "malformed"),
    (b'{"id": 5, "do": ["status"]}', 5, "malformed"),
    (b'{"id": "x", "do": "status"}', 0, "malformed"),
    (b'{"id": 1.5, "do": "status"}', 0, "malformed"),
    (b'{"id": 1e400, "do": "status"}', 0, "malformed"),
    (b'{"id": 99999999999999999999, "do": "status"}', 0, "malformed"),
    (b'{"id": 6, "do": ""}', 6, "unknown-request"),
    (b'{"id": 7, "do": "explode"}', 7, "unknown-request"),
    (b'{"id": 8, "do": "STATUS"}', 8, "unknown-request"),
    (b'{"id": 9, "do": "\\u0000\\u001b[31m"}', 9, "unknown-request"),
    (b'{"id": 10, "do": "' + b"x" * 50_000 + b'"}', 10, "unknown-request"),
    (b'{"id": 11, "do": "events", "since": -1}', 11, "malformed"),
    (b'{"id": 12, "do": "events", "since": 1.5}', 12, "malformed"),
    (b'{"id": 13, "do": "events", "since": "1"}', 13, "malformed"),
    (b'{"id": 14, "do": "events", "since": 18446744073709551616}', 14, "malformed"),
    (b'{"id": 15, "do": "events", "since": 18446744073709551615}', 15, "gone"),
    (b'{"id": 16, "do": "events", "since": 9007199254740991}', 16, "gone"),
    (b'{"id": 17, "do": "events", "epoch": 1}', 17, "other-epoch"),
    (b'{"id": 18, "do": "snapshot", "epoch": 18446744073709551615}', 18, "other-epoch"),
    (b'{"id": 19, "do": "events", "prefix": 1}', 19, "malformed"),
    (b'{"id": 20, "do": "nodes", "limit": 1e300}', 20, "malformed"),
    (b'{"id": 21, "do": "nodes", "cursor": {}}', 21, "malformed"),
    (b'{"id": 22, "do": "nodes", "node": 5}', 22, "malformed"),
    (b'{"id": 23, "do": "nodes", "node": "no-slash"}', 23, "unknown-node"),
    (b'{"id": 24, "do": "nodes", "node": "a/b/c"}', 24, "unknown-node"),
    (b'{"id": 25, "do": "nodes", "node": "/"}', 25, "unknown-node"),
    (b'{"id": 26, "do": "nodes", "node": "a/\\u0000"}', 26, "unknown-node"),
    (b'{"id": 27, "do": "explain"}', 27, "malformed"),
    (b'{"id": 100, "do": "explain", "node": "lab/nobody"}', 100, "unknown-node"),
    (b'{"id": 101, "do": "explain", "node": ["lab/good"]}', 101, "malformed"),
    (b'{"id": 102, "do": "forget", "node": "lab/nobody"}', 102, "unknown-node"),
    (b'{"id": 103, "do": "resume", "node": "lab/nobody"}', 103, "unknown-node"),
    (b'{"id": 104, "do": "pause", "node": "lab/nobody", "seconds": 5}', 104, "unknown-node"),
    (b'{"id": 105, "do": "pause", "node": "lab/good"}', 105, "malformed"),
    (b'{"id": 106, "do": "pause", "node": "lab/good", "seconds": -5}', 106, "malformed"),
    (b'{"id": 107, "do": "pause", "node": "lab/good", "seconds": 1e300}', 107, "malformed"),
    (b'{"id": 108, "do": "pause", "node": "lab/good", "seconds": "1h"}', 108, "malformed"),
    (b'{"id": 109, "do": "pause", "node": "lab/good", "seconds": 1, "reason": "\\u001b"}', 109, "malformed"),
    (b'{"id": 110, "do": "pause", "node": "lab/good", "seconds": 1, "reason": "' + b"x" * 201 + b'"}', 110, "malformed"),
    (b'{"id": 111, "do": "tune", "level": "suspect"}', 111, "malformed"),
    (b'{"id": 112, "do": "tune", "policy": "phi=9"}', 112, "malformed"),
    (b'{"id": 113, "do": "tune", "level": "suspect", "policy": "phi=9", "unset": true}', 113, "malformed"),
    (b'{"id": 114, "do": "tune", "level": "suspect", "unset": 1}', 114, "malformed"),
    (b'{"id": 115, "do": "tune", "level": "suspect", "policy": "phi=nan"}', 115, "invalid-policy"),
    (b'{"id": 116, "do": "tune", "level": "suspect", "policy": "' + b"=" * 50_000 + b'"}', 116, "invalid-policy"),
    (b'{"id": 117, "do": "tune", "level": "nonesuch", "policy": "phi=9"}', 117, "unknown-level"),
    (b'{"id": 118, "do": "tune", "level": "", "unset": true}', 118, "unknown-level"),
    (b'{"id": 119, "do": "tune", "level": "suspect", "policy": "phi=9", "group": "a", "node": "a/b"}', 119, "malformed"),
    (b'{"id": 120, "do": "tune", "level": "suspect", "policy": "phi=9", "group": "a/b"}', 120, "malformed"),
    # The model of this detector supports only phi policies.
    (b'{"id": 121, "do": "tune", "level": "suspect", "policy": "price=1000"}', 121, "invalid-policy"),
    (b'{"id": 122, "do": "tune", "node": "lab/nobody"}', 122, "unknown-node"),
    (b'{"id": 123, "do": "what-if"}', 123, "malformed"),
    (b'{"id": 124, "do": "what-if", "policy": ""}', 124, "invalid-policy"),
    (b'{"id": 125, "do": "record"}', 125, "malformed"),
    (b'{"id": 126, "do": "record", "on": "yes"}', 126, "malformed"),
    (b'{"id": 130, "do": "pause", "node": "lab/good", "seconds": NaN}', 0, "malformed"),
    (b'{"id": 131, "do": "pause", "node": "lab/good", "seconds": 1e308}', 131, "malformed"),
    (b'{"id": 132, "do": "pause", "node": "lab/good", "seconds": 1e999}', 132, "malformed"),
    (b'{"id": 133, "do": "pause", "node": "lab/good", "seconds": 1e-12}', 133, "malformed"),
    (b'{"id": 134, "do": "pause", "node": "lab/good", "seconds": 5, "reason": "a\\nb"}', 134, "malformed"),
    (b'{"id": 135, "do": "pause", "node": "lab/good", "seconds": 5, "reason": {"a": 1}}', 135, "malformed"),
    (b'{"id": 136, "do": "tune", "level": 7, "policy": "phi=9"}', 136, "malformed"),
    (b'{"id": 137, "do": "tune", "level": "suspect", "policy": 9}', 137, "malformed"),
    (b'{"id": 138, "do": "tune", "level": "suspect", "policy": "phi=\\u001b[31m"}', 138, "invalid-policy"),
    (b'{"id": 139, "do": "tune", "level": "suspect", "policy": "phi=1e308"}', 139, "invalid-policy"),
    (b'{"id": 140, "do": "tune", "level": "suspect", "policy": "mistakes=1e-320/1d"}', 140, "invalid-policy"),
    (b'{"id": 141, "do": "tune", "level": "suspect", "policy": "mistakes=1e-300/1e300hb"}', 141, "invalid-policy"),
    (b'{"id": 142, "do": "tune", "level": "suspect", "policy": "mistakes=1/1e308d"}', 142, "invalid-policy"),
    (b'{"id": 143, "do": "tune", "level": "' + b"x" * 50_000 + b'", "policy": "phi=9"}', 143, "unknown-level"),
    (b'{"id": 145, "do": "what-if", "policy": "phi=9", "group": 5}', 145, "malformed"),
    (b'{"id": 146, "do": "explain", "node": "' + b"x/" * 25_000 + b'"}', 146, "unknown-node"),
    (b'{"id": 147, "do": "forget", "node": "lab/\\u001b[2J"}', 147, "unknown-node"),
    # Odd but valid.
    (b'{"do": "status"}', 0, None),
    (b'{"id": null, "do": "status"}', 0, None),
    (b'{"id": -9223372036854775808, "do": "status"}', -9223372036854775808, None),
    (b'  {"do": "status", "id": 30, "more": [1, {"x": null}]}\r\n', 30, None),
    (b'{"id": 31, "do": "snapshot", "since": 18446744073709551615}', 31, None),
    (b'{"id": 32, "do": "events", "prefix": "\\u0000", "limit": -9223372036854775808}', 32, None),
    (b'{"id": 33, "do": "events", "limit": 9223372036854775807}', 33, None),
    (b'{"id": 34, "do": "nodes", "cursor": -9223372036854775808, "limit": 0}', 34, None),
    (b'{"id": 35, "do": "nodes", "cursor": 9223372036854775807, "limit": 9223372036854775807}', 35, None),
    (b'{"id": 36, "do": "status"}', 36, None),
    (b'{"id": 37, "do": "tune", "since": 5, "reason": "?"}', 37, None),
    (b'{"id": 38, "do": "tune", "level": "suspect", "unset": true, "group": "nobody"}', 38, None),
]

dealer = client()
for sent, number, code in REQUESTS:
    dealer.send(sent)
    *envelope, reply = dealer.recv_multipart()
    assert envelope == []
    report(sent, number, code, reply)

# An envelope as a REQ socket sends it, and a longer one.
for envelope in ([b""], [b"a", b"b", b""]):
    dealer.send_multipart(envelope + [b'{"id": 40, "do": "status"}'])
    *returned, reply = dealer.recv_multipart()
    assert returned == envelope, returned
    report(b"in an envelope", 40, None, reply)

# Not answered, but survived: a message of 10,000 frames, and an oversized one that ends its connection.
other = client()
other.send_multipart([b"x"] * 10_000)
other = client()
monitor = other.get_monitor_socket(zmq.EVENT_DISCONNECTED)
other.send(b'{"id": 50, "do": "' + b"x" * 100_000 + b'"}')
monitor.recv_multipart()

# Many requests at once, whose answers are never read.
for _ in range(20_000):
    other.send(b'{"id": 60, "do": "status"}', copy=False)
other.close()
dealer.send(b'{"id": 70, "do": "status"}')
report(b"after all that", 70, None, dealer.recv())
print("done", flush=True)
