// The plugin as a whole: operations and what becomes of unclear ends, lookups, the clock, and its
// test. What it refuses is objections_test.cpp.
#include "host.hpp"

using namespace azure_test;

namespace {

check::http_answer absent() {
    return refusal(404, "NotFound");
}
check::http_answer lost_after() {
    check::http_answer made;
    made.http_status = 0;
    made.status = GATEPOST_UNCERTAIN;
    return made;
}

// One answer to sends, one to looks.
check::http_script both(check::http_answer to_send, check::http_answer to_look) {
    return [=](const check::http_seen& one) { return one.commits ? to_send : to_look; };
}

size_t sends(const running& with) {
    size_t count = 0;
    for (const check::http_seen& one : with.seen)
        count += one.commits ? 1 : 0;
    return count;
}

check::call_options look_for(const std::string& state) {
    check::call_options what;
    what.kind = GATEPOST_LOOKUP;
    what.state = state;
    return what;
}

}  // namespace

TEST_CASE("a 202 is accepted at once, and asks for a lookup when Azure says") {
    running with;
    const check::outcome said = with.send();
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.provider_message_id == header_of(with.seen.at(0), "operation-id"));
    CHECK(said.lookup_after == seconds(30));
    CHECK(json::parse(said.state)["operation"] == said.provider_message_id);
    CHECK(with.seen.size() == 1);
}

TEST_CASE("a lookup that finds it failed says so; one that finds it open asks once more") {
    running with;
    const std::string state = with.send().state;
    with.answer = both(taken(), operation(200, "Failed", "EmailDropped"));
    const check::outcome failed = with.call(look_for(state));
    CHECK(failed.verdict == GATEPOST_REJECTED);
    CHECK(failed.lookup_after == 0);

    with.answer = both(taken(), operation(200, "Running"));
    const check::outcome open = with.call(look_for(state));
    CHECK(open.verdict == GATEPOST_ACCEPTED);
    CHECK(open.lookup_after == seconds(600));
    const check::outcome last = with.call(look_for(open.state));
    CHECK(last.verdict == GATEPOST_ACCEPTED);
    CHECK(last.lookup_after == 0);  // the quota of reads is small: no third

    with.answer = both(taken(), absent());
    CHECK(with.call(look_for(state)).verdict == GATEPOST_ACCEPTED);  // forgotten, not refused
}

TEST_CASE("a throttled lookup learns nothing, and is none of the two") {
    running with;
    std::string state = with.send().state;
    check::http_answer slow = refusal(429);
    slow.headers.emplace_back("retry-after", "7");
    with.answer = both(taken(), slow);
    for (int i = 0; i < 5; ++i) {
        const check::outcome busy = with.call(look_for(state));
        CHECK(busy.verdict == GATEPOST_UNKNOWN);
        CHECK(busy.blame == GATEPOST_BLAME_QUOTA);
        CHECK(busy.lookup_after == seconds(7));
        state = busy.state;
    }
    with.answer = both(taken(), refusal(429));
    CHECK(with.call(look_for(state)).lookup_after == seconds(60));
    with.answer = both(taken(), operation(200, "Failed", "EmailDropped"));
    CHECK(with.call(look_for(state)).verdict == GATEPOST_REJECTED);
}

TEST_CASE("a sender of an Azure-managed domain has its limits told, and a warning") {
    json settings = usual_settings();
    const std::vector<std::string> told{"per_minute", "per_hour", "lookups_per_minute",
                                        "lookups_per_hour"};
    SECTION("by the setting") {
        settings["sender"] = "donotreply@00000000-1111.AzureComm.net";
        running with(settings);
        REQUIRE(with.status == GATEPOST_OK);
        REQUIRE(with.host->diagnostics().size() == 1);
        CHECK(with.host->diagnostics()[0].severity == GATEPOST_WARNING);
        CHECK(with.host->diagnostics()[0].pointer == "/sender");
        CHECK(with.host->diagnostics()[0].advice.find("per_minute = 5") != std::string::npos);
        CHECK(with.send().verdict == GATEPOST_ACCEPTED);
        CHECK(with.record.quotas == told);
    }
    SECTION("by the mail's own sender") {
        running with(settings);
        check::message mail = plain_mail();
        mail.from.address = "a@x.azurecomm.net";
        CHECK(with.send(mail).verdict == GATEPOST_ACCEPTED);
        CHECK(with.record.quotas == told);
    }
    SECTION("and others not") {
        settings["sender"] = "donotreply@azurecomm.net.example.com";
        running with(settings);
        CHECK(with.host->diagnostics().empty());
        CHECK(with.send().verdict == GATEPOST_ACCEPTED);
        CHECK(with.record.quotas.empty());
    }
}

TEST_CASE("lookups can be switched off") {
    json settings = usual_settings();
    settings["lookups"] = false;
    running with(settings);
    const check::outcome said = with.send();
    CHECK(said.verdict == GATEPOST_ACCEPTED);
    CHECK(said.lookup_after == 0);
    CHECK(said.state.empty());
}

TEST_CASE("the operation's id is the same at every attempt, and another for another mail") {
    running with;
    with.answer = both(taken(), absent());
    with.send(plain_mail(), 1);
    with.send(plain_mail(), 2);
    check::message other = plain_mail();
    other.id = "01hfakehost0000000000000009";
    with.send(other, 1);
    std::vector<std::string> ids;
    std::vector<std::string> bodies;
    for (const check::http_seen& one : with.seen) {
        if (!one.commits) continue;
        ids.push_back(header_of(one, "operation-id"));
        bodies.push_back(one.body);
    }
    REQUIRE(ids.size() == 3);
    CHECK(ids[0] == ids[1]);
    CHECK(bodies[0] == bodies[1]);
}

TEST_CASE("a lost answer is settled by one look") {
    running with;
    SECTION("Azure has it") {
        with.answer = both(lost_after(), operation(200, "Running", {}, 20));
        const check::outcome said = with.send();
        CHECK(said.verdict == GATEPOST_ACCEPTED);
        CHECK(said.lookup_after == seconds(20));
    }
    SECTION("Azure has given it up") {
        with.answer = both(lost_after(), operation(200, "Failed", "EmailDropped"));
        const check::outcome said = with.send();
        CHECK(said.verdict == GATEPOST_UNKNOWN);  // a send without an answer may not say more
        CHECK(said.text.find("EmailDropped") != std::string::npos);
        CHECK(with.call(look_for(said.state)).verdict == GATEPOST_REJECTED);
    }
    SECTION("Azure has stopped it: a lookup opens the mail again") {
        with.answer = both(lost_after(), operation(200, "Canceled"));
        const check::outcome said = with.send();
        CHECK(said.verdict == GATEPOST_UNKNOWN);
        CHECK(with.call(look_for(said.state)).verdict == GATEPOST_DEFERRED);
    }
    SECTION("Azure does not know it yet: unknown, and a lookup may settle it") {
        with.answer = both(lost_after(), absent());
        const check::outcome said = with.send();
        CHECK(said.verdict == GATEPOST_UNKNOWN);
        CHECK(said.lookup_after == seconds(60));
        const check::outcome later = with.call(look_for(said.state));
        CHECK(later.verdict == GATEPOST_DEFERRED);  // certainly not there
    }
    CHECK(sends(with) == 1);
}

TEST_CASE("a later attempt looks before it sends") {
    running with;
    SECTION("and does not send what Azure has") {
        with.answer = both(taken(), operation(200, "Succeeded"));
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
        CHECK(sends(with) == 0);
    }
    SECTION("and sends what Azure does not have") {
        with.answer = both(taken(), absent());
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
        CHECK(sends(with) == 1);
    }
    SECTION("and takes a new operation where Azure gave the old one up") {
        bool first = true;
        with.answer = [&](const check::http_seen& one) {
            if (one.commits) return taken();
            return std::exchange(first, false) ? operation(200, "Canceled") : absent();
        };
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
        REQUIRE(with.seen.size() == 3);
        const std::string id = header_of(with.seen[2], "operation-id");
        CHECK(with.seen[0].url.find(id) == std::string::npos);
        CHECK(with.seen[1].url.find(id) != std::string::npos);
    }
    SECTION("and tries what failed again only when somebody asks for it who was told") {
        with.answer = both(taken(), operation(200, "Failed", "EmailDropped"));
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_REJECTED);
        CHECK(sends(with) == 0);
        bool first = true;
        with.answer = [&](const check::http_seen& one) {
            if (one.commits) return taken();
            return std::exchange(first, false) ? operation(200, "Failed", "EmailDropped")
                                               : absent();
        };
        CHECK(with.send(plain_mail(), 3).verdict == GATEPOST_ACCEPTED);
    }
    SECTION("and says so when all of its operations are used up") {
        with.answer = both(taken(), operation(200, "Canceled"));
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_DEFERRED);
        CHECK(sends(with) == 0);
    }
    SECTION("and waits where nothing can be seen: of this attempt nothing has left") {
        struct unseen {
            check::http_answer to_look;
            uint32_t blame;
            uint64_t retry_after = 0;
        };
        check::http_answer slow;
        slow.http_status = 0;
        slow.status = GATEPOST_TIMEOUT;
        const unseen table[] = {{refusal(500), GATEPOST_BLAME_PROVIDER},
                                // Of reads, not of sends: the others go on.
                                {refusal(429), GATEPOST_BLAME_PROVIDER, 60},
                                {refusal(401), GATEPOST_BLAME_CREDENTIAL},
                                {slow, GATEPOST_BLAME_NETWORK},
                                {{200, "<html>", {}, GATEPOST_OK}, GATEPOST_BLAME_PROVIDER}};
        for (const unseen& one : table) {
            INFO(one.to_look.http_status);
            with.answer = both(taken(), one.to_look);
            const check::outcome said = with.send(plain_mail(), 2);
            CHECK(said.verdict == GATEPOST_DEFERRED);
            CHECK(said.blame == one.blame);
            CHECK(said.retry_after == seconds(one.retry_after));
            CHECK(said.text.find("cannot be seen") != std::string::npos);
            CHECK(said.advice.find("mails a minute") == std::string::npos);
        }
        CHECK(sends(with) == 0);
    }
    SECTION("but not after a certain refusal") {
        with.answer = both(refusal(429), absent());
        CHECK(with.send(plain_mail(), 1).verdict == GATEPOST_DEFERRED);
        with.answer = nullptr;
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
        CHECK(with.seen.size() == 2);
        // That refusal says nothing about the attempt after it.
        with.answer = both(taken(), operation(200, "Succeeded"));
        CHECK(with.send(plain_mail(), 3).verdict == GATEPOST_ACCEPTED);
        CHECK(sends(with) == 2);
    }
}

TEST_CASE("a 400 to a retry may mean that Azure has it already") {
    running with;
    int looks = 0;
    with.answer = [&](const check::http_seen& one) {
        if (one.commits) return refusal(400, "BadRequest");
        return ++looks == 1 ? absent() : operation(200, "Running");
    };
    CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
    looks = -10;
    CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_ACCEPTED);
}

TEST_CASE("a 400 to a retry is meant only where Azure says that it has no such mail") {
    running with;
    check::http_answer to_second_look;
    int looks = 0;
    with.answer = [&](const check::http_seen& one) {
        if (one.commits) return refusal(400, "BadRequest");
        return ++looks == 1 ? absent() : to_second_look;
    };
    SECTION("it has none") {
        to_second_look = absent();
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_REJECTED);
    }
    SECTION("it takes no such question") {
        to_second_look = refusal(400, "BadRequest");
        CHECK(with.send(plain_mail(), 2).verdict == GATEPOST_REJECTED);
    }
    SECTION("too many questions") {
        to_second_look = refusal(429);
        const check::outcome said = with.send(plain_mail(), 2);
        CHECK(said.verdict == GATEPOST_UNKNOWN);
        CHECK(said.blame == GATEPOST_BLAME_QUOTA);
        CHECK(said.lookup_after == seconds(60));
    }
    SECTION("no answer") {
        to_second_look.http_status = 0;
        to_second_look.status = GATEPOST_TIMEOUT;
        const check::outcome said = with.send(plain_mail(), 2);
        CHECK(said.verdict == GATEPOST_UNKNOWN);
        CHECK(said.text.find("BadRequest") != std::string::npos);
        CHECK_FALSE(said.state.empty());
    }
}

TEST_CASE("a single 401 is signed anew, with Azure's clock if ours is wrong") {
    running with;
    bool first = true;
    with.answer = [&](const check::http_seen&) {
        if (!std::exchange(first, false)) return taken();
        check::http_answer made = refusal(401, "Denied", "time drift");
        made.headers.emplace_back("date", "Sun, 22 Nov 2026 13:45:00 GMT");
        return made;
    };
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 2);
    CHECK(header_of(with.seen[1], "x-ms-date") == "Sun, 22 Nov 2026 13:45:00 GMT");
    CHECK(header_of(with.seen[0], "authorization") != header_of(with.seen[1], "authorization"));
}

TEST_CASE("settings that do not fit are refused at their field") {
    const auto pointer = [](const json& settings) {
        running with(settings);
        CHECK(with.status != GATEPOST_OK);
        return with.host->diagnostics().empty() ? std::string()
                                                : with.host->diagnostics().front().pointer;
    };
    CHECK(pointer(json::object()) == "/connection_string");
    CHECK(pointer({{"connection_string", "nonsense"}}) == "/connection_string");
    CHECK(pointer({{"connection_string", "endpoint=https://a.example/;accesskey=no*base64"}}) ==
          "/connection_string");
    CHECK(pointer({{"connection_string", "endpoint=https://a.example/path;accesskey=YQ=="}}) ==
          "/connection_string");
    CHECK(pointer({{"endpoint", "https://a.example"}, {"auth", "key"}}) == "/access_key");
    CHECK(pointer({{"endpoint", "http://a.example"}, {"access_key", "YQ=="}}) == "/endpoint");
    json named = usual_settings();
    named["sender"] = "Name <a@example.org>";
    CHECK(pointer(named) == "/sender");
}

TEST_CASE("an endpoint of the settings goes before that of the connection string") {
    json settings = usual_settings();
    settings["endpoint"] = "http://127.0.0.1:9/";
    settings["allow_http"] = true;
    running with(settings);
    REQUIRE(with.status == GATEPOST_OK);
    with.send();
    CHECK(with.seen.at(0).url.starts_with("http://127.0.0.1:9/emails:send"));
    CHECK(with.seen.at(0).clear_text);
}

TEST_CASE("the sender of the settings takes the place of another From, which gets the answers") {
    json settings = usual_settings();
    settings["sender"] = "donotreply@example.com";
    running with(settings);
    with.send();
    const json body = json::parse(with.seen.at(0).body);
    CHECK(body["senderAddress"] == "donotreply@example.com");
    CHECK(body["replyTo"][0]["address"] == "sender@example.org");
}

TEST_CASE("a mail to Bcc alone has an empty to, as the SDK sends it") {
    check::message mail = plain_mail();
    mail.recipients = {{{"blind@example.net", ""}, GATEPOST_BCC}};
    running with;
    CHECK(with.refused(mail).empty());
    with.send(mail);
    const json recipients = json::parse(with.seen.at(0).body)["recipients"];
    CHECK(recipients["to"] == json::array());
    CHECK(recipients["bcc"][0]["address"] == "blind@example.net");
}

TEST_CASE("a test asks for an operation that is not there, and then sends") {
    json settings = usual_settings();
    settings["resource_group"] = "mail-group";
    settings["service_name"] = "mail-service";
    settings["region"] = "eastus";
    running with(settings);
    with.answer = both(taken(), absent());
    CHECK(with.test().verdict == GATEPOST_ACCEPTED);
    CHECK(with.stages() == "credentials+ sender+ message+ ");
    std::string shown;
    for (const check::stage& one : with.record.stages)
        shown += one.text + "\n";
    for (const char* part : {"my-resource.communication.azure.com", "resource group mail-group",
                             "service mail-service", "region eastus"}) {
        CHECK(shown.find(part) != std::string::npos);
    }
    CHECK(with.test(false).verdict == GATEPOST_ACCEPTED);
    CHECK(with.stages() == "credentials+ sender? message? ");
}

TEST_CASE("each known failure of a test is a sentence to act on") {
    running with;
    std::string stages, advice;
    SECTION("a wrong key") {
        with.answer = both(taken(), refusal(401, "Denied"));
        stages = "credentials- ";
    }
    SECTION("the quota of reads") {
        with.answer = both(taken(), refusal(429, "TooManyRequests"));
        stages = "credentials- ";
    }
    SECTION("a domain that is not connected") {
        with.answer = both(refusal(404, "DomainNotLinked"), absent());
        stages = "credentials+ sender- ";
    }
    SECTION("a key that may not do this") {
        with.answer = [](const check::http_seen&) { return refusal(403, "Forbidden"); };
        stages = "credentials- ";
        advice = "connect the sender's domain";
    }
    SECTION("an unknown sender") {
        with.answer = both(refusal(400, "InvalidSenderUserName"), absent());
        stages = "credentials+ sender- ";
    }
    SECTION("the quota of sends") {
        with.answer = both(refusal(429, "TooManyRequests"), absent());
        stages = "credentials+ sender? message- ";
    }
    const check::outcome said = with.test();
    CHECK(said.verdict != GATEPOST_ACCEPTED);
    CHECK(with.stages() == stages);
    CHECK_FALSE(said.text.empty());
    CHECK(said.advice.find(advice) != said.advice.npos);
    CHECK_FALSE(said.advice.empty());
}

TEST_CASE("whichever request of a send fails, the call ends and is never called accepted") {
    const std::vector<gatepost_status> endings{GATEPOST_FAILED, GATEPOST_TIMEOUT, GATEPOST_LIMIT,
                                               -4242};
    for (const gatepost_status how : endings) {
        for (const bool refuse : {false, true}) {
            for (size_t at = 1; at <= 5; ++at) {
                running with;
                with.host->script({.at = at, .status = how, .refuse = refuse});
                INFO("request " << at << ", status " << how);
                CHECK(with.send().verdict != GATEPOST_ACCEPTED);
            }
        }
    }
}
