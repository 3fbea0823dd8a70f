"""Prints in hexadecimal the bytes that examples/python/node.py makes from these fields.

    one_heartbeat.py GROUP NAME INTERVAL INCARNATION SEQUENCE SENT
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "examples/python"))
sys.dont_write_bytecode = True
import node

group, name, interval, *numbers = sys.argv[1:]
print(node.heartbeat(group, name, float(interval), *map(int, numbers)).hex())
