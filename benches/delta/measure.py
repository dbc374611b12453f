"""Runs a program and says what it took, as JSON: measure.py PROGRAM [ARGUMENT …].

Wall time from before the start to after the end, and the most memory that the process ever had resident (`ru_maxrss`).
"""

import json
import os
import subprocess
import sys
import time

start = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
output = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
seconds = time.monotonic() - start
if status != 0:
    sys.exit(f"this failed: {sys.argv[1:]}")
# Linux counts in KiB, macOS in bytes.
unit = 1 if sys.platform == "darwin" else 1024
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_bytes": usage.ru_maxrss * unit, "answer": output.decode()}))
