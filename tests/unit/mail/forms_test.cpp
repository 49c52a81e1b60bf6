// body/1 in all its forms: the length is exact and known first, any window gives the same bytes,
// and a large attachment never stands in memory.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "mail_support.hpp"

namespace {

using namespace mail_test;

std::string slow_stuff(const std::string& in) {
    std::string out;
    for (size_t i = 0; i < in.size(); ++i) {
        const bool start = i == 0 || in[i - 1] == '\n';
        if (start && in[i] == '.') out += '.';
        out += in[i];
    }
    return out;
}

// Reads at random places and compares with what reading in order gave.
void check_random_windows(byte_source& source, const std::string& expected, unsigned seed) {
    std::mt19937 engine(seed);
    for (int i = 0; i < 40; ++i) {
        const size_t at = engine() % (expected.size() + 2);
        std::string window(engine() % 5000 + 1, '\0');
        const auto got = source.read(at, window);
        REQUIRE(got);
        const size_t left = at < expected.size() ? expected.size() - at : 0;
        REQUIRE(*got == std::min(window.size(), left));
        REQUIRE(window.substr(0, *got) == expected.substr(std::min(at, expected.size()), *got));
    }
}

message mixed_message() {
    message mail = simple_message();
    std::string dots;
    for (int i = 0; i < 3000; ++i)
        dots += i % 3 == 0 ? ".line\n" : i % 3 == 1 ? ".\n" : "text\n";
    std::string html;
    while (html.size() < 300 * 1024)
        html += "<p>\xC3\xA4 paragraph</p>\n";
    mail.parts = {
        make_part(part_role::text, "text/plain", dots),
        make_part(part_role::html, "text/html", html),
        make_part(part_role::attachment, "application/zip", random_bytes(100'001, 7), "z")};
    return mail;
}

TEST_CASE("The whole message in every form has its exact length, in windows of any size") {
    const message mail = mixed_message();
    const std::string whole = render(mail);
    const std::pair<form, std::string> forms[] = {{form::identity, whole},
                                                  {form::base64, text::base64_encode(whole)},
                                                  {form::dot_stuffed, slow_stuff(whole)}};
    for (const auto& [as, expected] : forms) {
        for (const size_t window : {1000U, 4096U, 65536U, 1U << 20}) {
            auto source = open_whole(mail, as, {});
            REQUIRE(source);
            CHECK((*source)->size() == expected.size());
            CHECK(read_source(**source, window) == expected);
        }
        auto source = open_whole(mail, as, {});
        check_random_windows(**source, expected, 5);
    }
    CHECK_FALSE(open_whole(mail, form::json, {}));
}

TEST_CASE("base64 is right for every length and every small window") {
    for (size_t size = 0; size < 130; ++size) {
        const std::string bytes = random_bytes(size, static_cast<unsigned>(size));
        const part one = make_part(part_role::attachment, "a/b", bytes);
        auto source = open_part(one, form::base64);
        REQUIRE(source);
        CHECK(read_source(**source, size % 7 + 1) == text::base64_encode(bytes));
    }
}

TEST_CASE("A part as JSON is escaped, counted, and cut nowhere inside a character") {
    const part small =
        make_part(part_role::text, "text/plain",
                  "q\" b\\ \r\n\t\x01\x1F\x7F \xC3\xBC \xE2\x82\xAC \xF0\x9F\x93\xAC");
    auto source = open_part(small, form::json);
    REQUIRE(source);
    CHECK(read_source(**source, 3) ==
          "q\\\" b\\\\ \\r\\n\\t\\u0001\\u001f\x7F \xC3\xBC \xE2\x82\xAC \xF0\x9F\x93\xAC");
    for (size_t shift = 0; shift < 4; ++shift) {
        std::string large(shift, 'x');
        while (large.size() < 200'000)
            large += "\xF0\x9F\x93\xAC";
        auto opened = open_part(make_part(part_role::html, "text/html", large), form::json);
        REQUIRE(opened);
        CHECK(read_source(**opened, 60'000) == large);
        check_random_windows(**opened, large, static_cast<unsigned>(shift));
    }
}

TEST_CASE("A part that is not UTF-8 has no JSON form, wherever the fault is") {
    for (const std::string& bad :
         {std::string("\xFF"), std::string("ok \xC3"), std::string("\xC0\xAF"),
          std::string("\xED\xA0\x80"), std::string("\xF5\x80\x80\x80"), std::string("\xE2\x28\xA1"),
          std::string(65'535, 'x') + "\xC3(", std::string(65'534, 'x') + "\xE2\x82",
          std::string(65'535, 'x') + "\xE2\x82x"}) {
        const auto source = open_part(make_part(part_role::text, "text/plain", bad), form::json);
        REQUIRE_FALSE(source);
        CHECK(source.error().kind == error_kind::invalid);
    }
    CHECK_FALSE(open_part(simple_message().parts[0], form::dot_stuffed));
}

TEST_CASE("A 25 MB attachment in a file passes through 64 KiB windows, not through memory") {
    const std::string path = "/tmp/gatepost-mail-test-" + std::to_string(::getpid());
    const std::string chunk = random_bytes(1 << 20, 3);
    {
        std::ofstream file(path, std::ios::binary);
        for (int i = 0; i < 25; ++i)
            file.write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    }
    message mail = simple_message();
    mail.parts.push_back({part_role::attachment, "application/zip", "z.zip", "",
                          content::from_file(path, 0, 25U << 20)});
    struct rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    for (const form as : {form::identity, form::base64, form::dot_stuffed}) {
        auto source = open_whole(mail, as, {});
        REQUIRE(source);
        std::string window(64 * 1024, '\0');
        uint64_t total = 0;
        for (;;) {
            const auto got = (*source)->read(total, window);
            REQUIRE(got);
            if (*got == 0) break;
            total += *got;
        }
        CHECK(total == (*source)->size());
        CHECK(total > (25U << 20) * 4 / 3);
    }
    struct rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    std::remove(path.c_str());
#if !defined(__SANITIZE_ADDRESS__)
    CHECK(after.ru_maxrss - before.ru_maxrss < 4 * 1024);  // KiB
#endif
}

}  // namespace
