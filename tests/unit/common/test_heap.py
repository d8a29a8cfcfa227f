"""What many threads have used and freed does not stay with the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

THREADS = """
import sys, threading
from common.heap import give_back, keep_heaps_few
from pathlib import Path
def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
few = keep_heaps_few() if sys.argv[1] == "few" else True
kept = []
gate = threading.Barrier(12)
def work(number):
    held = [bytes(1000 + number) for _ in range(20_000)]
    kept.append(held[-1])
    gate.wait()
before = resident()
threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
most = resident()
gave = give_back()
print(few, gave, before, most, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_what_threads_have_freed_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS, "few"], cwd=ROOT, capture_output=True, text=True, check=True)
    few, gave, before, most, after = done.stdout.split()
    assert (few, gave) == ("True", "True")
    assert int(after) - int(before) < 20_000  # kB, of 240 MB that were in use
    assert int(most) >= int(after)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
@pytest.mark.parametrize(
    "program", ["aggregate_service.program", "ann_service.program", "auth_service.program", "trainer.program"]
)
def test_arrow_keeps_no_memory_of_its_own_in_any_service(program: str) -> None:
    script = f"import {program}, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "system"


CIRCLES = """
import gc, weakref
from common.heap import give_back
class Circle:
    pass
gc.disable()
one = Circle()
one.itself = one
gone = weakref.ref(one)
del one
give_back()
print(gone() is None)
"""


def test_what_hangs_together_in_circles_is_given_back_too() -> None:
    done = subprocess.run([sys.executable, "-c", CIRCLES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


LATER = """
import gc
import gateway.app  # as many objects as a server has
from common.processes import run_until_stopped
async def main(stop):
    print(gc.get_freeze_count(), len(gc.get_objects()))
    return 0
print(len(gc.get_objects()))
run_until_stopped(main)
"""


def test_a_running_server_is_not_held_up_by_looking_for_garbage() -> None:
    done = subprocess.run([sys.executable, "-c", LATER], cwd=ROOT, capture_output=True, text=True, check=True)
    before, frozen, looked_through = map(int, done.stdout.split())
    assert frozen > 50_000
    assert looked_through < before / 5
