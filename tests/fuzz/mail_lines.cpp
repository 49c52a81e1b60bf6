// The line normaliser and the dot-stuffer against slow, obvious twins: fed in pieces they give what
// the twins give at once, and no lone CR or LF and no early end of the message are left.
#include "mail/lines.hpp"

#include "fuzz.hpp"

using gatepost::fuzz::expect;

namespace {

std::string normalised_slowly(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        const bool pair = text.substr(at, 2) == "\r\n";
        if (pair) ++at;
        if (pair || text[at] == '\r' || text[at] == '\n')
            out += "\r\n";
        else
            out += text[at];
    }
    return out;
}

std::string stuffed_slowly(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t end = std::min(text.find("\r\n"), text.size());
        if (text[0] == '.') out += '.';
        out.append(text.substr(0, end)).append("\r\n");
        text.remove_prefix(std::min(text.size(), end + 2));
    }
    return out;
}

template <class Filter>
std::string in_pieces(std::string_view text, size_t piece) {
    Filter filter;
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        filter.feed(text.substr(0, piece), out);
    filter.finish(out);
    return out;
}

void check_wire(std::string_view wire) {
    for (size_t at = 0; at < wire.size(); ++at) {
        if (wire[at] == '\n') expect(at > 0 && wire[at - 1] == '\r', "a lone LF");
        if (wire[at] == '\r') expect(wire.substr(at, 2) == "\r\n", "a lone CR");
    }
    expect(wire.empty() || wire.ends_with("\r\n"), "an unfinished last line");
    expect(wire.find("\r\n.\r\n") == wire.npos, "an end of the message in its middle");
    expect(!wire.starts_with(".\r\n"), "an end of the message at its beginning");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view text = gatepost::fuzz::text_of(data + 1, size - 1);
    const size_t piece = 1 + data[0] % 5u;
    const std::string lines = normalised_slowly(text);
    expect(gatepost::mail::normalise_lines(text) == lines, "the twin normalises otherwise");
    expect(in_pieces<gatepost::mail::line_normaliser>(text, piece) == lines,
           "pieces normalise otherwise");
    expect(gatepost::mail::normalise_lines(lines) == lines, "twice is not once");
    const std::string wire = in_pieces<gatepost::mail::dot_stuffer>(lines, piece);
    expect(wire == stuffed_slowly(lines), "the twin stuffs otherwise");
    check_wire(wire);
    return 0;
}
