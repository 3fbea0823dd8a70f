"""Subscribes to a detector's events many times over, and reads with one subscriber only.

    many_subscribers.py EVENTS COUNT

Says "ready" once that many connections are made, and then prints what the one that reads receives, a JSON object a line.
"""

import sys

import zmq

events, count = sys.argv[1], int(sys.argv[2])
context = zmq.Context()
context.max_sockets = count + 10


def subscriber(queue):
    socket = context.socket(zmq.SUB)
    socket.rcvhwm = queue
    socket.rcvbuf = 4096  # what nobody reads stays with the detector, as far as possible
    socket.subscribe("e1/")
    monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    socket.connect(events)
    monitor.recv_multipart()
    socket.disable_monitor()
    return socket


reader = subscriber(0)
deaf = [subscriber(1) for _ in range(count)]
print("ready", flush=True)
while True:
    print(reader.recv_multipart()[2].decode(), flush=True)
