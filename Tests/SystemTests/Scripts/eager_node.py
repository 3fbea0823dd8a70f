"""A node that sends COUNT heartbeats at once on SIGUSR1, and then prints "sent".

    eager_node.py ENDPOINT NAME COUNT
"""

import pathlib
import signal
import sys

import zmq

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "examples/python"))
sys.dont_write_bytecode = True
import node

endpoint, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
socket = zmq.Context().socket(zmq.XPUB)
socket.sndhwm = 0
socket.connect(endpoint)
socket.recv()  # the detector's subscription
numbers = iter(range(count + 5))


def say(amount):
    for _ in range(amount):
        socket.send(node.heartbeat("edge", name, 1, 1, next(numbers), 0))


say(5)
signal.sigwait({signal.SIGUSR1})
say(count)
print("sent", flush=True)
signal.pause()  # until the test ends it
