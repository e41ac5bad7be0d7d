/* Gives a process another wall clock. Preloaded, it reads CLOCK_FILE, three numbers of 8 bytes: a moment of this computer's
 * clock and what the process is to take for it, both in nanoseconds since 1970, and how many times as fast it goes from
 * there (a double). The monotonic clock stays as it is. libfaketime 0.9.10 makes Python's time.sleep fail (EINVAL).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct setting {
    int64_t from, to;
    double speed;
};

static const struct setting *setting(void)
{
    static const struct setting *mapped;
    if (mapped == NULL && getenv("CLOCK_FILE") != NULL) {
        int fd = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            void *there = mmap(NULL, sizeof *mapped, PROT_READ, MAP_SHARED, fd, 0);
            mapped = there == MAP_FAILED ? NULL : there;
            close(fd);
        }
    }
    return mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) && setting() != NULL) {
        int64_t moment = now->tv_sec * INT64_C(1000000000) + now->tv_nsec;
        moment = setting()->to + (int64_t)((moment - setting()->from) * setting()->speed);
        now->tv_sec = moment / INT64_C(1000000000);
        now->tv_nsec = moment % INT64_C(1000000000);
    }
    return result;
}

time_t time(time_t *keep)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (keep != NULL)
        *keep = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    int result = clock_gettime(CLOCK_REALTIME, &exact);
    (void)zone;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return result;
}
