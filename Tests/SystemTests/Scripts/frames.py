"""Prints the messages that a SUB socket receives, each as a JSON list of its frames in hexadecimal.

    frames.py bind 'tcp://127.0.0.1:*' PH
    frames.py connect tcp://127.0.0.1:7711 e1/ b1/
"""

import json
import sys

import zmq


def main(how, endpoint, *prefixes):
    socket = zmq.Context().socket(zmq.SUB)
    for prefix in prefixes:
        socket.subscribe(prefix)
    getattr(socket, how)(endpoint)
    print("ready", socket.last_endpoint.rstrip(b"\0").decode(), file=sys.stderr, flush=True)
    while True:
        print(json.dumps([frame.hex() for frame in socket.recv_multipart()]), flush=True)


main(*sys.argv[1:])
