"""A fake control socket of a detector: answers every request with the given reply.

    canned_control.py REPLY

REPLY is the reply without its id, such as {"ok": {}}. Prints each request unchanged.
"""

import json
import sys

import zmq

control = zmq.Context().socket(zmq.ROUTER)
control.bind("tcp://127.0.0.1:*")
print("ready", control.last_endpoint.rstrip(b"\0").decode(), file=sys.stderr, flush=True)
reply = json.loads(sys.argv[1])
while True:
    *envelope, body = control.recv_multipart()
    print(body.decode(), flush=True)
    control.send_multipart([*envelope, json.dumps({"id": json.loads(body)["id"], **reply}).encode()])
