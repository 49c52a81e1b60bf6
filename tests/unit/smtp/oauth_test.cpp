// Logins with the host's access token: asked for where there is none of one's own, renewed once
// when it is refused, and every way in which there is none.
#include <gatepost/token.hpp>

#include "host.hpp"
#include "sasl.hpp"

using namespace smtp_test;

namespace {

const std::string with_oauth =
    R"({"host":"h","security":"none","allow_plaintext_auth":true,"username":"u@example.org"})";

// "token 1", "token 2", ... : the second and later ones are asked for by force.
struct tokens {
    std::vector<bool> forced;
    check::host_options options() {
        check::host_options made;
        made.oauth = [this](bool force) {
            forced.push_back(force);
            return std::string("token-") + std::to_string(forced.size());
        };
        return made;
    }
};

check::host_options failing(gatepost_status status, const std::string& why) {
    check::host_options made;
    made.oauth = [=](bool) { return check::oauth_answer(status, why); };
    return made;
}

plan offering(const std::string& mechanisms = "XOAUTH2 OAUTHBEARER PLAIN") {
    plan how;
    how.offers = {"PIPELINING", "AUTH " + mechanisms};
    return how;
}

std::string login_with(const std::string& token) {
    return "AUTH XOAUTH2 " + smtp::base64(
                                 "user=u@example.org\x01"
                                 "auth=Bearer " +
                                 token + "\x01\x01");
}

// Refuses the first `refusals` logins, as Microsoft does.
plan refusing(int refusals, bool close = false) {
    plan how = offering("XOAUTH2");
    auto left = std::make_shared<int>(refusals);
    how.answer = [=](const std::string& line, bool& closing) -> std::string {
        if (!line.starts_with("AUTH") || *left == 0) return "";
        --*left;
        closing = close;
        return "535 5.7.3 Authentication unsuccessful [h]\r\n";
    };
    return how;
}

}  // namespace

TEST_CASE("a name without a secret logs in with the host's token, and parks the session") {
    tokens host;
    running run(offering("XOAUTH2 PLAIN"), with_oauth, host.options());
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->lines.at(1) == login_with("token-1"));
    CHECK(run.saw->flags.at(1) == GATEPOST_STREAM_SECRET);
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->count("AUTH") == 1);
    CHECK(host.forced == std::vector<bool>{false});  // a kept session needs none
}

TEST_CASE("a token of the settings goes before the host's, and so does a password") {
    for (const char* secret : {R"("token":"t")", R"("password":"p")"}) {
        tokens host;
        std::string settings = with_oauth;
        settings.insert(settings.size() - 1, std::string(",") + secret);
        running run(offering(), settings, host.options());
        CHECK(run.send().verdict == GATEPOST_ACCEPTED);
        CHECK(host.forced.empty());
    }
    tokens host;
    std::string settings = with_oauth;
    settings.insert(settings.size() - 1, R"(,"password":"p","auth_method":"xoauth2")");
    running named(offering(), settings, host.options());
    CHECK(named.send().verdict == GATEPOST_ACCEPTED);
    CHECK(named.saw->lines.at(1) == login_with("token-1"));
}

TEST_CASE("a refused token is renewed once, and tried on the same session") {
    tokens host;
    running run(refusing(1), with_oauth, host.options());
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(host.forced == std::vector<bool>{false, true});
    CHECK(run.saw->lines.at(1) == login_with("token-1"));
    CHECK(run.saw->lines.at(2) == login_with("token-2"));
    CHECK(run.saw->connections == 1);
}

TEST_CASE("a token that the host cannot renew is not said twice") {
    std::vector<bool> forced;
    check::host_options options;
    options.oauth = [&](bool force) {
        forced.push_back(force);
        return std::string("same");
    };
    running run(refusing(9), with_oauth, std::move(options));
    const check::outcome said = run.send();
    CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(said.code == 535);
    CHECK(run.saw->count("AUTH") == 1);
    CHECK(run.saw->quits == 1);
    CHECK(forced == std::vector<bool>{false, true});
}

TEST_CASE("a server that hangs up after the refusal hears the new token on a new session") {
    tokens host;
    running run(refusing(1, true), with_oauth, host.options());
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    CHECK(host.forced == std::vector<bool>{false, true});
    CHECK(run.saw->connections == 2);
    CHECK(run.saw->lines.back() == "DATA");
    CHECK(run.saw->count(login_with("token-2")) == 1);
}

TEST_CASE("a server that says 421 to the new token hears it on a new session, and no third") {
    tokens host;
    plan how = offering("XOAUTH2");
    how.answer = [](const std::string& line, bool& close) -> std::string {
        if (line == login_with("token-1")) return "535 5.7.3 no\r\n";
        close = line.starts_with("AUTH");
        return close ? "421 4.7.0 Too many errors\r\n" : "";
    };
    running run(how, with_oauth, host.options());
    CHECK(run.send().verdict == GATEPOST_DEFERRED);
    CHECK(host.forced == std::vector<bool>{false, true});
    CHECK(run.saw->connections == 2);
    CHECK(run.saw->count("AUTH") == 3);
}

TEST_CASE("refused twice is the credential's fault: no loop, and no further login") {
    for (const bool close : {false, true}) {
        tokens host;
        running run(refusing(9, close), with_oauth, host.options());
        const check::outcome said = run.send();
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
        CHECK(said.code == 535);
        CHECK(host.forced == std::vector<bool>{false, true});
        CHECK(run.saw->count("AUTH") == 2);
        CHECK(run.saw->count("MAIL") == 0);
    }
}

TEST_CASE("too many logins are not answered with another one") {
    tokens host;
    plan how = offering("XOAUTH2");
    how.answer = [](const std::string& line, bool&) -> std::string {
        return line.starts_with("AUTH") ? "454 4.7.0 Too many login attempts\r\n" : "";
    };
    running run(how, with_oauth, host.options());
    CHECK(run.send().blame == GATEPOST_BLAME_QUOTA);
    CHECK(host.forced == std::vector<bool>{false});
}

TEST_CASE("mail for more than one transaction asks for one token a session") {
    tokens host;
    plan how = refusing(1);
    how.offers.push_back("LIMITS RCPTMAX=1 MAILMAX=1");
    running run(how, with_oauth, host.options());
    CHECK(run.send(mail_to(2)).verdict == GATEPOST_ACCEPTED);
    CHECK(run.saw->connections == 2);
    CHECK(host.forced == std::vector<bool>{false, true});  // the renewed one serves the second
}

TEST_CASE("without a token nothing is said to the server, and the blame says who must act") {
    struct {
        gatepost_status status;
        uint32_t blame;
        const char* advice;
    } const rows[] = {
        {GATEPOST_NOT_FOUND, GATEPOST_BLAME_CONFIG, "[oauth] table"},
        {GATEPOST_DENIED, GATEPOST_BLAME_CREDENTIAL, "gatepost oauth login"},
        {GATEPOST_CONNECT, GATEPOST_BLAME_NETWORK, ""},
        {GATEPOST_TIMEOUT, GATEPOST_BLAME_NETWORK, ""},
        {GATEPOST_FAILED, GATEPOST_BLAME_PROVIDER, ""},
        {GATEPOST_DISCONNECTED, GATEPOST_BLAME_PROVIDER, ""},
    };
    for (const auto& row : rows) {
        running run(offering("XOAUTH2"), with_oauth, failing(row.status, "the reason"));
        const check::outcome said = run.send();
        INFO("status " << row.status);
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == row.blame);
        CHECK(said.text.find("the reason") != std::string::npos);
        CHECK(run.saw->count("AUTH") == 0);
        CHECK(run.saw->quits == 1);
        const check::outcome shown = run.test_without_mail();
        CHECK(shown.advice.find(row.advice) != std::string::npos);
        CHECK(run.stages().find("login:3") != std::string::npos);
    }
    running none(offering("XOAUTH2"), with_oauth);  // a gateway without oauth/1
    CHECK(none.send().blame == GATEPOST_BLAME_CONFIG);
}

TEST_CASE("the time that the host gives is waited for") {
    check::host_options options;
    options.oauth = [](bool) { return check::oauth_answer(GATEPOST_DISCONNECTED, "busy", 90); };
    running run(offering("XOAUTH2"), with_oauth, std::move(options));
    CHECK(run.send().retry_after == 90'000'000'000);
}

TEST_CASE("a host's token that would break the line is never said") {
    for (const char* token : {"a\r\nQUIT",
                              "a\x01"
                              "b",
                              "a b"}) {
        check::host_options options;
        options.oauth = [=](bool) { return std::string(token); };
        running run(offering("XOAUTH2"), with_oauth, std::move(options));
        CHECK(run.send().verdict == GATEPOST_DEFERRED);
        CHECK(run.saw->count("AUTH") == 0);
    }
}

TEST_CASE(
    "a server that offers no token login is a matter of settings, and no token is asked for") {
    tokens host;
    running run(offering("PLAIN LOGIN"), with_oauth, host.options());
    CHECK(run.send().blame == GATEPOST_BLAME_CONFIG);
    CHECK(host.forced.empty());
}
