"""A fake detector. Its feed loses and repeats events, drops old ones, ignores queries, is rolled back, and
starts a new log.

    lossy_feed.py NUMBER_OF_SUBSCRIBERS

Prints the events that each subscriber must have delivered in the end, as epoch:sequence in order. The new log starts
on SIGUSR1. From then on the old one is no longer available.
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
feed.xpub_verbose = True  # reports every subscription
for socket in (feed, control):
    socket.bind("tcp://127.0.0.1:*")
endpoints = [socket.last_endpoint.rstrip(b"\0").decode() for socket in (feed, control)]
print("ready", *endpoints, file=sys.stderr, flush=True)

epoch = 7
log = []  # node names; an event's sequence number is its position, from 1
forgotten = 0  # events up to this one are no longer kept
answered = {}  # by client: epoch and sequence number up to which it has all events
ignored = None  # clients whose first query was ignored; None while no query is ignored


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
    """Answers queries until all subscribers have all events."""
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

log += "abaabb"  # the initial state; its last events are 4 and 6
beacon()
serve()

log += "abc"  # event 8 is lost
publish(7, 9)
serve()

log += "a"  # old events are repeated
publish(9, 8, 10, 10)

log += "bc"  # the last events are lost
beacon()
serve()

log += "cca"  # lost and no longer in the log: only the state remains
forgotten = 14
beacon()
serve()

log += "b"  # lost, and so is each client's first query
ignored = set()
beacon()
serve()

log, forgotten, ignored = log[:12], 9, None  # rolled back to 12 events: only a beacon shows it
beacon()
serve()

log += "a"  # the log continues from there
beacon()
serve()

signal.sigwait([signal.SIGUSR1])
epoch, log, forgotten, answered = 8, ["a", "b"], 0, {}  # a new log, whose first event is lost
publish(2)
serve("the end")
