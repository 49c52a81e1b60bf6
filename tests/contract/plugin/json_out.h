/* JSON into a growing buffer, for the contract plugin: strings escaped, bytes as base64. A failed
 * allocation is remembered in `failed` and everything after it does nothing, so that the plugin
 * checks once, at the end. */
#ifndef CONTRACT_JSON_OUT_H
#define CONTRACT_JSON_OUT_H

#include <gatepost/abi.h>

typedef struct json_out {
    char* data;
    size_t size, room;
    int failed;
    int comma; /* a member was written before in this object or array */
} json_out;

void json_bytes(json_out* out, const char* data, size_t size); /* as they are */
void json_key(json_out* out, const char* key);                 /* NULL: an array's item */
void json_open(json_out* out, const char* key, char bracket);  /* '{' or '[' */
void json_close(json_out* out, char bracket);
void json_text(json_out* out, const char* key, gatepost_string value);
void json_word(json_out* out, const char* key, const char* value);
void json_number(json_out* out, const char* key, int64_t value);
void json_base64(json_out* out, const char* key, const unsigned char* data, size_t size);
void json_hex(json_out* out, const char* key, const unsigned char* data, size_t size);

#endif
