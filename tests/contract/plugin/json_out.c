/* See json_out.h. */
#include "json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(json_out* out, size_t more) {
    if (out->failed || out->room - out->size >= more) return;
    size_t room = out->room == 0 ? 4096 : out->room;
    while (room - out->size < more)
        room *= 2;
    char* data = realloc(out->data, room);
    if (data == NULL) {
        out->failed = 1;
        return;
    }
    out->data = data;
    out->room = room;
}

void json_bytes(json_out* out, const char* data, size_t size) {
    make_room(out, size);
    if (out->failed || size == 0) return;
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static void put(json_out* out, const char* text) {
    json_bytes(out, text, strlen(text));
}

static void put_string(json_out* out, gatepost_string value) {
    put(out, "\"");
    for (uint64_t i = 0; i < value.size; ++i) {
        const unsigned char c = (unsigned char)value.data[i];
        char escaped[8];
        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            json_bytes(out, escaped, 2);
        } else if (c < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
            put(out, escaped);
        } else {
            json_bytes(out, value.data + i, 1);
        }
    }
    put(out, "\"");
}

void json_key(json_out* out, const char* key) {
    if (out->comma) put(out, ",\n");
    out->comma = 1;
    if (key == NULL) return;
    put_string(out, (gatepost_string){key, strlen(key)});
    put(out, ": ");
}

void json_open(json_out* out, const char* key, char bracket) {
    json_key(out, key);
    json_bytes(out, &bracket, 1);
    out->comma = 0;
}

void json_close(json_out* out, char bracket) {
    json_bytes(out, &bracket, 1);
    out->comma = 1;
}

void json_text(json_out* out, const char* key, gatepost_string value) {
    json_key(out, key);
    put_string(out, value);
}

void json_word(json_out* out, const char* key, const char* value) {
    json_text(out, key, (gatepost_string){value, strlen(value)});
}

void json_number(json_out* out, const char* key, int64_t value) {
    char text[32];
    json_key(out, key);
    snprintf(text, sizeof text, "%lld", (long long)value);
    put(out, text);
}

void json_base64(json_out* out, const char* key, const unsigned char* data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    json_key(out, key);
    put(out, "\"");
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t group = (uint32_t)data[i] << 16 |
                               (left > 1 ? (uint32_t)data[i + 1] << 8 : 0u) |
                               (left > 2 ? (uint32_t)data[i + 2] : 0u);
        char four[4] = {digits[group >> 18], digits[group >> 12 & 63], '=', '='};
        if (left > 1) four[2] = digits[group >> 6 & 63];
        if (left > 2) four[3] = digits[group & 63];
        json_bytes(out, four, 4);
    }
    put(out, "\"");
}

void json_hex(json_out* out, const char* key, const unsigned char* data, size_t size) {
    json_key(out, key);
    put(out, "\"");
    for (size_t i = 0; i < size; ++i) {
        char two[3];
        snprintf(two, sizeof two, "%02x", data[i]);
        put(out, two);
    }
    put(out, "\"");
}
