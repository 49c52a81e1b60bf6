// The contract plugin on the fake host: the JSON it writes is the message it was given, and bodies
// of any size come through in windows.
#include <dlfcn.h>

#include <nlohmann/json.hpp>

#include "check/fake_host.hpp"
#include "support/catch.hpp"

using namespace gatepost::check;
using json = nlohmann::json;

namespace {

const gatepost_plugin& loaded(const char* file) {
    void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library != nullptr);
    const auto entry = reinterpret_cast<gatepost_entry>(dlsym(library, GATEPOST_ENTRY));
    REQUIRE(entry != nullptr);
    gatepost_host_info info{};
    info.size = sizeof info;
    info.abi_major = GATEPOST_ABI_MAJOR;
    const gatepost_plugin* table = entry(&info);
    REQUIRE(table != nullptr);
    return *table;
}

json view_of_sent(const message& mail, const char* mode = "view", host_options how = {}) {
    fake_host host(std::move(how));
    const auto with = settings_from_json(json{{"path", "/seen"}, {"mode", mode}}.dump());
    REQUIRE(host.create(loaded(CONTRACT_PLUGIN), *with) == GATEPOST_OK);
    call_options what;
    what.mail = mail;
    const auto call = host.start(what);
    host.run();
    for (const violation& one : host.violations())
        FAIL_CHECK(one.rule + ": " + one.text);
    REQUIRE(host.at(call).completions == 1);
    CHECK(host.at(call).outcome.recipients.size() == mail.recipients.size());
    CHECK(host.at(call).outcome.flags == GATEPOST_OUTCOME_CAPTURED);
    return json::parse(host.files().at("/seen/" + mail.id + ".json"));
}

void compare_recipients(const json& seen, const message& mail) {
    REQUIRE(seen["recipients"].size() == mail.recipients.size());
    for (size_t i = 0; i < mail.recipients.size(); ++i) {
        const recipient& one = mail.recipients[i];
        const json& shown = seen["recipients"][i];
        CHECK(shown["mailbox"]["address"] == one.who.address);
        CHECK(shown["mailbox"]["ascii_address"] ==
              (one.who.needs_smtputf8 ? std::string() : one.who.address));
        CHECK(shown["mailbox"]["name"] == one.who.name);
        CHECK(shown["role"] == one.role);
        CHECK(shown["index"] == i);
        CHECK(shown["dsn_notify"] == one.dsn_notify);
        CHECK(shown["dsn_orcpt"] == one.dsn_orcpt);
        CHECK(seen["carry"][i] == i);
    }
}

}  // namespace

TEST_CASE("the contract plugin shows every field of the message it was given") {
    const message mail = rich_message();
    const json seen = view_of_sent(mail);
    CHECK(seen["id"] == mail.id);
    CHECK(seen["message_id"] == mail.message_id);
    CHECK(seen["date"] == mail.date);
    CHECK(seen["accepted_at"] == mail.accepted_at);
    CHECK(seen["flags"] == mail.flags);
    CHECK(seen["smtputf8"] == 1);
    CHECK(seen["envelope_from"]["address"] == mail.envelope_from.address);
    CHECK(seen["from"]["name"] == mail.from.name);
    CHECK(seen["sender"]["name"] == mail.sender.name);
    CHECK(seen["reply_to"][0]["name"] == mail.reply_to[0].name);
    CHECK(seen["subject"] == mail.subject);
    CHECK(seen["headers"] == json(mail.headers));
    CHECK(seen["tags"] == json(mail.tags));
    CHECK(seen["metadata"] == json(mail.metadata));
    CHECK(seen["options_json"] == mail.options_json);
    CHECK(seen["dsn_ret"] == mail.dsn_ret);
    CHECK(seen["dsn_envid"] == mail.dsn_envid);
    CHECK(seen["priority"] == mail.priority);
    CHECK(seen["problems"] == 0);
    compare_recipients(seen, mail);
}

TEST_CASE("the contract plugin shows every part in every form") {
    const message mail = rich_message();
    const json seen = view_of_sent(mail, "windows");
    REQUIRE(seen["parts"].size() == mail.parts.size());
    for (size_t i = 0; i < mail.parts.size(); ++i) {
        const json& shown = seen["parts"][i];
        CHECK(shown["role"] == mail.parts[i].role);
        CHECK(shown["type"] == mail.parts[i].type);
        CHECK(shown["filename"] == mail.parts[i].filename);
        CHECK(shown["content_id"] == mail.parts[i].content_id);
        CHECK(shown["content_size"] == mail.parts[i].content.size());
        CHECK(shown["forms"][0]["length"] == mail.parts[i].content.size());
        CHECK(shown["forms"][1]["length"] == (mail.parts[i].content.size() + 2) / 3 * 4);
    }
    CHECK(seen["parts"][0]["forms"][0]["content"] == "SGVsbG8uDQouZG90DQo=");
    CHECK(seen["whole"].size() == 6);
    CHECK(seen["problems"] == 0);
}

TEST_CASE("25 MB come through windows of 64 KiB, even if a megabyte is asked for") {
    message mail = simple_message();
    mail.parts.push_back(
        {GATEPOST_PART_ATTACHMENT, "application/zip", "big.zip", "", std::string(25'000'000, 'z')});
    const json seen = view_of_sent(mail, "windows");
    const json& big = seen["parts"][1]["forms"][0];
    CHECK(big["length"] == 25'000'000);
    CHECK(big["read"] == 25'000'000);
    CHECK(big["largest"] == 65536);
    CHECK(big["windows"] == 382);
    CHECK(seen["problems"] == 0);
}

TEST_CASE("the contract plugin reads strings at the edge of memory and later hosts' structs") {
    const json seen =
        view_of_sent(rich_message(), "view", {.shape = {.guarded = true, .future = true}});
    CHECK(seen["metadata"] == json(rich_message().metadata));
    CHECK(seen["parts"].size() == 4);
}

TEST_CASE("the contract plugin without raw_mime is another id and the same code") {
    CHECK(text_of(loaded(CONTRACT_PLUGIN).id) == "contract");
    CHECK(text_of(loaded(CONTRACT_PARTS_PLUGIN).id) == "contract-parts");
}
