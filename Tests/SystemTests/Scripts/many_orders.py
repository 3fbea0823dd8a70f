"""Sends a detector COUNT requests without waiting, then receives all replies and prints a line of counts.

    many_orders.py CONTROL COUNT

The line is {"set": answers, "refused": errors with that code, "other": everything else}.
"""

import json
import sys

import zmq

socket = zmq.Context().socket(zmq.DEALER)
socket.sndhwm = socket.rcvhwm = 0
socket.linger = 0
socket.connect(sys.argv[1])
count = int(sys.argv[2])
for number in range(count):
    order = {"id": number, "do": "tune", "level": "suspect", "policy": "phi=9", "group": f"g{number}"}
    socket.send(json.dumps(order).encode())
counts = {"set": 0, "refused": 0, "other": 0}
for _ in range(count):
    reply = json.loads(socket.recv())
    code = reply.get("error", {}).get("code")
    counts["set" if "ok" in reply else code if code in counts else "other"] += 1
print(json.dumps(counts), flush=True)
