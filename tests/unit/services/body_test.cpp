// body/1: exact lengths, windows that are never larger than promised, and bodies that end when
// their call does.
#include <thread>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "fake_host.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

heard open_body(stage& on, gatepost_body_request request) {
    request.size = sizeof request;
    const auto& table = on.table<gatepost_body>("gatepost.body/1");
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return table.open(on.host(), on.call, &request, done, user, id);
    });
}

heard open_part(stage& on, uint32_t part, uint32_t form = GATEPOST_FORM_IDENTITY) {
    return open_body(on, {0, 0, GATEPOST_BODY_PART, part, form, 0});
}

heard read_body(stage& on, gatepost_handle body, uint64_t at, uint64_t max) {
    const auto& table = on.table<gatepost_body>("gatepost.body/1");
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return table.read(on.host(), on.call, body, at, max, done, user, id);
    });
}

// To the end, with windows of `max`; every answer must be what was asked for.
std::string read_all(stage& on, const heard& body, uint64_t max) {
    std::string all;
    for (;;) {
        const heard piece = read_body(on, body.handle, all.size(), max);
        REQUIRE(piece.status == GATEPOST_OK);
        REQUIRE(piece.times == 1);
        if (piece.data.empty()) return all;
        REQUIRE(piece.data.size() <= std::min<uint64_t>(max, limits::body_window_bytes));
        all += piece.data;
    }
}

// Bytes that differ everywhere, so that a window at the wrong place is seen.
std::string pattern(size_t size) {
    std::string bytes(size, '\0');
    uint32_t state = 1;
    for (char& each : bytes) {
        state = state * 1664525U + 1013904223U;
        each = static_cast<char>(state >> 24);
    }
    return bytes;
}

}  // namespace

TEST_CASE("a part is opened with its exact length and read in windows of any size") {
    stage on({}, {small_mail("Hello, world\r\n")});
    const heard body = open_part(on, 1);
    REQUIRE(body.status == GATEPOST_OK);
    CHECK(body.length == 14);
    CHECK(body.handle != 0);
    CHECK(body.operation == body.finished);
    CHECK(read_all(on, body, 1) == "Hello, world\r\n");
    CHECK(read_all(on, body, 5) == "Hello, world\r\n");
    CHECK(read_all(on, body, UINT64_MAX) == "Hello, world\r\n");
    CHECK(read_body(on, body.handle, UINT64_MAX, 10).data.empty());
}

TEST_CASE("an answer never comes from inside the service function") {
    stage on({}, {small_mail("x")});
    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 1,
                                  GATEPOST_FORM_IDENTITY, 0};
    heard answer;
    const auto status = on.ask(answer, [&](gatepost_done done, void* user, auto* id) {
        return on.table<gatepost_body>("gatepost.body/1")
            .open(on.host(), on.call, &request, done, user, id);
    });
    CHECK(status == GATEPOST_OK);
    CHECK(answer.times == 0);
    REQUIRE(on.until([&] { return answer.done(); }));
    on.turn_once();
    CHECK(answer.times == 1);
}

TEST_CASE("forms have the length they were announced with") {
    const std::string text = "a \"quoted\" line\r\n.dot\r\n";
    stage on({}, {small_mail(text)});
    const heard base64 = open_part(on, 1, GATEPOST_FORM_BASE64);
    REQUIRE(base64.status == GATEPOST_OK);
    const std::string encoded = read_all(on, base64, 7);
    CHECK(encoded.size() == base64.length);
    CHECK(encoded == text::base64_encode(text));

    const heard json = open_part(on, 1, GATEPOST_FORM_JSON);
    REQUIRE(json.status == GATEPOST_OK);
    const std::string escaped = read_all(on, json, 7);
    CHECK(escaped.size() == json.length);
    CHECK(escaped.find("\\\"quoted\\\"") != std::string::npos);

    const heard whole = open_body(on, {0, 0, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_DOT_STUFFED, 0});
    REQUIRE(whole.status == GATEPOST_OK);
    const std::string mail = read_all(on, whole, 100);
    CHECK(mail.size() == whole.length);
    CHECK(mail.find("\r\n..dot\r\n") != std::string::npos);
}

TEST_CASE("a 25 MB attachment in a file passes through windows of 64 KiB") {
    const temp_folder folder;
    const std::string bytes = pattern(25 << 20);
    write_file(folder / "content", "----" + bytes);
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 4, bytes.size()))});
    const heard body = open_part(on, 2);
    REQUIRE(body.status == GATEPOST_OK);
    CHECK(body.length == bytes.size());
    CHECK(read_all(on, body, UINT64_MAX) == bytes);
    const heard whole = open_body(on, {0, 0, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY, 0});
    REQUIRE(whole.status == GATEPOST_OK);
    CHECK(read_all(on, whole, UINT64_MAX).size() == whole.length);
    CHECK(on.services->largest_window() == limits::body_window_bytes);
}

TEST_CASE("content that was taken away from under the gateway is an error, never a short mail") {
    const temp_folder folder;
    write_file(folder / "content", "0123456789");
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, 20))});
    const heard body = open_part(on, 2);
    REQUIRE(body.status == GATEPOST_OK);
    CHECK(body.length == 20);
    const heard read = read_body(on, body.handle, 0, 20);
    CHECK(read.status == GATEPOST_FAILED);
    CHECK_FALSE(read.text.empty());
}

TEST_CASE("requests that make no sense are refused at once") {
    stage on({}, {small_mail("x")});
    const auto status = [&](gatepost_body_request request) {
        const heard answer = open_body(on, request);
        CHECK(answer.times == 0);
        return answer.status;
    };
    CHECK(status({0, 4, GATEPOST_BODY_PART, 1, GATEPOST_FORM_IDENTITY, 0}) == GATEPOST_UNSUPPORTED);
    CHECK(status({0, 0, 77, 1, GATEPOST_FORM_IDENTITY, 0}) == GATEPOST_UNSUPPORTED);
    CHECK(status({0, 0, 0, 1, GATEPOST_FORM_IDENTITY, 0}) == GATEPOST_INVALID);
    CHECK(status({0, 0, GATEPOST_BODY_PART, 1, 77, 0}) == GATEPOST_UNSUPPORTED);
    CHECK(status({0, 0, GATEPOST_BODY_PART, 1, GATEPOST_FORM_DOT_STUFFED, 0}) == GATEPOST_INVALID);
    CHECK(status({0, 0, GATEPOST_BODY_PART, 0, GATEPOST_FORM_IDENTITY, 0}) == GATEPOST_NOT_FOUND);
    CHECK(status({0, 0, GATEPOST_BODY_PART, 2, GATEPOST_FORM_IDENTITY, 0}) == GATEPOST_NOT_FOUND);
    CHECK(read_body(on, 12345, 0, 10).status == GATEPOST_NOT_FOUND);
    const heard body = open_part(on, 1);
    CHECK(read_body(on, body.handle, 0, 0).status == GATEPOST_INVALID);
    const auto& table = on.table<gatepost_body>("gatepost.body/1");
    CHECK(table.open(on.host(), on.call, nullptr, stage::listen, nullptr, nullptr) ==
          GATEPOST_INVALID);
    gatepost_body_request good{sizeof good, 0, GATEPOST_BODY_PART, 1, GATEPOST_FORM_IDENTITY, 0};
    CHECK(table.open(on.host(), on.call, &good, nullptr, nullptr, nullptr) == GATEPOST_INVALID);
    CHECK(table.open(on.host(), on.call + 99, &good, stage::listen, nullptr, nullptr) ==
          GATEPOST_INVALID);
}

TEST_CASE("a test call without a mail has no body") {
    stage on;
    CHECK(open_part(on, 1).status == GATEPOST_NOT_FOUND);
    CHECK(open_body(on, {0, 0, GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY, 0}).status ==
          GATEPOST_NOT_FOUND);
}

TEST_CASE("a call holds a capped number of bodies, and a closed one makes room") {
    stage on({}, {small_mail("x")});
    std::vector<gatepost_handle> open;
    for (size_t i = 0; i < limits::bodies_per_call; ++i) {
        const heard body = open_part(on, 1);
        REQUIRE(body.status == GATEPOST_OK);
        open.push_back(body.handle);
    }
    CHECK(open_part(on, 1).status == GATEPOST_LIMIT);
    const auto& table = on.table<gatepost_body>("gatepost.body/1");
    table.close(on.host(), open.front());
    table.close(on.host(), open.front());
    table.close(on.host(), 0);
    CHECK(read_body(on, open.front(), 0, 1).status == GATEPOST_NOT_FOUND);
    CHECK(open_part(on, 1).status == GATEPOST_OK);
}

TEST_CASE("bodies that are being opened on a disk count against the cap, too") {
    const temp_folder folder;
    write_file(folder / "content", "12345");
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, 5))});
    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 2,
                                  GATEPOST_FORM_IDENTITY, 0};
    std::vector<heard> answers(limits::bodies_per_call);
    const auto open = [&](heard& answer) {
        return on.ask(answer, [&](gatepost_done done, void* user, auto* id) {
            return on.table<gatepost_body>("gatepost.body/1")
                .open(on.host(), on.call, &request, done, user, id);
        });
    };
    for (heard& each : answers)
        REQUIRE(open(each) == GATEPOST_OK);
    heard late;
    CHECK(open(late) == GATEPOST_LIMIT);
    for (heard& each : answers)
        REQUIRE(on.until([&] { return each.done(); }));
    CHECK(open(late) == GATEPOST_LIMIT);
    CHECK(answers.back().status == GATEPOST_OK);
}

TEST_CASE("bodies end with their call, and another call cannot read them") {
    stage on({}, {small_mail("x")});
    const heard body = open_part(on, 1);
    const gatepost_call first = on.call;
    on.call = on.instance->begin_call({small_mail("y")});
    CHECK(read_body(on, body.handle, 0, 1).status == GATEPOST_NOT_FOUND);
    on.instance->end_call(first);
    on.table<gatepost_body>("gatepost.body/1").close(on.host(), body.handle);
    CHECK(open_part(on, 1).status == GATEPOST_OK);
}

TEST_CASE("a call that ends while its body is being opened leaves nothing behind") {
    const temp_folder folder;
    write_file(folder / "content", "12345");
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, 5))});
    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, 2,
                                  GATEPOST_FORM_IDENTITY, 0};
    heard answer;
    on.ask(answer, [&](gatepost_done done, void* user, auto* id) {
        return on.table<gatepost_body>("gatepost.body/1")
            .open(on.host(), on.call, &request, done, user, id);
    });
    on.instance->end_call(on.call);
    on.services->stop();
    on.turn_once();
    CHECK(answer.times == 0);
}
