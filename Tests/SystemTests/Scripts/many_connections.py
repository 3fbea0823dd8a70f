"""Opens COUNT connections to HOST:PORT, prints their number, and keeps them open until it is ended.

    many_connections.py tcp://HOST:PORT COUNT
"""

import signal
import socket
import sys

host, port = sys.argv[1].removeprefix("tcp://").split(":")
# The kernel completes connections whether or not the program accepts them.
connections = [socket.create_connection((host, int(port))) for _ in range(int(sys.argv[2]))]
print(len(connections), flush=True)
signal.pause()  # until the test ends it
