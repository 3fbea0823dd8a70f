#!/usr/bin/env python3
"""Prints a detector's events as they happen, one JSON object per line: each once, in order, none missing. Needs pyzmq.

    subscriber.py tcp://127.0.0.1:7711 tcp://127.0.0.1:7712 | jq 'select(.to == "suspected") | .node'

The first lines are the present state: every node's last event. ZeroMQ drops what a slow reader or a cut cable keeps
waiting; the numbers of events and beacons tell, and the detector is asked for the rest.
"""

import itertools
import json
import signal
import struct
import sys

import zmq


class Control:
    """Questions to the detector, asked until they are answered."""

    def __init__(self, context, endpoint):
        self.socket = context.socket(zmq.DEALER)
        self.socket.immediate = True  # a question waits for a connection, not in one that is gone
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.ids = itertools.count(1)

    def ask(self, **question):
        for number in self.ids:
            self.socket.send_json({"id": number, **question})
            while self.socket.poll(1000):
                reply = self.socket.recv_json()
                if reply["id"] == number:  # not an answer that came too late
                    return reply


def catch_up(control, question, epoch, last):
    """Prints everything later than `last`, and says how far that is; None if the log is no longer the detector's.

    Events that come meanwhile wait in the subscription's own queue.
    """
    while True:
        reply = control.ask(do=question, epoch=epoch, since=last)
        if "error" in reply:
            if reply["error"]["code"] != "gone":
                return None
            question = "snapshot"  # some are no longer kept, or never were: go on with the state that they led to
            continue
        if reply["ok"]["through"] < last:  # the detector lost its last events: what it tells from here on is the truth
            print(f"the log was set back to event {reply['ok']['through']}", file=sys.stderr, flush=True)
            question, last = "snapshot", 0
            continue
        for event in reply["ok"]["events"]:
            print(json.dumps(event, ensure_ascii=False, separators=(",", ":")), flush=True)
        last = reply["ok"]["through"]
        if not reply["ok"]["more"]:
            print(f"up to date at event {last} of epoch {epoch}", file=sys.stderr, flush=True)
            return last


def main(events, control):
    context = zmq.Context()
    feed = context.socket(zmq.SUB)
    for prefix in ("e1/", "b1/"):  # events; beacons, each second
        feed.subscribe(prefix)
    feed.connect(events)
    control = Control(context, control)

    epoch = None  # of the log; a restarted detector begins another one
    last = 0  # everything up to this event is printed
    question = "snapshot"
    while True:
        topic, header, body = feed.recv_multipart()
        its_epoch, sequence = struct.unpack(">QQ", header)
        if its_epoch != epoch:
            epoch, last = its_epoch, catch_up(control, question, its_epoch, 0)
            question = "events"  # later logs begin while we listen: all of them is wanted
        elif sequence == last + 1 and topic != b"b1/":
            print(body.decode(), flush=True)
            last = sequence
        elif sequence > last or (sequence < last and topic == b"b1/"):  # set back, or overtaken: the detector knows
            last = catch_up(control, "events", epoch, last)
        if last is None:  # the detector was restarted in between: its next beacon tells the new epoch
            epoch, last = None, 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for number in (signal.SIGINT, signal.SIGPIPE):  # end without a traceback
        signal.signal(number, signal.SIG_DFL)
    main(*sys.argv[1:])
