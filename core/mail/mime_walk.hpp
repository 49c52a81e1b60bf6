// Finds the leaves of a MIME mail without building a tree; private to this room.
//
// GMime's parser makes an object of every part before anybody can count them, and a 50 MB mail of
// empty parts would cost gigabytes. This walk counts first: depth, parts and headers are capped by
// limits.hpp, lines of any length are seen through one window, and no byte of a body is kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "mail/decode.hpp"
#include "mail/mime.hpp"

namespace gatepost::mail {

struct mime_leaf {
    decoded_field type;         // "text/plain" if nothing was said
    decoded_field disposition;  // may be empty
    std::string encoding;       // Content-Transfer-Encoding as written
    std::string content_id;     // without angle brackets; empty if it is no id
    std::string parent;         // type of the multipart it stands in; empty at the top
    unsigned alternative = 0;   // which multipart/alternative it belongs to; 0: none
    uint64_t begin = 0;         // of its body, still encoded, in the source
    uint64_t end = 0;
};

// `whole` is header block and body.
result<std::vector<mime_leaf>> find_leaves(byte_source& whole);

}  // namespace gatepost::mail
