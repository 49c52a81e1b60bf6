// Names without a domain and aliases, on their own and in the header block of raw mail.
#include "mail/address_book.hpp"

#include "mail_support.hpp"

using namespace mail_test;

namespace {

address_book book(std::string domain,
                  const std::map<std::string, std::vector<std::string>>& aliases = {}) {
    auto made = address_book::make(std::move(domain), aliases);
    REQUIRE(made);
    return *made;
}

std::string list(const result<std::vector<mailbox>>& boxes) {
    if (!boxes) return boxes.error().detail;
    std::string out;
    for (const mailbox& each : *boxes)
        out += (out.empty() ? "" : ", ") + format_mailbox(each);
    return out;
}

std::string one(const result<mailbox>& box) {
    return box ? format_mailbox(*box) : box.error().detail;
}

// What is stored of a block, and what it names.
raw_receiver::received receive(const std::string& block, const address_book& by) {
    raw_receiver receiver(memory_content());
    receiver.use(std::make_shared<address_book>(by));
    REQUIRE(receiver.feed(block + "\r\nHello\r\n"));
    auto got = receiver.finish(some_id(), some_time(), "host.example");
    INFO((got ? "" : got.error().detail));
    REQUIRE(got);
    return *std::move(got);
}

}  // namespace

TEST_CASE("a name without a domain gets the default one") {
    const address_book by = book("example.com");
    CHECK(one(by.sender("root")) == "root@example.com");
    CHECK(one(by.sender("Cron <root>")) == "Cron <root@example.com>");
    CHECK(one(by.sender("root (Cron Daemon)")) == "root@example.com");
    CHECK(one(by.sender("Root", "root")) == "Root <root@example.com>");
    CHECK(list(by.recipients("root")) == "root@example.com");
    CHECK(one(by.sender("a@example.net")) == "a@example.net");
}

TEST_CASE("without a default domain a name is refused with the setting that would help") {
    const address_book none;
    CHECK(one(none.sender("root")) ==
          "\"root\" has no domain, and default_domain is not set in gatepost.toml to complete it.");
    CHECK(list(none.recipients("root")) ==
          "\"root\" has no domain, no alias has this name, and default_domain is not set in "
          "gatepost.toml to complete it.");
    for (const char* bad : {"", "two words", "a,b", "<>", "\"quoted\"", "a..b"}) {
        INFO(bad);
        CHECK_FALSE(book("example.com").recipients(bad));
        CHECK_FALSE(book("example.com").sender(bad));
        CHECK(list(none.recipients(bad)).find("default_domain") == std::string::npos);
    }
}

TEST_CASE("recipients are looked up by name and by address, in any case") {
    const address_book by = book("", {{"root", {"admin@example.com", "second@example.net"}},
                                      {"old@example.com", {"new@example.com"}}});
    CHECK(list(by.recipients("ROOT")) == "admin@example.com, second@example.net");
    CHECK(list(by.recipients("The Boss <root>")) ==
          "The Boss <admin@example.com>, The Boss <second@example.net>");
    CHECK(list(by.recipients("Old@Example.com")) == "new@example.com");
    CHECK(list(by.recipients("root@example.com")) == "root@example.com");
    CHECK_FALSE(by.sender("root"));
    CHECK(one(by.sender("old@example.com")) == "old@example.com");
    CHECK_FALSE(address_book::make("", {{"a", {"no address"}}}));
}

TEST_CASE("an alias of a completed name counts") {
    const address_book by = book("example.com", {{"root@example.com", {"a@example.net"}}});
    CHECK(list(by.recipients("root")) == "a@example.net");
}

TEST_CASE("what cron writes becomes mail that can leave") {
    const address_book by = book("example.com", {{"root", {"admin@example.net"}}});
    const auto got = receive(
        "From: root (Cron Daemon)\r\nTo: root\r\nCc: =?utf-8?q?J=C3=B6rg?= <joerg>,\r\n"
        " b@example.org\r\nReply-To: nobody\r\nSubject: Cron\r\n",
        by);
    const std::string wanted =
        "From: root@example.com\r\nTo: admin@example.net\r\n"
        "Cc: =?utf-8?B?SsO2cmc=?= <joerg@example.com>, b@example.org\r\n"
        "Reply-To: nobody@example.com\r\nSubject: Cron\r\n";
    CHECK(got.mail.raw->header_block.substr(0, wanted.size()) == wanted);
    CHECK(got.mail.from->addr.text() == "root@example.com");
    REQUIRE(got.headers.to.size() == 1);
    CHECK(got.headers.to[0].addr.text() == "admin@example.net");
    REQUIRE(got.headers.cc.size() == 2);
    CHECK(got.headers.cc[0].name == "J\xC3\xB6rg");
    auto out = open_whole(got.mail, form::identity, {});
    REQUIRE(out);
    CHECK(read_source(**out).ends_with("\r\n\r\nHello\r\n"));
}

TEST_CASE("fields with whole addresses stay byte for byte") {
    const std::string block =
        "from:  \"A, B\"  <a@example.com>\r\nTo: old@example.com ,\r\n\tb@example.com\r\n";
    const auto got = receive(block, book("example.com", {{"old@example.com", {"c@example.com"}}}));
    CHECK(got.mail.raw->header_block.starts_with(block));
}

TEST_CASE("a header that nobody can complete is named") {
    raw_receiver receiver(memory_content());
    receiver.use(std::make_shared<address_book>());
    REQUIRE(receiver.feed("From: root\r\n\r\nHello\r\n"));
    const auto got = receiver.finish(some_id(), some_time(), "host.example");
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == error_kind::invalid);
    CHECK(got.error().detail ==
          "The header From cannot be used: \"root\" has no domain, and default_domain is not set "
          "in gatepost.toml to complete it.");
}

TEST_CASE("aliases cannot blow a header up") {
    std::vector<std::string> many;
    for (int i = 0; i < 500; ++i)
        many.push_back("a" + std::to_string(i) + "@example.com");
    raw_receiver receiver(memory_content());
    receiver.use(std::make_shared<address_book>(book("", {{"all", many}})));
    REQUIRE(receiver.feed("From: a@example.com\r\nTo: all, all, all\r\n\r\nHello\r\n"));
    const auto got = receiver.finish(some_id(), some_time(), "host.example");
    REQUIRE_FALSE(got);
    CHECK(got.error().detail == "The header To names more than 1000 addresses.");
}
