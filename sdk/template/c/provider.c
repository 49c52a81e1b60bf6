/* A whole provider in C: every mail becomes one file in a folder. Copy it and change the steps.
 *
 * A call is a small state machine: each step asks the host for one thing and returns; `on_done`
 * takes the answer and makes the next step. Promises: complete runs exactly once for every start,
 * when no operation is open; a mail is in the folder, durably, before it is called accepted. Fails
 * with a verdict and a sentence for people. */
#include <gatepost/abi.h>
#include <stdlib.h>
#include <string.h>

#include "gatepost_manifest.h"

enum { PATH_MAX_BYTES = 1024 };

typedef enum { STEP_FOLDER, STEP_OPEN, STEP_WRITE } step;

struct instance;

typedef struct call {
    struct instance* owner;
    struct call* next;
    gatepost_call id;
    gatepost_operation operation; /* the one that runs; 0: none */
    step at;
    int cancelled;
    const gatepost_message* message; /* NULL: a test without a mail */
    gatepost_body_request open;
    gatepost_file_write write;
    gatepost_segment segment;
    char path[PATH_MAX_BYTES];
} call;

typedef struct instance {
    const gatepost_host* host;
    const gatepost_body* body;
    const gatepost_file* file;
    call* calls;
    uint64_t folder_size;
    char folder[PATH_MAX_BYTES];
} instance;

static gatepost_string text_of(const char* text) {
    const gatepost_string made = {text, strlen(text)};
    return made;
}

/* ---- the end of a call ---- */

static void finish(call* done, uint32_t kind, uint32_t verdict, uint32_t blame,
                   gatepost_string text) {
    instance* self = done->owner;
    const gatepost_call id = done->id;
    gatepost_outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    outcome.size = sizeof outcome;
    outcome.kind = kind;
    outcome.verdict = verdict;
    outcome.blame = blame;
    outcome.text = text;
    if (verdict == GATEPOST_ACCEPTED && done->message != NULL)
        outcome.flags = GATEPOST_OUTCOME_CAPTURED;
    for (call** at = &self->calls; *at != NULL; at = &(*at)->next) {
        if (*at != done) continue;
        *at = done->next;
        break;
    }
    self->host->complete(self->host, id, &outcome); /* `text` may lie in the call: free it last */
    free(done);
}

static void defer(call* done, uint32_t blame, gatepost_string text) {
    finish(done, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, blame, text);
}

static void fail(call* done, gatepost_status status, gatepost_string text) {
    if (status == GATEPOST_CANCELLED) {
        finish(done, GATEPOST_OUTCOME_CANCELLED, GATEPOST_DEFERRED, GATEPOST_BLAME_NONE,
               text_of("cancelled"));
        return;
    }
    const int config = status == GATEPOST_DENIED || status == GATEPOST_UNSUPPORTED;
    if (text.size == 0) text = text_of("the gateway refused the request");
    defer(done, config ? GATEPOST_BLAME_CONFIG : GATEPOST_BLAME_PROVIDER, text);
}

/* ---- the steps ---- */

static void on_done(void* user, gatepost_operation operation, const gatepost_result* result);

static gatepost_status begin_folder(call* now) {
    instance* self = now->owner;
    const gatepost_string folder = {self->folder, self->folder_size};
    now->at = STEP_FOLDER;
    return self->file->mkdir(self->host, now->id, folder, on_done, now, &now->operation);
}

static gatepost_status begin_open(call* now) {
    instance* self = now->owner;
    now->at = STEP_OPEN;
    now->open.size = sizeof now->open;
    now->open.what = GATEPOST_BODY_WHOLE;
    now->open.form = GATEPOST_FORM_IDENTITY;
    return self->body->open(self->host, now->id, &now->open, on_done, now, &now->operation);
}

/* FOLDER/ID.eml; 0 if it would be too long. */
static uint64_t make_path(call* now) {
    const instance* self = now->owner;
    const gatepost_string id = now->message->id;
    const uint64_t size = self->folder_size + 1 + id.size + 4;
    if (id.size > 200 || size > sizeof now->path) return 0;
    char* end = now->path;
    memcpy(end, self->folder, self->folder_size);
    end += self->folder_size;
    *end++ = '/';
    if (id.size != 0) memcpy(end, id.data, id.size);
    memcpy(end + id.size, ".eml", 4);
    return size;
}

static gatepost_status begin_write(call* now, gatepost_handle body) {
    instance* self = now->owner;
    const uint64_t size = make_path(now);
    if (size == 0) return GATEPOST_LIMIT;
    now->at = STEP_WRITE;
    now->segment.kind = GATEPOST_SEGMENT_BODY;
    now->segment.body = body;
    now->write.size = sizeof now->write;
    now->write.required = GATEPOST_COMMITS; /* from here on the mail may be taken over */
    now->write.flags = GATEPOST_FILE_REPLACE;
    now->write.path.data = now->path;
    now->write.path.size = size;
    now->write.segments.items = &now->segment;
    now->write.segments.count = 1;
    now->write.segments.stride = sizeof now->segment;
    return self->file->write(self->host, now->id, &now->write, on_done, now, &now->operation);
}

static void on_done(void* user, gatepost_operation operation, const gatepost_result* result) {
    call* now = user;
    gatepost_status status = result->status;
    (void)operation;
    now->operation = 0;
    if (status == GATEPOST_OK && now->cancelled && now->at != STEP_WRITE)
        status = GATEPOST_CANCELLED;
    if (status != GATEPOST_OK) {
        fail(now, status, result->text);
        return;
    }
    if (now->at == STEP_WRITE || now->message == NULL) {
        finish(now, GATEPOST_OUTCOME_DONE, GATEPOST_ACCEPTED, GATEPOST_BLAME_NONE,
               now->message == NULL ? text_of("the folder is there") : now->write.path);
        return;
    }
    status = now->at == STEP_FOLDER ? begin_open(now) : begin_write(now, result->handle);
    if (status != GATEPOST_OK) fail(now, status, text_of(""));
}

/* ---- the table ---- */

static gatepost_status refuse(const gatepost_host* host, gatepost_sink sink, const char* text) {
    gatepost_diagnostic said;
    memset(&said, 0, sizeof said);
    said.size = sizeof said;
    said.severity = GATEPOST_ERROR;
    said.pointer = text_of("/folder");
    said.text = text_of(text);
    host->diagnose(host, sink, &said);
    return GATEPOST_INVALID;
}

static gatepost_status create(const gatepost_host* host, const gatepost_settings* settings,
                              gatepost_sink diagnostics, void** made) {
    const gatepost_string key = text_of("folder");
    const char* item = settings->values.items;
    instance* self = calloc(1, sizeof *self);
    if (self == NULL) return GATEPOST_LIMIT;
    for (uint32_t at = 0; at < settings->values.count; ++at, item += settings->values.stride) {
        const gatepost_setting* one = (const gatepost_setting*)(const void*)item;
        if (one->path.size != key.size || memcmp(one->path.data, key.data, key.size) != 0) continue;
        if (one->text.size == 0 || one->text.size > 512) break;
        memcpy(self->folder, one->text.data, one->text.size);
        self->folder_size = one->text.size;
    }
    if (self->folder_size == 0 || self->folder[0] != '/') {
        free(self);
        return refuse(host, diagnostics, "must be an absolute path of at most 512 bytes");
    }
    self->host = host;
    self->body = host->extension(host, text_of("gatepost.body/1"));
    self->file = host->extension(host, text_of("gatepost.file/1"));
    if (self->body == NULL || self->file == NULL) {
        free(self);
        return refuse(host, diagnostics, "this gateway does not offer body/1 and file/1");
    }
    *made = self;
    return GATEPOST_OK;
}

static void destroy(void* made) {
    free(made);
}

static void start(void* made, gatepost_call id, const gatepost_request* request) {
    instance* self = made;
    gatepost_outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    outcome.size = sizeof outcome;
    outcome.verdict = GATEPOST_DEFERRED;
    outcome.blame = GATEPOST_BLAME_PLUGIN;
    call* now = calloc(1, sizeof *now);
    if (now == NULL || (request->kind != GATEPOST_SEND && request->kind != GATEPOST_TEST)) {
        if (now != NULL) outcome.kind = GATEPOST_OUTCOME_UNSUPPORTED;
        free(now);
        self->host->complete(self->host, id, &outcome);
        return;
    }
    now->owner = self;
    now->id = id;
    now->message = request->message;
    now->next = self->calls;
    self->calls = now;
    const gatepost_status status = begin_folder(now);
    if (status != GATEPOST_OK) fail(now, status, text_of(""));
}

static void cancel(void* made, gatepost_call id, uint32_t why) {
    instance* self = made;
    for (call* now = self->calls; now != NULL; now = now->next) {
        if (now->id != id) continue;
        now->cancelled = 1;
        /* The write commits: once it runs, only a deadline or a shutdown cuts it short. */
        if (now->at == STEP_WRITE && why == GATEPOST_WHY_CALLER) return;
        if (now->operation != 0) self->host->cancel(self->host, now->operation);
        return;
    }
}

GATEPOST_EXPORT const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host) {
    static const gatepost_plugin table = {
        .size = sizeof(gatepost_plugin),
        .abi_major = GATEPOST_ABI_MAJOR,
        .abi_minor = GATEPOST_ABI_MINOR,
        .id = {GATEPOST_MANIFEST_ID, sizeof GATEPOST_MANIFEST_ID - 1},
        .version = {GATEPOST_MANIFEST_VERSION, sizeof GATEPOST_MANIFEST_VERSION - 1},
        .sdk = {"c", 1},
        .manifest = {gatepost_manifest, sizeof gatepost_manifest - 1},
        .create = create,
        .destroy = destroy,
        .start = start,
        .cancel = cancel,
    };
    return host != NULL && host->abi_major == GATEPOST_ABI_MAJOR ? &table : NULL;
}
