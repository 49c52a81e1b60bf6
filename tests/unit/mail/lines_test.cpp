// The line machines against twins that are too simple to be wrong, over every short text and every
// way to cut it.
#include "mail/lines.hpp"

#include "support/catch.hpp"

namespace {

using namespace gatepost::mail;

std::string slow_normalise(const std::string& in) {
    std::string out;
    for (size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '\r') {
            out += "\r\n";
            if (i + 1 < in.size() && in[i + 1] == '\n') ++i;
        } else if (in[i] == '\n') {
            out += "\r\n";
        } else {
            out += in[i];
        }
    }
    return out;
}

std::string slow_stuff(const std::string& in) {
    std::string out;
    for (size_t i = 0; i < in.size(); ++i) {
        const bool line_start = i == 0 || (i >= 2 && in[i - 2] == '\r' && in[i - 1] == '\n');
        if (line_start && in[i] == '.') out += '.';
        out += in[i];
    }
    if (in.empty() || (in.size() >= 2 && in.substr(in.size() - 2) == "\r\n")) return out;
    return out + (in.back() == '\r' ? "\n" : "\r\n");
}

template <class Machine>
std::string run(const std::string& in, unsigned cuts) {
    Machine machine;
    std::string out, piece;
    for (size_t i = 0; i < in.size(); ++i) {
        piece += in[i];
        if ((cuts >> i & 1U) == 0) continue;
        machine.feed(piece, out);
        piece.clear();
    }
    machine.feed(piece, out);
    machine.finish(out);
    return out;
}

// Calls `each` with every string over the alphabet up to the length.
template <class Each>
void all_strings(std::string_view alphabet, size_t longest, Each&& each) {
    std::vector<std::string> now = {""};
    for (size_t length = 0; length <= longest; ++length) {
        std::vector<std::string> next;
        for (const std::string& text : now) {
            each(text);
            for (const char c : alphabet)
                next.push_back(text + c);
        }
        now = std::move(next);
    }
}

TEST_CASE("Every short text, cut in every way, is normalised as its slow twin says") {
    size_t wrong = 0;
    all_strings("\r\n.a", 7, [&](const std::string& text) {
        const std::string expected = slow_normalise(text);
        for (unsigned cuts = 0; cuts < 1U << text.size(); ++cuts)
            wrong += run<line_normaliser>(text, cuts) != expected ? 1 : 0;
    });
    CHECK(wrong == 0);
}

TEST_CASE("Every short text, cut in every way, is dot-stuffed as its slow twin says") {
    size_t wrong = 0;
    all_strings("\r\n.a", 7, [&](const std::string& text) {
        const std::string expected = slow_stuff(text);
        for (unsigned cuts = 0; cuts < 1U << text.size(); ++cuts)
            wrong += run<dot_stuffer>(text, cuts) != expected ? 1 : 0;
    });
    CHECK(wrong == 0);
}

TEST_CASE("What was normalised and stuffed can hold no end of DATA but ours") {
    size_t ends = 0, lone = 0;
    all_strings("\r\n.a", 7, [&](const std::string& text) {
        const std::string wire = "\r\n" + run<dot_stuffer>(normalise_lines(text), 0);
        ends += wire.find("\r\n.\r\n") != std::string::npos ? 1 : 0;
        for (size_t i = 0; i < wire.size(); ++i) {
            if (wire[i] == '\r' && (i + 1 == wire.size() || wire[i + 1] != '\n')) ++lone;
            if (wire[i] == '\n' && (i == 0 || wire[i - 1] != '\r')) ++lone;
        }
    });
    CHECK(ends == 0);
    CHECK(lone == 0);
}

TEST_CASE("CR CR LF is two line breaks") {
    CHECK(normalise_lines("a\r\r\nb") == "a\r\n\r\nb");
}

}  // namespace
