"""A made-up detector whose feed loses events, repeats some, forgets, leaves questions unanswered, is set
back, and begins anew.

    lossy_feed.py NUMBER_OF_SUBSCRIBERS

Prints what each subscriber must have delivered in the end, as epoch:sequence in order. The new log begins on SIGUSR1:
whoever has not got the end of the old one by then cannot get it any more.
"""

import json
import signal
import struct
import sys

import zmq

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("7:4 7:6 7:7 7:8 7:9 7:10 7:11 7:12 7:14 7:15 7:16 7:10 7:11 7:12 7:13 8:1 8:2", flush=True)
subscribers = int(sys.argv[1])
context = zmq.Context()
feed, control = context.socket(zmq.XPUB), context.socket(zmq.ROUTER)
feed.xpub_verbose = True  # tells of every subscription
for socket in (feed, control):
    socket.bind("tcp://127.0.0.1:*")
endpoints = [socket.last_endpoint.rstrip(b"\0").decode() for socket in (feed, control)]
print("ready", *endpoints, file=sys.stderr, flush=True)

epoch = 7
log = []  # topics; an event's sequence is its place, from 1
forgotten = 0  # events up to this one are no longer kept
answered = {}  # per asker: how far it was told
ignored = None  # askers whose question was left unanswered, while that is the game


def event(sequence):
    return {"epoch": epoch, "kind": "test", "node": log[sequence - 1], "sequence": sequence}


def publish(*sequences):
    for sequence in sequences:
        topic = f"e1/suspect/lab/{log[sequence - 1]}/".encode()
        body = json.dumps(event(sequence), separators=(",", ":")).encode()
        feed.send_multipart([topic, struct.pack(">QQ", epoch, sequence), body])


def beacon():
    body = json.dumps({"epoch": epoch, "kind": "beacon", "levels": {}, "sequence": len(log)}).encode()
    feed.send_multipart([b"b1/", struct.pack(">QQ", epoch, len(log)), body])


def answer(do, since, its_epoch):
    if its_epoch != epoch:
        return {"error": {"code": "other-epoch", "message": "another log"}}
    if do == "events" and not forgotten <= since <= len(log):
        return {"error": {"code": "gone", "message": "forgotten"}}
    later = range(since + 1, len(log) + 1)
    if do == "snapshot":
        later = [sequence for sequence in later if log[sequence - 1] not in log[sequence:]]
    page = [event(sequence) for sequence in later[:1]]
    more = len(later) > 1
    through = page[-1]["sequence"] if more else len(log)
    return {"ok": {"epoch": epoch, "through": through, "more": more, "events": page}}


def serve(until=None):
    """Answers questions until all subscribers know of all events."""
    while len([end for end in answered.values() if end == (epoch, len(log))]) < subscribers or until == "the end":
        while not control.poll(1000):
            beacon()
        asker, body = control.recv_multipart()
        if ignored is not None and asker not in ignored:
            ignored.add(asker)
            continue
        question = json.loads(body)
        reply = answer(question["do"], question["since"], question["epoch"])
        control.send_multipart([asker, json.dumps({"id": question["id"], **reply}).encode()])
        if "ok" in reply and not reply["ok"]["more"] and reply["ok"]["through"] >= question["since"]:
            answered[asker] = (epoch, reply["ok"]["through"])


for _ in range(2 * subscribers):  # events and beacons
    feed.recv()

log += "abaabb"  # the state, to begin with: its last events are 4 and 6
beacon()
serve()

log += "abc"  # 8 gets lost
publish(7, 9)
serve()

log += "a"  # the old ones once more
publish(9, 8, 10, 10)

log += "bc"  # the last ones get lost
beacon()
serve()

log += "cca"  # lost, and not kept: all that remains is the state
forgotten = 14
beacon()
serve()

log += "b"  # lost, and so is each one's first question
ignored = set()
beacon()
serve()

log, forgotten, ignored = log[:12], 9, None  # the last ones were never written: only a beacon tells
beacon()
serve()

log += "a"  # and it goes on from there
beacon()
serve()

signal.sigwait([signal.SIGUSR1])
epoch, log, forgotten, answered = 8, ["a", "b"], 0, {}  # a new log, whose first event gets lost
publish(2)
serve("the end")
