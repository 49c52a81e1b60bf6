/* Plugins whose fault shows when they are loaded; one file each, chosen by a definition
 * (FAULT_...), the id is the name of the file. Those that work write PATH/<message id>.txt with
 * commits and say accepted. What a host should make of them:
 */
// clang-format off
//   wrong-major    abi_major 2                              refuse, saying which to upgrade
//   later-minor    min_host_minor 4000                      the same
//   larger-table   64 bytes more, with a poisoned tail      load it; it works
//   shorter-table  ends before `extension`, which aborts    load it; it works
//   tiny-table     ends before `create`                     refuse
//   no-symbol      gatepost_plugin_v1 is not there          refuse
//   null-entry     the entry says: not with this host       refuse
//   no-start       start is NULL                            refuse
//   wrong-id       the manifest has another id              refuse
//   bad-id         the id is "../etc"                       refuse
//   bad-manifest   the manifest is no JSON                  refuse
//   bad-schema     the settings schema has a $ref           refuse
// clang-format on
#include <gatepost/abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

#ifdef FAULT_BAD_ID
#define ID "../etc"
#else
#define ID FAULT_NAME
#endif

#ifdef FAULT_WRONG_ID
#define MANIFEST_ID "somebody-else"
#else
#define MANIFEST_ID ID
#endif

#ifdef FAULT_BAD_SCHEMA
#define PATH_SCHEMA "{\"$ref\":\"#/$defs/path\"}"
#else
#define PATH_SCHEMA "{\"type\":\"string\",\"minLength\":1}"
#endif

#ifdef FAULT_BAD_MANIFEST
static const char manifest[] = "{\"id\": \"bad-manifest\", not json";
#else
static const char manifest[] =
    "{\"id\":\"" MANIFEST_ID "\",\"name\":\"" FAULT_NAME
    "\",\"version\":\"0.1.0\",\"capabilities\":{\"raw_mime\":true,\"captures\":true},"
    "\"folders\":[\"/path\"],"
    "\"settings\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],"
    "\"properties\":{\"path\":" PATH_SCHEMA "}}}";
#endif

typedef struct instance {
    const gatepost_host* host;
    const gatepost_file* file;
    char path[4096];
} instance;

typedef struct job {
    instance* self;
    gatepost_call call;
    char target[4400];
    gatepost_segment segment;
    gatepost_file_write write;
} job;

static void complete(instance* self, gatepost_call call, uint32_t kind, uint32_t verdict) {
    gatepost_outcome outcome = {.size = sizeof outcome, .kind = kind, .verdict = verdict};
    self->host->complete(self->host, call, &outcome);
}

static void on_written(void* user, gatepost_operation operation, const gatepost_result* result) {
    job* done = user;
    (void)operation;
    complete(done->self, done->call, GATEPOST_OUTCOME_DONE,
             result->status == GATEPOST_OK ? GATEPOST_ACCEPTED : GATEPOST_DEFERRED);
    free(done);
}

static void on_folder(void* user, gatepost_operation operation, const gatepost_result* result) {
    job* now = user;
    instance* self = now->self;
    if (result->status == GATEPOST_OK &&
        self->file->write(self->host, now->call, &now->write, on_written, now, &operation) ==
            GATEPOST_OK)
        return;
    complete(self, now->call, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED);
    free(now);
}

static void send_message(instance* self, gatepost_call call, const gatepost_message* message) {
    job* now = calloc(1, sizeof *now);
    if (now == NULL) {
        complete(self, call, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED);
        return;
    }
    now->self = self;
    now->call = call;
    snprintf(now->target, sizeof now->target, "%s/%.*s.txt", self->path, (int)message->id.size,
             message->id.data);
    now->segment = (gatepost_segment){GATEPOST_SEGMENT_BYTES, 0, TEXT("written\n"), 0, 0, 0};
    now->write = (gatepost_file_write){.size = sizeof now->write,
                                       .required = GATEPOST_COMMITS,
                                       .flags = GATEPOST_FILE_REPLACE,
                                       .mode = 0644,
                                       .path = {now->target, strlen(now->target)},
                                       .segments = {&now->segment, 1, sizeof now->segment}};
    gatepost_operation operation;
    if (self->file->mkdir(self->host, call, (gatepost_string){self->path, strlen(self->path)},
                          on_folder, now, &operation) == GATEPOST_OK)
        return;
    complete(self, call, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED);
    free(now);
}

static gatepost_status create(const gatepost_host* host, const gatepost_settings* settings,
                              gatepost_sink sink, void** out) {
    instance* self = calloc(1, sizeof *self);
    if (self == NULL) return GATEPOST_FAILED;
    self->host = host;
    self->file = host->extension(host, (gatepost_string)TEXT("gatepost.file/1"));
    for (uint32_t i = 0; i < settings->values.count; ++i) {
        const char* item =
            (const char*)settings->values.items + (size_t)i * settings->values.stride;
        const gatepost_setting* one = (const void*)item;
        if (one->path.size == 4 && memcmp(one->path.data, "path", 4) == 0 &&
            one->text.size < sizeof self->path)
            memcpy(self->path, one->text.data, one->text.size);
    }
    *out = self;
    if (self->file != NULL && self->path[0] == '/') return GATEPOST_OK;
    const gatepost_diagnostic why = {.size = sizeof why,
                                     .severity = GATEPOST_ERROR,
                                     .text = TEXT("needs file/1 and an absolute path")};
    host->diagnose(host, sink, &why);
    free(self);
    return GATEPOST_FAILED;
}

static void destroy(void* self) {
    free(self);
}

__attribute__((unused)) static void start(void* self, gatepost_call call,
                                          const gatepost_request* request) {
    if (request->kind == GATEPOST_SEND)
        send_message(self, call, request->message);
    else if (request->kind == GATEPOST_TEST)
        complete(self, call, GATEPOST_OUTCOME_DONE, GATEPOST_ACCEPTED);
    else
        complete(self, call, GATEPOST_OUTCOME_UNSUPPORTED, 0);
}

static void cancel(void* self, gatepost_call call, uint32_t why) {
    (void)self;
    (void)call;
    (void)why;
}

#ifdef FAULT_SHORTER_TABLE
static const void* trap(gatepost_string id) {
    (void)id;
    fputs("`extension` lies behind the size of the table and was called\n", stderr);
    abort();
}
#endif

typedef struct larger_plugin {
    gatepost_plugin plugin;
    uint64_t tail[8];
} larger_plugin;

static const larger_plugin table = {
    .plugin =
        {
#if defined(FAULT_LARGER_TABLE)
            .size = sizeof(larger_plugin),
#elif defined(FAULT_SHORTER_TABLE)
            .size = offsetof(gatepost_plugin, extension),
            .extension = trap,
#elif defined(FAULT_TINY_TABLE)
            .size = offsetof(gatepost_plugin, create),
#else
            .size = sizeof(gatepost_plugin),
#endif
#ifdef FAULT_WRONG_MAJOR
            .abi_major = 2,
#else
            .abi_major = GATEPOST_ABI_MAJOR,
#endif
#ifdef FAULT_LATER_MINOR
            .min_host_minor = 4000,
#endif
            .abi_minor = GATEPOST_ABI_MINOR,
            .id = TEXT(ID),
            .version = TEXT("0.1.0"),
            .sdk = TEXT("c"),
            .manifest = TEXT(manifest),
            .create = create,
            .destroy = destroy,
#ifndef FAULT_NO_START
            .start = start,
#endif
            .cancel = cancel,
        },
    .tail = {0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u,
             0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u, 0xA5A5A5A5A5A5A5A5u},
};

#ifdef FAULT_NO_SYMBOL
GATEPOST_EXPORT const gatepost_plugin* gatepost_plugin_v0(const gatepost_host_info* host);
const gatepost_plugin* gatepost_plugin_v0(const gatepost_host_info* host) {
#else
const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host) {
#endif
    (void)host;
    const gatepost_plugin* given = &table.plugin;
#ifdef FAULT_NULL_ENTRY
    given = NULL;
#endif
    return given;
}
