// Bodies of http/1: streamed in windows from memory and from a disk, with an exact length; and
// forms.
#include <filesystem>
#include <fstream>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "http_peer.hpp"
#include "services/http/form.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

constexpr uint32_t sending = uint32_t{GATEPOST_COMMITS} | uint32_t{GATEPOST_HTTP_CLEAR};
constexpr uint32_t a_form = uint32_t{GATEPOST_HTTP_MULTIPART} | uint32_t{GATEPOST_HTTP_CLEAR};

std::string take_it(const web_request&, int) {
    return web_answer("202 Accepted", "");
}

std::string many_bytes(size_t size) {
    std::string bytes(size, '\0');
    uint32_t state = 1;
    for (char& each : bytes) {
        state = state * 1664525U + 1013904223U;
        each = static_cast<char>(state >> 24);
    }
    return bytes;
}

heard open_attachment(stage& on, uint32_t form) {
    const auto& body = on.table<gatepost_body>("gatepost.body/1");
    const gatepost_body_request request{sizeof request, 0, GATEPOST_BODY_PART, 2, form, 0};
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* operation) {
        return body.open(on.host(), on.call, &request, done, user, operation);
    });
}

std::string form_body(stage& on, web_server& server, const std::vector<gatepost_form_part>& parts) {
    const auto answer = fetch(on, {.url = server.url(), .parts = parts, .required = a_form});
    CHECK(answer.http_status == 202);
    return server.requests().back().body;
}

}  // namespace

TEST_CASE("25 MB of an attachment go out as base64 with an exact length, a window at a time") {
    const bool on_disk = GENERATE(false, true);
    const temp_folder folder;
    const std::string bytes = many_bytes(25 << 20);
    mail::content content = mail::content::from_string(bytes);
    if (on_disk) {
        std::ofstream(folder / "content", std::ios::binary) << bytes;
        content = mail::content::from_file(folder / "content", 0, bytes.size());
    }
    web_server server(take_it);
    stage on({}, {with_attachment(std::move(content))});
    const heard body = open_attachment(on, GATEPOST_FORM_BASE64);
    REQUIRE(body.handle != 0);
    const auto answer = fetch(on, {.url = server.url(),
                                   .body = {bytes_segment("{\"content\":\""),
                                            body_segment(body.handle), bytes_segment("\"}")},
                                   .required = sending});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(on.ledger() == ledger_marks{1, 1, 1});
    CHECK(on.services->largest_window() <= limits::body_window_bytes);
    const auto got = server.requests();
    REQUIRE(got.size() == 1);
    CHECK((got[0].body == "{\"content\":\"" + text::base64_encode(bytes) + "\"}"));
}

TEST_CASE("a content that ends before its length is no request") {
    const temp_folder folder;
    std::ofstream(folder / "content") << many_bytes(200'000);
    peer server([](talk& with) { (void)with.rest(); });
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, 200'000))});
    const heard body = open_attachment(on, GATEPOST_FORM_IDENTITY);
    REQUIRE(body.handle != 0);
    std::filesystem::resize_file(folder / "content", 100'000);
    const auto answer = fetch(on, {.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/",
                                   .body = {body_segment(body.handle)},
                                   .required = sending});
    CHECK(answer.status == GATEPOST_FAILED);
    CHECK(on.ledger() == ledger_marks{1, 0, 0});
}

TEST_CASE("a form is written as browsers write it, byte for byte") {
    web_server server(take_it);
    stage on({}, {with_attachment(mail::content::from_string("\x01\x02\r\n"))});
    const heard body = open_attachment(on, GATEPOST_FORM_IDENTITY);
    const std::vector<gatepost_segment> to{bytes_segment("ana@example.org")},
        content{body_segment(body.handle)}, nothing;
    const std::vector<gatepost_form_part> parts{
        {str("to"), {}, {}, list_of(to)},
        {str("to"), {}, {}, list_of(to)},
        {str("attachment"), str("r\xc3\xa9sum\xc3\xa9 \"a\"\r\n.pdf"), str("application/pdf"),
         list_of(content)},
        {str("o:tag"), {}, {}, list_of(nothing)}};
    const std::string got = form_body(on, server, parts);
    const std::string type = server.requests()[0].header("content-type");
    const std::string begin = "multipart/form-data; boundary=";
    REQUIRE(type.starts_with(begin + "--------------------------"));
    const std::string boundary = type.substr(begin.size());
    CHECK(boundary.size() == 26 + 24);
    const std::string field =
        "Content-Disposition: form-data; name=\"to\"\r\n\r\nana@example.org\r\n";
    CHECK(got == "--" + boundary + "\r\n" + field + "--" + boundary + "\r\n" + field + "--" +
                     boundary +
                     "\r\nContent-Disposition: form-data; name=\"attachment\"; "
                     "filename=\"r\xc3\xa9sum\xc3\xa9 %22a%22%0D%0A.pdf\"\r\n"
                     "Content-Type: application/pdf\r\n\r\n\x01\x02\r\n\r\n--" +
                     boundary + "\r\nContent-Disposition: form-data; name=\"o:tag\"\r\n\r\n\r\n--" +
                     boundary + "--\r\n");
}

TEST_CASE("a boundary is the same again, and another for other content or another owner") {
    web_server server(take_it);
    const std::vector<gatepost_segment> one{bytes_segment("one")}, two{bytes_segment("two")};
    const std::vector<gatepost_form_part> first{{str("a"), {}, {}, list_of(one)}},
        second{{str("a"), {}, {}, list_of(two)}};
    std::string kept;
    {
        stage on;
        on.instance->hide({"key-1"});
        kept = form_body(on, server, first);
        CHECK(form_body(on, server, first) == kept);
        CHECK(form_body(on, server, second).substr(0, 52) != kept.substr(0, 52));
    }
    stage on;
    on.instance->hide({"key-2"});
    CHECK(form_body(on, server, first).substr(0, 52) != kept.substr(0, 52));
}

TEST_CASE("a form that could break out of itself is refused") {
    stage on;
    const std::vector<gatepost_segment> one{bytes_segment("one")};
    const auto status = [&](const gatepost_form_part& part) {
        return fetch(on, {.url = "http://127.0.0.1:1/", .parts = {part}, .required = a_form})
            .status;
    };
    CHECK(status({{}, {}, {}, list_of(one)}) == GATEPOST_INVALID);
    CHECK(status({str(std::string_view("a\0b", 3)), {}, {}, list_of(one)}) == GATEPOST_INVALID);
    CHECK(status({str("a"), {}, str("text/plain\r\nX: y"), list_of(one)}) == GATEPOST_INVALID);
    const std::vector<gatepost_segment> unknown{body_segment(99)};
    CHECK(status({str("a"), {}, {}, list_of(unknown)}) == GATEPOST_NOT_FOUND);
    const web_facts typed{.url = "http://127.0.0.1:1/",
                          .headers = {{"Content-Type", "multipart/form-data; boundary=mine"}},
                          .parts = {{str("a"), {}, {}, list_of(one)}},
                          .required = a_form};
    CHECK(fetch(on, typed).status == GATEPOST_INVALID);
}
