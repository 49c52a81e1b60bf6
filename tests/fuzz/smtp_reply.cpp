// The reply parser: the same replies whether the bytes come at once or in pieces, texts that are
// clean, codes that exist, and caps that hold.
#include "reply.hpp"

#include <gatepost/utf8.hpp>

#include <vector>

#include "fuzz.hpp"

using gatepost::fuzz::expect;

namespace {

struct parsed {
    std::vector<smtp::reply> replies;
    std::string_view problem;
};

parsed parse(std::string_view bytes, size_t piece) {
    smtp::reply_parser parser;
    parsed out;
    smtp::reply one;
    while (!bytes.empty()) {
        parser.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (parser.next(one))
            out.replies.push_back(one);
    }
    out.problem = parser.problem();
    return out;
}

void check(const smtp::reply& one) {
    expect(one.code >= 200 && one.code <= 599, "a code outside 200 to 599");
    const bool fits = one.enhanced.type == 0 || one.enhanced.type == one.code / 100;
    expect(fits, "an enhanced code of another class");
    expect(one.text.size() <= 2 * smtp::reply_parser::reply_bytes, "a text beyond the cap");
    expect(smtp::in_words(one).size() <= 600, "words beyond their length");
    for (std::string_view rest = one.text; !rest.empty();) {
        const size_t size = gatepost::sdk::detail::utf8_length(rest);
        expect(size != 0, "a text that is no UTF-8");
        const auto first = static_cast<unsigned char>(rest[0]);
        expect(first >= 0x20 || first == '\n' || first == '\t', "a control in the text");
        rest.remove_prefix(size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes = gatepost::fuzz::text_of(data + 1, size - 1);
    const parsed whole = parse(bytes, bytes.size() + 1);
    const parsed cut = parse(bytes, 1 + data[0] % 7u);
    expect(whole.replies.size() == cut.replies.size(), "another number of replies");
    expect(whole.problem == cut.problem, "another problem");
    for (size_t at = 0; at < whole.replies.size(); ++at) {
        check(whole.replies[at]);
        expect(whole.replies[at].code == cut.replies[at].code, "another code");
        expect(whole.replies[at].text == cut.replies[at].text, "another text");
    }
    return 0;
}
