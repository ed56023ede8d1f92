/* A disk that takes SYNC_US microseconds longer to say that what was written is safe, for whatever is started with this
 * in LD_PRELOAD: on many machines a sync costs nothing, and on those where a facility keeps its records it does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int later(const char *name, int file) {
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *longer = getenv("SYNC_US");
    int done = sync(file);
    if (longer)
        usleep((useconds_t)atoi(longer));
    return done;
}

int fsync(int file) { return later("fsync", file); }
int fdatasync(int file) { return later("fdatasync", file); }
