// How stream/1 finds its way: addresses in turn, the first that stands, refusals and silence in
// words, destinations, proxies.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.hpp"
#include "services/destinations.hpp"
#include "services/stream/dial.hpp"
#include "services/stream/proxy.hpp"
#include "stream_peer.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using namespace gatepost::services;
using namespace std::chrono_literals;

namespace {

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

socket_address address(const std::string& host, uint16_t port) {
    return *socket_address::parse(host, port);
}

// A port whose queue is full: a connect to it hangs, as behind a firewall that drops.
struct black_hole {
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<int> fillers;
    uint16_t port = 0;

    black_hole() {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        ::bind(listener, reinterpret_cast<sockaddr*>(&at), size);
        ::listen(listener, 0);
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
        port = ntohs(at.sin_port);
        for (int i = 0; i < 4; ++i) {
            fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&at), size);
        }
    }
    ~black_hole() {
        for (const int each : fillers)
            ::close(each);
        ::close(listener);
    }
};

uint16_t dead_port_of_ipv6() {
    return peer([](talk&) {}, "::1").port();
}

dialled dial_and_wait(std::vector<socket_address> to,
                      std::optional<socket_address> bind = std::nullopt) {
    boost::asio::io_context loop;
    std::optional<dialled> got;
    const auto running = dial::start(loop.get_executor(), std::move(to), std::move(bind),
                                     [&](dialled with) { got = std::move(with); });
    CHECK_FALSE(got);
    loop.run_for(10s);
    REQUIRE(got);
    dialled result;
    result.peer = got->peer;
    result.problem = got->problem;
    if (got->socket) result.problem = "stands";
    return result;
}

// A proxy that does as it is told, and notes what it was asked for.
struct fake_proxy {
    std::string wanted_login, answer;
    std::string asked;
    peer server;
    fake_proxy(std::string login, std::string reply)
        : wanted_login(std::move(login)),
          answer(std::move(reply)),
          server([this](talk& with) { play(with); }) {}

    void play(talk& with) {
        const std::string greeting = with.bytes(2);
        const std::string methods = with.bytes(static_cast<size_t>(greeting[1]));
        if (wanted_login.empty()) {
            with.say(std::string("\x05\x00", 2));
        } else {
            with.want(methods.find('\x02') != methods.npos);
            with.say("\x05\x02");
            const std::string head = with.bytes(2);
            const std::string user = with.bytes(static_cast<size_t>(head[1]));
            const size_t size = static_cast<size_t>(with.bytes(1)[0]);
            const bool right = user + ":" + with.bytes(size) == wanted_login;
            with.say(right ? std::string("\x01\x00", 2) : std::string("\x01\x01", 2));
            if (!right) return;
        }
        const std::string head = with.bytes(5);
        asked = with.bytes(static_cast<size_t>(head[4]) + 2);
        // The peer's greeting stands directly behind the proxy's answer.
        with.say(answer + "220 through\r\n");
        with.rest();
    }
};

// An address that says nothing is left behind after a quarter second.
void check_past_silence(const socket_address& alive) {
    const black_hole hole;
    const auto began = machine_clock().mono_now();
    const auto got = dial_and_wait({address("127.0.0.1", hole.port), alive});
    const auto took = machine_clock().mono_now() - began;
    CHECK(got.problem == "stands");
    CHECK(got.peer.text() == alive.text());
    CHECK(took >= 250ms);
    CHECK(took < 2s);
}

const std::string socks_ok("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x19", 10);

}  // namespace

TEST_CASE("families take turns, beginning with the preferred one") {
    const std::vector<socket_address> all{address("2001:db8::1", 1), address("2001:db8::2", 1),
                                          address("192.0.2.1", 1), address("192.0.2.2", 1),
                                          address("192.0.2.3", 1)};
    std::string order;
    for (const auto& each : take_turns(all))
        order += each.text() + " ";
    CHECK(order == "[2001:db8::1]:1 192.0.2.1:1 [2001:db8::2]:1 192.0.2.2:1 192.0.2.3:1 ");
    CHECK(take_turns({}).empty());
}

TEST_CASE(
    "the next address is tried when the first refuses, and after a quarter second of silence") {
    peer server([](talk& with) { with.rest(); });
    const auto alive = address("127.0.0.1", server.port());
    SECTION("refused") {
        const auto got = dial_and_wait({address("127.0.0.1", dead_port()), alive});
        CHECK(got.problem == "stands");
        CHECK(got.peer.text() == alive.text());
    }
    SECTION("silent") {
        check_past_silence(alive);
    }
    SECTION("no IPv6 here or nobody there") {
        const auto got = dial_and_wait({address("::1", dead_port()), alive});
        CHECK(got.problem == "stands");
        CHECK(got.peer.text() == alive.text());
    }
}

TEST_CASE("where IPv4 is dead IPv6 carries the connection, and the other way round") {
    if (!has_ipv6()) return;
    peer six([](talk& with) { with.rest(); }, "::1");
    const auto alive = address("::1", six.port());
    SECTION("refused") {
        const auto got = dial_and_wait({address("127.0.0.1", dead_port()), alive});
        CHECK(got.problem == "stands");
        CHECK(got.peer.text() == "[::1]:" + std::to_string(six.port()));
    }
    SECTION("silent") {
        check_past_silence(alive);
    }
    SECTION("both stand: the first") {
        peer four([](talk& with) { with.rest(); });
        const auto got = dial_and_wait({alive, address("127.0.0.1", four.port())});
        CHECK(got.peer.text() == alive.text());
    }
    SECTION("refused over IPv6") {
        peer four([](talk& with) { with.rest(); });
        const auto other = address("127.0.0.1", four.port());
        const auto got = dial_and_wait({address("::1", dead_port_of_ipv6()), other});
        CHECK(got.problem == "stands");
        CHECK(got.peer.text() == other.text());
    }
}

TEST_CASE("a peer with an IPv6 address is spoken to, with brackets and without") {
    if (!has_ipv6()) return;
    peer server(
        [](talk& with) {
            with.say("220 you are " + with.client() + "\r\n");
            const std::string line = with.line();
            with.want(line == "EHLO me\r\n");
            with.say("250 ok\r\n");
            with.rest();
        },
        "::1");
    stage on({}, {nullptr, mono_time::max(), true});
    on.instance->allowed = {{"::1", 0, true}};
    wire to(on);
    const std::string where = "[::1]:" + std::to_string(server.port());
    for (const char* host : {"::1", "[::1]"}) {
        const heard opened = to.connect(server.port(), {.host = host});
        INFO(opened.text);
        REQUIRE(opened.status == GATEPOST_OK);
        CHECK(opened.peer == where);
        CHECK(to.line().data == "220 you are ::1\r\n");
        REQUIRE(to.write("EHLO me\r\n").status == GATEPOST_OK);
        CHECK(to.line().data == "250 ok\r\n");
        to.close();
    }
    CHECK(server.connections() == 2);
    CHECK(on.stage_texts()[3] == "2 connect " + where);
    const uint16_t nobody = dead_port_of_ipv6();
    const heard refused = to.connect(nobody, {.host = "::1"});
    CHECK(refused.status == GATEPOST_CONNECT);
    CHECK(says(refused.text, "[::1]:" + std::to_string(nobody) + " refused the connection"));
}

TEST_CASE("a bind address of IPv6 is bound to") {
    if (!has_ipv6()) return;
    peer server([](talk& with) { with.say(with.client() + "\r\n"); }, "::1");
    stage on;
    on.instance->allowed = {{"::1", 0, true}};
    wire to(on);
    REQUIRE(to.connect(server.port(), {.host = "::1", .bind = "::1"}).status == GATEPOST_OK);
    CHECK(to.line().data == "::1\r\n");
    const heard mixed = to.connect(server.port(), {.host = "::1", .bind = "127.0.0.1"});
    CHECK(mixed.status == GATEPOST_CONNECT);
    CHECK(says(mixed.text, "no address of the bind address's kind"));
}

TEST_CASE("when no address stands each is named with its reason") {
    const uint16_t one = dead_port();
    const auto got = dial_and_wait({address("127.0.0.1", one), address("127.0.0.2", one)});
    CHECK(says(got.problem, "127.0.0.1:" + std::to_string(one) + " refused the connection; "));
    CHECK(says(got.problem, "127.0.0.2:"));
}

TEST_CASE("a bind address is where the connection comes from, and only its family is tried") {
    peer server([](talk& with) {
        with.say(with.client() + "\r\n");
        with.rest();
    });
    stage on;
    wire to(on);
    for (const char* own : {"127.0.0.2", "127.0.0.3"}) {
        REQUIRE(to.connect(server.port(), {.bind = own}).status == GATEPOST_OK);
        CHECK(to.line().data == std::string(own) + "\r\n");
    }
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(to.line().data == "127.0.0.1\r\n");
    const heard elsewhere = to.connect(server.port(), {.bind = "192.0.2.1"});  // not ours
    CHECK(elsewhere.status == GATEPOST_CONNECT);
    CHECK(says(elsewhere.text, "cannot be reached from the bind address"));
    const heard mixed = to.connect(server.port(), {.bind = "::1"});
    CHECK(mixed.status == GATEPOST_CONNECT);
    CHECK(mixed.facts.failed_at == GATEPOST_AT_CONNECT);
    CHECK(to.connect(server.port(), {.bind = "not an address"}).status == GATEPOST_CONNECT);
}

TEST_CASE("a refused connection, a silent host and a name without an address are told apart") {
    stage on;
    wire to(on);
    const uint16_t nobody = dead_port();
    const heard refused = to.connect(nobody);
    CHECK(refused.status == GATEPOST_CONNECT);
    CHECK(refused.facts.failed_at == GATEPOST_AT_CONNECT);
    CHECK(says(refused.text, "127.0.0.1:" + std::to_string(nobody)));
    CHECK(says(refused.text, "refused the connection"));
    const black_hole hole;
    const heard silent = to.connect(hole.port, {.timeout = 50'000'000});
    CHECK(silent.status == GATEPOST_TIMEOUT);
    CHECK(silent.facts.failed_at == GATEPOST_AT_CONNECT);
    CHECK(says(silent.text, "no answer from 127.0.0.1:"));
    on.instance->allowed = {{"no-such-name.invalid", 0, true}};
    const heard unknown = to.connect(25, {.host = "no-such-name.invalid"});
    CHECK(unknown.status == GATEPOST_CONNECT);
    CHECK(unknown.facts.failed_at == GATEPOST_AT_NAME);
    CHECK(says(unknown.text, "no-such-name.invalid"));
}

// ---- destinations -----------------------------------------------------------------------------

TEST_CASE("only what manifest and settings name may be connected to") {
    const std::vector<destination> named{
        {"API.example.com", 443, false}, {"mail.example.net.", 0, true}, {"::1", 0, true}};
    CHECK(may_connect(named, "api.example.com", 443).allowed);
    CHECK_FALSE(may_connect(named, "api.example.com", 443).anywhere);
    CHECK_FALSE(may_connect(named, "api.example.com", 80).allowed);
    CHECK(may_connect(named, "Mail.Example.Net", 587).anywhere);
    CHECK(may_connect(named, "[0:0::1]", 25).anywhere);
    CHECK_FALSE(may_connect(named, "evil.example.org", 443).allowed);
    CHECK(says(may_connect(named, "evil.example.org", 443).why, "evil.example.org:443"));
    CHECK_FALSE(may_connect({}, "127.0.0.1", 25).allowed);
}

TEST_CASE("a manifest may name the clouds' services for keys, and no other address of theirs") {
    const std::vector<destination> named{{"169.254.170.2", 80, false},
                                         {"169.254.1.1", 80, false},
                                         {"169.254.169.254", 0, false},
                                         {"api.example.com", 80, false}};
    CHECK(may_connect(named, "169.254.170.2", 80).anywhere);
    CHECK_FALSE(may_connect(named, "169.254.170.2", 443).allowed);
    CHECK_FALSE(may_connect(named, "169.254.1.1", 80).anywhere);
    CHECK_FALSE(may_connect(named, "169.254.169.254", 80).anywhere);  // not with its port
    CHECK_FALSE(may_connect(named, "api.example.com", 80).anywhere);
}

TEST_CASE("addresses inside this machine or network are known as such") {
    for (const char* each : {"127.0.0.1",
                             "10.1.2.3",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.1.1",
                             "169.254.169.254",
                             "100.64.0.1",
                             "0.0.0.0",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "fe80::1",
                             "fc00::1",
                             "fd12::1",
                             "ff02::1",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "64:ff9b::7f00:1",
                             "2002:7f00:1::"})
        CHECK(address(each, 1).is_private());
    for (const char* each : {"192.0.3.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1",
                             "::ffff:8.8.8.8", "64:ff9b::808:808"})
        CHECK_FALSE(address(each, 1).is_private());
}

TEST_CASE("a name of the manifest may not lead inside, one of the settings may") {
    peer server([](talk& with) { with.rest(); });
    stage on;
    wire to(on);
    on.instance->allowed = {{"localhost", 0, false}};
    const heard inside = to.connect(server.port(), {.host = "localhost"});
    CHECK(inside.status == GATEPOST_DENIED);
    CHECK(says(inside.text, "localhost leads to "));
    CHECK(server.connections() == 0);
    on.instance->allowed = {{"localhost", 0, true}};
    CHECK(to.connect(server.port(), {.host = "localhost"}).status == GATEPOST_OK);
    const heard other = to.connect(server.port());
    CHECK(other.status == GATEPOST_DENIED);
    CHECK(says(other.text, "is not among the destinations"));
    const auto url = "socks5://127.0.0.1:" + std::to_string(server.port());
    CHECK(to.connect(25, {.host = "localhost", .proxy = url}).status == GATEPOST_DENIED);
}

// ---- proxies ----------------------------------------------------------------------------------

TEST_CASE("a proxy's address is read, and what is wrong with one is said without its password") {
    const auto full = parse_proxy("socks5://us%40er:p%3Aw@Proxy.Example.com:1080/");
    REQUIRE(full);
    CHECK(full->host == "proxy.example.com");
    CHECK(full->port == 1080);
    CHECK(full->user == "us@er");
    CHECK(full->password.reveal() == "p:w");
    const auto v6 = parse_proxy("http://[::1]:3128");
    REQUIRE(v6);
    CHECK(v6->host == "::1");
    CHECK(v6->speaks == proxy_address::kind::http);
    for (const char* wrong : {"proxy:1080", "ftp://proxy:1080", "socks5://proxy", "http://:80",
                              "http://proxy:0", "http://proxy:99999", "socks5://a:secret@",
                              "socks5://%zz:secret@proxy:1", "http://a b:80"}) {
        const auto parsed = parse_proxy(wrong);
        REQUIRE_FALSE(parsed);
        CHECK_FALSE(says(parsed.error().detail, "secret"));
    }
}

TEST_CASE("SOCKS5 goes to a name, with and without a login, byte by byte too") {
    const std::string login = GENERATE(as<std::string>{}, "", "user:pass");
    fake_proxy proxy(login, socks_ok);
    stage on;
    on.instance->allowed.push_back({"mail.example.com", 0, true});
    wire to(on);
    const std::string url = "socks5://" + (login.empty() ? "" : login + "@") +
                            "127.0.0.1:" + std::to_string(proxy.server.port());
    const heard opened = to.connect(587, {.host = "mail.example.com", .proxy = url});
    INFO(opened.text);
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(says(opened.peer, "mail.example.com:587 through 127.0.0.1:"));
    CHECK(to.line().data == "220 through\r\n");
    CHECK(proxy.asked == std::string("mail.example.com\x02\x4b", 18));
}

TEST_CASE("a SOCKS5 proxy's refusals are told") {
    stage on;
    on.instance->allowed.push_back({"mail.example.com", 0, true});
    wire to(on);
    fake_proxy refuses("", std::string("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", 10));
    const auto url = [](const fake_proxy& which, const std::string& login) {
        return "socks5://" + login + "127.0.0.1:" + std::to_string(which.server.port());
    };
    const heard no = to.connect(587, {.host = "mail.example.com", .proxy = url(refuses, "")});
    CHECK(no.status == GATEPOST_CONNECT);
    CHECK(no.facts.failed_at == GATEPOST_AT_PROXY);
    CHECK(says(no.text, "the connection was refused"));
    fake_proxy strict("user:pass", socks_ok);
    const heard wrong =
        to.connect(587, {.host = "mail.example.com", .proxy = url(strict, "user:other@")});
    CHECK(wrong.status == GATEPOST_CONNECT);
    CHECK(wrong.facts.failed_at == GATEPOST_AT_PROXY);
    CHECK(says(wrong.text, "did not accept the user and password"));
    CHECK_FALSE(says(wrong.text, "other"));
}

TEST_CASE("HTTP CONNECT goes through, with a login, and its refusals are told") {
    const bool good = GENERATE(true, false);
    std::string head;
    peer proxy([&](talk& with) {
        for (std::string line = with.line(); line.size() > 2; line = with.line())
            head += line;
        with.say(good ? "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n220 through\r\n"
                      : "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        with.rest();
    });
    stage on;
    on.instance->allowed.push_back({"mail.example.com", 0, true});
    wire to(on);
    const auto url = "http://user:pass@127.0.0.1:" + std::to_string(proxy.port());
    const heard opened = to.connect(587, {.host = "mail.example.com", .proxy = url});
    if (good) {
        REQUIRE(opened.status == GATEPOST_OK);
        CHECK(to.line().data == "220 through\r\n");
    } else {
        CHECK(opened.status == GATEPOST_CONNECT);
        CHECK(opened.facts.failed_at == GATEPOST_AT_PROXY);
        CHECK(says(opened.text, "did not accept the user and password"));
    }
    CHECK(head ==
          "CONNECT mail.example.com:587 HTTP/1.1\r\nHost: mail.example.com:587\r\n"
          "Proxy-Authorization: Basic " +
              text::base64_encode("user:pass") + "\r\n");
}

TEST_CASE("a proxy's answer is read right however it is cut, and garbage is refused") {
    const std::string answers = std::string("\x05\x00", 2) + socks_ok;
    proxy_talk talk(*parse_proxy("socks5://proxy:1"), "mail.example.com", 25);
    talk.begin();
    std::string held;
    bool done = false;
    for (const char each : answers) {
        CHECK_FALSE(done);
        held += each;
        const auto turn = talk.feed(held);
        REQUIRE(turn.problem.empty());
        held.erase(0, turn.consumed);
        done = turn.done;
    }
    CHECK(done);
    CHECK(held.empty());
    proxy_talk garbage(*parse_proxy("socks5://proxy:1"), "mail.example.com", 25);
    CHECK_FALSE(garbage.feed("220 hello").problem.empty());
    proxy_talk web(*parse_proxy("http://proxy:1"), "mail.example.com", 25);
    CHECK_FALSE(web.feed("220 hello").problem.empty());
    CHECK(web.feed("HTTP/1.0 20").problem.empty());
    CHECK_FALSE(web.feed("HTTP/1.1 200 " + std::string(20'000, 'x')).problem.empty());
}
