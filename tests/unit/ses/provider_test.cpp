// The plugin as a whole: the clock, roles, what it refuses, and its test.
#include <algorithm>

#include "host.hpp"

using namespace ses_test;

namespace {

constexpr const char* account =
    R"({"SendingEnabled":true,"ProductionAccessEnabled":true,"EnforcementStatus":"HEALTHY",)"
    R"("SendQuota":{"Max24HourSend":50000.0,"MaxSendRate":14.0,"SentLast24Hours":7.0}})";

bool ends(const std::string& text, std::string_view end) {
    return std::string_view(text).ends_with(end);
}

check::http_answer ok(const std::string& body) {
    return {200, body, {}, GATEPOST_OK};
}

// Account and identity are well, unless a test says otherwise.
check::http_answer healthy(const check::http_seen& one) {
    if (ends(one.url, "/v2/email/account")) return ok(account);
    if (one.url.find("/identities/") != one.url.npos)
        return ok(R"({"VerifiedForSendingStatus":true})");
    return taken();
}

json role_settings(const char* source) {
    json made{{"region", "eu-west-1"}, {"credentials", source}};
    if (std::string(source) == "container") made["container_path"] = "/v2/credentials/uuid";
    return made;
}

std::string keys(const std::string& id, const std::string& until) {
    return json{{"Code", "Success"},
                {"AccessKeyId", id},
                {"SecretAccessKey", "secret"},
                {"Token", "token-of-" + id},
                {"Expiration", until}}
        .dump();
}

}  // namespace

TEST_CASE("an accepted mail has the id that SES gave it") {
    running with;
    const check::outcome said = with.send();
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.provider_message_id == "0100-1");
}

TEST_CASE("a wrong clock is corrected once, from the answer's Date") {
    running with;
    int refusals = 1;
    std::string kind = "InvalidSignatureException";
    const auto refuse = [&](const check::http_seen&) {
        if (refusals-- <= 0) return taken();
        check::http_answer made = refusal(403, kind.c_str(), "Signature expired");
        made.headers.emplace_back("date", "Sun, 22 Nov 2026 13:45:00 GMT");
        return made;
    };
    with.answer = refuse;
    SECTION("and the mail goes out, also the next one at once") {
        CHECK(with.send().verdict == GATEPOST_ACCEPTED);
        REQUIRE(with.seen.size() == 2);
        CHECK(header_of(with.seen[1], "x-amz-date").starts_with("20261122T1345"));
        CHECK(with.seen[0].body == with.seen[1].body);
        CHECK(with.send().verdict == GATEPOST_ACCEPTED);
        CHECK(with.seen.size() == 3);
    }
    SECTION("by whatever name SES calls it") {
        kind = GENERATE("RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
                        "IncompleteSignature");
        CHECK(with.send().verdict == GATEPOST_ACCEPTED);
        CHECK(with.seen.size() == 2);
    }
    SECTION("but not twice in a call") {
        refusals = 5;
        const check::outcome said = with.send();
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
        CHECK(with.seen.size() == 2);
    }
    SECTION("and not where the clocks agree: then the key is wrong") {
        with.answer = [](const check::http_seen& one) {
            check::http_answer made = refusal(403, "SignatureDoesNotMatch");
            const std::string ours = header_of(one, "x-amz-date");  // 20261201T080000Z
            made.headers.emplace_back("date", "Tue, 01 Dec 2026 " + ours.substr(9, 2) + ":" +
                                                  ours.substr(11, 2) + ":" + ours.substr(13, 2) +
                                                  " GMT");
            return made;
        };
        CHECK(with.send().blame == GATEPOST_BLAME_CREDENTIAL);
        CHECK(with.seen.size() == 1);
    }
}

TEST_CASE("a throttled send has the account's limits read by the next, and only by that") {
    running with;
    bool slow = true, permitted = true;
    std::string limits = account;
    with.answer = [&](const check::http_seen& one) {
        if (ends(one.url, "/v2/email/account")) {
            CHECK(one.method == "GET");
            CHECK_FALSE(one.commits);
            return permitted ? ok(limits) : refusal(403, "AccessDeniedException");
        }
        return slow ? refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
                    : taken();
    };
    CHECK(with.send().blame == GATEPOST_BLAME_QUOTA);
    CHECK(with.seen.size() == 1);
    CHECK(with.record.quotas.empty());
    std::vector<std::string> told{"per_second", "per_day"};
    SECTION("and tells them") {}
    SECTION("but no day's limit where there is none") {
        limits.replace(limits.find("50000.0"), 7, "-1.0");
        told = {"per_second"};
    }
    SECTION("and goes out all the same without the right to ask") {
        permitted = false;
        told.clear();
    }
    SECTION("and goes out all the same after nonsense") {
        limits = "nonsense";
        told.clear();
    }
    slow = false;
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 3);
    CHECK(ends(with.seen[1].url, "/v2/email/account"));
    CHECK(with.record.quotas == told);
    slow = true;
    CHECK(with.send().blame == GATEPOST_BLAME_QUOTA);
    CHECK(with.send().blame == GATEPOST_BLAME_QUOTA);  // read within the last minute
    CHECK(with.seen.size() == 5);
}

TEST_CASE("a container's role gives keys, which are kept and renewed") {
    running with(role_settings("container"));
    REQUIRE(with.status == GATEPOST_OK);
    int asked = 0;
    bool expired = false;
    with.answer = [&](const check::http_seen& one) {
        if (one.url == "http://169.254.170.2/v2/credentials/uuid") {
            CHECK(one.clear_text);
            CHECK_FALSE(one.commits);
            return ok(keys("K" + std::to_string(++asked), "2027-01-01T00:00:00Z"));
        }
        return std::exchange(expired, false) ? refusal(403, "ExpiredTokenException") : taken();
    };
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    CHECK(header_of(with.seen[1], "x-amz-security-token") == "token-of-K1");
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    CHECK(asked == 1);
    expired = true;  // AWS ended the session early
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    CHECK(asked == 2);
    CHECK(header_of(with.seen.back(), "x-amz-security-token") == "token-of-K2");
}

TEST_CASE("an instance's role gives keys by IMDSv2") {
    running with(role_settings("instance"));
    with.answer = [&](const check::http_seen& one) {
        const std::string base = "http://169.254.169.254/latest/";
        if (one.url == base + "api/token") {
            CHECK(one.method == "PUT");
            CHECK(header_of(one, "x-aws-ec2-metadata-token-ttl-seconds") == "21600");
            return ok("metadata-token");
        }
        if (one.url.starts_with(base))
            CHECK(header_of(one, "x-aws-ec2-metadata-token") == "metadata-token");
        if (one.url == base + "meta-data/iam/security-credentials/") return ok("mail-role\n");
        if (one.url == base + "meta-data/iam/security-credentials/mail-role")
            return ok(keys("KI", "2027-01-01T00:00:00Z"));
        return taken();
    };
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    CHECK(with.seen.size() == 4);
    CHECK(header_of(with.seen.back(), "authorization").find("Credential=KI/") != std::string::npos);
}

TEST_CASE("a role that gives no keys is deferred, and nothing is sent") {
    for (const char* source : {"container", "instance"}) {
        for (const check::http_answer& bad :
             {ok("<html>"), ok("{}"), ok(R"({"Code":"Failed"})"), check::http_answer{404, ""},
              check::http_answer{0, "", {}, GATEPOST_CONNECT}}) {
            running with(role_settings(source));
            with.answer = [&](const check::http_seen&) { return bad; };
            const check::outcome said = with.send();
            CHECK(said.verdict == GATEPOST_DEFERRED);
            CHECK_FALSE(said.advice.empty());
            CHECK_FALSE(with.record.commits_begun);
        }
    }
}

TEST_CASE("what SES cannot carry is refused before acceptance and again in send") {
    check::message mail = check::simple_message();
    json settings = usual_settings();
    std::string pointer;
    SECTION("51 recipients") {
        for (int i = 0; i < 50; ++i)
            mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
        pointer = "/to";
    }
    SECTION("a local part outside ASCII") {
        mail.recipients.push_back({{"jörg@example.net", "", true}, GATEPOST_CC});
        pointer = "/cc/0";
    }
    SECTION("a tag outside ASCII") {
        mail.tags = {"fine", "größe"};
        pointer = "/tags/1";
    }
    SECTION("metadata that is no tag") {
        mail.metadata = {{"user/name", "two words"}};
        pointer = "/metadata/user~1name";
    }
    SECTION("16 headers in Simple") {
        settings["mode"] = "simple";
        for (int i = 0; i < 16; ++i)
            mail.headers.emplace_back("X-H" + std::to_string(i), "x");
        pointer = "/headers";
    }
    SECTION("a long header in Simple") {
        settings["mode"] = "simple";
        mail.headers = {{"X-Long", std::string(991, 'x')}};
        pointer = "/headers/X-Long";
    }
    SECTION("Simple without a text") {
        settings["mode"] = "simple";
        mail.parts.clear();
        pointer = "/text";
    }
    SECTION("signed mail in Simple") {
        settings["mode"] = "simple";
        mail = check::raw_message();
        pointer = "";
    }
    SECTION("a template and a text of one's own") {
        mail.options_json = R"({"template":{"name":"x"}})";
        pointer = "/text";
    }
    SECTION("a template without a name") {
        mail.options_json = R"({"template":{}})";
        mail.parts.clear();
        pointer = "/provider_options/ses/template";
    }
    SECTION("a template and a raw message") {
        mail.flags = GATEPOST_MESSAGE_RAW;
        mail.parts.clear();
        mail.options_json = R"({"template":{"name":"x"}})";
        pointer = "/provider_options/ses/template";
    }
    SECTION("an option's tag outside ASCII") {
        mail.options_json = R"({"tags":{"fine":"fine","kind":"größe"}})";
        pointer = "/provider_options/ses/tags/kind";
    }
    SECTION("a tag of 257 letters") {
        mail.tags = {std::string(256, 'x'), std::string(257, 'x')};
        pointer = "/tags/1";
    }
    SECTION("an answer address outside ASCII") {
        mail.reply_to = {{"fine@example.net", ""}, {"jörg@example.net", "", true}};
        pointer = "/reply_to/1";
    }
    SECTION("an empty header in Simple") {
        settings["mode"] = "simple";
        mail.headers = {{"X-Empty", ""}};
        pointer = "/headers/X-Empty";
    }
    SECTION("a header's name of 127 letters in Simple") {
        settings["mode"] = "simple";
        mail.headers = {{std::string(126, 'X'), "1"}, {std::string(127, 'X'), "1"}};
        pointer = "/headers/" + std::string(127, 'X');
    }
    SECTION("file names, types and content ids that are too long in Simple") {
        settings["mode"] = "simple";
        const auto file = [](std::size_t name, std::size_t type, std::size_t id) {
            return check::part{GATEPOST_PART_INLINE, "image/" + std::string(type - 6, 'x'),
                               std::string(name, 'n'), std::string(id, 'i'), "bytes"};
        };
        mail.parts.push_back(file(255, 78, 78));
        CHECK(running(settings).refused(mail).empty());
        mail.parts.back() = GENERATE_COPY(file(256, 78, 78), file(255, 79, 78), file(255, 78, 79));
        pointer = "/attachments";
    }
    SECTION("a file that is larger than 40 MB after base64") {
        mail.parts.push_back({GATEPOST_PART_ATTACHMENT, "application/zip", "a.zip", "",
                              std::string(31u << 20, 'z')});
        pointer = "";
    }
    running with(settings);
    const auto found = with.refused(mail);
    REQUIRE_FALSE(found.empty());
    CHECK(found.front() == pointer);
    const check::outcome said = with.send(mail);
    CHECK(said.verdict == GATEPOST_REJECTED);
    CHECK(with.seen.empty());
}

TEST_CASE("what SES can carry is not refused") {
    check::message mail = check::simple_message();
    for (int i = 0; i < 40; ++i)
        mail.headers.emplace_back("X-H" + std::to_string(i), "ünïcode");
    for (int i = 0; i < 49; ++i)
        mail.recipients.push_back({{"r" + std::to_string(i) + "@example.net", ""}});
    running with;
    CHECK(with.refused(mail).empty());
    CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
}

TEST_CASE("the empty text that a mail without words comes with is no text beside a template") {
    check::message mail = check::simple_message();
    mail.parts = {{GATEPOST_PART_TEXT, "text/plain; charset=utf-8", "", "", ""}};
    mail.options_json = R"({"template":{"name":"welcome"}})";
    running with;
    CHECK(with.refused(mail).empty());
    CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 1);
    CHECK(json::parse(with.seen.front().body)["Content"]["Template"]["TemplateName"] == "welcome");
}

TEST_CASE("a test shows limits, sender and message") {
    running with;
    with.answer = healthy;
    CHECK(with.test().verdict == GATEPOST_ACCEPTED);
    CHECK(with.stages() == "credentials+ sender+ message+ ");
    CHECK(with.record.quotas.size() == 2);
    CHECK(with.test(false).verdict == GATEPOST_ACCEPTED);
    CHECK(with.stages() == "credentials+ sender? message? ");
}

TEST_CASE("each known failure of a test is a sentence to act on") {
    running with;
    std::string stages;
    SECTION("a wrong key") {
        with.answer = [](const check::http_seen&) {
            return refusal(403, "UnrecognizedClientException", "invalid");
        };
        stages = "credentials- ";
    }
    SECTION("sending is paused") {
        with.answer = [](const check::http_seen&) {
            return ok(R"({"SendingEnabled":false,"SendQuota":{}})");
        };
        stages = "credentials- ";
    }
    SECTION("shut down") {
        with.answer = [](const check::http_seen&) {
            return ok(R"({"SendingEnabled":true,"EnforcementStatus":"SHUTDOWN","SendQuota":{}})");
        };
        stages = "credentials- ";
    }
    SECTION("the quota is used up") {
        with.answer = [](const check::http_seen&) {
            return ok(
                R"({"SendingEnabled":true,"SendQuota":{"Max24HourSend":200,"SentLast24Hours":200}})");
        };
        stages = "credentials- ";
    }
    SECTION("the region is wrong: nobody knows the sender there") {
        with.answer = [](const check::http_seen& one) {
            return one.url.find("/identities/") != one.url.npos ? refusal(404, "NotFoundException")
                                                                : healthy(one);
        };
        stages = "credentials+ sender- ";
    }
    SECTION("the sender waits for its verification") {
        with.answer = [](const check::http_seen& one) {
            return one.url.find("/identities/") != one.url.npos
                       ? ok(R"({"VerifiedForSendingStatus":false})")
                       : healthy(one);
        };
        stages = "credentials+ sender- ";
    }
    SECTION("sandbox") {
        with.answer = [](const check::http_seen& one) {
            if (!one.commits) return healthy(one);
            return refusal(400, "MessageRejected",
                           "Email address is not verified. The following identities failed the "
                           "check in region EU-WEST-1: first@example.net");
        };
        stages = "credentials+ sender+ message- ";
    }
    const check::outcome said = with.test();
    CHECK(said.verdict != GATEPOST_ACCEPTED);
    CHECK(with.stages() == stages);
    CHECK_FALSE(said.text.empty());
    CHECK_FALSE(said.advice.empty());
}

TEST_CASE("an account in the sandbox is good, and is told how to leave it") {
    running with;
    with.answer = [](const check::http_seen& one) {
        return ends(one.url, "/v2/email/account")
                   ? ok(R"({"SendingEnabled":true,"ProductionAccessEnabled":false,)"
                        R"("SendQuota":{"Max24HourSend":200,"MaxSendRate":1,"SentLast24Hours":0}})")
                   : healthy(one);
    };
    CHECK(with.test().verdict == GATEPOST_ACCEPTED);
    const auto& stages = with.record.stages;
    const auto told = std::ranges::find_if(stages, [](const check::stage& one) {
        return one.text.find("ask for production access") != one.text.npos;
    });
    REQUIRE(told != stages.end());
    CHECK(told->id == "credentials");
    CHECK(told->state == GATEPOST_PASSED);
}

TEST_CASE("rights that are missing for looking are no failure") {
    running with;
    with.answer = [](const check::http_seen& one) {
        return one.commits ? taken() : refusal(403, "AccessDeniedException", "not authorized");
    };
    CHECK(with.test().verdict == GATEPOST_ACCEPTED);
    CHECK(with.stages() == "credentials+ sender? message+ ");
}

TEST_CASE("a subdomain's sender is good if the domain above is verified") {
    running with;
    with.answer = [](const check::http_seen& one) {
        if (one.url.find("/identities/") == one.url.npos) return healthy(one);
        return ends(one.url, "/identities/example.org") ? ok(R"({"VerifiedForSendingStatus":true})")
                                                        : refusal(404, "NotFoundException");
    };
    CHECK(with.test().verdict == GATEPOST_ACCEPTED);
    CHECK(with.seen[1].url ==
          "https://email.eu-west-1.amazonaws.com/v2/email/identities/"
          "sender%40example.org");
}

TEST_CASE("whichever request of a send fails, the call ends and is never called accepted") {
    const std::vector<gatepost_status> endings{GATEPOST_FAILED, GATEPOST_TIMEOUT, GATEPOST_LIMIT,
                                               -4242};
    for (const gatepost_status how : endings) {
        for (const bool refuse : {false, true}) {
            for (size_t at = 1; at <= 8; ++at) {
                running with;
                with.host->script({.at = at, .status = how, .refuse = refuse});
                const check::outcome said = with.send();
                if (at == 1) continue;  // the body is opened in another form then
                INFO("request " << at << ", status " << how);
                CHECK(said.verdict != GATEPOST_ACCEPTED);
            }
        }
    }
}
