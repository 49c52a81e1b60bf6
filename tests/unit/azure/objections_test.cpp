// What Azure cannot carry: refused by name before acceptance, and again in send.
#include "host.hpp"

using namespace azure_test;

TEST_CASE("what Azure cannot carry is refused before acceptance and again in send") {
    check::message mail = plain_mail();
    json settings = usual_settings();
    std::string pointer;
    SECTION("51 recipients") {
        for (int i = 0; i < 50; ++i)
            mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
        pointer = "/to";
    }
    SECTION("a local part outside ASCII") {
        mail.recipients.push_back({{"jörg@example.net", "", true}, GATEPOST_BCC});
        pointer = "/bcc/0";
    }
    SECTION("a Sender") {
        mail.sender = {"office@example.org", ""};
        pointer = "/sender";
    }
    SECTION("a header twice") {
        mail.headers = {{"X-A", "1"}, {"x-a", "2"}};
        pointer = "/headers/x-a";
    }
    SECTION("no text") {
        mail.parts.clear();
        pointer = "/text";
    }
    SECTION("an empty text") {
        mail.parts = {{GATEPOST_PART_TEXT, "text/plain; charset=utf-8", "", "", ""}};
        pointer = "/text";
    }
    SECTION("a header that an option writes too") {
        mail.headers = {{"X-MS-AcsEmail-Validate-Message-Id", "true"}};
        mail.options_json = R"({"validate_message_id":true})";
        pointer = "/headers/X-MS-AcsEmail-Validate-Message-Id";
    }
    SECTION("inline images over the old API") {
        settings["api_version"] = "2023-03-31";
        mail.parts.push_back({GATEPOST_PART_INLINE, "image/png", "a.png", "a", "x"});
        pointer = "/attachments";
    }
    SECTION("a content id twice") {
        mail.parts.push_back({GATEPOST_PART_INLINE, "image/png", "a.png", "a", "x"});
        mail.parts.push_back({GATEPOST_PART_INLINE, "image/png", "b.png", "a", "x"});
        pointer = "/attachments";
    }
    SECTION("more than 10 MB after base64") {
        mail.parts.push_back(
            {GATEPOST_PART_ATTACHMENT, "application/zip", "a.zip", "", std::string(8u << 20, 'z')});
        pointer = "";
    }
    running with(settings);
    const auto found = with.refused(mail);
    REQUIRE_FALSE(found.empty());
    CHECK(found.front() == pointer);
    CHECK(with.send(mail).verdict == GATEPOST_REJECTED);
    CHECK(with.seen.empty());
}

TEST_CASE("the size that counts is that of the request, with all that is escaped in it") {
    json settings = usual_settings();
    settings["max_megabytes"] = 1;
    running with(settings);
    constexpr std::size_t most = 1u << 20;
    check::message mail = plain_mail();
    std::string& text = mail.parts.front().content;
    SECTION("quotes and line ends, which only an opened text shows") {
        text = std::string(most / 8 * 5, '"');
        CHECK(with.refused(mail).empty());
        const check::outcome said = with.send(mail);
        CHECK(said.verdict == GATEPOST_REJECTED);
        CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
        CHECK(with.seen.empty());
    }
    SECTION("subject, headers and recipients") {
        text = std::string(most - 3000, 'a');
        CHECK(with.refused(mail).empty());
        SECTION("the subject") {
            mail.subject = std::string(3000, 's');
        }
        SECTION("the headers") {
            mail.headers = {{"X-Long", std::string(3000, 'h')}};
        }
        SECTION("the recipients") {
            for (int i = 0; i < 45; ++i)
                mail.recipients.push_back(
                    {{"recipient-" + std::to_string(i) + "-of-many@example.net", "Name"}});
        }
        CHECK(with.refused(mail) == std::vector<std::string>{""});
        CHECK(with.send(mail).verdict == GATEPOST_REJECTED);
        CHECK(with.seen.empty());
    }
    SECTION("to the byte") {
        text = "a";
        CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
        text = std::string(most - with.seen.at(0).body.size() + 1, 'a');
        CHECK(with.refused(mail).empty());
        CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
        CHECK(with.seen.back().body.size() == most);
        text += 'a';
        CHECK(with.refused(mail) == std::vector<std::string>{""});
    }
}

TEST_CASE("an empty text beside a html is left out, and so is a switch that is off") {
    check::message mail = plain_mail();
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain; charset=utf-8", "", "", ""},
                  {GATEPOST_PART_HTML, "text/html; charset=utf-8", "", "", "<p>Hello</p>"}};
    mail.headers = {{"x-ms-acsemail-validate-message-id", "true"}};
    mail.options_json = R"({"validate_message_id":false})";
    running with;
    CHECK(with.refused(mail).empty());
    CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
    const json body = json::parse(with.seen.at(0).body);
    CHECK(body["content"] == json{{"subject", mail.subject}, {"html", "<p>Hello</p>"}});
    CHECK(body["headers"]["x-ms-acsemail-validate-message-id"] == "true");
}

TEST_CASE("a name in From is refused before acceptance, unless the settings say it is Azure's") {
    check::message mail = plain_mail();
    mail.from.name = "Acme";
    running strict;
    CHECK(strict.refused(mail) == std::vector<std::string>{"/from"});
    // Accepted mail that comes here from another connection is worth more than a name.
    CHECK(strict.send(mail).verdict == GATEPOST_ACCEPTED);
    CHECK(json::parse(strict.seen.at(0).body)["senderAddress"] == mail.from.address);
    json settings = usual_settings();
    settings["display_name"] = "Acme";
    running named(settings);
    CHECK(named.refused(mail).empty());
}
