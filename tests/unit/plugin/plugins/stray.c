/* A shared library that is no plugin, and must never run: its constructor leaves a mark. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

__attribute__((constructor)) static void run(void) {
    setenv("GATEPOST_TEST_STRAY_RAN", "1", 1);
}

__attribute__((visibility("default"))) int something_else(void);
int something_else(void) {
    return 1;
}
