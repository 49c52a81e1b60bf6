#include "services/stream/trace.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::services {
namespace {

constexpr size_t unfinished_bytes = 16 * 1024;  // of a line; then it is shown without its end

}  // namespace

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
