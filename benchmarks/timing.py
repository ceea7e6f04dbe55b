"""Measures one thing in this process, or a whole process: wall and CPU seconds, peak memory.

Knows nothing of logs. The benchmarks' processes print what `told` measures, `run` reads it.
"""

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process took; `inner` is what it says of its own work, without imports."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    inner_cpu_seconds: float | None = None
    count: int | None = None


def told(work: Callable[[], int]) -> None:
    """Run something and print what it counted and its CPU seconds."""
    before = _cpu_seconds()
    count = work()
    print(json.dumps({"count": count, "cpu_seconds": _cpu_seconds() - before}))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(command: Sequence[str]) -> Measured:
    """Return what a command took, and what `told` printed in it.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"exit {process.returncode}: {' '.join(command)[:200]}")
        out.seek(0)
        text = out.read()
    cpu = usage.ru_utime + usage.ru_stime
    inner = json.loads(text) if text.startswith(b'{"count"') else {}
    peak = usage.ru_maxrss * 1024
    return Measured(wall, cpu, peak, inner.get("cpu_seconds"), inner.get("count"))
