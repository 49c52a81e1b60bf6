// A multipart that is never closed ends with its parent's boundary or with the mail; a boundary
// among headers ends that part. So every byte belongs to one place, however broken the mail is.
#include "mail/mime_walk.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/header_fields.hpp"

namespace gatepost::mail {
namespace {

struct source_line {
    uint64_t begin = 0, end = 0;  // with its line break
    std::string_view text;        // without; cut if it is very long
    size_t line_break = 0;        // 0, 1 or 2 bytes
};

// Lines of a source through one window; a line longer than that is cut, its end is found all the
// same.
class line_reader {
  public:
    explicit line_reader(byte_source& source) : source_(source) {}

    // False at the end of the source.
    result<bool> next(source_line& out) {
        out.begin = window_at_ + at_;
        cut_.clear();
        size_t searched = at_;
        size_t lf = window_.find('\n', searched);
        while (lf == std::string::npos) {
            if (window_.size() - at_ > window_size) drop_long_line();
            searched = window_.size() - at_;
            const auto more = fill();
            if (!more) return more.error();
            if (!*more) break;
            lf = window_.find('\n', searched);
        }
        const size_t stop = lf == std::string::npos ? window_.size() : lf + 1;
        describe(out, std::string_view(window_).substr(at_, stop - at_));
        at_ = stop;
        out.end = window_at_ + at_;
        return out.end > out.begin;
    }

  private:
    static constexpr size_t window_size = limits::body_window_bytes;

    void describe(source_line& out, std::string_view line) const {
        out.line_break = 0;
        if (line.ends_with('\n')) out.line_break = line.ends_with("\r\n") ? 2 : 1;
        out.text = cut_.empty() ? line.substr(0, line.size() - out.line_break) : cut_;
    }

    void drop_long_line() {
        if (cut_.empty()) cut_ = window_.substr(at_, 2048);
        // One byte stays: it may be the CR of the line's end.
        at_ = window_.size() - 1;
    }

    // Moves what is left to the front and reads behind it.
    result<bool> fill() {
        window_.erase(0, at_);
        window_at_ += std::exchange(at_, 0);
        const size_t kept = window_.size();
        window_.resize(kept + window_size);
        const auto got = source_.read(window_at_ + kept, std::span(window_).subspan(kept));
        window_.resize(kept + (got ? *got : 0));
        if (!got) return got.error();
        return *got > 0;
    }

    byte_source& source_;
    std::string window_;
    uint64_t window_at_ = 0;
    size_t at_ = 0;
    std::string cut_;  // the front of a line that is too long for the window
};

// Where an entity ended: at the boundary of a level, or with the mail.
struct stop {
    static constexpr size_t end_of_mail = SIZE_MAX;
    size_t level = end_of_mail;
    bool closing = false;
    uint64_t body_end = 0;  // where the bytes before the boundary end, its line break not counted
};

error too_much(std::string_view what, size_t most) {
    return {error_kind::invalid,
            "The message has " + std::string(what) + " (at most " + std::to_string(most) + ")."};
}

std::string read_content_id(const header_field* field) {
    if (field == nullptr) return {};
    const std::string value = unfold(field->value);
    const bool framed = value.size() > 2 && value.front() == '<' && value.back() == '>';
    std::string id = framed ? value.substr(1, value.size() - 2) : value;
    const bool clean = id.size() <= 512 && std::ranges::all_of(id, [](char c) {
                           return c > ' ' && c < 0x7F && c != '<' && c != '>';
                       });
    return clean ? id : std::string();
}

class walker {
  public:
    explicit walker(byte_source& whole) : lines_(whole) {}

    result<std::vector<mime_leaf>> run() {
        const auto ended = entity({}, 0);
        if (!ended) return ended.error();
        return std::move(leaves_);
    }

  private:
    // One entity: its headers, and its body up to a boundary of any level. Depth is capped, so
    // recursion is.
    result<stop> entity(const std::string& parent, unsigned alternative) {
        if (++entities_ > limits::parts * 2) return too_much("too many MIME parts", limits::parts);
        mime_leaf leaf;
        leaf.parent = parent;
        leaf.alternative = alternative;
        auto ended = headers(leaf);
        if (!ended) return ended;
        const bool empty = ended->level != stop::end_of_mail || at_end_;
        const std::string boundary = leaf.type.parameter("boundary");
        if (!empty && leaf.type.value.starts_with("multipart/") && !boundary.empty()) {
            return multipart(leaf, boundary);
        }
        leaf.begin = leaf.end = position_;
        if (!empty) {
            ended = skip(position_);
            if (!ended) return ended;
            leaf.end = ended->body_end;
        }
        if (leaves_.size() == limits::parts) return too_much("too many parts", limits::parts);
        leaves_.push_back(std::move(leaf));
        return ended;
    }

    result<stop> multipart(const mime_leaf& self, const std::string& boundary) {
        const size_t level = boundaries_.size();
        if (level == limits::mime_depth) {
            return too_much("MIME parts nested too deeply", limits::mime_depth);
        }
        boundaries_.push_back(boundary);
        unsigned alternative = self.alternative;
        if (self.type.value == "multipart/alternative") alternative = ++alternatives_;
        auto ended = skip(position_);
        while (ended && ended->level == level && !ended->closing)
            ended = entity(self.type.value, alternative);
        boundaries_.resize(level);
        if (ended && ended->level == level) ended = skip(position_);
        return ended;
    }

    // Reads header lines into the leaf. A stop other than the end of the mail: a boundary came
    // instead of the empty line.
    result<stop> headers(mime_leaf& leaf) {
        std::string block;
        stop ended;
        for (;;) {
            const auto more = lines_.next(line_);
            if (!more) return more.error();
            at_end_ = !*more;
            if (at_end_) break;
            position_ = line_.end;
            if (line_.text.empty()) break;
            ended = match(line_.begin);
            if (ended.level != stop::end_of_mail) break;
            if (block.size() + line_.text.size() > limits::header_block_bytes) {
                return too_much("headers of a part that are too large", limits::header_block_bytes);
            }
            block += line_.text;
            block += "\r\n";
        }
        describe(leaf, split_part_headers(block));
        return ended;
    }

    static void describe(mime_leaf& leaf, const std::vector<header_field>& fields) {
        if (const auto* type = find_field(fields, "content-type")) {
            leaf.type = decode_content_type(unfold(type->value));
        }
        if (leaf.type.value.find('/') == std::string::npos) {
            leaf.type.value = leaf.parent == "multipart/digest" ? "message/rfc822" : "text/plain";
        }
        if (const auto* disposition = find_field(fields, "content-disposition")) {
            leaf.disposition = decode_disposition(unfold(disposition->value));
        }
        if (const auto* encoding = find_field(fields, "content-transfer-encoding")) {
            leaf.encoding = unfold(encoding->value);
        }
        leaf.content_id = read_content_id(find_field(fields, "content-id"));
    }

    // Passes lines until a boundary of any open level.
    result<stop> skip(uint64_t from) {
        uint64_t body_end = from;  // without the last line break
        uint64_t full_end = from;
        for (;;) {
            const auto more = lines_.next(line_);
            if (!more) return more.error();
            at_end_ = !*more;
            if (at_end_) return stop{stop::end_of_mail, false, full_end};
            position_ = line_.end;
            const stop found = match(body_end);
            if (found.level != stop::end_of_mail) return found;
            body_end = line_.end - line_.line_break;
            full_end = line_.end;
        }
    }

    // The innermost level whose boundary the line is.
    [[nodiscard]] stop match(uint64_t body_end) const {
        if (!line_.text.starts_with("--")) return {};
        const std::string_view rest = line_.text.substr(2);
        for (size_t level = boundaries_.size(); level-- > 0;) {
            if (!rest.starts_with(boundaries_[level])) continue;
            std::string_view tail = rest.substr(boundaries_[level].size());
            const bool closing = tail.starts_with("--");
            if (closing) tail.remove_prefix(2);
            if (text::trim(tail).empty()) return {level, closing, body_end};
        }
        return {};
    }

    line_reader lines_;
    source_line line_;
    uint64_t position_ = 0;  // behind the last line
    bool at_end_ = false;
    std::vector<std::string> boundaries_;
    std::vector<mime_leaf> leaves_;
    size_t entities_ = 0;
    unsigned alternatives_ = 0;
};

}  // namespace

result<std::vector<mime_leaf>> find_leaves(byte_source& whole) {
    return walker(whole).run();
}

}  // namespace gatepost::mail
