// What people see of a stream: stages in a test, lines in a trace, and never a secret.
#include "base/limits.hpp"
#include "base/text.hpp"
#include "services/stream/trace.hpp"
#include "stream_peer.hpp"
#include "support/catch.hpp"

using namespace gatepost;
using namespace gatepost::tests;
using services::scrubber;
using services::shown;

namespace {

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& each : lines)
        all += each + "\n";
    return all;
}

}  // namespace

TEST_CASE("a secret is taken out as it is, in base64, and inside base64 of something longer") {
    const std::string secret = "correct horse";
    const scrubber with({secret, ""});
    CHECK(with.clean("PASS correct horse!") == "PASS (secret)!");
    CHECK_FALSE(says(with.clean(text::base64_encode(secret)), text::base64_encode(secret)));
    for (size_t before = 0; before < 7; ++before) {
        for (size_t after = 0; after < 4; ++after) {
            const std::string whole = std::string(before, 'u') + secret + std::string(after, 'x');
            const std::string clean = with.clean("AUTH PLAIN " + text::base64_encode(whole));
            CHECK(says(clean, "(secret)"));
            const auto left = text::base64_decode(
                text::base64_encode(whole).substr(0, text::base64_encode(whole).size()));
            REQUIRE(left);
            // What is left of the base64 is too little to hold the secret.
            CHECK(clean.size() - std::string("AUTH PLAIN (secret)").size() <=
                  (before + after + 6) * 4 / 3 + 4);
        }
    }
}

TEST_CASE("a shown line has no control characters, is capped, and is scrubbed before it is cut") {
    const scrubber with({"hidden-value"});
    CHECK(shown(with, "a\x1b[31m\r\nb") == "a\\x1b[31m\\r\\nb");
    const std::string filler(limits::trace_line_bytes - 10, 'x');
    const std::string line = shown(with, filler + "hidden-value and more");
    CHECK(line.size() <= limits::trace_line_bytes);
    CHECK_FALSE(says(line, "hid"));
}

TEST_CASE("a trace shows the dialogue line by line, without secrets and bodies") {
    peer server([](talk& with) {
        with.say("220-one\r\n220 t");
        with.say("wo\x1b\r\n");
        for (std::string line = with.line(); !line.empty(); line = with.line()) {
            if (line == ".\r\n") with.say("250 got swordfish " + text::base64_encode("swordfish"));
        }
    });
    stage on({}, {small_mail("The content of the mail\r\n"), mono_time::max(), false, true});
    on.instance->hide({"swordfish"});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    to.line();
    to.exactly(5);
    to.line();
    to.write("EHLO me\r\nAUTH LOGIN\r\n");
    to.write("c3dvcmRmaXNo\r\n", GATEPOST_STREAM_SECRET);
    to.write("PASS swordfish\r\n");
    const gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 1,
                                        GATEPOST_FORM_IDENTITY, 0};
    const heard body = on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_body>("gatepost.body/1")
            .open(on.host(), on.call, &request, done, user, id);
    });
    to.write({bytes_segment("DATA\r\n"), body_segment(body.handle), bytes_segment(".\r\n")});
    to.exactly(13);
    to.close();
    const auto lines = on.traces();
    const std::string all = joined(lines);
    INFO(all);
    CHECK(says(all, "* connect: 127.0.0.1:"));
    CHECK(says(all,
               "\n< 220-one\n< 220 two\\x1b\n> EHLO me\n> AUTH LOGIN\n> (secret)\n> PASS "
               "(secret)\n> DATA\n> (25 bytes of the message)\n> .\n"));
    CHECK_FALSE(says(all, "swordfish"));
    CHECK_FALSE(says(all, "c3dvcmRmaXNo"));
    CHECK_FALSE(says(all, "content of the mail"));
}

TEST_CASE("a secret that comes in two reads is not shown") {
    peer server([](talk& with) {
        with.say("250 swordfish\r\n");
        with.line();
    });
    stage on({}, {nullptr, mono_time::max(), false, true});
    on.instance->hide({"swordfish"});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    to.exactly(8);
    to.line();
    CHECK(on.traces().back() == "< 250 (secret)");
}

TEST_CASE("a test hears of name, connect and TLS, with times and advice; other calls do not") {
    peer server([](talk& with) { with.rest(); });
    stage on({}, {nullptr, mono_time::max(), true});
    wire to(on);
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(on.reports() ==
          std::vector<std::string>{"1 name ", "2 name ", "1 connect ", "2 connect "});
    on.next_call({nullptr, mono_time::max(), true});
    CHECK(to.connect(dead_port()).status == GATEPOST_CONNECT);
    REQUIRE(on.reports().size() == 4);
    CHECK(on.reports().back() == "3 connect check host and port, and whether the server runs");
    on.next_call();
    REQUIRE(to.connect(server.port()).status == GATEPOST_OK);
    CHECK(on.reports().empty());
    CHECK(on.traces().empty());
}
