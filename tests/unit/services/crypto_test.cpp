// crypto/1 against the published vectors, over lists of segments, small and large.
#include "base/limits.hpp"
#include "base/text.hpp"
#include "fake_host.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gatepost;
using namespace gatepost::tests;

namespace {

heard digest(stage& on, gatepost_digest_request request) {
    request.size = sizeof request;
    return on.wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_crypto>("gatepost.crypto/1")
            .digest(on.host(), on.call, &request, done, user, id);
    });
}

std::string hex_digest(stage& on, uint32_t algorithm, std::string_view key,
                       const std::vector<gatepost_segment>& segments) {
    const heard answer = digest(on, {0, 0, algorithm, 0, str(key), list_of(segments)});
    CHECK(answer.status == GATEPOST_OK);
    CHECK(answer.length == answer.data.size());
    return text::to_hex(answer.data);
}

gatepost_handle open_part(stage& on, uint32_t part) {
    gatepost_body_request request{sizeof request,         0, GATEPOST_BODY_PART, part,
                                  GATEPOST_FORM_IDENTITY, 0};
    return on
        .wait_for([&](gatepost_done done, void* user, gatepost_operation* id) {
            return on.table<gatepost_body>("gatepost.body/1")
                .open(on.host(), on.call, &request, done, user, id);
        })
        .handle;
}

}  // namespace

TEST_CASE("digests match FIPS 180-4, RFC 4231 and RFC 2202") {
    stage on;
    CHECK(hex_digest(on, GATEPOST_SHA256, "", {}) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hex_digest(on, GATEPOST_SHA256, "", {bytes_segment("abc")}) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_digest(on, GATEPOST_HMAC_SHA256, "Jefe",
                     {bytes_segment("what do ya want "), bytes_segment("for nothing?")}) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex_digest(on, GATEPOST_HMAC_MD5, "Jefe",
                     {bytes_segment("what do ya want for nothing?")}) ==
          "750c783e6ab0b503eaa86e310a5db738");
    CHECK(hex_digest(on, GATEPOST_HMAC_SHA256, std::string(131, '\xaa'),
                     {bytes_segment("Test Using Larger Than Block-Size Key - Hash Key First")}) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hex_digest(on, GATEPOST_HMAC_SHA256, "", {}) ==
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("where the cuts between segments are makes no difference") {
    const std::string bytes(200'000, 'z');
    stage on({}, {small_mail("body")});
    const gatepost_handle body = open_part(on, 1);
    const std::string whole = hex_digest(on, GATEPOST_SHA256, "", {bytes_segment(bytes + "body")});
    const std::string_view view = bytes;
    CHECK(hex_digest(on, GATEPOST_SHA256, "",
                     {bytes_segment(view.substr(0, 1)), bytes_segment(""),
                      bytes_segment(view.substr(1, limits::body_window_bytes)),
                      bytes_segment(view.substr(1 + limits::body_window_bytes)),
                      body_segment(body)}) == whole);
}

TEST_CASE("a body in a file is digested on another thread, and can be used twice in a list") {
    const temp_folder folder;
    const std::string bytes(300'000, 'q');
    write_file(folder / "content", bytes);
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, bytes.size()))});
    const gatepost_handle body = open_part(on, 2);
    const std::string expected =
        hex_digest(on, GATEPOST_SHA256, "", {bytes_segment(bytes + "-" + bytes)});
    CHECK(hex_digest(on, GATEPOST_SHA256, "",
                     {body_segment(body), bytes_segment("-"), body_segment(body)}) == expected);
}

TEST_CASE("a list of structs larger than ours is stepped through by its stride") {
    struct longer {
        gatepost_segment known;
        uint64_t news;
    };
    const longer items[] = {{bytes_segment("a"), 1}, {bytes_segment("bc"), 2}};
    stage on;
    const heard answer = digest(on, {0, 0, GATEPOST_SHA256, 0, {}, {items, 2, sizeof(longer)}});
    CHECK(text::to_hex(answer.data) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("digest requests that make no sense are refused at once") {
    stage on;
    const std::vector<gatepost_segment> good{bytes_segment("x")};
    const auto status = [&](gatepost_digest_request request) { return digest(on, request).status; };
    CHECK(status({0, 0, 77, 0, {}, list_of(good)}) == GATEPOST_UNSUPPORTED);
    CHECK(status({0, 0, 0, 0, {}, list_of(good)}) == GATEPOST_INVALID);
    CHECK(status({0, 1, GATEPOST_SHA256, 0, {}, list_of(good)}) == GATEPOST_UNSUPPORTED);
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, {nullptr, 1, 40}}) == GATEPOST_INVALID);
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, {good.data(), 1, 4}}) == GATEPOST_INVALID);
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, {good.data(), UINT32_MAX, 40}}) == GATEPOST_LIMIT);
    CHECK(status({0, 0, GATEPOST_HMAC_MD5, 0, {nullptr, 3}, list_of(good)}) == GATEPOST_INVALID);
    const std::vector<gatepost_segment> strange{{77, 0, {}, 0, 0, 0}};
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, list_of(strange)}) == GATEPOST_UNSUPPORTED);
    const std::vector<gatepost_segment> unopened{body_segment(12345)};
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, list_of(unopened)}) == GATEPOST_NOT_FOUND);
    const std::vector<gatepost_segment> null_bytes{
        {GATEPOST_SEGMENT_BYTES, 0, {nullptr, 9}, 0, 0, 0}};
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, list_of(null_bytes)}) == GATEPOST_INVALID);
    // The size is believed before the memory is touched.
    const std::vector<gatepost_segment> endless{
        {GATEPOST_SEGMENT_BYTES, 0, {"x", UINT64_MAX}, 0, 0, 0}};
    CHECK(status({0, 0, GATEPOST_SHA256, 0, {}, list_of(endless)}) == GATEPOST_LIMIT);
}

TEST_CASE("a segment may be a window of a body") {
    const temp_folder folder;
    std::string bytes;
    for (int i = 0; i < 30'000; ++i)
        bytes += std::to_string(i);
    write_file(folder / "content", bytes);
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, bytes.size()))});
    const gatepost_handle body = open_part(on, 2);
    const uint64_t size = bytes.size();
    const auto digest_of = [&](const std::vector<gatepost_segment>& list) {
        return hex_digest(on, GATEPOST_SHA256, "", list);
    };
    CHECK(digest_of({window_segment(body, 90'000, 1000), bytes_segment("-"),
                     window_segment(body, 7, 3), window_segment(body, size - 5, 5)}) ==
          digest_of({bytes_segment(bytes.substr(90'000, 1000) + "-" + bytes.substr(7, 3) +
                                   bytes.substr(size - 5))}));
    CHECK(digest_of({window_segment(body, 0, size - 1), window_segment(body, 5, 0),
                     window_segment(body, size - 1, 1), window_segment(body, size, 0)}) ==
          digest_of({bytes_segment(bytes)}));
}

TEST_CASE("a window that is not in its body is refused") {
    stage on({}, {small_mail("0123456789")});
    const auto body = open_part(on, 1);
    const std::pair<uint64_t, uint64_t> windows[] = {
        {11, 0}, {0, 11}, {10, 1}, {UINT64_MAX, 0}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    for (const auto& [offset, length] : windows) {
        INFO(offset << " " << length);
        const std::vector<gatepost_segment> list{window_segment(body, offset, length)};
        CHECK(digest(on, {0, 0, GATEPOST_SHA256, 0, {}, list_of(list)}).status == GATEPOST_INVALID);
    }
}

TEST_CASE("a large digest can be cancelled") {
    const temp_folder folder;
    const std::string bytes(1 << 20, 'q');
    write_file(folder / "content", bytes);
    stage on({}, {with_attachment(mail::content::from_file(folder / "content", 0, bytes.size()))});
    const std::vector<gatepost_segment> much(64, body_segment(open_part(on, 2)));
    const gatepost_digest_request request{sizeof request, 0, GATEPOST_SHA256, 0, {}, list_of(much)};
    heard answer;
    on.ask(answer, [&](gatepost_done done, void* user, gatepost_operation* id) {
        return on.table<gatepost_crypto>("gatepost.crypto/1")
            .digest(on.host(), on.call, &request, done, user, id);
    });
    on.cancel(answer.operation);
    REQUIRE(on.until([&] { return answer.done(); }));
    CHECK(answer.status == GATEPOST_CANCELLED);
}
