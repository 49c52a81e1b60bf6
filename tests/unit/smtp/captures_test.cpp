// Recorded dialogues of nodemailer 10.6 replayed: the server's half is played to our session, and
// our half is held against the client's. What we do on purpose differently is listed here, with the
// reason, and nothing else may differ:
//
//   MAIL ... SIZE=n          where SIZE is offered: lets the server refuse before the data
//   MAIL ... BODY=8BITMIME   where 8BITMIME is offered: we send 8-bit parts as they are; nodemailer
//                            encodes all to 7 bit
//   commands in one write    where PIPELINING is offered; order and bytes are the same
//   DATA                     chunking is off for the replay: with it there is no DATA
//   no second AUTH           with a token that was refused; one that the host has renewed is said
//   ORCPT                    ours only where the message gives one
#include <fstream>
#include <nlohmann/json.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <gatepost/abi.h>

#include "session.hpp"
#include "support/catch.hpp"

using namespace smtp;

namespace {

struct dialogue {
    std::vector<std::string> server;  // whole replies
    std::vector<std::string> client;  // lines; a message as one entry
};

nlohmann::json read_capture(const std::string& name) {
    std::ifstream in(std::string(SMTP_CAPTURES) + "/" + name + ".json");
    return nlohmann::json::parse(in);
}

dialogue dialogue_of(const nlohmann::json& capture) {
    dialogue out;
    bool open = false;
    for (const auto& one : capture["transcript"]) {
        if (one["from"] == "C") {
            out.client.push_back(one.contains("data") ? one["data"].get<std::string>()
                                                      : one["line"].get<std::string>() + "\r\n");
            continue;
        }
        const std::string line = one["line"];
        if (open)
            out.server.back() += line + "\r\n";
        else
            out.server.push_back(line + "\r\n");
        open = line.size() > 3 && line[3] == '-';
    }
    return out;
}

// Takes our additions off a MAIL line.
std::string without_extras(std::string line) {
    for (const std::string& extra : {std::string(" SIZE="), std::string(" BODY=8BITMIME")}) {
        const size_t begin = line.find(extra);
        if (begin == std::string::npos) continue;
        const size_t end = line.find_first_of(" \r", begin + 1);
        line.erase(begin, end - begin);
    }
    return line;
}

std::string hmac_md5(const std::string& key, const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    return {reinterpret_cast<const char*>(out), size};
}

// Our half: every line we wrote, a message as one entry. One mail a session; the next on the
// parked stream.
std::vector<std::string> replay(const options& how, const std::vector<envelope>& mails,
                                dialogue with, const std::vector<std::string>& bodies) {
    std::vector<std::string> ours;
    size_t reply_at = 0;
    std::optional<parked_notes> notes;
    const size_t sessions = std::max<size_t>(mails.size(), 1);
    for (size_t at = 0; at < sessions; ++at) {
        const envelope nobody;
        const envelope& mail = mails.empty() ? nobody : mails[at];
        results into(mail);
        beginning from;
        from.secured = how.security == security::tls;
        from.parked = notes;
        session machine(how, mails.empty() ? nullptr : &mail, into, from);
        for (action wish = machine.next(); wish.what != need::done; wish = machine.next()) {
            if (wish.what == need::open_body) machine.opened(bodies.at(at).size());
            if (wish.what == need::digest)
                machine.digested(hmac_md5(how.login.password, wish.bytes));
            if (wish.what == need::token)
                machine.lent(wish.fresh ? "ya29.renewed" : "ya29.fake-access-token");
            if (wish.what == need::read && wish.timeout.count() == 0) {
                machine.quiet();
            } else if (wish.what == need::read) {
                if (reply_at == with.server.size())
                    machine.lost("the recording ends");
                else
                    machine.received(with.server[reply_at++]);
            }
            if (wish.what != need::write) continue;
            std::string_view bytes = wish.bytes;
            while (!bytes.empty()) {
                const size_t end = bytes.find("\r\n") + 2;
                ours.push_back(without_extras(std::string(bytes.substr(0, end))));
                bytes.remove_prefix(end);
            }
            if (wish.body != body_form::none) ours.push_back(bodies.at(at));
            if (!wish.after.empty()) ours.emplace_back(wish.after);
            machine.written();
        }
        notes = machine.notes();
    }
    return ours;
}

options password_login() {
    options how;
    how.host = "smtp.example.com";
    how.hello_name = "client.example.com";
    how.security = security::none;
    how.plaintext_auth = true;
    how.chunking = false;
    how.login.username = "user@example.com";
    how.login.password = "p@ss w\xC3\xB6rd";
    return how;
}
options token_login() {
    options how = password_login();
    how.login.username = "someuser@example.com";
    how.login.password.clear();
    how.login.token = "ya29.fake-access-token";
    how.login.wanted = mechanism::xoauth2;
    return how;
}

envelope to(std::vector<std::string_view> addresses, uint32_t notify = 0,
            std::string_view from = "donotreply@example.com") {
    envelope mail;
    mail.from = mail.from_ascii = from;
    for (const auto address : addresses)
        mail.to.push_back({static_cast<uint32_t>(mail.to.size()), address, address, notify, ""});
    return mail;
}

void check_equal(const std::string& name, const options& how, const std::vector<envelope>& mails) {
    INFO(name);
    const dialogue recorded = dialogue_of(read_capture(name));
    std::vector<std::string> bodies;
    for (const std::string& one : recorded.client) {
        if (one.find("Message-ID:") != std::string::npos) bodies.push_back(one);
    }
    CHECK(replay(how, mails, recorded, bodies) == recorded.client);
}

}  // namespace

TEST_CASE("the recorded client halves are ours, line by line") {
    check_equal("smtp-auth-plain-simple", password_login(), {to({"ana@example.org"})});
    check_equal("smtp-auth-login", password_login(), {to({"ana@example.org"})});
    check_equal("smtp-partial-rcpt-rejection", password_login(),
                {to({"ana@example.org", "bad@example.org", "slow@example.org"})});
    check_equal("smtp-pooled-two-messages", password_login(),
                {to({"ana@example.org"}), to({"ana@example.org"})});
    check_equal("smtp-auth-xoauth2-ok", token_login(), {});
}

TEST_CASE("DSN parameters and SMTPUTF8 are said as recorded") {
    envelope full =
        to({"josef@example.org", "li@example.net", "cc@example.org", "audit@example.com"},
           GATEPOST_NOTIFY_FAILURE | GATEPOST_NOTIFY_DELAY, "news@example.com");
    full.ret = GATEPOST_RET_HEADERS;
    full.envid = "m-0003";
    check_equal("smtp-message-full-dsn", password_login(), {full});
    envelope utf8 = to({"\xC5\xBEofie@example.org"});
    utf8.needs_utf8 = true;
    utf8.to[0].ascii = "";
    check_equal("smtp-smtputf8-address", password_login(), {utf8});
}

TEST_CASE("CRAM-MD5 is answered as recorded, when it is asked for by name") {
    options how = password_login();
    how.login.username = "tim";
    how.login.password = "tanstaaftanstaaf";
    how.login.wanted = mechanism::cram_md5;
    check_equal("smtp-auth-cram-md5", how, {});
}

TEST_CASE("a refused token of the host's is renewed once, as recorded") {
    const dialogue recorded = dialogue_of(read_capture("smtp-auth-xoauth2-rejected"));
    options how = token_login();
    how.login.token.clear();
    how.login.lent = true;
    std::vector<std::string> ours = replay(how, {}, recorded, {});
    REQUIRE(ours.size() == 5);
    // The recorded client was given the same token again, and said it again; we do not.
    CHECK(ours[3] != recorded.client[3]);
    CHECK(ours[3].starts_with("AUTH XOAUTH2 "));
    ours[3] = recorded.client[3];
    CHECK(ours == recorded.client);
}

TEST_CASE("a refused token of the settings is answered with an empty line, and not tried again") {
    const dialogue recorded = dialogue_of(read_capture("smtp-auth-xoauth2-rejected"));
    std::vector<std::string> once = recorded.client;
    REQUIRE(once.size() == 5);
    once.resize(3);  // the rest is the second try
    CHECK(replay(token_login(), {}, recorded, {}) == once);
}
