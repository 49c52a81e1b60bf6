// http/1 over TLS: every certificate that must not pass; what a test and a trace show; HTTP/2.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <algorithm>

#include "base/text.hpp"
#include "http_peer.hpp"
#include "services/http/trace.hpp"
#include "services/socket_address.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

struct authority_at_hand {
    temp_folder folder;
    certificate authority = make_authority("Example Test Authority");
    std::string ca_file = write("ca.pem", authority.pem());

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(folder / name) << text;
        return (folder / name).string();
    }
};

std::string take_it(const web_request&, int) {
    return web_answer("202 Accepted", "{\"id\":7}", "X-Message-Id: abc\r\n");
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

web_heard fetch_from(const peer_tls& how, const std::string& ca_file) {
    web_server server(take_it, &how);
    stage on;
    auto answer = fetch(on, {.url = server.url(),
                             .body = {bytes_segment("mail")},
                             .required = GATEPOST_COMMITS,
                             .ca_file = ca_file});
    if (answer.status != GATEPOST_OK) {
        CHECK(server.requests().empty());
        CHECK(on.ledger() == ledger_marks{});
    }
    return answer;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& each : lines)
        all += each + "\n";
    return all;
}

// nghttpx before a server of ours; ends with it.
class h2_front {
  public:
    h2_front(const authority_at_hand& with, uint16_t backend) : port_(dead_port()) {
        const auto leaf = make_leaf(with.authority);
        const std::string certificate = with.write("h2.pem", leaf.pem()),
                          key = with.write("h2.key", leaf.key_pem()),
                          log = (with.folder / "h2.log").string(),
                          front = "--frontend=127.0.0.1," + std::to_string(port_),
                          back = "--backend=127.0.0.1," + std::to_string(backend),
                          log_to = "--errorlog-file=" + log;
        child_ = ::fork();
        if (child_ == 0) {
            ::execl("/usr/sbin/nghttpx", "nghttpx", "--conf=/dev/null", "--workers=1", "--no-ocsp",
                    front.c_str(), back.c_str(), log_to.c_str(), key.c_str(), certificate.c_str(),
                    static_cast<char*>(nullptr));
            ::_exit(127);
        }
    }
    ~h2_front() {
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
    }
    static bool there() { return ::access("/usr/sbin/nghttpx", X_OK) == 0; }
    std::string url() const { return "https://localhost:" + std::to_string(port_) + "/send"; }

  private:
    uint16_t port_;
    pid_t child_ = 0;
};

}  // namespace

TEST_CASE("a trusted server gets the request over TLS") {
    const authority_at_hand in;
    const auto answer = fetch_from({make_leaf(in.authority)}, in.ca_file);
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.http_status == 202);
}

TEST_CASE("a certificate that is not right ends it before anything is sent") {
    const authority_at_hand in;
    const certificate foreign = make_authority("Foreign Authority");
    const struct {
        peer_tls how;
        std::string says;
    } cases[] = {
        {{make_leaf(foreign)}, "not trusted"},
        {{make_self_signed()}, "not trusted"},
        {{make_leaf(in.authority, {.names = {"DNS:other.example.com"}})}, "another name"},
        {{make_leaf(in.authority, {.begins_in = -7200, .ends_in = -3600})}, "has expired"},
        {{make_leaf(in.authority, {.begins_in = 3600, .ends_in = 7200})}, "not valid yet"},
    };
    for (const auto& each : cases) {
        INFO(each.says);
        const auto answer = fetch_from(each.how, in.ca_file);
        CHECK(answer.status == GATEPOST_CONNECT);
        CHECK(answer.failed_at == GATEPOST_AT_CERTIFICATE);
        CHECK(says(answer.text, each.says));
    }
    const auto system = fetch_from({make_leaf(in.authority)}, {});
    CHECK(system.failed_at == GATEPOST_AT_CERTIFICATE);
    const auto missing = fetch_from({make_leaf(in.authority)}, "/nowhere/ca.pem");
    CHECK(missing.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(says(missing.text, "CA file"));
}

TEST_CASE("old TLS and no TLS are refused") {
    const authority_at_hand in;
    const auto old = fetch_from({make_leaf(in.authority), TLS1_1_VERSION}, in.ca_file);
    CHECK(old.status == GATEPOST_CONNECT);
    CHECK(old.failed_at == GATEPOST_AT_TLS);
    peer clear([](talk& with) {
        (void)with.bytes(1);
        with.say("HTTP/1.1 400 This Is Clear\r\n\r\n");
    });
    stage on;
    const auto none = fetch(on, {.url = "https://127.0.0.1:" + std::to_string(clear.port()) + "/",
                                 .ca_file = in.ca_file});
    CHECK(none.status == GATEPOST_CONNECT);
    CHECK(none.failed_at == GATEPOST_AT_TLS);
}

TEST_CASE("a handshake that never ends ends with the time, and can be cancelled") {
    const bool cancel = GENERATE(false, true);
    peer server([](talk& with) { (void)with.rest(); });
    stage on;
    web_heard answer;
    REQUIRE(begin_fetch(on, answer,
                        {.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/",
                         .timeout = cancel ? 0 : 200'000'000U}) == GATEPOST_OK);
    REQUIRE(on.until([&] { return server.connections() == 1; }));
    if (cancel) on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == (cancel ? GATEPOST_CANCELLED : GATEPOST_CONNECT));
    if (!cancel) CHECK(answer.failed_at == GATEPOST_AT_TLS);
}

TEST_CASE("a test shows name, connection and TLS, once") {
    const authority_at_hand in;
    const peer_tls how{make_leaf(in.authority)};
    web_server server(take_it, &how);
    stage on;
    on.next_call({.message = nullptr, .stages = true});
    for (int i = 0; i < 2; ++i)
        CHECK(fetch(on, {.url = server.url(), .ca_file = in.ca_file}).status == GATEPOST_OK);
    std::string stages;
    for (const auto& each : on.reports())
        stages += each.substr(0, each.find(' ', 2)) + ";";
    const auto stage_of = [](int state, const char* id) {
        return std::to_string(state) + " " + id + ";";
    };
    std::string expected;
    for (const char* const id : {"name", "connect", "tls"})
        expected += stage_of(GATEPOST_STARTED, id) + stage_of(GATEPOST_PASSED, id);
    CHECK(stages == expected);
}

TEST_CASE("a trace shows the exchange without a secret") {
    web_server server([](const web_request& got, int) {
        return web_answer("200 OK", says(got.line, "/token")
                                        ? "{\"access_token\":\"fresh-token\"}"
                                        : "{\"echo\":\"hunter2hunter2\"}" + std::string(600, 'x'));
    });
    stage on;
    on.instance->hide({"hunter2hunter2"});
    on.next_call({.message = nullptr, .trace = true});
    const std::string basic = text::base64_encode("api:hunter2hunter2");
    CHECK(fetch(on, {.url = server.url("/v3/send?key=hunter2hunter2"),
                     .headers = {{"Authorization", "Basic " + basic},
                                 {"api-key", "another"},
                                 {"X-Amz-Security-Token", "third"},
                                 {"X-Note", "the " + basic}},
                     .body = {bytes_segment("private words")}})
              .status == GATEPOST_OK);
    CHECK(fetch(on, {.url = server.url("/token"), .method = "GET"}).status == GATEPOST_OK);
    const std::string shown = joined(on.traces());
    INFO(shown);
    CHECK(says(shown, "> POST /v3/send?key=(secret)\n"));
    CHECK(says(shown, "> Authorization: (secret)\n"));
    CHECK(says(shown, "> (13 bytes)\n"));
    CHECK(says(shown, "< HTTP/1.1 200 OK\n"));
    CHECK(says(shown, "{\\\"echo\\\":\\\"(secret)\\\"}"));
    for (const char* const hidden : {"hunter2", "another", "third", "private words", "fresh-token"})
        CHECK_FALSE(says(shown, hidden));
    CHECK_FALSE(says(shown, basic));
}

TEST_CASE("a trace counts what a cloud's metadata answers, wherever it stands") {
    web_server server([](const web_request& got, int) {
        if (says(got.line, "PUT ")) return web_answer("200 OK", "AQAEAbare-token==");
        return web_answer("200 OK", says(got.line, "/plain") ? "plain words" : "role-name");
    });
    stage on;
    on.next_call({.message = nullptr, .trace = true});
    CHECK(fetch(on, {.url = server.url("/latest/api/token"),
                     .method = "PUT",
                     .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}})
              .data == "AQAEAbare-token==");
    CHECK(fetch(on, {.url = server.url("/latest/meta-data/"),
                     .method = "GET",
                     .headers = {{"x-aws-ec2-metadata-token", "AQAEAbare-token=="}}})
              .data == "role-name");
    CHECK(fetch(on, {.url = server.url("/plain"), .method = "GET"}).data == "plain words");
    const std::string shown = joined(on.traces());
    INFO(shown);
    CHECK_FALSE(says(shown, "AQAEA"));
    CHECK_FALSE(says(shown, "role-name"));
    CHECK(says(shown, "< (17 bytes)\n"));
    CHECK(says(shown, "< plain words\n"));
}

TEST_CASE("an address of a cloud's metadata is known by itself") {
    const auto is = [](const char* host) {
        services::http_order order;
        order.host = host;
        const auto address = services::socket_address::parse(host, 80);
        const bool by_url = services::asks_for_credentials(order);
        CHECK(by_url == (address && address->is_metadata()));
        return by_url;
    };
    for (const char* const host : {"169.254.169.254", "169.254.170.2", "fd00:ec2::254",
                                   "fd00:ec2::23", "fe80::1", "::ffff:169.254.169.254"})
        CHECK(is(host));
    for (const char* const host : {"169.253.169.254", "fd00:ec3::254", "fec0::1", "127.0.0.1",
                                   "::1", "169.254.example.com", "email.eu-west-1.amazonaws.com"})
        CHECK_FALSE(is(host));
}

TEST_CASE("over HTTP/2 one connection carries all requests at once") {
    if (!h2_front::there()) {
        WARN("skipped: nghttpx is not installed");
        return;
    }
    const authority_at_hand in;
    std::atomic<int> waiting{0};
    web_server server([&](const web_request&, int) {
        ++waiting;
        for (int i = 0; i < 1000 && waiting < 20; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return web_answer("202 Accepted", "");
    });
    const h2_front front(in, server.port());
    const temp_folder folder;
    const std::string bytes(300'000, 'm');
    std::ofstream(folder / "content") << bytes;
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, bytes.size()))});
    const gatepost_body_request part{
        sizeof part, 0, GATEPOST_BODY_PART, 2, GATEPOST_FORM_IDENTITY, 0};
    const heard body =
        on.wait_for([&](gatepost_done done, void* user, gatepost_operation* operation) {
            return on.table<gatepost_body>("gatepost.body/1")
                .open(on.host(), on.call, &part, done, user, operation);
        });
    REQUIRE(body.handle != 0);
    const web_facts request{.url = front.url(),
                            .body = {bytes_segment("one "), body_segment(body.handle)},
                            .required = GATEPOST_COMMITS,
                            .ca_file = in.ca_file};
    // It listens as soon as it does not refuse any more.
    REQUIRE(on.until([&] {
        waiting = 20;
        return fetch(on, request).status == GATEPOST_OK;
    }));
    waiting = 0;
    std::vector<web_heard> answers(20);
    for (web_heard& each : answers)
        REQUIRE(begin_fetch(on, each, request) == GATEPOST_OK);
    CHECK(on.until([&] { return std::ranges::all_of(answers, &web_heard::done); }));
    for (const web_heard& each : answers) {
        CHECK(each.status == GATEPOST_OK);
        CHECK(each.http_status == 202);
    }
    CHECK(on.instance->open_sessions() == 1);
    for (const auto& each : server.requests())
        CHECK((each.body == "one " + bytes));
}
