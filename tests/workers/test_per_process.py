"""One object a process, whoever asks first, and another one in a forked child."""

import os
import signal
import threading

from workers.per_process import PerProcess


def test_all_threads_of_a_process_get_one_object() -> None:
    each_thread_waits = threading.Barrier(8)
    numbers = PerProcess(list[int])
    seen: list[list[int]] = []

    def ask() -> None:
        each_thread_waits.wait()
        seen.append(numbers())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert all(made is numbers() for made in seen)


def test_a_forked_child_gets_its_own_even_if_it_was_forked_while_the_lock_was_held() -> None:
    numbers = PerProcess(list[int])
    numbers().append(1)

    with numbers._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(5)  # ends a child that waits for the lock
            os._exit(0 if numbers() == [] else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert numbers() == [1]
