// stream/1 over TLS: at once and by STARTTLS, and every certificate that must not pass.
#include <openssl/ssl.h>

#include "stream_peer.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

// One authority for all, known to the gateway by its file.
struct world {
    temp_folder folder;
    certificate authority = make_authority("Example Test Authority");
    std::string ca_file = write(folder / "ca.pem", authority.pem());

    static std::string write(const std::filesystem::path& to, const std::string& text) {
        std::ofstream(to) << text;
        return to.string();
    }
    connect_facts trusting(const std::string& host = "localhost") const {
        connect_facts made;
        made.host = host;
        made.tls = true;
        made.ca_file = ca_file;
        return made;
    }
};

peer::script greeter(const peer_tls& how) {
    return [how](talk& with) {
        if (!with.start_tls(how)) return;
        with.say("220 hello\r\n");
        while (!with.line().empty())
            with.say("250 ok\r\n");
    };
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

heard refusal(const world& in, const peer_tls& how, const connect_facts& facts) {
    (void)in;
    peer server(greeter(how));
    stage on;
    wire to(on);
    const heard answer = to.connect(server.port(), facts);
    CHECK(answer.handle == 0);
    CHECK(on.instance->open_sessions() == 0);
    return answer;
}

}  // namespace

TEST_CASE("a trusted peer is spoken to over TLS, and the facts say how") {
    const world in;
    peer server(greeter({make_leaf(in.authority)}));
    stage on;
    wire to(on);
    const heard opened = to.connect(server.port(), in.trusting());
    INFO(opened.text);
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(opened.facts.tls_version == TLS1_3_VERSION);
    CHECK(opened.facts.tls_cipher.size > 0);
    CHECK(opened.facts.tls_verified == 1);
    CHECK(opened.facts.failed_at == 0);
    const auto days =
        (opened.facts.certificate_until - machine_clock().wall_now().time_since_epoch().count()) /
        86'400'000;
    CHECK((days == 89 || days == 90));
    CHECK(to.line().data == "220 hello\r\n");
    for (int i = 0; i < 20; ++i) {
        REQUIRE(to.write("NOOP\r\n").status == GATEPOST_OK);
        REQUIRE(to.line().data == "250 ok\r\n");
    }
}

TEST_CASE("a certificate for an address fits that address") {
    const world in;
    const peer_tls how{make_leaf(in.authority, {{"IP:127.0.0.1"}})};
    peer server(greeter(how));
    stage on;
    wire to(on);
    CHECK(to.connect(server.port(), in.trusting("127.0.0.1")).status == GATEPOST_OK);
    const heard by_name = to.connect(server.port(), in.trusting("localhost"));
    CHECK(by_name.status == GATEPOST_CONNECT);
    CHECK(says(by_name.text, "is for 127.0.0.1, not for localhost"));
}

TEST_CASE("the certificate's name may be another than the connect's host") {
    const world in;
    peer server(greeter({make_leaf(in.authority, {{"DNS:mail.example.com"}})}));
    stage on;
    wire to(on);
    auto facts = in.trusting("127.0.0.1");
    facts.name = "mail.example.com";
    CHECK(to.connect(server.port(), facts).status == GATEPOST_OK);
}

TEST_CASE("an expired certificate is refused with its date") {
    const world in;
    const heard answer = refusal(
        in, {make_leaf(in.authority, {{"DNS:localhost"}, -864'000, -86'400})}, in.trusting());
    CHECK(answer.status == GATEPOST_CONNECT);
    CHECK(answer.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    const auto yesterday = machine_clock().wall_now() - std::chrono::hours(24);
    CHECK(says(answer.text, "expired on " + format_rfc3339(yesterday).substr(0, 8)));
    CHECK(says(answer.text, "localhost:"));
}

TEST_CASE("a certificate that is not valid yet is refused") {
    const world in;
    const heard answer =
        refusal(in, {make_leaf(in.authority, {{"DNS:localhost"}, 86'400, 864'000})}, in.trusting());
    CHECK(answer.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(says(answer.text, "is valid only from"));
}

TEST_CASE("a certificate for other names is refused with those names") {
    const world in;
    const peer_tls how{make_leaf(in.authority, {{"DNS:mail.example.com", "DNS:*.example.net"}})};
    const heard answer = refusal(in, how, in.trusting());
    CHECK(answer.status == GATEPOST_CONNECT);
    CHECK(answer.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(says(answer.text, "is for mail.example.com, *.example.net, not for localhost"));
}

TEST_CASE("a self-signed certificate is refused, and so is one of an unknown authority") {
    const world in;
    const heard own = refusal(in, {make_self_signed()}, in.trusting());
    CHECK(own.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(says(own.text, "is self-signed"));
    const auto stranger = make_authority("Some Stranger");
    const heard unknown = refusal(in, {make_leaf(stranger)}, in.trusting());
    CHECK(unknown.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(says(unknown.text, "\"Some Stranger\", an authority that is not known here"));
    auto system = in.trusting();
    system.ca_file.clear();
    const heard by_system = refusal(in, {make_leaf(in.authority)}, system);
    CHECK(by_system.status == GATEPOST_CONNECT);
    CHECK(by_system.facts.failed_at == GATEPOST_AT_CERTIFICATE);
}

TEST_CASE("a self-signed certificate that the CA file names is trusted") {
    const world in;
    const auto own = make_self_signed();
    peer server(greeter({own}));
    stage on;
    wire to(on);
    auto facts = in.trusting();
    facts.ca_file = world::write(in.folder / "own.pem", own.pem());
    CHECK(to.connect(server.port(), facts).status == GATEPOST_OK);
}

TEST_CASE("a CA file that changed is read again, and one that cannot be read is named") {
    const world in;
    const auto later = make_authority("Later");
    peer server(greeter({make_leaf(later)}));
    stage on;
    wire to(on);
    CHECK(to.connect(server.port(), in.trusting()).status == GATEPOST_CONNECT);
    world::write(in.ca_file, later.pem() + "\n");
    CHECK(to.connect(server.port(), in.trusting()).status == GATEPOST_OK);
    auto facts = in.trusting();
    facts.ca_file = "/does/not/exist.pem";
    const heard missing = to.connect(server.port(), facts);
    CHECK(missing.status == GATEPOST_CONNECT);
    CHECK(says(missing.text, "/does/not/exist.pem: No such file"));
    facts.ca_file = world::write(in.folder / "empty.pem", "nothing");
    CHECK(says(to.connect(server.port(), facts).text, "no certificate in PEM form"));
}

TEST_CASE("without verification any certificate passes, and the facts say so") {
    const world in;
    peer server(greeter({make_self_signed({{"DNS:other"}})}));
    stage on;
    wire to(on);
    auto facts = in.trusting();
    facts.verify = false;
    const heard opened = to.connect(server.port(), facts);
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(opened.facts.tls_verified == 0);
    CHECK(to.line().data == "220 hello\r\n");
}

TEST_CASE("a peer that knows only old TLS is refused") {
    const world in;
    const heard old = refusal(in, {make_leaf(in.authority), TLS1_VERSION}, in.trusting());
    CHECK(old.status == GATEPOST_FAILED);
    CHECK(old.facts.failed_at == GATEPOST_AT_TLS);
    CHECK(says(old.text, "it offers no TLS 1.2 or newer"));
    auto strict = in.trusting();
    strict.minimum = TLS1_3_VERSION;
    const peer_tls two{make_leaf(in.authority), TLS1_2_VERSION};
    const heard not_newest = refusal(in, two, strict);
    CHECK(not_newest.status == GATEPOST_FAILED);
    CHECK(not_newest.facts.failed_at == GATEPOST_AT_TLS);
    CHECK(says(not_newest.text, "it offers no TLS 1.3, and the settings ask for that"));
    strict.minimum = TLS1_2_VERSION;
    peer server(greeter(two));
    stage on;
    wire to(on);
    const heard opened = to.connect(server.port(), strict);
    REQUIRE(opened.status == GATEPOST_OK);
    CHECK(opened.facts.tls_version == TLS1_2_VERSION);
    strict.minimum = 0x0301;
    CHECK(to.connect(server.port(), strict).status == GATEPOST_UNSUPPORTED);
}

TEST_CASE("a peer that speaks in clear where TLS is due is told apart") {
    const world in;
    peer server([](talk& with) {
        with.say("220 mail.example.com ESMTP\r\n");
        with.rest();
    });
    stage on;
    wire to(on);
    const heard answer = to.connect(server.port(), in.trusting());
    CHECK(answer.status == GATEPOST_CONNECT);
    CHECK(answer.facts.failed_at == GATEPOST_AT_TLS);
    CHECK(says(answer.text, "answered in clear"));
    CHECK(says(answer.text, "STARTTLS"));
}

TEST_CASE("a peer that goes away or is silent in the handshake is said to be") {
    const world in;
    stage on;
    wire to(on);
    peer leaver([](talk& with) {
        with.bytes(1);
        with.half_close();
        with.rest();
    });
    const heard left = to.connect(leaver.port(), in.trusting());
    CHECK(left.status == GATEPOST_CONNECT);
    CHECK(left.facts.failed_at == GATEPOST_AT_TLS);
    CHECK(says(left.text, "closed the connection during the handshake"));
    peer silent([](talk& with) { with.rest(); });
    auto facts = in.trusting();
    facts.timeout = 100'000'000;
    const heard answer = to.connect(silent.port(), facts);
    CHECK(answer.status == GATEPOST_TIMEOUT);
    CHECK(answer.facts.failed_at == GATEPOST_AT_TLS);
}

TEST_CASE("a client certificate is shown, and its lack is told") {
    const world in;
    const peer_tls how{make_leaf(in.authority), 0, in.authority.pem()};
    const auto mine = make_leaf(in.authority, {{"DNS:client"}});
    peer server(greeter(how));
    stage on;
    wire to(on);
    auto facts = in.trusting();
    facts.certificate_file = world::write(in.folder / "client.pem", mine.pem());
    facts.key_file = world::write(in.folder / "client.key", mine.key_pem());
    REQUIRE(to.connect(server.port(), facts).status == GATEPOST_OK);
    CHECK(to.line().data == "220 hello\r\n");
    // In TLS 1.3 the peer's refusal comes after our half of the handshake.
    REQUIRE(to.connect(server.port(), in.trusting()).status == GATEPOST_OK);
    const heard refused = to.line();
    CHECK(refused.status == GATEPOST_DISCONNECTED);
    CHECK(says(refused.text, "refused our certificate"));
    facts.key_file = world::write(in.folder / "other.key", make_self_signed().key_pem());
    const heard mixed = to.connect(server.port(), facts);
    CHECK(mixed.status == GATEPOST_CONNECT);
    CHECK(says(mixed.text, "client key"));
}

TEST_CASE("STARTTLS turns a stream in clear into a safe one") {
    const world in;
    peer server([how = peer_tls{make_leaf(in.authority)}](talk& with) {
        with.say("220 hello\r\n");
        with.want(with.line() == "STARTTLS\r\n");
        with.say("220 go ahead\r\n");
        with.want(with.start_tls(how));
        with.want(with.line() == "EHLO me\r\n");
        with.say("250 safe\r\n");
        with.line();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    to.line();
    to.write("STARTTLS\r\n");
    to.line();
    auto facts = in.trusting();
    facts.name = "localhost";
    const heard safe = to.start_tls(facts);
    REQUIRE(safe.status == GATEPOST_OK);
    CHECK(safe.facts.tls_version == TLS1_3_VERSION);
    CHECK(safe.facts.tls_verified == 1);
    CHECK(safe.peer == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(to.start_tls(facts).status == GATEPOST_INVALID);
    to.write("EHLO me\r\n");
    CHECK(to.line().data == "250 safe\r\n");
}

TEST_CASE("a byte in clear behind the answer to STARTTLS fails the stream") {
    const world in;
    const bool together = GENERATE(true, false);
    std::atomic<bool> said{false};
    peer server([&](talk& with) {
        with.line();
        with.say(together ? "220 go ahead\r\n250 believe me\r\n" : "220 go ahead\r\n");
        if (!together) with.say("2");
        said = true;
        with.rest();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    to.write("STARTTLS\r\n");
    REQUIRE(to.line().data == "220 go ahead\r\n");
    REQUIRE(on.until([&] { return said.load(); }));
    const heard answer = to.start_tls(in.trusting());
    CHECK(answer.status == GATEPOST_DENIED);
    CHECK(answer.facts.failed_at == GATEPOST_AT_TLS);
    CHECK(says(answer.text, "in clear"));
    CHECK(to.write("EHLO me\r\n").status == GATEPOST_DISCONNECTED);
}

TEST_CASE("STARTTLS with a wrong certificate fails the stream") {
    const world in;
    peer server([](talk& with) { with.start_tls({make_self_signed()}); });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    const heard answer = to.start_tls(in.trusting());
    CHECK(answer.status == GATEPOST_CONNECT);
    CHECK(answer.facts.failed_at == GATEPOST_AT_CERTIFICATE);
    CHECK(to.write("x").status == GATEPOST_DISCONNECTED);
    CHECK(on.instance->open_sessions() == 0);
}

TEST_CASE("a TLS session is resumed with the same peer, but a test looks at everything anew") {
    const world in;
    std::atomic<int> resumed{0};
    peer server([&, how = peer_tls{make_leaf(in.authority)}](talk& with) {
        if (!with.start_tls(how)) return;
        if (with.resumed()) ++resumed;
        with.say("220 hello\r\n");
        with.line();
    });
    stage on;
    for (int i = 0; i < 3; ++i) {
        wire to(on);
        const heard opened = to.connect(server.port(), in.trusting());
        REQUIRE(opened.status == GATEPOST_OK);
        CHECK(opened.facts.tls_verified == 1);
        CHECK(opened.facts.certificate_until > 0);
        CHECK(to.line().data == "220 hello\r\n");
        to.close();
    }
    CHECK(resumed == 2);
    on.next_call({nullptr, mono_time::max(), true});
    wire to(on);
    REQUIRE(to.connect(server.port(), in.trusting()).status == GATEPOST_OK);
    CHECK(to.line().data == "220 hello\r\n");
    CHECK(resumed == 2);
}

TEST_CASE("a peer that pours out session tickets takes its share of the loop and no more") {
    const world in;
    std::atomic<bool> poured{false};
    peer server([&](talk& with) {
        with.start_tls({make_leaf(in.authority)});
        with.say("220 hello\r\n");
        with.line();
        with.tickets(1200);
        with.say("250 at last\r\n");
        poured = true;
        with.rest();
    });
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port(), in.trusting()).status == GATEPOST_OK);
    CHECK(to.line().data == "220 hello\r\n");
    REQUIRE(to.write("go\r\n").status == GATEPOST_OK);
    while (!poured)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    // One look does not get through all that lies before the answer; waiting for it does.
    CHECK(to.some(100, 1).status == GATEPOST_TIMEOUT);
    CHECK(to.line().data == "250 at last\r\n");
}

TEST_CASE("large amounts pass both ways over TLS") {
    const world in;
    constexpr size_t size = 3 << 20;
    peer server([how = peer_tls{make_leaf(in.authority)}](talk& with) {
        if (!with.start_tls(how)) return;
        const std::string got = with.bytes(size);
        with.say(got);
        with.line();
    });
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>(i * 7 + i / 251);
    stage on;
    wire to(on);
    REQUIRE(to.connect(server.port(), in.trusting()).status == GATEPOST_OK);
    CHECK(to.write(bytes).status == GATEPOST_OK);
    std::string got;
    while (got.size() < size) {
        const heard piece = to.some();
        REQUIRE(piece.status == GATEPOST_OK);
        got += piece.data;
    }
    CHECK(got == bytes);
}

// ---- the name that the peer is asked for ------------------------------------------------------

TEST_CASE("SNI: the peer hears the name it is reached by, and none where that is an address") {
    const world in;
    const peer_tls how{make_leaf(
        in.authority, {{"DNS:localhost", "DNS:mail.example.com", "IP:127.0.0.1", "IP:::1"}})};
    const auto tell = [how](talk& with) {
        with.want(with.start_tls(how));
        with.say(with.asked_name() + "\r\n");
        with.line();
    };
    struct row {
        const char *host, *name, *heard;
    };
    std::vector<row> rows = {{"localhost", "", "localhost"},
                             {"LocalHost", "", "localhost"},
                             {"127.0.0.1", "", "(none)"},
                             {"127.0.0.1", "mail.example.com", "mail.example.com"},
                             {"localhost", "127.0.0.1", "(none)"}};
    std::string where = "127.0.0.1";
    SECTION("IPv4") {}
    SECTION("IPv6") {
        if (!has_ipv6()) return;
        where = "::1";
        rows = {{"::1", "", "(none)"},
                {"[::1]", "", "(none)"},
                {"::1", "mail.example.com", "mail.example.com"}};
    }
    peer server(tell, where);
    for (const row& each : rows) {
        stage on;
        on.instance->allowed.push_back({"::1", 0, true});
        wire to(on);
        auto facts = in.trusting(each.host);
        facts.name = each.name;
        INFO(each.host << " " << each.name);
        const heard opened = to.connect(server.port(), facts);
        INFO(opened.text);
        REQUIRE(opened.status == GATEPOST_OK);
        CHECK(opened.facts.tls_verified == 1);
        CHECK(to.line().data == std::string(each.heard) + "\r\n");
    }
}

TEST_CASE("SNI behind STARTTLS is the host of the connect, or the name that is wished for") {
    const world in;
    const peer_tls how{
        make_leaf(in.authority, {{"DNS:localhost", "DNS:mail.example.com", "IP:127.0.0.1"}})};
    peer server([how](talk& with) {
        with.say("220 go ahead\r\n");
        with.want(with.start_tls(how));
        with.say(with.asked_name() + "\r\n");
        with.line();
    });
    struct row {
        const char *host, *name, *heard;
    };
    for (const row& each : {row{"localhost", "", "localhost"}, row{"127.0.0.1", "", "(none)"},
                            row{"127.0.0.1", "mail.example.com", "mail.example.com"}}) {
        stage on;
        wire to(on);
        REQUIRE(to.connect(server.port(), {.host = each.host}).status == GATEPOST_OK);
        REQUIRE(to.line().data == "220 go ahead\r\n");
        auto facts = in.trusting(each.host);
        facts.name = each.name;
        INFO(each.host << " " << each.name);
        REQUIRE(to.start_tls(facts).status == GATEPOST_OK);
        CHECK(to.line().data == std::string(each.heard) + "\r\n");
    }
}

// ---- what a test says -------------------------------------------------------------------------

namespace {

// 90 days and a half, so that the seconds of a slow machine change no number.
constexpr long ninety_days = 90L * 24 * 3600 + 12 * 3600;

// Says the cipher that both agreed on.
peer::script cipher_teller(const peer_tls& how) {
    return [how](talk& with) {
        if (!with.start_tls(how)) return;
        with.say(with.cipher() + "\r\n");
        with.line();
    };
}

// The text of the stage that TLS came to, with the cipher as a word.
std::string tls_stage(const peer_tls& how, const connect_facts& facts) {
    peer server(cipher_teller(how));
    stage on({}, {nullptr, mono_time::max(), true});
    wire to(on);
    const heard opened = to.connect(server.port(), facts);
    std::string text = on.stage_texts().back();
    if (opened.status != GATEPOST_OK) return text;
    std::string cipher = to.line().data;
    cipher.resize(cipher.size() - 2);
    const size_t at = text.find(", " + cipher + ", ");
    REQUIRE_FALSE(cipher.empty());
    REQUIRE(at != text.npos);
    return text.replace(at + 2, cipher.size(), "CIPHER");
}

}  // namespace

TEST_CASE("a test tells TLS version, cipher and how long the certificate is good") {
    const world in;
    const auto lasting = [&](long seconds) {
        return make_leaf(in.authority, {{"DNS:localhost"}, -864'000, seconds});
    };
    CHECK(tls_stage({lasting(ninety_days)}, in.trusting()) ==
          "2 tls TLS 1.3, CIPHER, certificate good for 90 days");
    CHECK(tls_stage({lasting(ninety_days), TLS1_2_VERSION}, in.trusting()) ==
          "2 tls TLS 1.2, CIPHER, certificate good for 90 days");
    CHECK(tls_stage({lasting(3600)}, in.trusting()) ==
          "2 tls TLS 1.3, CIPHER, certificate good for 0 days");
    auto careless = in.trusting();
    careless.verify = false;
    CHECK(tls_stage({lasting(-86'400)}, careless) ==
          "2 tls TLS 1.3, CIPHER, certificate expired, not verified");
    CHECK(tls_stage({make_self_signed({{"DNS:localhost"}, -3600, ninety_days})}, careless) ==
          "2 tls TLS 1.3, CIPHER, certificate good for 90 days, not verified");
    const std::string refused = tls_stage({lasting(-86'400)}, in.trusting());
    CHECK(says(refused, "3 tls "));
    CHECK(says(refused, " expired on "));
}

TEST_CASE("a test tells the same of STARTTLS, and what to do about a wrong certificate") {
    const world in;
    const auto play = [](const certificate& own) {
        return [how = peer_tls{own}](talk& with) {
            if (with.start_tls(how)) with.say(with.cipher() + "\r\n");
            with.line();
        };
    };
    peer good(play(make_leaf(in.authority, {{"DNS:localhost"}, -3600, ninety_days})));
    peer old(play(make_leaf(in.authority, {{"DNS:localhost"}, -864'000, -86'400})));
    stage on({}, {nullptr, mono_time::max(), true});
    wire to(on);
    REQUIRE(to.connect(good.port(), {.host = "localhost"}).status == GATEPOST_OK);
    REQUIRE(to.start_tls(in.trusting()).status == GATEPOST_OK);
    std::string cipher = to.line().data;
    cipher.resize(cipher.size() - 2);
    CHECK(on.stage_texts().back() == "2 tls TLS 1.3, " + cipher + ", certificate good for 90 days");
    REQUIRE(to.connect(old.port(), {.host = "localhost"}).status == GATEPOST_OK);
    CHECK(to.start_tls(in.trusting()).status == GATEPOST_CONNECT);
    CHECK(says(on.stage_texts().back(), " expired on "));
    CHECK(on.reports().back() == "3 tls its owner must renew it; check this machine's clock, too");
}
