/* See view.h. Arrays are stepped by their stride, as abi.h asks. */
#include "view.h"

static const void* item(gatepost_array array, uint32_t index) {
    return (const char*)array.items + (size_t)index * array.stride;
}

const gatepost_part* part_at(const gatepost_message* message, uint32_t index) {
    return item(message->parts, index);
}

static void write_mailbox(json_out* out, const char* key, const gatepost_mailbox* box) {
    json_open(out, key, '{');
    json_text(out, "address", box->address);
    json_text(out, "ascii_address", box->ascii_address);
    json_text(out, "name", box->name);
    json_close(out, '}');
}

static void write_pairs(json_out* out, const char* key, gatepost_array pairs) {
    json_open(out, key, '[');
    for (uint32_t i = 0; i < pairs.count; ++i) {
        const gatepost_pair* pair = item(pairs, i);
        json_open(out, NULL, '[');
        json_text(out, NULL, pair->name);
        json_text(out, NULL, pair->value);
        json_close(out, ']');
    }
    json_close(out, ']');
}

static void write_recipients(json_out* out, const gatepost_message* message) {
    json_open(out, "recipients", '[');
    for (uint32_t i = 0; i < message->recipients.count; ++i) {
        const gatepost_recipient* one = item(message->recipients, i);
        json_open(out, NULL, '{');
        write_mailbox(out, "mailbox", &one->mailbox);
        json_number(out, "role", one->role);
        json_number(out, "index", one->index);
        json_number(out, "dsn_notify", one->dsn_notify);
        json_text(out, "dsn_orcpt", one->dsn_orcpt);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_open(out, "carry", '[');
    for (uint32_t i = 0; i < message->carry.count; ++i)
        json_number(out, NULL, *(const uint32_t*)item(message->carry, i));
    json_close(out, ']');
}

static void write_flags(json_out* out, uint32_t flags) {
    json_number(out, "flags", flags);
    json_number(out, "raw", (flags & GATEPOST_MESSAGE_RAW) != 0);
    json_number(out, "raw_only", (flags & GATEPOST_MESSAGE_RAW_ONLY) != 0);
    json_number(out, "smtputf8", (flags & GATEPOST_MESSAGE_SMTPUTF8) != 0);
    json_number(out, "test", (flags & GATEPOST_MESSAGE_TEST) != 0);
}

void write_part(json_out* out, const gatepost_part* part) {
    json_number(out, "id", part->id);
    json_number(out, "role", part->role);
    json_text(out, "type", part->type);
    json_text(out, "filename", part->filename);
    json_text(out, "content_id", part->content_id);
    json_number(out, "content_size", (int64_t)part->content_size);
}

static void write_message(json_out* out, const gatepost_message* message) {
    write_flags(out, message->flags);
    json_text(out, "id", message->id);
    json_text(out, "message_id", message->message_id);
    json_number(out, "date", message->date);
    write_mailbox(out, "envelope_from", &message->envelope_from);
    write_mailbox(out, "from", &message->from);
    write_mailbox(out, "sender", &message->sender);
    json_open(out, "reply_to", '[');
    for (uint32_t i = 0; i < message->reply_to.count; ++i)
        write_mailbox(out, NULL, item(message->reply_to, i));
    json_close(out, ']');
    write_recipients(out, message);
    json_text(out, "subject", message->subject);
    write_pairs(out, "headers", message->headers);
    json_open(out, "tags", '[');
    for (uint32_t i = 0; i < message->tags.count; ++i)
        json_text(out, NULL, *(const gatepost_string*)item(message->tags, i));
    json_close(out, ']');
    write_pairs(out, "metadata", message->metadata);
    json_text(out, "options_json", message->options_json);
    json_number(out, "dsn_ret", message->dsn_ret);
    json_number(out, "priority", message->priority);
    json_text(out, "dsn_envid", message->dsn_envid);
    json_number(out, "accepted_at", message->accepted_at);
}

void write_request(json_out* out, const gatepost_request* request) {
    json_open(out, "request", '{');
    json_number(out, "size", request->size);
    json_number(out, "kind", request->kind);
    json_number(out, "deadline", (int64_t)request->deadline);
    json_number(out, "attempt", request->attempt);
    json_text(out, "idempotency_key", request->idempotency_key);
    json_text(out, "provider_message_id", request->provider_message_id);
    json_text(out, "state", request->state);
    json_close(out, '}');
    write_message(out, request->message);
}

void write_settings(json_out* out, const gatepost_settings* settings) {
    json_open(out, "settings", '{');
    json_text(out, "json", settings->json);
    json_text(out, "connection", settings->connection);
    json_open(out, "values", '[');
    for (uint32_t i = 0; i < settings->values.count; ++i) {
        const gatepost_setting* one = item(settings->values, i);
        json_open(out, NULL, '{');
        json_text(out, "path", one->path);
        json_number(out, "type", one->type);
        json_number(out, "flags", one->flags);
        json_text(out, "text", one->text);
        json_number(out, "integer", one->integer);
        json_number(out, "number", (int64_t)one->number);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}
