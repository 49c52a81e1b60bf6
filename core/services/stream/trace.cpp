#include "services/stream/trace.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::services {
namespace {

constexpr size_t unfinished_bytes = 16 * 1024;  // of a line; then it is shown without its end
constexpr size_t least_base64 = 4;              // a shorter piece stands everywhere

// The characters of base64 that depend on `secret` alone when it begins at byte `offset` of a group
// of three.
std::string inside_base64(const std::string& secret, size_t offset) {
    const std::string whole = text::base64_encode(std::string(offset, '\0') + secret);
    const size_t first = (offset * 8 + 5) / 6;
    const size_t end = (offset + secret.size()) * 8 / 6;
    return end > first ? whole.substr(first, end - first) : std::string();
}

}  // namespace

scrubber::scrubber(const std::vector<std::string>& secrets) {
    for (const std::string& each : secrets) {
        if (each.empty()) continue;
        hidden_.push_back(each);
        hidden_.push_back(text::base64_encode(each));
        for (size_t offset = 0; offset < 3; ++offset) {
            std::string inside = inside_base64(each, offset);
            if (inside.size() >= least_base64) hidden_.push_back(std::move(inside));
        }
    }
    std::ranges::sort(hidden_, [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string scrubber::clean(std::string_view text) const {
    std::string clean(text);
    for (const std::string& each : hidden_) {
        constexpr std::string_view instead = "(secret)";
        for (size_t at = clean.find(each); at != clean.npos; at = clean.find(each, at)) {
            clean.replace(at, each.size(), instead);
            at += instead.size();
        }
    }
    return clean;
}

std::string shown(const scrubber& with, std::string_view text) {
    std::string clean = text::escape_for_log(with.clean(text));
    if (clean.size() <= limits::trace_line_bytes) return clean;
    constexpr std::string_view cut = " (cut)";
    clean = text::truncate_utf8(clean, limits::trace_line_bytes - cut.size());
    return clean.append(cut);
}

void line_tracer::say(std::string_view direction, std::string_view line, const teller& tell) const {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    tell(direction, shown(*scrubber_, line));
}

void line_tracer::feed(std::string_view direction, std::string_view bytes, const teller& tell) {
    std::string& held = direction == ">" ? to_ : from_;
    held += bytes;
    size_t begin = 0;
    for (size_t end = held.find('\n'); end != held.npos; end = held.find('\n', begin)) {
        say(direction, std::string_view(held).substr(begin, end + 1 - begin), tell);
        begin = end + 1;
    }
    held.erase(0, begin);
    if (held.size() > unfinished_bytes) flush(direction, tell);
}

void line_tracer::flush(std::string_view direction, const teller& tell) {
    std::string& held = direction == ">" ? to_ : from_;
    if (!held.empty()) say(direction, held, tell);
    held.clear();
}

}  // namespace gatepost::services
