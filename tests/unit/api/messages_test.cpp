// Sending and looking after mail over the socket.
#include "api_fixture.hpp"

using namespace testing;

namespace {

constexpr const char* raw_type = "Content-Type: message/rfc822\r\n";

std::string wait_header(int seconds) {
    return "Prefer: wait=" + std::to_string(seconds) + "\r\n";
}

}  // namespace

TEST_CASE("a send is answered 202 with its id, and only after the commit") {
    api_fixture with;
    with.store->hold(true);
    client one = with.connect();
    one.send(post("/v1/messages", hello));
    REQUIRE(comes_true([&] { return with.store->waiting_jobs() == 1; }));
    pollfd look{one.fd(), POLLIN, 0};
    CHECK(::poll(&look, 1, 50) == 0);
    with.store->hold(false);
    const auto got = one.read();
    REQUIRE(got.status == 202);
    const auto body = json::parse(got.body);
    CHECK(body.size() == 2);
    CHECK(body["status"] == "queued");
    CHECK(got.header("location") == "/v1/messages/" + body["id"].get<std::string>());
    const auto kept = with.store->find(id_in(got));
    REQUIRE(kept);
    CHECK(kept->request.owner_uid == ::getuid());
    CHECK(kept->request.connection == "primary");
    CHECK_FALSE(kept->request.key);
    CHECK(kept->request.mail->subject == "Hello");
    CHECK(kept->request.mail->message_id.find("@example.org") != std::string::npos);
    CHECK(kept->request.mail->date.time_since_epoch().count() > 0);
}

TEST_CASE("a body without a type, or with curl's, is JSON; another type is refused") {
    api_fixture with;
    CHECK(with.send(hello).status == 202);
    CHECK(with.send(hello, "Content-Type: application/x-www-form-urlencoded\r\n").status == 202);
    CHECK(with.send(hello, "Content-Type: application/json; charset=utf-8\r\n").status == 202);
    const auto got = with.send(hello, "Content-Type: text/html\r\n");
    CHECK(got.status == 415);
    CHECK(json::parse(got.body)["type"] == "urn:gatepost:unsupported-media");
}

TEST_CASE("raw mail is taken with its envelope in the query") {
    api_fixture with;
    const std::string raw = "From: a@example.org\nTo: b@example.net\nSubject: Raw\n\nHi\n";
    const auto got = with.ask(post("/v1/messages?to=c@example.net&tag=weekly", raw, raw_type));
    REQUIRE(got.status == 202);
    const auto kept = with.store->find(id_in(got));
    REQUIRE(kept);
    CHECK(kept->request.mail->raw);
    CHECK(kept->request.mail->recipients[0].who.addr.text() == "c@example.net");
    CHECK(kept->request.mail->tags == std::vector<std::string>{"weekly"});
    CHECK(with.ask(post("/v1/messages?too=c@example.net", raw, raw_type)).status == 422);
    CHECK(with.ask(post("/v1/messages?tag=x", hello)).status == 400);
}

TEST_CASE("refusals are problems with every field, and keep nothing") {
    api_fixture with;
    const auto bad = with.send(R"({"to":"nobody","subjekt":"x","text":7})");
    CHECK(bad.status == 422);
    CHECK(bad.header("content-type") == "application/problem+json");
    CHECK(json::parse(bad.body)["errors"].size() == 3);
    CHECK(with.send("{").status == 400);
    CHECK(with.send("").status == 400);
    const auto none = with.send(R"({"to":"b@example.net","text":"x","connection":"none"})");
    CHECK(none.status == 422);
    CHECK(json::parse(none.body)["type"] == "urn:gatepost:no-connection");
    CHECK(with.store->count() == 0);
}

TEST_CASE("storage trouble is 503 with Retry-After") {
    api_fixture with;
    for (const auto kind : {error_kind::storage, error_kind::busy, error_kind::outcome_unknown}) {
        with.store->fail_with(error{kind, "trouble"});
        const auto got = with.send(hello);
        CHECK(got.status == 503);
        CHECK(got.header("retry-after") != "");
        CHECK(json::parse(got.body)["type"] == std::string(facts_of(kind).urn));
    }
}

TEST_CASE("an Idempotency-Key carries caller and fingerprint") {
    api_fixture with;
    const std::string key = "Idempotency-Key: order-7\r\n";
    const auto one = with.send(hello, key);
    const auto two = with.send(hello, key);
    CHECK(one.status == 202);
    CHECK(two.status == 202);
    CHECK(one.body == two.body);
    const auto kept = with.store->find(id_in(one));
    REQUIRE(kept->request.key);
    CHECK(kept->request.key->scope == "uid:" + std::to_string(::getuid()));
    CHECK(kept->request.key->key == "order-7");
    CHECK(kept->request.key->fingerprint.size() == 32);
    CHECK(with.send(R"({"to":"b@example.net","text":"other"})", key).status == 422);
    CHECK(with.send(hello, "Idempotency-Key: \r\n").status == 400);
    CHECK(with.send(hello, key + key).status == 400);
    CHECK(with.send(hello, "Idempotency-Key: " + std::string(256, 'k') + "\r\n").status == 400);
}

TEST_CASE("a key is answered as before even where the send would be refused by now") {
    api_fixture with;
    const std::string key = "Idempotency-Key: order-7\r\n";
    const auto accepted = with.send(hello, key);
    with.admits_nothing = true;
    const auto again = with.send(hello, key);
    CHECK(again.status == 202);
    CHECK(again.body == accepted.body);
    const auto type = [](const answer& got) { return json::parse(got.body)["type"]; };
    CHECK(type(with.send(hello, "Idempotency-Key: another\r\n")) == "urn:gatepost:no-connection");
    const auto other = with.send(R"({"to":"b@example.net","text":"other"})", key);
    CHECK(type(other) == "urn:gatepost:idempotency-mismatch");
    with.store->fail_with(error{error_kind::storage, "full"});
    CHECK(type(with.send(hello, key)) == "urn:gatepost:no-connection");
    CHECK(with.store->count() == 1);
}

TEST_CASE("many sends with one key at once are one message") {
    api_fixture with;
    std::vector<client> all;
    for (int i = 0; i < 32; ++i)
        all.push_back(with.connect());
    for (auto& each : all)
        each.send(post("/v1/messages", hello, "Idempotency-Key: k\r\n"));
    std::string first;
    for (auto& each : all) {
        const auto got = each.read();
        CHECK(got.status == 202);
        if (first.empty()) first = got.body;
        CHECK(got.body == first);
    }
    CHECK(with.store->count() == 1);
}

TEST_CASE("Prefer: wait answers 200 once every recipient is final") {
    api_fixture with;
    client one = with.connect();
    one.send(post("/v1/messages", hello, wait_header(60)));
    REQUIRE(comes_true([&] { return with.store->count() == 1; }));
    client other = with.connect();
    const auto list = json::parse(other.ask(get("/v1/messages")).body);
    with.store->deliver(*mail_id::parse(list["messages"][0]["id"].get<std::string>()));
    const auto got = one.read();
    CHECK(got.status == 200);
    const auto body = json::parse(got.body);
    CHECK(body["status"] == "sent");
    CHECK(body["recipients"][0]["verdict"] == "accepted");
    CHECK(body["recipients"][0]["code"] == 250);
    CHECK(body["attempts"][0]["results"][0]["address"] == "b@example.net");
}

TEST_CASE("Prefer: wait gives 202 when the time is over, and is capped") {
    api_fixture with;
    const auto late = with.send(hello, wait_header(1));
    CHECK(late.status == 202);
    CHECK(late.header("preference-applied") == "wait=1");
    CHECK(json::parse(late.body)["status"] == "queued");
    CHECK(with.send(hello, wait_header(0)).status == 202);
    CHECK(with.send(hello, "Prefer: wait=soon\r\n").status == 202);
    CHECK(with.send(hello, "Prefer: respond-async\r\n").status == 202);
}

TEST_CASE("hanging up while waiting changes nothing of the acceptance") {
    api_fixture with;
    client one = with.connect();
    one.send(post("/v1/messages", hello, wait_header(100)));
    REQUIRE(comes_true([&] { return with.store->count() == 1; }));
    one.close();
    CHECK(with.send(hello).status == 202);
    CHECK(with.store->count() == 2);
}

TEST_CASE("a message is shown, listed in pages, read back, cancelled") {
    api_fixture with;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(id_in(with.send(hello)).to_string());
    client one = with.connect();
    const auto shown = json::parse(one.ask(get("/v1/messages/" + ids[0])).body);
    CHECK(shown["id"] == ids[0]);
    CHECK(shown["recipients"][0]["address"] == "b@example.net");
    CHECK(shown["recipients"][0]["role"] == "to");
    auto page = json::parse(one.ask(get("/v1/messages?limit=3")).body);
    REQUIRE(page["messages"].size() == 3);
    CHECK(page["messages"][0]["id"] == ids[4]);
    const std::string cursor = page["next"];
    page = json::parse(one.ask(get("/v1/messages?limit=3&cursor=" + cursor)).body);
    CHECK(page["messages"].size() == 2);
    CHECK(page["next"].is_null());
    const auto content = one.ask(get("/v1/messages/" + ids[0] + "/content"));
    CHECK(content.header("content-type") == "message/rfc822");
    CHECK(content.body.find("Subject: Hello\r\n") != std::string::npos);
    const auto cancelled = one.ask(post("/v1/messages/" + ids[0] + "/cancel", ""));
    CHECK(json::parse(cancelled.body)["status"] == "cancelled");
    CHECK(one.ask(post("/v1/messages/" + ids[0] + "/cancel", "")).status == 409);
    CHECK(one.ask(post("/v1/messages/" + ids[1] + "/retry", "")).status == 200);
    CHECK(one.ask(get("/v1/messages/0000000000000")).status == 404);
    CHECK(one.ask(get("/v1/messages/what")).status == 404);
}

TEST_CASE("a mail is read back as servers with and without SMTPUTF8 get it") {
    api_fixture with;
    const auto id = id_in(with.send(
        R"({"from":"a@example.com","to":["b@example.net"],"subject":"Grüße","text":"x"})"));
    const std::string path = "/v1/messages/" + id.to_string() + "/content";
    const auto has = [&](const std::string& query, std::string_view line) {
        return with.ask(get(path + query)).body.find(line) != std::string::npos;
    };
    CHECK(has("", "Subject: =?"));
    CHECK(has("?smtputf8=false", "Subject: =?"));
    CHECK(has("?smtputf8=true", "Subject: Grüße\r\n"));
    for (const char* bad : {"?smtputf8=1", "?smtputf8=", "?utf8=true"})
        CHECK(with.ask(get(path + bad)).status == 422);
}

TEST_CASE("a list takes filters, and refuses what it does not know") {
    api_fixture with;
    const auto got =
        with.ask(get("/v1/messages?status=sent&recipient=b%40example.net&tag=x&limit=200"));
    CHECK(got.status == 200);
    const auto query = with.store->last_query();
    CHECK(query.status == spool::message_status::sent);
    CHECK(query.recipient == "b@example.net");
    CHECK(query.tag == "x");
    CHECK(query.limit == 200);
    for (const char* bad : {"limit=0", "limit=201", "limit=x", "cursor=!", "status=odd", "who=x"})
        CHECK(with.ask(get(std::string("/v1/messages?") + bad)).status == 422);
}

TEST_CASE("who is no administrator sees its own mail only") {
    api_fixture with(config::role::send);
    with.send(hello);
    CHECK(with.ask(get("/v1/messages")).status == 200);
    CHECK(with.store->last_query().owner_uid == ::getuid());
    spool::accept_request foreign;
    auto mail = std::make_shared<mail::message>();
    mail->id = with.ids.next(machine_clock().wall_now());
    foreign.mail = mail;
    foreign.owner_uid = ::getuid() + 1;
    with.store->accept(foreign, [](const result<spool::accept_answer>&) {});
    const std::string path = "/v1/messages/" + mail->id.to_string();
    CHECK(with.ask(get(path)).status == 404);
    CHECK(with.ask(get(path + "/content")).status == 404);
    CHECK(with.ask(post(path + "/cancel", "")).status == 404);
    CHECK(with.ask(post(path + "/retry", "")).status == 404);
    CHECK(with.ask(post("/v1/test", "{}")).status == 403);
    CHECK(with.ask(post("/v1/connections/primary/test", "")).status == 403);
    CHECK_FALSE(json::parse(with.ask(get("/v1/connections/primary")).body).contains("settings"));
}
