import numpy as np

from workbench.bench.watch import MemoryWatch, memory_now

SIZE = 64 << 20


def test_the_peak_is_remembered_after_the_memory_is_gone():
    with MemoryWatch() as watch:
        held = np.ones(SIZE, np.uint8)
        watch._look()
        del held
    assert watch.peak.own >= watch.before.own + SIZE * 0.9


def test_a_running_process_has_memory():
    now = memory_now()
    assert now.own > 0
    assert now.resident > 0
