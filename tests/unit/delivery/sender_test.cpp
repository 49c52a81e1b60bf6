// sender = "force": what changes in a message and what does not.
#include "delivery/sender.hpp"

#include "mail/mime.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::delivery;

namespace {

config::connection forcing(std::string name = "Gateway") {
    config::connection made;
    made.from_email = "noreply@example.com";
    made.from_name = std::move(name);
    made.force_sender = true;
    return made;
}

std::shared_ptr<mail::message> from(const char* who) {
    auto made = std::make_shared<mail::message>();
    made->from = *mail::parse_mailbox(who);
    made->envelope_from = made->from->addr;
    return made;
}

std::string shown(const std::optional<mail::mailbox>& box) {
    return box ? mail::format_mailbox(*box) : "none";
}

std::string whole(const mail::message& message) {
    auto source = mail::open_whole(message, mail::form::identity, {});
    REQUIRE(source);
    std::string out((*source)->size(), '\0');
    REQUIRE((*source)->read(0, out));
    return out;
}

}  // namespace

TEST_CASE("a connection that keeps the sender changes nothing") {
    config::connection by = forcing();
    by.force_sender = false;
    const auto message = from("Shop <shop@example.net>");
    CHECK(as_sent(message, by) == message);
    CHECK(as_sent(nullptr, forcing()) == nullptr);
}

TEST_CASE("a forced sender keeps the name and sends answers to where the mail came from") {
    const auto message = from("Shop <shop@example.net>");
    message->sender = *mail::parse_mailbox("clerk@example.net");
    const auto sent = as_sent(message, forcing());
    CHECK(shown(sent->from) == "Shop <noreply@example.com>");
    CHECK(sent->envelope_from->text() == "noreply@example.com");
    CHECK(shown(sent->sender) == "none");
    REQUIRE(sent->reply_to.size() == 1);
    CHECK(shown(sent->reply_to[0]) == "Shop <shop@example.net>");
    CHECK(shown(message->from) == "Shop <shop@example.net>");
}

TEST_CASE("a forced sender leaves a Reply-To alone, and gives a name where there is none") {
    const auto message = from("shop@example.net");
    message->reply_to.push_back(*mail::parse_mailbox("help@example.net"));
    const auto sent = as_sent(message, forcing());
    CHECK(shown(sent->from) == "Gateway <noreply@example.com>");
    REQUIRE(sent->reply_to.size() == 1);
    CHECK(shown(sent->reply_to[0]) == "help@example.net");
    CHECK(as_sent(from("Me <noreply@EXAMPLE.com>"), forcing())->reply_to.empty());
}

TEST_CASE("raw mail gets the forced sender in its block, and a bounce stays a bounce") {
    mail::raw_receiver receiver(mail::memory_content());
    REQUIRE(
        receiver.feed("From: Shop <shop@example.net>\r\nSender: clerk@example.net\r\n"
                      "Message-ID: <a@b>\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\n"
                      "Subject: Hi\r\n\r\nHello\r\n"));
    auto got = receiver.finish(mail_id{1}, {}, "host.example");
    REQUIRE(got);
    const auto sent = as_sent(std::make_shared<mail::message>(std::move(got->mail)), forcing());
    CHECK_FALSE(sent->envelope_from);
    CHECK(whole(*sent) ==
          "From: Shop <noreply@example.com>\r\nReply-To: Shop <shop@example.net>\r\n"
          "Message-ID: <a@b>\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\n"
          "Subject: Hi\r\n\r\nHello\r\n");
}
