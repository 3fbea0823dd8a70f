"""Opens connections to HOST:PORT and holds them until it is ended; then says how many.

    many_connections.py tcp://HOST:PORT COUNT
"""

import signal
import socket
import sys

host, port = sys.argv[1].removeprefix("tcp://").split(":")
# The kernel completes them whether or not the program takes them in.
connections = [socket.create_connection((host, int(port))) for _ in range(int(sys.argv[2]))]
print(len(connections), flush=True)
signal.pause()  # until it is ended
