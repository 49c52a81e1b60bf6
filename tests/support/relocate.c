// Lets an unpacked Debian package find its own files. LD_PRELOADed, it turns every path below one
// of the folders in RELOCATE into the same path below RELOCATE_ROOT:
//
//     RELOCATE=/usr/lib/dovecot:/usr/bin/doveconf RELOCATE_ROOT=build/peers/dovecot
//
// It also answers for users that only the package's installation would make. Only the calls that
// such programs use for their modules and helpers are covered. A path that does not fit into the
// buffer is left as it was, and fails as it would have.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_below(const char* path, const char* folder, size_t length) {
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static const char* moved(const char* path, char* buffer) {
    const char* root = getenv("RELOCATE_ROOT");
    const char* folder = getenv("RELOCATE");
    if (path == NULL || root == NULL || folder == NULL || *path != '/') return path;
    while (*folder != '\0') {
        const size_t length = strcspn(folder, ":");
        if (length != 0 && is_below(path, folder, length)) {
            const int size = snprintf(buffer, PATH_MAX, "%s%s", root, path);
            return size > 0 && size < PATH_MAX ? buffer : path;
        }
        folder += length + (folder[length] == ':');
    }
    return path;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MOVED(path) moved(path, (char[PATH_MAX]){0})

static mode_t mode_of(int flags, va_list more) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(more, int) : 0;
}

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    return NEXT(open)(MOVED(path), flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    return NEXT(open64)(MOVED(path), flags, mode);
}

DIR* opendir(const char* path) {
    return NEXT(opendir)(MOVED(path));
}
int access(const char* path, int mode) {
    return NEXT(access)(MOVED(path), mode);
}
int stat(const char* restrict path, struct stat* restrict out) {
    return NEXT(stat)(MOVED(path), out);
}
int stat64(const char* restrict path, struct stat64* restrict out) {
    return NEXT(stat64)(MOVED(path), out);
}
int execv(const char* path, char* const words[]) {
    return NEXT(execv)(MOVED(path), words);
}
int execve(const char* path, char* const words[], char* const environment[]) {
    return NEXT(execve)(MOVED(path), words, environment);
}
void* dlopen(const char* path, int flags) {
    return NEXT(dlopen)(MOVED(path), flags);
}

static const char* existing(const char* name) {
    if (strcmp(name, "dovenull") == 0) return "nobody";
    return strcmp(name, "dovecot") == 0 ? "mail" : name;
}

int getpwnam_r(const char* restrict name, struct passwd* restrict into, char* restrict buffer,
               size_t size, struct passwd** restrict out) {
    return NEXT(getpwnam_r)(existing(name), into, buffer, size, out);
}
int getgrnam_r(const char* restrict name, struct group* restrict into, char* restrict buffer,
               size_t size, struct group** restrict out) {
    return NEXT(getgrnam_r)(existing(name), into, buffer, size, out);
}
