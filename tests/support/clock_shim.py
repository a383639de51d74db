"""A wall clock that can be set back for one program, by a library that is loaded before its own.

Setting the machine's clock would concern everybody on it, and a time namespace moves only the
monotonic clocks. The library answers in place of the C library's `clock_gettime` and
`gettimeofday`, for Python and librdkafka alike, and shifts the wall clock by what a file says. The
kernel does not know: waits until a moment are shifted back, or they would be over at once.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

static int (*real)(clockid_t, struct timespec *);

/* In seconds; looked up every 20 ms. */
static long shift(void) {
    static __thread long seconds, looked;
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    long at = now.tv_sec * 50 + now.tv_nsec / 20000000;
    if (at == looked) return seconds;
    looked = at;
    const char *path = getenv("CLOCK_SHIFT_FILE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t id, struct timespec *out) {
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, out);
    if (result == 0 && id == CLOCK_REALTIME) out->tv_sec += shift();
    return result;
}

/* Waits until a moment of the wall clock take it from here, and end by the kernel's. */
static struct timespec kernels(const struct timespec *until) {
    struct timespec found = *until;
    if (found.tv_sec > 1000000000) found.tv_sec -= shift(); /* else it is of another clock */
    return found;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                           const struct timespec *until) {
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec moment = kernels(until);
    if (!wait) *(void **)&wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!wait) *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return wait(cond, lock, &moment);
}

int cnd_timedwait(cnd_t *cond, mtx_t *lock, const struct timespec *until) {
    static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec moment = kernels(until);
    if (!wait) *(void **)&wait = dlsym(RTLD_NEXT, "cnd_timedwait");
    return wait(cond, lock, &moment);
}

int sem_timedwait(sem_t *sem, const struct timespec *until) {
    static int (*wait)(sem_t *, const struct timespec *);
    struct timespec moment = kernels(until);
    if (!wait) *(void **)&wait = dlsym(RTLD_NEXT, "sem_timedwait");
    return wait(sem, &moment);
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return result;
}
"""


class ClockShim:
    """Builds the library in a folder; the clock runs as it is until it is set.

    Attributes:
        environment: what the program is to be started with.

    """

    def __init__(self, folder: Path) -> None:
        source, library = folder / "clock.c", folder / "clock.so"
        self._shift = folder / "shift"
        self._shift.write_text("0")
        source.write_text(_SOURCE)
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(self._shift)}

    def set_back(self, seconds: int) -> None:
        """Set the wall clock back from now on."""
        self._shift.write_text(str(-seconds))
