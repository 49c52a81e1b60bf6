// The services of the fake host answer as abi.h says they do.
#include "puppet.hpp"
#include "support/catch.hpp"

using namespace gatepost::check;

namespace {

struct seen {
    gatepost_status status = 99;
    std::string text, data;
    gatepost_handle handle = 0;
    uint64_t length = 0;
    uint32_t http_status = 0;
};

// Lets a test speak to services as if they answered at once: every request is run to its answer.
class talk {
  public:
    explicit talk(host_options how = {}, message mail = simple_message()) : host(std::move(how)) {
        REQUIRE(host.create(table, settings{}) == GATEPOST_OK);
        doll.on_start = [this](gatepost_call with, const gatepost_request&) { call = with; };
        host.start({.mail = std::move(mail)});
    }
    template <class Ask>
    seen ask(Ask&& what) {
        seen out;
        void* user = doll.then([&](const gatepost_result& result) {
            out = {result.status,
                   std::string(text_of(result.text)),
                   std::string(text_of(result.data)),
                   result.handle,
                   result.length,
                   0};
            if (result.detail != nullptr)
                out.http_status =
                    static_cast<const gatepost_http_response*>(result.detail)->http_status;
        });
        gatepost_operation operation = 0;
        const gatepost_status status = what(user, &operation);
        if (status != GATEPOST_OK) return {status, "refused", "", 0, 0, 0};
        host.step();
        return out;
    }
    seen open(uint32_t what, uint32_t part, uint32_t form) {
        gatepost_body_request request{sizeof request, 0, what, part, form, 0};
        return ask([&](void* user, gatepost_operation* operation) {
            return body().open(doll.host, call, &request, puppet::done, user, operation);
        });
    }
    seen read(gatepost_handle handle, uint64_t offset, uint64_t max) {
        return ask([&](void* user, gatepost_operation* operation) {
            return body().read(doll.host, call, handle, offset, max, puppet::done, user, operation);
        });
    }
    seen write(const std::string& path, const std::string& bytes, uint32_t flags = 0,
               uint32_t required = GATEPOST_COMMITS) {
        gatepost_segment segment{GATEPOST_SEGMENT_BYTES, 0, borrow(bytes), 0, 0, 0};
        gatepost_file_write request{};
        request.size = sizeof request;
        request.required = required;
        request.flags = flags;
        request.path = borrow(path);
        request.segments = {&segment, 1, sizeof segment};
        return ask([&](void* user, gatepost_operation* operation) {
            return file().write(doll.host, call, &request, puppet::done, user, operation);
        });
    }
    seen digest(uint32_t algorithm, const std::string& key, const std::string& bytes) {
        gatepost_segment segment{GATEPOST_SEGMENT_BYTES, 0, borrow(bytes), 0, 0, 0};
        gatepost_digest_request request{
            sizeof request, 0, algorithm, 0, borrow(key), {&segment, 1, sizeof segment}};
        const auto& crypto = doll.service<gatepost_crypto>("gatepost.crypto/1");
        return ask([&](void* user, gatepost_operation* operation) {
            return crypto.digest(doll.host, call, &request, puppet::done, user, operation);
        });
    }
    const gatepost_body& body() const { return doll.service<gatepost_body>("gatepost.body/1"); }
    const gatepost_file& file() const { return doll.service<gatepost_file>("gatepost.file/1"); }

    puppet doll;
    gatepost_plugin table = doll.table();
    fake_host host;
    gatepost_call call = 0;
};

std::string hex(const std::string& bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

}  // namespace

TEST_CASE("a body tells its exact length first, in every form") {
    talk on;
    CHECK(on.open(GATEPOST_BODY_PART, 1, GATEPOST_FORM_IDENTITY).length == 14);
    CHECK(on.open(GATEPOST_BODY_PART, 1, GATEPOST_FORM_BASE64).length == 20);
    const seen json = on.open(GATEPOST_BODY_PART, 1, GATEPOST_FORM_JSON);
    CHECK(json.length == 34);
    CHECK(on.read(json.handle, 0, 100).data == "Hello.\\u000d\\u000a.dot\\u000d\\u000a");
    const seen whole = on.open(GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_IDENTITY);
    CHECK(on.open(GATEPOST_BODY_WHOLE, 0, GATEPOST_FORM_DOT_STUFFED).length == whole.length + 1);
}

TEST_CASE("a window is never larger than 64 KiB, and empty at the end") {
    talk on({}, large_message());
    const seen body = on.open(GATEPOST_BODY_PART, 2, GATEPOST_FORM_IDENTITY);
    REQUIRE(body.length == 1 << 20);
    CHECK(on.read(body.handle, 0, UINT64_MAX).data.size() == 65536);
    CHECK(on.read(body.handle, (1 << 20) - 10, 65536).data.size() == 10);
    const seen end = on.read(body.handle, 1 << 20, 65536);
    CHECK(end.status == GATEPOST_OK);
    CHECK(end.data.empty());
}

TEST_CASE("bodies that do not exist are not found") {
    talk on;
    CHECK(on.open(GATEPOST_BODY_PART, 7, GATEPOST_FORM_IDENTITY).status == GATEPOST_NOT_FOUND);
    CHECK(on.open(GATEPOST_BODY_PART, 1, GATEPOST_FORM_DOT_STUFFED).status == GATEPOST_INVALID);
    CHECK(on.read(4711, 0, 10).status == GATEPOST_NOT_FOUND);
}

TEST_CASE("a required bit that the host does not know refuses the request") {
    talk on;
    CHECK(on.write("/a", "x", 0, GATEPOST_COMMITS | 0x80U).status == GATEPOST_UNSUPPORTED);
}

TEST_CASE("files are written whole, replaced only when asked, and counted as committed") {
    talk on;
    CHECK(on.write("/a", "one").length == 3);
    CHECK(on.host.at(on.call).commits_written);
    CHECK(on.host.at(on.call).commits_answered);
    CHECK(on.write("/a", "two").status == GATEPOST_EXISTS);
    CHECK(on.write("/a", "two", GATEPOST_FILE_REPLACE).status == GATEPOST_OK);
    CHECK(on.host.files().at("/a") == "two");
    CHECK(on.write("/no/such/folder", "x").status == GATEPOST_NOT_FOUND);
}

TEST_CASE("file/1 keeps to its folders") {
    talk on({.folders = {"/mail"}});
    CHECK(on.write("/mail/a", "x").status == GATEPOST_OK);
    CHECK(on.host.violations().empty());
    CHECK(on.write("/mailbox", "x").status == GATEPOST_DENIED);
    CHECK(has_rule(on.host, "folder"));
    CHECK_FALSE(has_rule(on.host, "path"));
    for (const char* path : {"relative", "/mail/../etc/passwd", "/mail/./a", ""})
        CHECK(on.write(path, "x").status == GATEPOST_INVALID);
    CHECK(has_rule(on.host, "path"));
}

TEST_CASE("digests are those of the standards") {
    talk on;
    CHECK(hex(on.digest(GATEPOST_SHA256, "", "abc").data) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(on.digest(GATEPOST_HMAC_SHA256, "Jefe", "what do ya want for nothing?").data) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(on.digest(GATEPOST_HMAC_MD5, "Jefe", "what do ya want for nothing?").data) ==
          "750c783e6ab0b503eaa86e310a5db738");
    CHECK(on.digest(99, "", "abc").status == GATEPOST_UNSUPPORTED);
}

TEST_CASE("the cache keeps, and forgets what is put empty") {
    talk on;
    const auto& cache = on.doll.service<gatepost_cache>("gatepost.cache/1");
    const auto put = [&](const char* value) {
        return on.ask([&](void* user, gatepost_operation* operation) {
            return cache.put(on.doll.host, on.call, borrow("key"), borrow(value), 0, puppet::done,
                             user, operation);
        });
    };
    const auto get = [&] {
        return on.ask([&](void* user, gatepost_operation* operation) {
            return cache.get(on.doll.host, on.call, borrow("key"), puppet::done, user, operation);
        });
    };
    CHECK(get().status == GATEPOST_NOT_FOUND);
    CHECK(put("value").status == GATEPOST_OK);
    CHECK(get().data == "value");
    CHECK(put("").status == GATEPOST_OK);
    CHECK(get().status == GATEPOST_NOT_FOUND);
}

TEST_CASE("an HTTP request reaches the script with its body, and the answer comes back") {
    http_seen request_seen;
    talk on({.http = [&](const http_seen& request) {
        request_seen = request;
        return http_answer{429, "slow down", {{"retry-after", "7"}}};
    }});
    const seen body = on.open(GATEPOST_BODY_PART, 1, GATEPOST_FORM_BASE64);
    const gatepost_segment segments[] = {{GATEPOST_SEGMENT_BYTES, 0, borrow("{\"a\":\""), 0, 0, 0},
                                         {GATEPOST_SEGMENT_BODY, 0, {}, body.handle, 0, 0},
                                         {GATEPOST_SEGMENT_BYTES, 0, borrow("\"}"), 0, 0, 0}};
    gatepost_http_request request{};
    request.size = sizeof request;
    request.required = GATEPOST_COMMITS;
    request.method = borrow("POST");
    request.url = borrow("https://api.example.com/send");
    request.body = {segments, 3, sizeof segments[0]};
    const auto& http = on.doll.service<gatepost_http>("gatepost.http/1");
    const seen answer = on.ask([&](void* user, gatepost_operation* operation) {
        return http.fetch(on.doll.host, on.call, &request, puppet::done, user, operation);
    });
    CHECK(request_seen.body == "{\"a\":\"SGVsbG8uDQouZG90DQo=\"}");
    CHECK(request_seen.commits);
    CHECK(answer.http_status == 429);
    CHECK(answer.data == "slow down");
    CHECK(on.host.at(on.call).commits_answered);
}

namespace {

class polite_peer final : public peer {
  public:
    std::string greeting() override { return "220 hello\r\n"; }
    std::string receive(std::string_view bytes) override {
        if (bytes == "QUIT\r\n") gone_ = true;
        return gone_ ? "" : "250 ok\r\n250 and more\r\n";
    }
    bool closed() const override { return gone_; }

  private:
    bool gone_ = false;
};

struct wire {
    talk& on;
    const gatepost_stream& stream = on.doll.service<gatepost_stream>("gatepost.stream/1");
    gatepost_handle handle = 0;

    seen connect() {
        gatepost_connect request{};
        request.size = sizeof request;
        request.host = borrow("smtp.example.com");
        request.port = 587;
        return on.ask([&](void* user, gatepost_operation* operation) {
            return stream.connect(on.doll.host, on.call, &request, puppet::done, user, operation);
        });
    }
    seen line() {
        gatepost_stream_read request{sizeof request, GATEPOST_READ_LINE, handle, 512, 0};
        return on.ask([&](void* user, gatepost_operation* operation) {
            return stream.read(on.doll.host, on.call, &request, puppet::done, user, operation);
        });
    }
    seen say(const std::string& bytes, uint32_t required = 0) {
        gatepost_segment segment{GATEPOST_SEGMENT_BYTES, 0, borrow(bytes), 0, 0, 0};
        gatepost_stream_write request{
            sizeof request, required, handle, {&segment, 1, sizeof segment}};
        return on.ask([&](void* user, gatepost_operation* operation) {
            return stream.write(on.doll.host, on.call, &request, puppet::done, user, operation);
        });
    }
    seen start_tls() {
        return on.ask([&](void* user, gatepost_operation* operation) {
            return stream.start_tls(on.doll.host, on.call, handle, nullptr, puppet::done, user,
                                    operation);
        });
    }
};

host_options with_peer() {
    host_options how;
    how.stream = [](const connect_seen& where) -> std::unique_ptr<peer> {
        return where.port == 587 ? std::make_unique<polite_peer>() : nullptr;
    };
    return how;
}

}  // namespace

TEST_CASE("a host that is not declared is not connected to, and that is a breach") {
    host_options how = with_peer();
    how.destinations = {{"smtp.example.com", 587, false}};
    talk declared(how);
    CHECK(wire{declared}.connect().status == GATEPOST_OK);
    CHECK(declared.host.violations().empty());
    how.destinations = {{"smtp.example.com", 465, false}};
    talk elsewhere(how);
    const seen refused = wire{elsewhere}.connect();
    CHECK(refused.status == GATEPOST_DENIED);
    CHECK(refused.text.starts_with("smtp.example.com:587 is not among"));
    CHECK(has_rule(elsewhere.host, "destination"));
}

TEST_CASE("a stream speaks with its scripted peer, line by line, to the end") {
    talk on(with_peer());
    wire with{on};
    with.handle = with.connect().handle;
    CHECK(with.line().data == "220 hello\r\n");
    CHECK(with.line().status == GATEPOST_TIMEOUT);
    CHECK(with.say("DATA\r\n", GATEPOST_COMMITS).length == 6);
    CHECK(on.host.at(on.call).commits_written);
    CHECK_FALSE(on.host.at(on.call).commits_answered);
    CHECK(with.line().data == "250 ok\r\n");
    CHECK(on.host.at(on.call).commits_answered);
    CHECK(with.line().data == "250 and more\r\n");
    CHECK(with.say("QUIT\r\n").status == GATEPOST_OK);
    CHECK(with.line().status == GATEPOST_DISCONNECTED);
    CHECK(with.say("NOOP\r\n").status == GATEPOST_DISCONNECTED);
}

TEST_CASE("bytes in clear behind the answer to STARTTLS fail the session") {
    talk on(with_peer());
    wire with{on};
    with.handle = with.connect().handle;
    CHECK(with.start_tls().status == GATEPOST_FAILED);
    CHECK(with.line().status == GATEPOST_OK);
    CHECK(with.start_tls().status == GATEPOST_OK);
}

TEST_CASE("a parked stream is given to who asks for its key, under a new handle") {
    talk on(with_peer());
    wire with{on};
    with.handle = with.connect().handle;
    gatepost_park park{};
    park.size = sizeof park;
    park.stream = with.handle;
    park.key = borrow("smtp.example.com");
    park.state = borrow("notes");
    CHECK(on.ask([&](void* user, gatepost_operation* operation) {
                return with.stream.park(on.doll.host, on.call, &park, puppet::done, user,
                                        operation);
            }).status == GATEPOST_OK);
    CHECK(with.line().status == GATEPOST_NOT_FOUND);
    const auto take = [&] {
        return on.ask([&](void* user, gatepost_operation* operation) {
            return with.stream.take(on.doll.host, on.call, park.key, puppet::done, user, operation);
        });
    };
    const seen taken_back = take();
    CHECK(taken_back.data == "notes");
    CHECK(taken_back.handle != with.handle);
    CHECK(take().status == GATEPOST_NOT_FOUND);
}
