// What a plugin sees of a message, field by field.
#include "plugin/message_view.hpp"

#include "plugin/services.hpp"
#include "support/catch.hpp"
#include "workbench.hpp"

using gatepost::mail::message;
using gatepost::plugin::message_view;
using workbench::text;

namespace {

template <class Item>
const Item& at(gatepost_array array, uint32_t index) {
    REQUIRE(index < array.count);
    REQUIRE(array.stride >= sizeof(Item));
    return *reinterpret_cast<const Item*>(static_cast<const char*>(array.items) +
                                          size_t{index} * array.stride);
}

gatepost::mail::mailbox box(const char* name, const char* address) {
    return {name, *gatepost::mail::address::parse(address)};
}

std::shared_ptr<message> full_message() {
    auto mail = std::make_shared<message>();
    mail->id = {uint64_t{77} << 20 | 12345};
    mail->message_id = "id@example.com";
    mail->date = gatepost::wall_time(std::chrono::milliseconds(1234));
    mail->envelope_from = gatepost::mail::address::parse("bounce@example.com").operator*();
    mail->from = box("Ann", "ann@example.com");
    mail->reply_to = {box("", "a@example.com"), box("B", "b@example.com")};
    mail->recipients = {{box("First",
                             "first@b\xC3\xBC"
                             "cher.example"),
                         gatepost::mail::role::to, 6, "rfc822;first@example.net"},
                        {box("", "second@example.net"), gatepost::mail::role::bcc, 0, ""}};
    mail->subject =
        "Gr\xC3\xBC\xC3\x9F"
        "e";
    mail->headers = {{"X-One", "1"}, {"X-Two", "2"}};
    mail->tags = {"signup"};
    mail->metadata = {{"user", "42"}};
    mail->provider_options = {{"other", "{\"a\":1}"}, {"scripted", "{\"b\":2}"}};
    mail->parts.resize(2);
    mail->parts[0].type = "text/plain";
    mail->parts[0].body = gatepost::mail::content::from_string("hello");
    mail->parts[1].kind = gatepost::mail::part_role::inline_;
    mail->parts[1].type = "image/png";
    mail->parts[1].filename = "a.png";
    mail->parts[1].content_id = "logo";
    mail->ret = gatepost::mail::dsn_ret::headers;
    mail->dsn_envid = "env";
    mail->urgency = gatepost::mail::priority::high;
    return mail;
}

}  // namespace

TEST_CASE("the view holds every field of the message") {
    const auto mail = full_message();
    const std::vector<uint32_t> carry = {1};
    const message_view view(mail, carry, "scripted", GATEPOST_MESSAGE_TEST);
    const gatepost_message& seen = *view.get();
    CHECK(seen.size == sizeof(gatepost_message));
    CHECK(seen.flags == GATEPOST_MESSAGE_TEST);
    CHECK(text(seen.id) == mail->id.to_string());
    CHECK(text(seen.message_id) == "id@example.com");
    CHECK(seen.date == 1234);
    CHECK(seen.accepted_at == 1234);
    CHECK(text(seen.envelope_from.address) == "bounce@example.com");
    CHECK(text(seen.from.name) == "Ann");
    CHECK(seen.sender.address.size == 0);
    CHECK(text(at<gatepost_mailbox>(seen.reply_to, 1).name) == "B");
    const auto& first = at<gatepost_recipient>(seen.recipients, 0);
    CHECK(text(first.mailbox.address) ==
          "first@b\xC3\xBC"
          "cher.example");
    CHECK(text(first.mailbox.ascii_address) == "first@xn--bcher-kva.example");
    CHECK(first.role == GATEPOST_TO);
    CHECK(first.dsn_notify == (GATEPOST_NOTIFY_SUCCESS | GATEPOST_NOTIFY_FAILURE) + 0U);
    CHECK(text(first.dsn_orcpt) == "rfc822;first@example.net");
    CHECK(at<gatepost_recipient>(seen.recipients, 1).index == 1);
    CHECK(at<gatepost_recipient>(seen.recipients, 1).role == GATEPOST_BCC);
    CHECK(seen.carry.count == 1);
    CHECK(at<uint32_t>(seen.carry, 0) == 1);
    CHECK(text(at<gatepost_pair>(seen.headers, 1).name) == "X-Two");
    CHECK(text(at<gatepost_string>(seen.tags, 0)) == "signup");
    CHECK(text(at<gatepost_pair>(seen.metadata, 0).value) == "42");
    CHECK(text(seen.options_json) == "{\"b\":2}");
    const auto& part = at<gatepost_part>(seen.parts, 1);
    CHECK(part.role == GATEPOST_PART_INLINE);
    CHECK(text(part.content_id) == "logo");
    CHECK(gatepost::plugin::part_of(*mail, part.id) == &mail->parts[1]);
    CHECK(at<gatepost_part>(seen.parts, 0).content_size == 5);
    CHECK(seen.dsn_ret == GATEPOST_RET_HEADERS);
    CHECK(text(seen.dsn_envid) == "env");
    CHECK(seen.priority == 3);
}

TEST_CASE("what is not there is empty, never a wild pointer") {
    const auto mail = std::make_shared<message>();
    const message_view view(mail, {}, "scripted", 0);
    const gatepost_message& seen = *view.get();
    CHECK(seen.envelope_from.address.size == 0);
    CHECK(text(seen.options_json) == "{}");
    for (const auto& array : {seen.reply_to, seen.recipients, seen.carry, seen.headers, seen.tags,
                              seen.metadata, seen.parts}) {
        CHECK(array.count == 0);
        CHECK(array.items == nullptr);
    }
    CHECK(gatepost::plugin::part_of(*mail, 0) == nullptr);
    CHECK(gatepost::plugin::part_of(*mail, 1) == nullptr);
}

TEST_CASE("flags say raw, raw only, and that SMTPUTF8 is needed") {
    auto mail = full_message();
    mail->raw.emplace();
    CHECK(message_view(mail, {}, "x", 0).get()->flags == GATEPOST_MESSAGE_RAW);
    mail->raw->raw_only = true;
    mail->recipients[1].who = box("", "\xC3\xBC@example.net");
    CHECK(message_view(mail, {}, "x", 0).get()->flags ==
          (GATEPOST_MESSAGE_RAW | GATEPOST_MESSAGE_RAW_ONLY | GATEPOST_MESSAGE_SMTPUTF8) + 0U);
    CHECK(message_view(mail, {}, "x", 0).get()->parts.count == 2);
}

TEST_CASE("when raw mail was accepted its id tells, whatever its Date header says") {
    auto mail = full_message();
    CHECK(message_view(mail, {}, "x", 0).get()->accepted_at == 1234);
    mail->raw.emplace();
    CHECK(message_view(mail, {}, "x", 0).get()->accepted_at == 77);
}

TEST_CASE("raw mail is taken apart for a provider that cannot send it, and only then") {
    workbench::bench on;
    auto mail = std::make_shared<message>(*workbench::small_mail());
    mail->raw.emplace();
    mail->raw->header_block =
        "Subject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    mail->raw->body = gatepost::mail::content::from_string("body\r\n");
    constexpr const char* no_raw = R"({"id": "scripted", "settings": {"type": "object"}})";
    std::vector<uint32_t> parts;
    on.plays.start = [&](gatepost_call call, const gatepost_request* request) {
        parts.push_back(request->message->parts.count);
        CHECK(on.context(call).message()->parts.size() == request->message->parts.count);
        on.complete(call, workbench::outcome(GATEPOST_DEFERRED));
    };
    gatepost::plugin::call_request request;
    request.message = mail;
    request.carry = {0};
    on.make();
    on.call(request);
    on.instance = *on.try_make(workbench::loaded(no_raw));
    on.call(request);
    CHECK(parts == std::vector<uint32_t>{0, 1});

    mail->raw->raw_only = true;
    on.call(request);
    on.pump();
    CHECK(parts.size() == 2);
    REQUIRE(on.results.size() == 3);
    CHECK(on.results[2].verdict == gatepost::mail::verdict::rejected);
    CHECK(on.results[2].blame == gatepost::mail::blame::message);
}
