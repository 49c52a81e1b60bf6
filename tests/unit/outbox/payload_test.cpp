// Names, folders and envelope lines of the outbox: deterministic, safe, complete.
#include "payload.hpp"

#include "support/catch.hpp"
#include "unit/sdk/fake_host.hpp"

namespace {

using gatepost::sdk::message;

std::string name(const fake::mail& mail) {
    const message view(&mail.view);
    return outbox::name_of(view, view.carried());
}
std::string lines(const fake::mail& mail) {
    const message view(&mail.view);
    return outbox::envelope_lines(view, view.carried());
}
std::string name_with_id(const std::string& id) {
    fake::mail mail({"a@example.net"});
    mail.id = id;
    mail.view.id = fake::abi(mail.id);
    return name(mail);
}

}  // namespace

TEST_CASE("A file is named after the date and the id of the message") {
    const fake::mail mail({"a@example.net", "b@example.net"});
    CHECK(name(mail) == "1700000000.0abc.gatepost");
}

TEST_CASE("A name depends on the set of carried recipients and on nothing else of the attempt") {
    fake::mail mail({"a@example.net", "b@example.net", "c@example.net"});
    const std::string whole = name(mail);
    mail.carry_only({2, 0, 1});
    CHECK(name(mail) == whole);
    mail.carry_only({0, 2});
    const std::string part = name(mail);
    mail.carry_only({2, 0});
    CHECK(name(mail) == part);
    CHECK(part != whole);
    mail.carry_only({0, 1});
    CHECK(name(mail) != part);
    CHECK(part.starts_with("1700000000.0abc.r"));
}

TEST_CASE("No id leaves the folder or breaks the rules of a Maildir") {
    for (const std::string& id :
         {std::string("../../etc/passwd"), std::string("a:2,S"), std::string(), std::string("."),
          std::string("a\0b", 3), std::string(5000, 'x'), std::string("\xC3\xA4"),
          std::string("a\nb")}) {
        const std::string made = name_with_id(id);
        CHECK(made.find_first_of(std::string("/:\n\0", 4)) == std::string::npos);
        CHECK(made.size() < 200);
        CHECK(made.front() == '1');
    }
    CHECK(name_with_id("a/b") != name_with_id("a:b"));
}

TEST_CASE("The lines before the mail show the envelope, Bcc included") {
    fake::mail mail({"a@example.net", "hidden@example.net", "c@example.net"});
    mail.recipients[1].role = GATEPOST_BCC;
    mail.carry_only({0, 1});
    CHECK(lines(mail) ==
          "Return-Path: <sender@example.com>\r\n"
          "X-Original-To: a@example.net\r\n"
          "X-Original-To: hidden@example.net\r\n");
    mail.view.envelope_from = {};
    CHECK(lines(mail).starts_with("Return-Path: <>\r\n"));
}

TEST_CASE("A control character in an address never makes a line") {
    const fake::mail mail({"a@example.net\r\nSubject: injected"});
    CHECK(lines(mail).find("\r\nSubject") == std::string::npos);
}

TEST_CASE("A path is absolute, without ways up, and made tidy") {
    CHECK(outbox::objection_to("/var/mail") == "");
    CHECK(outbox::objection_to("/var/..mail/a..b") == "");
    for (const std::string& path : {std::string(), std::string("mail"), std::string("/"),
                                    std::string("//"), std::string("/a/../b"), std::string("/a/.."),
                                    std::string("/a//../b"), std::string("/a\0b", 4)}) {
        CHECK(outbox::objection_to(path) != "");
    }
    CHECK(outbox::tidy("//var///mail/") == "/var/mail");
    CHECK(outbox::folders_of("/m")[0] == "/m/tmp");
}
