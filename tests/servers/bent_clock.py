"""A clock that other processes go by and a test bends while they run: a library that is loaded before all others.

Built with the system's C compiler. Only the wall clock is bent, as by somebody who sets it; the steady ones go on.
"""

import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

COMPILER: Final = shutil.which("cc")

_SOURCE: Final = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const long long *ahead;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("BENT_CLOCK");
    int file = path ? open(path, O_RDONLY) : -1;
    if (file < 0) return;
    void *memory = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) ahead = memory;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(clock, at);
    if (!status && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *ahead;
    return status;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class BentClock:
    """So many whole seconds ahead of the true time for every process that has its `environment`."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the processes can read."""
        source, self._library, self._offset = (folder / name for name in ("bent.c", "bent.so", "ahead"))
        source.write_text(_SOURCE)
        assert COMPILER is not None, "bending clocks needs a C compiler (cc)"
        subprocess.run(
            [COMPILER, "-O1", "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"], check=True
        )
        self._offset.write_bytes(bytes(8))
        for path in (self._library, self._offset):
            path.chmod(0o755)
        with self._offset.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    @property
    def environment(self) -> dict[str, str]:
        """Of the processes that go by it."""
        return {"LD_PRELOAD": str(self._library), "BENT_CLOCK": str(self._offset)}

    def set_ahead(self, seconds: int) -> None:
        """From now on; negative: behind."""
        self._memory[:] = struct.pack("q", seconds)
