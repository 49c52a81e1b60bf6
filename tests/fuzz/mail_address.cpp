// The address parser: what it takes may be written to any wire, reads back as itself, and has an
// ASCII form that is ASCII.
#include "mail/address.hpp"

#include "fuzz.hpp"

using gatepost::fuzz::expect;

namespace {

void check(const gatepost::mail::address& one) {
    for (const char letter : one.text()) {
        const auto byte = static_cast<unsigned char>(letter);
        expect(byte > 0x20 && byte != 0x7F, "a control or a space in an address");
        expect(letter != '<' && letter != '>' && letter != '"', "a bracket or quote in an address");
    }
    for (const char letter : one.ascii())
        expect(static_cast<unsigned char>(letter) < 0x7F, "an ASCII form that is not");
    expect(one.text().size() <= 320, "an address beyond its cap");
    const auto again = gatepost::mail::address::parse(one.text());
    expect(static_cast<bool>(again), "an address that is not read again");
    expect(*again == one && again->ascii() == one.ascii(), "an address that reads as another");
}

void check(const gatepost::mail::mailbox& box) {
    check(box.addr);
    for (const char letter : box.name)
        expect(letter != '\r' && letter != '\n' && letter != '\0', "a line end in a name");
    const auto again = gatepost::mail::parse_mailbox(gatepost::mail::format_mailbox(box));
    expect(static_cast<bool>(again), "a mailbox that is not read again");
    expect(again->addr == box.addr, "a mailbox that reads as another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text = gatepost::fuzz::text_of(data, size);
    if (const auto one = gatepost::mail::address::parse(text)) check(*one);
    if (const auto box = gatepost::mail::parse_mailbox(text)) check(*box);
    if (const auto list = gatepost::mail::parse_mailbox_list(text)) {
        for (const auto& box : *list)
            check(box);
    }
    return 0;
}
