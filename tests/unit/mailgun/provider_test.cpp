// The plugin as the host sees it: modes, refusals before acceptance, settings and tests.
#include "host.hpp"

#include <algorithm>

using namespace mailgun_test;

namespace {

const check::http_answer queued{.http_status = 200,
                                .body = R"({"id":"<1.2@mg.example.com>","message":"Queued."})"};

std::string settings_with(const json& more) {
    json all = json::parse(usual);
    all.update(more);
    return all.dump();
}
const std::string as_form = settings_with({{"mode", "form"}});

// Refused by the check and, should it come all the same, by send, which asks nobody.
void refused_at(const check::message& mail, const std::string& pointer,
                const std::string& settings = usual) {
    INFO(pointer);
    const auto found = objections(mail, settings);
    CHECK(std::find(found.begin(), found.end(), pointer) != found.end());
    running run(always(queued), settings);
    const check::outcome said = run.send(mail);
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(said.blame == GATEPOST_BLAME_MESSAGE);
    CHECK(!said.text.empty());
    CHECK(run.seen.empty());
}

// name=value of the plain fields, name@filename of the files.
std::vector<std::string> fields_of(const check::http_seen& sent) {
    std::vector<std::string> out;
    for (const auto& one : sent.parts)
        out.push_back(one.filename.empty() ? one.name + "=" + one.content
                                           : one.name + "@" + one.filename);
    return out;
}
bool has(const check::http_seen& sent, const std::string& field) {
    const auto all = fields_of(sent);
    return std::find(all.begin(), all.end(), field) != all.end();
}

check::http_seen sent_for(const check::message& mail, const std::string& settings = usual) {
    running run(always(queued), settings);
    REQUIRE(run.status == GATEPOST_OK);
    REQUIRE(run.send(mail).verdict == GATEPOST_ACCEPTED);
    return run.seen.at(0);
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.ends_with(end);
}

}  // namespace

TEST_CASE("the id is Mailgun's, without its brackets; test mode is captured") {
    running run(always(queued));
    const check::outcome said = run.send();
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.provider_message_id == "1.2@mg.example.com");
    CHECK((said.flags & GATEPOST_OUTCOME_CAPTURED) == 0);
    check::message mail = plain_mail();
    mail.options_json = R"({"testmode":true})";
    CHECK((run.send(mail).flags & GATEPOST_OUTCOME_CAPTURED) != 0);
    CHECK(has(run.seen.at(1), "o:testmode=yes"));
    running always_testing(always(queued), settings_with({{"testmode", true}}));
    mail.options_json = R"({"testmode":false})";
    CHECK((always_testing.send(mail).flags & GATEPOST_OUTCOME_CAPTURED) != 0);
}

TEST_CASE("a whole message names every carried recipient in to, and only those") {
    check::message mail = plain_mail();
    mail.recipients = {{{"a@example.net", "A"}},
                       {{"b@example.net", ""}, GATEPOST_CC},
                       {{"c@example.net", ""}, GATEPOST_BCC}};
    const check::http_seen sent = sent_for(mail);
    CHECK(ends_with(sent.url, "/v3/mg.example.com/messages.mime"));
    CHECK(fields_of(sent) == std::vector<std::string>{"to=a@example.net", "to=b@example.net",
                                                      "to=c@example.net", "message@MimeMessage"});
    CHECK(sent.parts.back().content == check::whole_of(mail));
    running run(always(queued));
    check::call_options what{.mail = mail};
    what.carry = {2};
    CHECK(run.call(what).verdict == GATEPOST_ACCEPTED);
    CHECK(fields_of(run.seen.at(0)) ==
          std::vector<std::string>{"to=c@example.net", "message@MimeMessage"});
}

TEST_CASE("what is left of a partly sent mail and raw mail go whole in form mode too") {
    check::message mail = plain_mail();
    mail.recipients.push_back({{"b@example.net", ""}, GATEPOST_BCC});
    CHECK(ends_with(sent_for(mail, as_form).url, "/messages"));
    running run(always(queued), as_form);
    check::call_options what{.mail = mail};
    what.carry = {1};
    CHECK(run.call(what).verdict == GATEPOST_ACCEPTED);
    CHECK(ends_with(run.seen.at(0).url, "/messages.mime"));
    CHECK(ends_with(sent_for(check::raw_message(), as_form).url, "/messages.mime"));
}

TEST_CASE("a message chooses its mode, and a stored template means the form") {
    check::message mail = plain_mail();
    mail.options_json = R"({"mode":"form"})";
    CHECK(ends_with(sent_for(mail).url, "/messages"));
    mail.options_json = R"({"mode":"mime"})";
    CHECK(ends_with(sent_for(mail, as_form).url, "/messages.mime"));
    mail.options_json = R"({"template":"welcome","template_version":"v2","template_text":true,
                            "template_variables":{"name":"Ána","total":12.5}})";
    mail.subject.clear();
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", ""}};
    CHECK(objections(mail).empty());
    const check::http_seen sent = sent_for(mail);
    CHECK(ends_with(sent.url, "/messages"));
    CHECK(has(sent, "template=welcome"));
    CHECK(has(sent, "t:version=v2"));
    CHECK(has(sent, "t:text=yes"));
    CHECK(has(sent, R"(t:variables={"name":"Ána","total":12.5})"));
    CHECK_FALSE(has(sent, "subject="));
    CHECK_FALSE(has(sent, "text="));
}

TEST_CASE("names of files and people are made fit for Mailgun") {
    check::message mail = plain_mail();
    mail.from = {"a@mg.example.com", "Büro (Nord)"};
    mail.sender = {"s@mg.example.com", "Say \"hi\""};
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "", "", "", "x"});
    mail.parts.push_back({GATEPOST_PART_INLINE, "image/png", "logo.png", "logo@x", "y"});
    mail.headers = {{"X-A", "1"}, {"X-A", "ünïcode"}};
    const check::http_seen sent = sent_for(mail, as_form);
    CHECK(has(sent, "from==?UTF-8?B?QsO8cm8gKE5vcmQp?= <a@mg.example.com>"));
    CHECK(has(sent, "h:Sender=\"Say \\\"hi\\\"\" <s@mg.example.com>"));
    CHECK(has(sent, "attachment@attachment-1"));
    CHECK(has(sent, "inline@logo@x"));
    CHECK(has(sent, "h:X-A=1"));
    CHECK(has(sent, "h:X-A=ünïcode"));
}

TEST_CASE("every option is a field of the wire") {
    check::message mail = plain_mail();
    mail.metadata = {{"user", "42"}, {"both", "metadata"}};
    mail.options_json = R"({
        "variables": {"both": "option", "on": true, "n": 1.5}, "deliver_within": "1h30m",
        "deliverytime_optimize_period": "24h", "time_zone_localize": "14:30",
        "tracking_opens": false, "tracking_pixel_location_top": "htmlonly",
        "secondary_dkim": "example.com/s1", "secondary_dkim_public": "pub.example.com/s1",
        "sending_ip": "192.0.2.1", "sending_ip_pool": "pool", "archive_to": "https://a.example/x",
        "suppress_headers": "all"})";
    const check::http_seen sent = sent_for(mail);
    for (const char* field :
         {"v:user=42", "v:both=option", "v:on=true", "v:n=1.5", "o:deliver-within=1h30m",
          "o:deliverytime-optimize-period=24h", "o:time-zone-localize=14:30", "o:tracking-opens=no",
          "o:tracking-pixel-location-top=htmlonly", "o:secondary-dkim=example.com/s1",
          "o:secondary-dkim-public=pub.example.com/s1", "o:sending-ip=192.0.2.1",
          "o:sending-ip-pool=pool", "o:archive-to=https://a.example/x", "o:suppress-headers=all"}) {
        INFO(field);
        CHECK(has(sent, field));
    }
    CHECK_FALSE(has(sent, "v:both=metadata"));
}

TEST_CASE("what Mailgun would refuse is refused first, by its field") {
    check::message mail = plain_mail();
    SECTION("a sender that needs SMTPUTF8") {
        mail.from = {"ž@mg.example.com", "", true};
        refused_at(mail, "/from");
    }
    SECTION("too many recipients") {
        for (int i = 0; i < 1000; ++i)
            mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
        refused_at(mail, "/to");
    }
    SECTION("nobody in To, in form mode") {
        mail.recipients = {{{"a@example.net", ""}, GATEPOST_BCC}};
        CHECK(objections(mail).empty());
        refused_at(mail, "/to", as_form);
    }
    SECTION("no text and no subject, in form mode") {
        mail.parts = {{GATEPOST_PART_TEXT, "text/plain", "", "", ""}};
        CHECK(objections(mail).empty());
        refused_at(mail, "/text", as_form);
        mail = plain_mail();
        mail.subject.clear();
        refused_at(mail, "/subject", as_form);
    }
    SECTION("tags that are too many, too long or not ASCII") {
        mail.tags = {"größe"};
        refused_at(mail, "/tags");
        mail.tags = {std::string(129, 't')};
        refused_at(mail, "/tags");
        mail.tags.clear();
        for (int i = 0; i < 11; ++i)
            mail.tags.push_back("t" + std::to_string(i));
        refused_at(mail, "/tags");
    }
    SECTION("more than 16 KB of parameters") {
        mail.metadata = {{"a", std::string(16 * 1024, 'x')}};
        refused_at(mail, "/metadata");
        mail.metadata.clear();
        mail.headers = {{"X-Long", std::string(16 * 1024, 'x')}};
        CHECK(objections(mail).empty());
        refused_at(mail, "/metadata", as_form);
    }
    SECTION("more than 25 MB") {
        mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/zip", "a.zip", "",
                              std::string(20 * 1024 * 1024, 'x')});
        refused_at(mail, "");
    }
    SECTION("a template with html, with raw mail, or in another mode") {
        mail.options_json = R"({"template":"t"})";
        mail.parts = {{GATEPOST_PART_HTML, "text/html", "", "", "<p>x</p>"}};
        refused_at(mail, "/html");
        mail.options_json = R"({"template":"t","mode":"mime"})";
        refused_at(mail, "/provider_options/mailgun/template");
        check::message raw = check::raw_message();
        raw.options_json = R"({"template":"t"})";
        refused_at(raw, "/provider_options/mailgun/template");
    }
    SECTION("a delivery time that is no date or too late") {
        mail.options_json = R"({"deliverytime":"Fri, 32 Jan 2027 00:00:00 +0000"})";
        refused_at(mail, "/provider_options/mailgun/deliverytime");
        mail.options_json = R"({"deliverytime":"Fri, 01 Jan 2027 00:00:00 +0000"})";
        refused_at(mail, "/provider_options/mailgun/deliverytime");
        mail.accepted_at = 1'798'700'000'000;
        CHECK(objections(mail).empty());
    }
    SECTION("a delivery time too late for raw mail, whatever its Date header says") {
        check::message raw = check::raw_message();
        raw.accepted_at = 1'798'700'000'000;
        raw.date = 0;
        raw.options_json = R"({"deliverytime":"Fri, 01 Jan 2027 00:00:00 +0000"})";
        CHECK(objections(raw).empty());
        raw.options_json = R"({"deliverytime":"Fri, 15 Jan 2027 00:00:00 +0000"})";
        refused_at(raw, "/provider_options/mailgun/deliverytime");
    }
    SECTION("spans outside Mailgun's") {
        for (const char* wrong : {"4m", "24h1m", "99999h", "0h4m"}) {
            mail.options_json = json{{"deliver_within", wrong}}.dump();
            refused_at(mail, "/provider_options/mailgun/deliver_within");
        }
        for (const char* wrong : {"23h", "73h"}) {
            mail.options_json = json{{"deliverytime_optimize_period", wrong}}.dump();
            refused_at(mail, "/provider_options/mailgun/deliverytime_optimize_period");
        }
        for (const char* good : {"5m", "24h", "1h30m", "23h59m", "90m"}) {
            mail.options_json =
                json{{"deliver_within", good}, {"deliverytime_optimize_period", "72h"}}.dump();
            CHECK(objections(mail).empty());
        }
    }
}

TEST_CASE("a mail that grew over 25 MB while it was written is refused, and nobody is asked") {
    check::message mail = plain_mail();
    mail.whole = std::string(25 * 1024 * 1024 + 1, 'x');
    running run(always(queued));
    CHECK(run.send(mail).verdict == GATEPOST_REJECTED);
    CHECK(run.seen.empty());
}

TEST_CASE("settings choose host, subaccount, tracking and TLS") {
    const json more = {
        {"region", "eu"}, {"on_behalf_of", "sub"}, {"tracking", "off"}, {"require_tls", true}};
    const check::http_seen sent = sent_for(plain_mail(), settings_with(more));
    CHECK(sent.url == "https://api.eu.mailgun.net/v3/mg.example.com/messages.mime");
    CHECK(header_of(sent, "x-mailgun-on-behalf-of") == "sub");
    CHECK(has(sent, "o:tracking=no"));
    CHECK(has(sent, "o:require-tls=yes"));
    check::message mail = plain_mail();
    mail.options_json = R"({"tracking":"yes","require_tls":false})";
    const check::http_seen other = sent_for(mail, settings_with(more));
    CHECK(has(other, "o:tracking=yes"));
    CHECK(has(other, "o:require-tls=no"));
    CHECK_FALSE(has(other, "o:tracking=no"));
}

TEST_CASE("wrong settings are refused at their field") {
    for (const json& wrong :
         {json{{"domain", "mg.example.com/x"}}, json{{"api_key", "a b"}},
          json{{"endpoint", "http://127.0.0.1"}}, json{{"on_behalf_of", "a\r\nb"}}}) {
        running run(always(queued), settings_with(wrong));
        INFO(wrong.dump());
        CHECK(run.status != GATEPOST_OK);
        REQUIRE(!run.host->diagnostics().empty());
        CHECK(run.host->diagnostics()[0].pointer == "/" + wrong.begin().key());
    }
}

namespace {

// Answers by request: the domain's state, the empty request of a sending key, the mail.
check::http_script answering(check::http_answer domain, check::http_answer empty) {
    return [=](const check::http_seen& one) {
        if (one.method == "GET") return domain;
        return one.parts.empty() ? empty : queued;
    };
}
const check::http_answer no_account_key{.http_status = 401,
                                        .body = R"({"message":"Invalid private key"})"};

}  // namespace

TEST_CASE("a test asks for the domain's state, then sends") {
    running run(answering({.http_status = 200, .body = R"({"domain":{"state":"active"}})"}, {}));
    CHECK(run.test().verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages() == "credentials+ sender+ message+ ");
    CHECK(run.seen.size() == 2);
}

TEST_CASE("with a sending key a test learns from an empty request whether the key is known") {
    running run(answering(
        no_account_key, {.http_status = 400, .body = R"({"message":"to parameter is missing"})"}));
    CHECK(run.test().verdict == GATEPOST_ACCEPTED);
    CHECK(run.stages() == "credentials+ sender? message+ ");
    REQUIRE(run.seen.size() == 3);
    CHECK(run.seen[1].method == "POST");
    CHECK(run.seen[1].body.empty());
    CHECK_FALSE(run.seen[1].commits);
    CHECK(ends_with(run.seen[1].url, "/v3/mg.example.com/messages"));
}

TEST_CASE("each known failure of a test is a sentence to act on") {
    const auto failing = [](check::http_answer domain, check::http_answer empty,
                            const std::string& stages, uint32_t blame, const std::string& advice) {
        running run(answering(std::move(domain), std::move(empty)));
        const check::outcome said = run.test();
        INFO(said.text << " / " << said.advice);
        CHECK(said.verdict != GATEPOST_ACCEPTED);
        CHECK(said.blame == blame);
        CHECK(said.advice.find(advice) != std::string::npos);
        CHECK(run.stages() == stages);
    };
    const std::string first = "credentials- ", second = "credentials+ sender- ";
    failing(no_account_key, {.http_status = 401, .body = "Forbidden"}, first,
            GATEPOST_BLAME_CREDENTIAL, "region");
    failing({.http_status = 404, .body = R"({"message":"Domain not found"})"}, {}, first,
            GATEPOST_BLAME_CONFIG, "EU");
    failing({.http_status = 200, .body = R"({"domain":{"state":"unverified"}})"}, {}, second,
            GATEPOST_BLAME_CONFIG, "DNS");
    failing({.http_status = 200, .body = R"({"domain":{"state":"active","is_disabled":true,
                        "disabled":{"reason":"spam complaints"}}})"},
            {}, second, GATEPOST_BLAME_CONFIG, "account");
    failing({.http_status = 200, .body = "Mailgun Magnificent API"}, {}, first,
            GATEPOST_BLAME_CONFIG, "endpoint");
    failing(no_account_key,
            {.http_status = 400,
             .body = R"({"message":"Domain mg.example.com is not allowed to send: Sandbox )"
                     R"(subdomains are for test purposes only."})"},
            second, GATEPOST_BLAME_CONFIG, "authorized");
    failing({.http_status = 0, .status = GATEPOST_CONNECT, .failed_at = GATEPOST_AT_CERTIFICATE},
            {}, first, GATEPOST_BLAME_CONFIG, "ca_file");
    failing({.http_status = 429, .body = R"({"message":"try again after 9 seconds"})"}, {}, first,
            GATEPOST_BLAME_QUOTA, "per_minute");
}

TEST_CASE("whatever goes wrong with any request, the call ends once and never as accepted") {
    check::message mail = plain_mail();
    mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "a/b", "f", "", "x"});
    const gatepost_status spoilt[] = {GATEPOST_FAILED, GATEPOST_TIMEOUT, GATEPOST_LIMIT,
                                      GATEPOST_DENIED, -4242};
    for (const std::string& settings : {usual, as_form}) {
        const size_t requests = settings == as_form ? 3 : 2;
        for (size_t at = 1; at <= requests; ++at) {
            for (const gatepost_status status : spoilt) {
                for (const bool at_once : {false, true}) {
                    INFO(at << " " << status << " " << at_once);
                    running run(always(queued), settings);
                    run.host->script({.at = at, .status = status, .refuse = at_once});
                    CHECK(run.send(mail).verdict == GATEPOST_DEFERRED);
                }
            }
        }
    }
}
