// One splitter for both readings: the strict one stops where the lenient one skips.
#include "mail/header_fields.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "mail/code_points.hpp"
#include "mail/message.hpp"

namespace gatepost::mail {
namespace {

constexpr size_t longest_line = 998;  // RFC 5322 2.1.1
constexpr std::string_view single_fields[] = {"from",
                                              "sender",
                                              "reply-to",
                                              "to",
                                              "cc",
                                              "subject",
                                              "date",
                                              "message-id",
                                              "in-reply-to",
                                              "references",
                                              "mime-version",
                                              "content-type",
                                              "content-transfer-encoding",
                                              "content-disposition",
                                              "content-id"};

error refuse(size_t line, std::string_view sentence) {
    return {error_kind::invalid,
            "Line " + std::to_string(line) + " of the message's headers " + std::string(sentence)};
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The first control of a line that is not a tab; nothing if there is none.
std::optional<char32_t> control_in(std::string_view line) {
    const auto printable = [](char c) { return (c >= ' ' && c < 0x7F) || c == '\t'; };
    if (std::ranges::all_of(line, printable)) return std::nullopt;
    while (!line.empty()) {
        const code_point c = first_code_point(line);
        const std::string_view one = line.substr(0, c.length);
        if (one != "\t" && text::has_control(one)) return c.value;
        line.remove_prefix(c.length);
    }
    return std::nullopt;
}

std::optional<error> find_fault(std::string_view line, size_t number) {
    if (line.size() > longest_line) {
        return refuse(number, "is longer than 998 octets; such lines must be folded.");
    }
    if (const auto control = control_in(line)) {
        return refuse(number, "holds the control character " + name_code_point(*control) + ".");
    }
    if (is_blank(line.front())) {
        if (number == 1)
            return refuse(number, "begins with white space; a header must come first.");
        if (text::trim(line).empty()) return refuse(number, "holds nothing but white space.");
        return std::nullopt;
    }
    if (number == 1 && line.starts_with("From ")) {
        return refuse(number, "is the separator of an mbox file, not a header; leave it out.");
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_header_name(line.substr(0, colon))) {
        return refuse(number, "is neither a header (Name: value) nor the empty line behind them.");
    }
    return std::nullopt;
}

class splitter {
  public:
    explicit splitter(std::string_view block) : block_(block) {}

    // `judge` gives an error to stop with, or false to skip the line.
    template <class Judge>
    std::optional<error> run(Judge&& judge) {
        size_t number = 0;
        for (size_t at = 0; at < block_.size();) {
            const size_t end = std::min(block_.find("\r\n", at), block_.size());
            const std::string_view line = block_.substr(at, end - at);
            const size_t next = std::min(end + 2, block_.size());
            if (line.empty()) break;
            if (auto fault = judge(line, ++number)) {
                if (!skip_bad_) return fault;
                open_ = false;
            } else {
                take(line, at, next);
            }
            at = next;
        }
        return std::nullopt;
    }

    void skip_bad() { skip_bad_ = true; }
    std::vector<header_field> fields;

  private:
    void take(std::string_view line, size_t at, size_t next) {
        if (is_blank(line.front())) {
            if (!open_) return;
            header_field& last = fields.back();
            last.whole = {last.whole.data(), last.whole.size() + (next - at)};
            const char* const end = line.data() + line.size();
            last.value = {last.value.data(), static_cast<size_t>(end - last.value.data())};
            return;
        }
        const size_t colon = line.find(':');
        open_ = true;
        fields.push_back(
            {line.substr(0, colon), line.substr(colon + 1), block_.substr(at, next - at)});
    }

    std::string_view block_;
    bool skip_bad_ = false;
    bool open_ = false;  // a continuation may follow
};

}  // namespace

result<std::vector<header_field>> split_header_block(std::string_view block) {
    splitter machine(block);
    if (auto fault = machine.run(find_fault)) return std::move(*fault);
    return std::move(machine.fields);
}

std::vector<header_field> split_part_headers(std::string_view block) {
    splitter machine(block);
    machine.skip_bad();
    machine.run([](std::string_view line, size_t) -> std::optional<error> {
        const size_t colon = line.find(':');
        const bool field = colon != std::string_view::npos && is_header_name(line.substr(0, colon));
        if (field || is_blank(line.front())) return std::nullopt;
        return error{};
    });
    return std::move(machine.fields);
}

status check_single_fields(const std::vector<header_field>& fields) {
    for (const std::string_view name : single_fields) {
        const auto same = [&](const header_field& field) {
            return text::equal_ignoring_case(field.name, name);
        };
        if (std::ranges::count_if(fields, same) < 2) continue;
        const std::string found(find_field(fields, name)->name);
        return error{error_kind::invalid, "The message has the header " + found +
                                              " more than once; mail programs would disagree "
                                              "about which one counts."};
    }
    return success{};
}

std::string unfold(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (const char c : value) {
        if (c == '\r' || c == '\n') continue;
        out += c == '\t' ? ' ' : c;
    }
    return std::string(text::trim(out));
}

const header_field* find_field(const std::vector<header_field>& fields, std::string_view name) {
    const auto found = std::ranges::find_if(fields, [&](const header_field& field) {
        return text::equal_ignoring_case(field.name, name);
    });
    return found == fields.end() ? nullptr : &*found;
}

}  // namespace gatepost::mail
