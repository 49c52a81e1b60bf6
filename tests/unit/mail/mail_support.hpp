// What the mail tests share: short ways to make messages and to read sources to their end.
#pragma once

#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/lines.hpp"
#include "mail/mime.hpp"
#include "support/catch.hpp"

namespace mail_test {

using namespace gatepost;
using namespace gatepost::mail;

inline mailbox box(std::string_view name, std::string_view address_text) {
    auto made = make_mailbox(name, address_text);
    if (!made) throw std::runtime_error(made.error().detail);
    return *made;
}

inline mail_id some_id() {
    return mail_id{0x1234567890ABCDE};
}
inline wall_time some_time() {
    return *parse_rfc3339("2026-12-01T08:00:00Z");
}

inline part make_part(part_role kind, std::string type, std::string bytes,
                      std::string filename = "", std::string content_id = "") {
    return {kind, std::move(type), std::move(filename), std::move(content_id),
            content::from_string(std::move(bytes))};
}

inline message simple_message() {
    message mail;
    mail.id = some_id();
    mail.date = some_time();
    mail.from = box("Acme", "noreply@example.com");
    mail.message_id = make_message_id(mail.id, mail.from, "host.example");
    mail.recipients.push_back({box("", "first@example.net"), role::to, 0, ""});
    mail.subject = "Hello";
    mail.parts.push_back(make_part(part_role::text, "text/plain", "Hello, world.\n"));
    return mail;
}

// All bytes, in windows of one size; checks the promised length.
inline std::string read_source(byte_source& source, size_t window = 64 * 1024) {
    std::string all, buffer(window, '\0');
    for (;;) {
        const auto got = source.read(all.size(), buffer);
        REQUIRE(got);
        if (*got == 0) break;
        REQUIRE((*got == window || all.size() + *got == source.size()));
        all.append(buffer, 0, *got);
    }
    REQUIRE(all.size() == source.size());
    return all;
}

inline std::string render(const message& mail, render_options options = {},
                          form as = form::identity) {
    auto source = open_whole(mail, as, options);
    INFO((source ? std::string() : source.error().detail));
    REQUIRE(source);
    return read_source(**source);
}

// The field's lines, name and folds and all; empty if it is not there.
inline std::string field_of(const std::string& whole, const std::string& name) {
    const std::string block = "\r\n" + whole.substr(0, whole.find("\r\n\r\n") + 2);
    size_t begin = block.find("\r\n" + name + ":");
    if (begin == std::string::npos) return {};
    begin += 2;
    size_t end = block.find("\r\n", begin);
    while (end + 2 < block.size() && (block[end + 2] == ' ' || block[end + 2] == '\t'))
        end = block.find("\r\n", end + 2);
    return block.substr(begin, end - begin);
}

inline result<raw_receiver::received> receive(std::string_view bytes, size_t piece = SIZE_MAX) {
    raw_receiver receiver(memory_content());
    while (!bytes.empty()) {
        const std::string_view front = bytes.substr(0, piece);
        if (auto fed = receiver.feed(front); !fed) return fed.error();
        bytes.remove_prefix(front.size());
    }
    return receiver.finish(some_id(), some_time(), "host.example");
}

// The rendered bytes taken apart again.
inline std::vector<part> reread(const std::string& whole) {
    auto got = receive(whole);
    INFO((got ? std::string() : got.error().detail));
    REQUIRE(got);
    auto parts = take_apart(*got->mail.raw, memory_content());
    INFO((parts ? std::string() : parts.error().detail));
    REQUIRE(parts);
    return *parts;
}

inline std::string bytes_of(const part& one) {
    const auto all = one.body.read_all();
    REQUIRE(all);
    return *all;
}

inline std::string random_bytes(size_t size, unsigned seed) {
    std::mt19937 engine(seed);
    std::string out(size, '\0');
    for (char& c : out)
        c = static_cast<char>(engine());
    return out;
}

}  // namespace mail_test
