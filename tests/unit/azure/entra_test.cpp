// Microsoft Entra ID: the host's token in the place of a signature, renewed once after a 401, and
// every way in which there is none.
#include "host.hpp"

using namespace azure_test;

namespace {

// "Bearer token-1", and after a refusal "Bearer token-2".
struct tokens {
    std::vector<bool> forced;
    check::host_options options() {
        check::host_options made;
        made.oauth = [this](bool force) {
            forced.push_back(force);
            return "token-" + std::to_string(forced.size());
        };
        return made;
    }
};

}  // namespace

TEST_CASE("without a key the host's token is sent, and no signature is made") {
    tokens host;
    running with(entra_settings(), host.options());
    REQUIRE(with.status == GATEPOST_OK);
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    REQUIRE(with.seen.size() == 1);
    CHECK(header_of(with.seen[0], "authorization") == "Bearer token-1");
    CHECK(header_of(with.seen[0], "x-ms-date").empty());
    CHECK(header_of(with.seen[0], "operation-id").size() == 36);
    CHECK(host.forced == std::vector<bool>{false});
}

TEST_CASE("auth says which of the two is used where both are there") {
    json settings = usual_settings();
    settings["auth"] = "entra";
    tokens host;
    running entra(settings, host.options());
    entra.send();
    CHECK(header_of(entra.seen.at(0), "authorization") == "Bearer token-1");
    settings["auth"] = "key";
    running key(settings, host.options());
    key.send();
    CHECK(header_of(key.seen.at(0), "authorization").starts_with("HMAC-SHA256 "));
    CHECK(host.forced.size() == 1);
}

TEST_CASE("a refused token is renewed once, and no more") {
    tokens host;
    running with(entra_settings(), host.options());
    with.answer = [](const check::http_seen& one) {
        return header_of(one, "authorization") == "Bearer token-1" ? refusal(401, "Denied")
                                                                   : taken();
    };
    CHECK(with.send().verdict == GATEPOST_ACCEPTED);
    CHECK(host.forced == std::vector<bool>{false, true});
    REQUIRE(with.seen.size() == 2);
    CHECK(header_of(with.seen[0], "operation-id") == header_of(with.seen[1], "operation-id"));

    host.forced.clear();
    with.answer = [](const check::http_seen&) { return refusal(401, "Denied"); };
    const check::outcome said = with.send();
    CHECK(said.verdict == GATEPOST_DEFERRED);
    CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(host.forced == std::vector<bool>{false, true});
    CHECK(with.seen.size() == 4);
    CHECK(with.test(false).advice.find("[oauth]") != std::string::npos);
}

TEST_CASE("a token that the host cannot renew is not sent twice") {
    check::host_options options;
    options.oauth = [](bool) { return std::string("same"); };
    running with(entra_settings(), std::move(options));
    with.answer = [](const check::http_seen&) { return refusal(401, "Denied"); };
    const check::outcome said = with.send();
    CHECK(said.blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(said.code == 401);
    CHECK(with.seen.size() == 1);
}

TEST_CASE("a missing role is the credential's fault, and no new token is asked for") {
    tokens host;
    running with(entra_settings(), host.options());
    with.answer = [](const check::http_seen&) { return refusal(403, "Forbidden"); };
    CHECK(with.send().blame == GATEPOST_BLAME_CREDENTIAL);
    CHECK(host.forced == std::vector<bool>{false});
    CHECK(with.test(false).advice.find("role") != std::string::npos);
}

TEST_CASE("without a token nothing is sent, and the blame says who must act") {
    const std::pair<gatepost_status, uint32_t> rows[] = {
        {GATEPOST_NOT_FOUND, GATEPOST_BLAME_CONFIG},
        {GATEPOST_DENIED, GATEPOST_BLAME_CREDENTIAL},
        {GATEPOST_CONNECT, GATEPOST_BLAME_NETWORK},
        {GATEPOST_FAILED, GATEPOST_BLAME_PROVIDER},
    };
    for (const auto& [status, blame] : rows) {
        check::host_options options;
        options.oauth = [how = status](bool) { return check::oauth_answer(how, "the reason"); };
        running with(entra_settings(), std::move(options));
        const check::outcome said = with.send();
        INFO("status " << status);
        CHECK(said.verdict == GATEPOST_DEFERRED);
        CHECK(said.blame == blame);
        CHECK(said.text.find("the reason") != std::string::npos);
        CHECK(with.seen.empty());
    }
    running none(entra_settings());  // a gateway without oauth/1
    CHECK(none.send().blame == GATEPOST_BLAME_CONFIG);
}
