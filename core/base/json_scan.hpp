// What the JSON reader does many times a byte, as pure functions: finding the end of a run inside a
// string, checking UTF-8, reading a number. And the set of keys seen, which tells a duplicate. Who
// writes strings looks for the same runs; nobody else includes this.
//
// Nothing here fails by itself: each function says what it found, and the reader puts it in words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gatepost::json_scan {

struct string_run {
    size_t length = 0;      // up to the next '"', '\\', control character, or the end of the bytes
    bool all_ascii = true;  // else the run is to be checked
};
string_run find_run(std::string_view bytes);

struct utf8_check {
    size_t valid = 0;        // bytes from the start that are whole, well-formed sequences
    bool truncated = false;  // what follows is the beginning of a sequence, and the bytes end there
};
utf8_check check_utf8(std::string_view bytes);

// Appends a code point that is no surrogate.
void append_utf8(std::string& out, uint32_t code_point);

enum class bad_number { grammar, range };
using number = std::variant<int64_t, double, bad_number>;
// The whole text must be one number of RFC 8259. An integer that does not fit becomes a double; a
// magnitude above a double's is `range`, one below becomes zero.
number read_number(std::string_view text);

// The keys of one document, each belonging to one object. Bytes stay for the document's life: the
// caps on keys and on a key's length bound them.
class key_set {
  public:
    // Adds to the key that is being read.
    void append(std::string_view piece) { bytes_.append(piece); }
    [[nodiscard]] std::string_view unfinished() const {
        return std::string_view(bytes_).substr(start_);
    }
    // The key is complete: its number, or nothing if the object has it already.
    std::optional<uint32_t> finish(uint32_t object);
    [[nodiscard]] std::string_view operator[](uint32_t which) const;
    [[nodiscard]] size_t size() const { return entries_.size(); }

  private:
    struct entry {
        size_t hash;
        size_t start;
        uint32_t length;
        uint32_t object;
    };
    void grow();
    size_t slot_of(size_t hash) const { return hash & (slots_.size() - 1); }

    std::string bytes_;
    size_t start_ = 0;  // of the unfinished key
    std::vector<entry> entries_;
    std::vector<uint32_t> slots_;  // open addressing; entry number + 1, 0 is free
};

}  // namespace gatepost::json_scan
