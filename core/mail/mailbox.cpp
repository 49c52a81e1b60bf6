// Display names and lists (RFC 5322 3.4) by one scanner: it walks over quoted strings, comments and
// angle brackets, so that a comma inside a quoted name splits nothing. Comments are dropped, names
// may hold dots and UTF-8 as people write them, and the address itself is address::parse's to
// judge. Anything that does not fit is refused, never guessed.
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/address.hpp"
#include "mail/code_points.hpp"

namespace gatepost::mail {
namespace {

error refuse(std::string_view text, std::string_view sentence) {
    std::string detail = "\"";
    detail += text::escape_for_log(text::truncate_utf8(text, 100));
    detail += "\" cannot be read as an address: ";
    detail += sentence;
    return {error_kind::invalid, std::move(detail)};
}

bool is_space(char c) {
    return c == ' ' || c == '\t';
}

// One mailbox while it is read.
struct entry {
    std::string words;                 // outside of angle brackets; quotes and comments resolved
    std::optional<std::string> angle;  // between < and >
    bool quoted = false;               // a quoted string was among the words
    bool gap = false;                  // white space since the last word

    [[nodiscard]] bool empty() const { return words.empty() && !angle && !quoted; }
    void add(char c) {
        if (std::exchange(gap, false) && !words.empty()) words += ' ';
        words += c;
    }
};

class scanner {
  public:
    explicit scanner(std::string_view text) : text_(text) {}

    result<std::vector<mailbox_text>> list() {
        while (at_ < text_.size()) {
            if (const auto one = step(); !one) return one.error();
        }
        if (in_group_) return refuse(text_, "the group is not closed by a semicolon (U+003B).");
        if (const auto last = close_entry(); !last) return last.error();
        return std::move(boxes_);
    }

    [[nodiscard]] bool saw_separator() const { return separators_ > 0; }

  private:
    status step() {
        const char c = text_[at_++];
        switch (c) {
            case ' ':
            case '\t': entry_.gap = true; return success{};
            case '"': return quoted_string();
            case '(': return comment();
            case '<': return angle();
            case ',': ++separators_; return close_entry();
            case ':': return open_group();
            case ';': return close_group();
            case ')':
            case '>':
            case '[':
            case ']':
            case '\\': return bracket(c);
            default: break;
        }
        if (entry_.angle) return refuse(text_, "something stands behind the closing bracket >.");
        entry_.add(c);
        return success{};
    }

    // [ and ] belong to address literals only.
    status bracket(char c) {
        const bool literal =
            c == '[' && !entry_.angle && entry_.words.find('@') != std::string::npos;
        if (!literal) {
            return refuse(text_, name_code_point(static_cast<unsigned char>(c)) +
                                     " may stand in a name only within quotes.");
        }
        const size_t end = text_.find(']', at_);
        if (end == std::string_view::npos) return refuse(text_, "a bracket [ is not closed.");
        entry_.words += text_.substr(at_ - 1, end - at_ + 2);
        at_ = end + 1;
        return success{};
    }

    status quoted_string() {
        if (entry_.angle) return refuse(text_, "something stands behind the closing bracket >.");
        if (std::exchange(entry_.gap, false) && !entry_.words.empty()) entry_.words += ' ';
        entry_.quoted = true;
        while (at_ < text_.size() && text_[at_] != '"') {
            if (text_[at_] == '\\' && ++at_ == text_.size()) break;
            entry_.words += text_[at_++];
        }
        if (at_ >= text_.size()) return refuse(text_, "a quote (U+0022) is not closed.");
        ++at_;
        return success{};
    }

    status comment() {
        size_t depth = 1;
        while (at_ < text_.size() && depth > 0) {
            const char c = text_[at_++];
            if (c == '\r' || c == '\n' || c == '\0')
                return refuse(text_, "a comment (U+0028) holds the control character " +
                                         name_code_point(static_cast<unsigned char>(c)) + ".");
            if (c == '\\' && at_ < text_.size()) ++at_;
            if (c == '(') ++depth;
            if (c == ')') --depth;
        }
        if (depth > 0) return refuse(text_, "a comment (U+0028) is not closed.");
        entry_.gap = true;
        return success{};
    }

    status angle() {
        if (entry_.angle) return refuse(text_, "there are two addresses in brackets.");
        const size_t end = text_.find('>', at_);
        if (end == std::string_view::npos) return refuse(text_, "the bracket < is not closed.");
        std::string_view inner = text_.substr(at_, end - at_);
        // Blanks only: what else may not stand in an address is for its parser to name.
        while (!inner.empty() && is_space(inner.front()))
            inner.remove_prefix(1);
        while (!inner.empty() && is_space(inner.back()))
            inner.remove_suffix(1);
        entry_.angle = std::string(inner);
        at_ = end + 1;
        return success{};
    }

    status open_group() {
        const bool named = !entry_.words.empty() && !entry_.angle;
        if (in_group_ || !named) return refuse(text_, "a colon (U+003A) stands where none may.");
        in_group_ = true;
        ++separators_;
        entry_ = {};
        return success{};
    }

    status close_group() {
        if (!in_group_) return refuse(text_, "a semicolon (U+003B) stands outside of a group.");
        in_group_ = false;
        return close_entry();
    }

    status close_entry() {
        const entry done = std::exchange(entry_, {});
        if (done.empty()) return success{};
        if (!done.angle && done.quoted) {
            return refuse(text_, "behind a name in quotes an address in brackets <> must follow.");
        }
        boxes_.push_back(done.angle ? mailbox_text{done.words, *done.angle}
                                    : mailbox_text{"", done.words});
        return success{};
    }

    std::string_view text_;
    size_t at_ = 0;
    entry entry_;
    bool in_group_ = false;
    size_t separators_ = 0;
    std::vector<mailbox_text> boxes_;
};

bool needs_quotes(std::string_view name) {
    constexpr std::string_view specials = "()<>[]:;@\\,.\"";
    return name.find_first_of(specials) != std::string_view::npos || is_space(name.front()) ||
           is_space(name.back());
}

}  // namespace

result<mailbox> make_mailbox(std::string_view name, std::string_view address_text) {
    if (name.size() > limits::display_name_bytes) {
        return refuse(address_text, "its display name is longer than 1024 bytes.");
    }
    for (std::string_view rest = name; !rest.empty();) {
        const code_point c = first_code_point(rest);
        if (c.value == bad_code_point) {
            return refuse(address_text, "its display name is not well-formed UTF-8.");
        }
        if (text::has_control(rest.substr(0, c.length))) {
            return refuse(address_text, "its display name holds the control character " +
                                            name_code_point(c.value) + ".");
        }
        rest.remove_prefix(c.length);
    }
    auto parsed = address::parse(address_text);
    if (!parsed) return parsed.error();
    return mailbox{std::string(name), std::move(*parsed)};
}

result<mailbox_text> split_mailbox(std::string_view text) {
    // Most are a bare address.
    if (text.find_first_of(" \t\"(<,:;") == std::string_view::npos)
        return mailbox_text{"", std::string(text)};
    scanner machine(text);
    auto boxes = machine.list();
    if (!boxes) return boxes.error();
    if (boxes->size() != 1 || machine.saw_separator()) {
        return refuse(text, "exactly one address is expected here.");
    }
    return std::move(boxes->front());
}

result<std::vector<mailbox_text>> split_mailbox_list(std::string_view text) {
    return scanner(text).list();
}

result<mailbox> parse_mailbox(std::string_view text) {
    auto split = split_mailbox(text);
    if (!split) return split.error();
    return make_mailbox(split->name, split->addr);
}

result<std::vector<mailbox>> parse_mailbox_list(std::string_view text) {
    auto split = split_mailbox_list(text);
    if (!split) return split.error();
    std::vector<mailbox> boxes;
    for (const mailbox_text& each : *split) {
        auto box = make_mailbox(each.name, each.addr);
        if (!box) return box.error();
        boxes.push_back(std::move(*box));
    }
    return boxes;
}

std::string format_mailbox(const mailbox& box) {
    if (box.name.empty()) return box.addr.text();
    std::string out;
    if (needs_quotes(box.name)) {
        out += '"';
        for (const char c : box.name) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    } else {
        out = box.name;
    }
    return out + " <" + box.addr.text() + ">";
}

}  // namespace gatepost::mail
