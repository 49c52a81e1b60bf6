/* See walk.h. A walk is a list of probes (what to open, in which form) and one callback that takes
 * the next step. It asks for one thing at a time, so it needs no table of running operations. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

enum { KEEP_AT_MOST = 64 * 1024, WINDOW = 65536, ASKED_IN_WINDOWS_MODE = 1 << 20 };

typedef struct probe {
    gatepost_body_request request;
    int is_last_of_part; /* closes the part's object */
} probe;

typedef enum step { STEP_OPEN, STEP_READ, STEP_DIGEST, STEP_MKDIR, STEP_WRITE } step;

typedef struct walk {
    contract_instance* self;
    gatepost_call call;
    const gatepost_message* message;
    json_out out;
    probe* probes;
    uint32_t count, at;
    step step;
    /* of the body that is open */
    gatepost_handle body;
    uint64_t length, read, windows, largest;
    unsigned char* kept;
    unsigned problems;
    /* borrowed by running requests */
    gatepost_segment segment;
    gatepost_digest_request digest;
    gatepost_file_write write;
    char* file;
} walk;

static void next_probe(walk* self);
static void on_done(void* user, gatepost_operation operation, const gatepost_result* result);

static void walk_free(walk* self) {
    free(self->out.data);
    free(self->probes);
    free(self->kept);
    free(self->file);
    free(self);
}

static void give_up(walk* self, uint32_t kind, uint32_t verdict, const char* text) {
    contract_instance* owner = self->self;
    const gatepost_call call = self->call;
    walk_free(self);
    complete_plainly(owner, call, kind, verdict, text);
}

/* ---- the probes ---- */

static void add(walk* self, uint32_t what, uint32_t part, uint32_t form, uint32_t flags) {
    probe* one = &self->probes[self->count++];
    memset(one, 0, sizeof *one);
    one->request.size = sizeof one->request;
    one->request.what = what;
    one->request.part = part;
    one->request.form = form;
    one->request.flags = flags;
}

static int plan(walk* self) {
    const uint32_t parts = self->message->parts.count;
    self->probes = calloc((size_t)parts * 3 + 6, sizeof *self->probes);
    if (self->probes == NULL) return 0;
    for (uint32_t i = 0; i < parts; ++i) {
        const gatepost_part* part = part_at(self->message, i);
        add(self, GATEPOST_BODY_PART, part->id, GATEPOST_FORM_IDENTITY, 0);
        add(self, GATEPOST_BODY_PART, part->id, GATEPOST_FORM_BASE64, 0);
        if (part->role == GATEPOST_PART_TEXT || part->role == GATEPOST_PART_HTML)
            add(self, GATEPOST_BODY_PART, part->id, GATEPOST_FORM_JSON, 0);
        self->probes[self->count - 1].is_last_of_part = 1;
    }
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY, 0);
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY, GATEPOST_BODY_7BIT);
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY, GATEPOST_BODY_UTF8);
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_BASE64, 0);
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_DOT_STUFFED, 0);
    add(self, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_DOT_STUFFED, GATEPOST_BODY_7BIT);
    return 1;
}

static const char* form_name(uint32_t form) {
    static const char* const names[] = {"", "identity", "base64", "json", "dot_stuffed"};
    return names[form];
}

static void open_brackets(walk* self, const probe* now) {
    const int is_part = now->request.what == GATEPOST_BODY_PART;
    if (is_part && now->request.form == GATEPOST_FORM_IDENTITY) {
        uint32_t index = 0;
        while (part_at(self->message, index)->id != now->request.part)
            ++index;
        json_open(&self->out, NULL, '{');
        write_part(&self->out, part_at(self->message, index));
        json_open(&self->out, "forms", '[');
    } else if (!is_part &&
               (self->at == 0 || self->probes[self->at - 1].request.what == GATEPOST_BODY_PART)) {
        json_close(&self->out, ']');
        json_open(&self->out, "whole", '[');
    }
    json_open(&self->out, NULL, '{');
    json_word(&self->out, "form", form_name(now->request.form));
    json_number(&self->out, "flags", now->request.flags);
}

static void close_brackets(walk* self, const probe* now) {
    json_close(&self->out, '}');
    if (!now->is_last_of_part) return;
    json_close(&self->out, ']');
    json_close(&self->out, '}');
}

/* ---- the end: the file ---- */

static void write_file(walk* self) {
    contract_instance* owner = self->self;
    const size_t room = strlen(owner->path) + self->message->id.size + 8;
    self->file = malloc(room);
    json_close(&self->out, ']');
    json_number(&self->out, "problems", (int64_t)self->problems);
    json_close(&self->out, '}');
    if (self->file == NULL || self->out.failed) {
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "out of memory");
        return;
    }
    snprintf(self->file, room, "%s/%.*s.json", owner->path, (int)self->message->id.size,
             self->message->id.data);
    self->segment =
        (gatepost_segment){GATEPOST_SEGMENT_BYTES, 0, {self->out.data, self->out.size}, 0, 0, 0};
    self->write = (gatepost_file_write){.size = sizeof self->write,
                                        .required = GATEPOST_COMMITS,
                                        .flags = GATEPOST_FILE_REPLACE,
                                        .mode = 0644,
                                        .path = {self->file, strlen(self->file)},
                                        .segments = {&self->segment, 1, sizeof self->segment}};
    self->step = STEP_WRITE;
    gatepost_operation operation;
    if (owner->file->write(owner->host, self->call, &self->write, on_done, self, &operation) !=
        GATEPOST_OK)
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "file/1 write refused");
}

static void make_folder(walk* self) {
    contract_instance* owner = self->self;
    gatepost_operation operation;
    self->step = STEP_MKDIR;
    if (owner->file->mkdir(owner->host, self->call,
                           (gatepost_string){owner->path, strlen(owner->path)}, on_done, self,
                           &operation) != GATEPOST_OK)
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "file/1 mkdir refused");
}

static void succeed(walk* self) {
    contract_instance* owner = self->self;
    const gatepost_message* message = self->message;
    gatepost_recipient_result* results = calloc((size_t)message->carry.count + 1, sizeof *results);
    if (results == NULL) {
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_UNKNOWN, "out of memory");
        return;
    }
    gatepost_outcome outcome = {.size = sizeof outcome, .flags = GATEPOST_OUTCOME_CAPTURED};
    outcome.verdict = GATEPOST_ACCEPTED;
    outcome.text = (gatepost_string){"written", 7};
    outcome.provider_message_id = (gatepost_string){self->file, strlen(self->file)};
    for (uint32_t i = 0; i < message->carry.count; ++i) {
        const char* item = (const char*)message->carry.items + (size_t)i * message->carry.stride;
        results[i].index = *(const uint32_t*)(const void*)item;
        results[i].verdict = GATEPOST_ACCEPTED;
        results[i].code = (int32_t)(2000 + results[i].index);
        results[i].text = (gatepost_string){"carried", 7};
        results[i].provider_message_id = outcome.provider_message_id;
    }
    outcome.recipients = (gatepost_array){results, message->carry.count, sizeof *results};
    owner->host->complete(owner->host, self->call, &outcome);
    free(results);
    walk_free(self);
}

/* ---- one body ---- */

static int reads_it_all(const walk* self) {
    return self->self->mode == MODE_WINDOWS ||
           self->probes[self->at].request.form == GATEPOST_FORM_IDENTITY;
}

static void end_probe(walk* self) {
    contract_instance* owner = self->self;
    if (GATEPOST_HAS(gatepost_body, owner->body, close) && owner->body->close != NULL &&
        self->body != 0)
        owner->body->close(owner->host, self->body);
    self->body = 0;
    free(self->kept);
    self->kept = NULL;
    close_brackets(self, &self->probes[self->at]);
    ++self->at;
    next_probe(self);
}

static void ask_digest(walk* self) {
    contract_instance* owner = self->self;
    gatepost_operation operation;
    self->step = STEP_DIGEST;
    self->segment = (gatepost_segment){GATEPOST_SEGMENT_BODY, 0, {NULL, 0}, self->body, 0, 0};
    self->digest = (gatepost_digest_request){.size = sizeof self->digest,
                                             .algorithm = GATEPOST_SHA256,
                                             .segments = {&self->segment, 1, sizeof self->segment}};
    if (owner->crypto->digest(owner->host, self->call, &self->digest, on_done, self, &operation) !=
        GATEPOST_OK)
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "crypto/1 digest refused");
}

/* Everything was read, or nothing was wanted. */
static void end_reading(walk* self) {
    json_number(&self->out, "length", (int64_t)self->length);
    if (reads_it_all(self)) {
        if (self->read != self->length) ++self->problems;
        json_number(&self->out, "read", (int64_t)self->read);
        json_number(&self->out, "windows", (int64_t)self->windows);
        json_number(&self->out, "largest", (int64_t)self->largest);
        if (self->kept != NULL) json_base64(&self->out, "content", self->kept, (size_t)self->read);
    }
    if (self->probes[self->at].request.form == GATEPOST_FORM_IDENTITY)
        ask_digest(self);
    else
        end_probe(self);
}

static void read_more(walk* self) {
    contract_instance* owner = self->self;
    const uint64_t max = owner->mode == MODE_WINDOWS ? ASKED_IN_WINDOWS_MODE : WINDOW;
    gatepost_operation operation;
    self->step = STEP_READ;
    if (owner->body->read(owner->host, self->call, self->body, self->read, max, on_done, self,
                          &operation) != GATEPOST_OK)
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "body/1 read refused");
}

static void opened(walk* self, const gatepost_result* result) {
    json_number(&self->out, "status", result->status);
    self->body = result->handle;
    self->length = result->length;
    self->read = self->windows = self->largest = 0;
    if (result->status != GATEPOST_OK) {
        json_text(&self->out, "text", result->text);
        self->body = 0;
        end_probe(self);
        return;
    }
    if (self->probes[self->at].request.form == GATEPOST_FORM_IDENTITY &&
        self->length <= KEEP_AT_MOST)
        self->kept = malloc((size_t)self->length + 1);
    if (reads_it_all(self))
        read_more(self);
    else
        end_reading(self);
}

static void got_window(walk* self, const gatepost_result* result) {
    const uint64_t size = result->data.size;
    if (result->status != GATEPOST_OK) {
        json_number(&self->out, "read_status", result->status);
        json_text(&self->out, "read_text", result->text);
        ++self->problems;
        end_probe(self);
        return;
    }
    if (size > WINDOW || self->read + size > self->length) ++self->problems;
    if (size == 0 || self->read + size > self->length) {
        end_reading(self);
        return;
    }
    if (self->kept != NULL) memcpy(self->kept + self->read, result->data.data, (size_t)size);
    self->read += size;
    ++self->windows;
    if (size > self->largest) self->largest = size;
    read_more(self);
}

static void next_probe(walk* self) {
    contract_instance* owner = self->self;
    gatepost_operation operation;
    if (self->at == self->count) {
        make_folder(self);
        return;
    }
    open_brackets(self, &self->probes[self->at]);
    self->step = STEP_OPEN;
    if (owner->body->open(owner->host, self->call, &self->probes[self->at].request, on_done, self,
                          &operation) != GATEPOST_OK)
        give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "body/1 open refused");
}

/* ---- the steps ---- */

static void got_digest(walk* self, const gatepost_result* result) {
    if (result->status == GATEPOST_OK)
        json_hex(&self->out, "sha256", (const unsigned char*)result->data.data,
                 (size_t)result->data.size);
    else
        ++self->problems;
    end_probe(self);
}

static void on_done(void* user, gatepost_operation operation, const gatepost_result* result) {
    walk* self = user;
    (void)operation;
    if (result->status == GATEPOST_CANCELLED || result->status == GATEPOST_TIMEOUT) {
        give_up(self, GATEPOST_OUTCOME_CANCELLED, 0, "stopped");
        return;
    }
    switch (self->step) {
        case STEP_OPEN: opened(self, result); return;
        case STEP_READ: got_window(self, result); return;
        case STEP_DIGEST: got_digest(self, result); return;
        case STEP_MKDIR:
            if (result->status == GATEPOST_OK)
                write_file(self);
            else
                give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED,
                        "the folder could not be made");
            return;
        case STEP_WRITE:
            if (result->status == GATEPOST_OK)
                succeed(self);
            else
                give_up(self, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED,
                        "the file could not be written");
            return;
    }
}

void walk_start(contract_instance* self, gatepost_call call, const gatepost_request* request) {
    walk* made = calloc(1, sizeof *made);
    if (made == NULL || request->message == NULL) {
        free(made);
        complete_plainly(self, call, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED,
                         "no memory, or no message");
        return;
    }
    made->self = self;
    made->call = call;
    made->message = request->message;
    if (!plan(made)) {
        give_up(made, GATEPOST_OUTCOME_DONE, GATEPOST_DEFERRED, "out of memory");
        return;
    }
    json_bytes(&made->out, "{", 1);
    json_bytes(&made->out, self->settings.data, self->settings.size);
    made->out.comma = 1;
    write_request(&made->out, request);
    json_open(&made->out, "parts", '[');
    next_probe(made);
}
