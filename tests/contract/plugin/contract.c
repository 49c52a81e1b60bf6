/* The contract plugin: writes everything it is shown about a message into PATH/<message id>.json,
 * so that a test can hold it against what was posted. Pure C11, abi.h and nothing else.
 *
 * Built twice, because capabilities stand in the manifest: `contract` takes raw mail as it is,
 * `contract-parts` has it taken apart by the host. Setting "mode": "view" reads each part once;
 * "windows" reads every form to its end and asks for a megabyte at a time. "problems" in the JSON
 * counts windows above 65536 bytes and lengths that were not exact. The settings nobody needs are
 * there to be shown. */
#include <gatepost/abi.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"
#include "walk.h"

#ifdef CONTRACT_PARTS
#define ID "contract-parts"
#define CAPABILITIES "\"raw_mime\":false,\"separate_envelope\":false"
#else
#define ID "contract"
#define CAPABILITIES "\"raw_mime\":true,\"separate_envelope\":true"
#endif

static const char manifest[] =
    "{\"id\":\"" ID
    "\",\"name\":\"Contract\",\"version\":\"0.1.0\","
    "\"description\":\"Writes what it is shown of a message as JSON; for tests.\","
    "\"capabilities\":{" CAPABILITIES
    ",\"smtputf8\":true,\"per_recipient\":true,\"dsn\":true,\"captures\":true},"
    "\"folders\":[\"/path\"],"
    "\"settings\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],"
    "\"properties\":{"
    "\"path\":{\"type\":\"string\",\"minLength\":1,\"title\":\"Folder for the JSON files\"},"
    "\"mode\":{\"type\":\"string\",\"enum\":[\"view\",\"windows\"],\"default\":\"view\"},"
    "\"password\":{\"type\":\"string\",\"writeOnly\":true},"
    "\"count\":{\"type\":\"integer\",\"default\":7},"
    "\"ratio\":{\"type\":\"number\",\"default\":2.5},"
    "\"enabled\":{\"type\":\"boolean\",\"default\":true},"
    "\"words\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"nested\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"inner\":{\"type\":\"string\"}}}}},"
    "\"message_options\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"note\":{\"type\":\"string\"},\"sandbox\":{\"type\":\"boolean\"}}}}";

#define TEXT(literal) {literal, sizeof(literal) - 1}

static int is(gatepost_string text, const char* word) {
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

void complete_plainly(contract_instance* self, gatepost_call call, uint32_t kind, uint32_t verdict,
                      const char* text) {
    gatepost_outcome outcome = {.size = sizeof outcome, .kind = kind, .verdict = verdict};
    if (kind == GATEPOST_OUTCOME_DONE && verdict != GATEPOST_ACCEPTED)
        outcome.blame = GATEPOST_BLAME_PROVIDER;
    outcome.text = (gatepost_string){text, strlen(text)};
    self->host->complete(self->host, call, &outcome);
}

static void say(const gatepost_host* host, gatepost_sink sink, const char* pointer,
                const char* text) {
    gatepost_diagnostic diagnostic = {.size = sizeof diagnostic, .severity = GATEPOST_ERROR};
    diagnostic.pointer = (gatepost_string){pointer, strlen(pointer)};
    diagnostic.text = (gatepost_string){text, strlen(text)};
    host->diagnose(host, sink, &diagnostic);
}

static const void* service(const gatepost_host* host, const char* id) {
    return host->extension(host, (gatepost_string){id, strlen(id)});
}

static char* copy_of(gatepost_string text) {
    char* copy = malloc(text.size + 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void destroy(void* instance) {
    contract_instance* self = instance;
    free(self->settings.data);
    free(self->path);
    free(self);
}

static void read_settings(contract_instance* self, const gatepost_settings* settings) {
    for (uint32_t i = 0; i < settings->values.count; ++i) {
        const char* item =
            (const char*)settings->values.items + (size_t)i * settings->values.stride;
        const gatepost_setting* one = (const void*)item;
        if (is(one->path, "path") && self->path == NULL) self->path = copy_of(one->text);
        if (is(one->path, "mode") && is(one->text, "windows")) self->mode = MODE_WINDOWS;
    }
    write_settings(&self->settings, settings);
}

static gatepost_status create(const gatepost_host* host, const gatepost_settings* settings,
                              gatepost_sink sink, void** instance) {
    contract_instance* self = calloc(1, sizeof *self);
    if (self == NULL) return GATEPOST_FAILED;
    self->host = host;
    self->body = service(host, "gatepost.body/1");
    self->crypto = service(host, "gatepost.crypto/1");
    self->file = service(host, "gatepost.file/1");
    read_settings(self, settings);
    const char* missing = self->body == NULL || self->crypto == NULL || self->file == NULL
                              ? "this host does not offer body/1, crypto/1 and file/1"
                              : NULL;
    if (missing == NULL && self->path == NULL) missing = "a folder is needed";
    if (missing != NULL) {
        say(host, sink, self->path == NULL ? "/path" : "", missing);
        destroy(self);
        return GATEPOST_UNSUPPORTED;
    }
    *instance = self;
    return GATEPOST_OK;
}

static void start_test(contract_instance* self, gatepost_call call) {
    const gatepost_report* report = service(self->host, "gatepost.report/1");
    if (report != NULL && GATEPOST_HAS(gatepost_report, report, stage) && report->stage != NULL) {
        const gatepost_stage stage = {.size = sizeof stage,
                                      .state = GATEPOST_PASSED,
                                      .id = TEXT("contract"),
                                      .title = TEXT("The contract plugin is there"),
                                      .code = 7,
                                      .text = TEXT("nothing to be reached")};
        report->stage(self->host, call, &stage);
    }
    complete_plainly(self, call, GATEPOST_OUTCOME_DONE, GATEPOST_ACCEPTED, "tested");
}

static void start(void* instance, gatepost_call call, const gatepost_request* request) {
    switch (request->kind) {
        case GATEPOST_SEND: walk_start(instance, call, request); return;
        case GATEPOST_TEST: start_test(instance, call); return;
        default:
            complete_plainly(instance, call, GATEPOST_OUTCOME_UNSUPPORTED, 0, "not known");
            return;
    }
}

/* Every step is a request to the host, which ends it: the walk sees that and completes. */
static void cancel(void* instance, gatepost_call call, uint32_t why) {
    (void)instance;
    (void)call;
    (void)why;
}

static const gatepost_plugin table = {.size = sizeof(gatepost_plugin),
                                      .abi_major = GATEPOST_ABI_MAJOR,
                                      .abi_minor = GATEPOST_ABI_MINOR,
                                      .id = TEXT(ID),
                                      .version = TEXT("0.1.0"),
                                      .sdk = TEXT("c"),
                                      .manifest = TEXT(manifest),
                                      .create = create,
                                      .destroy = destroy,
                                      .start = start,
                                      .cancel = cancel};

const gatepost_plugin* gatepost_plugin_v1(const gatepost_host_info* host) {
    return host->abi_major == GATEPOST_ABI_MAJOR ? &table : NULL;
}
