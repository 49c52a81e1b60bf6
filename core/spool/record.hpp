// A message as bytes: what the spool writes once, at accept, and never changes.
//
//     version | length, checksum, head | checksum, inline contents
//
// The head holds every field and says where each content lies: inline behind it, or in a file of
// the content folder. Decoding is total: whatever the bytes are, the answer is the message that was
// encoded or an error (kind `io`, with what is wrong), never a crash and never a changed message.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "mail/message.hpp"

namespace gatepost::spool {

// Where one content of a message lies; the order is that of `contents_of`.
struct content_place {
    std::string file;  // a bare name in the content folder; empty: inline
    uint64_t offset = 0;
};

// Every content of a message: the parts' bodies in order, then the raw body.
std::vector<const mail::content*> contents_of(const mail::message& mail);
uint64_t content_bytes_of(const mail::message& mail);

// `places` has one entry for each content. Inline contents must be in memory.
std::string encode_record(const mail::message& mail, std::span<const content_place> places);

// `contents_folder` stands before the file names.
result<mail::message> decode_record(std::string_view bytes,
                                    const std::filesystem::path& contents_folder);
// The same without contents (all empty), and without checking their bytes: for lists.
result<mail::message> decode_record_head(std::string_view bytes);

}  // namespace gatepost::spool
