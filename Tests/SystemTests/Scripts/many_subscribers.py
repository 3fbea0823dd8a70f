"""Opens many subscribers to a detector's events, of which only one reads.

    many_subscribers.py EVENTS COUNT

Prints "ready" once all are connected, and then each event that the reading subscriber receives, one JSON object
per line. COUNT is the number of subscribers that do not read.
"""

import sys

import zmq

events, count = sys.argv[1], int(sys.argv[2])
context = zmq.Context()
# A monitor takes a socket too, which libzmq closes some time after it is disabled.
context.max_sockets = 2 * count + 10


def subscriber(queue):
    socket = context.socket(zmq.SUB)
    socket.rcvhwm = queue
    socket.rcvbuf = 4096  # unread events stay in the detector, as far as possible
    socket.subscribe("e1/")
    monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    socket.connect(events)
    monitor.recv_multipart()
    socket.disable_monitor()
    return socket


reader = subscriber(0)
idle = [subscriber(1) for _ in range(count)]
print("ready", flush=True)
while True:
    print(reader.recv_multipart()[2].decode(), flush=True)
