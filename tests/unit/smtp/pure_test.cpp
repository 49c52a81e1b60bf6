// Commands, replies and extensions: the pure bytes in both directions.
#include <nlohmann/json.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fstream>

#include <gatepost/abi.h>

#include "extensions.hpp"
#include "payload.hpp"
#include "reply.hpp"
#include "sasl.hpp"
#include "support/catch.hpp"

using namespace smtp;

namespace {

std::vector<reply> parse(std::string_view bytes, size_t piece = std::string_view::npos) {
    reply_parser parser;
    std::vector<reply> out;
    reply one;
    while (!bytes.empty()) {
        parser.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        while (parser.next(one))
            out.push_back(one);
    }
    return out;
}

std::string problem_of(std::string_view bytes) {
    reply_parser parser;
    parser.feed(bytes);
    reply one;
    while (parser.next(one)) {
    }
    return std::string(parser.problem());
}

nlohmann::json vectors() {
    std::ifstream in(std::string(SMTP_CAPTURES) + "/vectors-smtp-sasl.json");
    return nlohmann::json::parse(in);
}

std::string hmac_md5(const std::string& key, const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    return {reinterpret_cast<const char*>(out), size};
}

}  // namespace

TEST_CASE("replies of several lines, without a space, without text and with bare LF are read") {
    const auto found = parse(
        "220 ready\r\n250-first\r\n250-second\r\n250 last\r\n250\r\n250ok\n"
        "550-5.1.1 no\r\n550 5.1.1  such user\r\n221-\r\n221\r\n");
    REQUIRE(found.size() == 6);
    CHECK(found[0].code == 220);
    CHECK(found[1].text == "first\nsecond\nlast");
    CHECK(found[2].text.empty());
    CHECK(found[3].text == "ok");
    CHECK(found[4].text == "no\nsuch user");
    CHECK(found[4].enhanced == enhanced_code{5, 1, 1});
    CHECK(in_words(found[4]) == "550 5.1.1 no such user");
    CHECK(found[5].code == 221);
}

TEST_CASE("cut at every byte, the same bytes give the same replies") {
    const std::string bytes =
        "220-mx\r\n220 ready\r\n250-A\r\n250-B\n250 C\r\n354\r\n452 4.5.3 too many\r\n"
        "250 2.0.0 queued \xC3\xA4\r\n";
    const auto whole = parse(bytes);
    REQUIRE(whole.size() == 5);
    for (size_t piece = 1; piece < bytes.size(); ++piece) {
        const auto cut = parse(bytes, piece);
        REQUIRE(cut.size() == whole.size());
        for (size_t at = 0; at < cut.size(); ++at) {
            CHECK(cut[at].code == whole[at].code);
            CHECK(cut[at].text == whole[at].text);
            CHECK(cut[at].enhanced == whole[at].enhanced);
        }
    }
}

TEST_CASE("what is no reply is an error, and stays one") {
    for (const char* bytes :
         {"25\r\n", "hello\r\n", "\r\n", "2500 x\r\n", "150 x\r\n", "650 x\r\n", "2x0 x\r\n",
          "250-a\r\n550 b\r\n", "250-a\r\nb\r\n", " 250 x\r\n", "HTTP/1.1 400 Bad Request\r\n"})
        CHECK_FALSE(problem_of(bytes).empty());
    CHECK(problem_of("250-a\r\n251 b\r\n").empty());
    reply_parser parser;
    parser.feed("oops\r\n250 fine\r\n");
    reply one;
    CHECK_FALSE(parser.next(one));
    parser.feed("250 fine\r\n");
    CHECK_FALSE(parser.next(one));
    CHECK(parser.failed());
}

TEST_CASE("lines of four kilobytes are read; lines and replies without end are not") {
    CHECK(parse("250 " + std::string(5000, 'x') + "\r\n").size() == 1);
    CHECK_FALSE(problem_of("250 " + std::string(reply_parser::line_bytes + 1, 'x')).empty());
    std::string endless;
    for (size_t i = 0; i <= reply_parser::reply_lines; ++i)
        endless += "250-x\r\n";
    CHECK_FALSE(problem_of(endless).empty());
    std::string wide;
    for (int i = 0; i < 10; ++i)
        wide += "250-" + std::string(8000, 'x') + "\r\n";
    CHECK_FALSE(problem_of(wide).empty());
}

TEST_CASE("what was read is let go, however the pieces are cut") {
    reply_parser parser;
    reply said;
    const std::string fat = "250 " + std::string(12'000, 'x') + "\r\n";
    std::size_t most = 0, replies = 0;
    parser.feed("250");  // the next has always begun
    for (int i = 0; i < 1000; ++i) {
        parser.feed(fat.substr(3) + "250");
        while (parser.next(said))
            ++replies;
        most = std::max(most, parser.held());
    }
    CHECK(replies == 1000);
    CHECK(most < 4 * reply_parser::line_bytes);
}

TEST_CASE("NUL, controls and bytes that are no UTF-8 are cleaned") {
    const auto found = parse(std::string("250 a\0b\x01\xFF\xC3\xA4\r c\r\n", 16));
    REQUIRE(found.size() == 1);
    CHECK(found[0].text == "a?b??\xC3\xA4? c");
}

TEST_CASE("an enhanced code belongs to its class and is taken off the text") {
    CHECK(parse("550 5.7.30 off\r\n")[0].enhanced == enhanced_code{5, 7, 30});
    CHECK(parse("550 4.7.0 off\r\n")[0].enhanced == enhanced_code{});
    CHECK(parse("550 5.7 off\r\n")[0].text == "5.7 off");
    CHECK(parse("550 5.7.1234 x\r\n")[0].enhanced == enhanced_code{});
    CHECK(parse("250 2.0.0\r\n")[0].enhanced == enhanced_code{2, 0, 0});
    CHECK(parse("250 2.1.0.5 address\r\n")[0].text == "2.1.0.5 address");
}

TEST_CASE("what EHLO offers is read in any case, with both forms of AUTH and RFC 9422 limits") {
    const offered what = read_offer(
        "mx.example.org PIPELINING\nsize 1000\nPipelining\nAUTH=LOGIN\nAUTH PLAIN cram-md5 "
        "GSSAPI\nLIMITS MAILMAX=5 RCPTMAX=x RCPTDOMAINMAX=2\nX-NEW");
    CHECK(what.size);
    CHECK(what.size_limit == 1000);
    CHECK(what.pipelining);
    CHECK_FALSE(what.chunking);
    CHECK(what.mechanisms == (offers_plain | offers_login | offers_cram_md5));
    CHECK(what.mails == 5);
    CHECK(what.recipients == 0);
    CHECK(what.recipient_domains == 2);
    CHECK(in_words(what) ==
          "PIPELINING, SIZE 1000, AUTH PLAIN LOGIN CRAM-MD5, MAILMAX=5, RCPTDOMAINMAX=2");
    CHECK_FALSE(read_offer("PIPELINING").pipelining);
    CHECK(in_words(read_offer("mx")) == "nothing");
    const auto back = read_notes(write_notes({what, 7}));
    REQUIRE(back);
    CHECK(back->what == what);
    CHECK(back->mails_done == 7);
    CHECK_FALSE(read_notes(""));
    CHECK_FALSE(read_notes("2 0 0 0 0 0 0 0"));
    CHECK_FALSE(read_notes("1 0 0"));
}

TEST_CASE("nothing that could end a line or a path makes a command") {
    using namespace std::string_literals;
    for (const std::string& bad : {"a@b\r\nRCPT TO:<c@d>"s, "a@b\nX"s, "a@b\0c"s, "a b@c"s, "a@b>"s,
                                   "<a@b"s, ""s, std::string(255, 'a'), "a\x7F@b"s, "a\t@b"s}) {
        std::string out;
        envelope mail;
        mail.from = mail.from_ascii = bad;
        if (!bad.empty()) CHECK_FALSE(add_mail(out, mail, {}));
        envelope_recipient to;
        to.address = to.ascii = bad;
        CHECK_FALSE(add_recipient(out, to, {}));
        if (bad.find('@') != std::string::npos) CHECK_FALSE(add_hello(out, "EHLO", bad));
        CHECK(out.empty());
    }
    std::string out;
    CHECK_FALSE(add_hello(out, "EHLO", ""));
    CHECK(add_hello(out, "EHLO", "[IPv6:2001:db8::1]"));
    CHECK(out == "EHLO [IPv6:2001:db8::1]\r\n");
}

TEST_CASE("commands carry what is asked for and offered, in xtext") {
    envelope mail;
    mail.ret = GATEPOST_RET_FULL;
    mail.envid = "a+b=c\r\nd";
    parameters with{false, true, true, true, 1234};
    std::string out;
    REQUIRE(add_mail(out, mail, with));
    CHECK(out == "MAIL FROM:<> SIZE=1234 BODY=8BITMIME RET=FULL ENVID=a+2Bb+3Dc+0D+0Ad\r\n");
    out.clear();
    envelope_recipient to{0, "a@b", "a@b", 2 | 4 | 8, "rfc822;a+x@b\r\n"};
    REQUIRE(add_recipient(out, to, with));
    CHECK(out == "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bx@b+0D+0A\r\n");
    out.clear();
    to.orcpt = "rfc822;\xC3\xA4+@b";
    to.notify = 1;
    REQUIRE(add_recipient(out, to, with));
    CHECK(out == "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=utf-8;\\x{E4}\\x{2B}@b\r\n");
    out.clear();
    to.orcpt = "no type";
    to.notify = 0;
    REQUIRE(add_recipient(out, to, with));
    CHECK(out == "RCPT TO:<a@b>\r\n");
    // An address with an A-label goes out as one unless SMTPUTF8 is spoken.
    to = {0,
          "a@b\xC3\xBC"
          ".example",
          "a@xn--b-xga.example", 0, ""};
    out.clear();
    REQUIRE(add_recipient(out, to, {}));
    CHECK(out == "RCPT TO:<a@xn--b-xga.example>\r\n");
}

TEST_CASE("SASL vectors are equal, byte for byte") {
    const auto all = vectors();
    const auto words = [](const nlohmann::json& from, const char* key) {
        return from.at(key).get<std::string>();
    };
    credentials with;
    with.username = words(all["plain"], "user");
    with.password = words(all["plain"], "password");
    CHECK(sasl_exchange(mechanism::plain, with).first_line() ==
          "AUTH PLAIN " + words(all["plain"], "base64") + "\r\n");
    std::string out;
    sasl_exchange late(mechanism::plain, with);
    CHECK(late.challenged("", out) == sasl_exchange::answer::line);
    CHECK(out == words(all["plain"], "base64") + "\r\n");

    const auto& login = all["login"];
    sasl_exchange steps(mechanism::login, with);
    CHECK(steps.first_line() == "AUTH LOGIN\r\n");
    CHECK(steps.challenged(words(login, "userPrompt"), out) == sasl_exchange::answer::line);
    CHECK(out == words(login, "userBase64") + "\r\n");
    CHECK(steps.challenged("any words", out) == sasl_exchange::answer::line);
    CHECK(out == words(login, "passwordBase64") + "\r\n");
    CHECK(steps.challenged("more?", out) == sasl_exchange::answer::cancel);
    CHECK(out == "*\r\n");

    for (const auto& one : all["cramMd5"]) {
        with.username = words(one, "user");
        with.password = words(one, "password");
        sasl_exchange cram(mechanism::cram_md5, with);
        CHECK(cram.first_line() == "AUTH CRAM-MD5\r\n");
        CHECK(cram.challenged(words(one, "challengeBase64"), out) == sasl_exchange::answer::digest);
        CHECK(cram.digested(hmac_md5(with.password, out)) == words(one, "responseBase64") + "\r\n");
    }

    const auto& x = all["xoauth2"];
    with.username = words(x, "user");
    with.token = words(x, "accessToken");
    sasl_exchange token(mechanism::xoauth2, with);
    CHECK(token.first_line() == "AUTH XOAUTH2 " + words(x, "base64") + "\r\n");
    CHECK(token.challenged(words(x, "errorChallengeBase64"), out) == sasl_exchange::answer::line);
    CHECK(out == words(x, "answerToErrorChallenge") + "\r\n");
    CHECK(token.explanation().find("https://mail.google.com/") != std::string::npos);

    const auto& b = all["oauthbearer"];
    with.host = words(b, "host");
    with.port = b["port"].get<uint16_t>();
    sasl_exchange bearer(mechanism::oauthbearer, with);
    CHECK(bearer.first_line() == "AUTH OAUTHBEARER " + words(b, "base64") + "\r\n");
    CHECK(bearer.challenged("e30=", out) == sasl_exchange::answer::line);
    CHECK(out == words(b, "answerToErrorChallengeBase64") + "\r\n");
}

TEST_CASE("a mechanism is chosen by what is offered and what there is, or by name") {
    credentials password;
    password.username = "u";
    password.password = "p";
    credentials token = password;
    token.password.clear();
    token.token = "t";
    const auto with = [](uint32_t bits) {
        offered what;
        what.mechanisms = bits;
        return what;
    };
    CHECK(choose_mechanism(with(31), password) == mechanism::plain);
    CHECK(choose_mechanism(with(31), token) == mechanism::oauthbearer);
    CHECK(choose_mechanism(with(offers_login | offers_xoauth2), password) == mechanism::login);
    CHECK(choose_mechanism(with(offers_login | offers_xoauth2), token) == mechanism::xoauth2);
    CHECK(choose_mechanism(with(offers_cram_md5), password) == mechanism::cram_md5);
    CHECK(choose_mechanism(with(offers_xoauth2), password) == mechanism::none);
    CHECK(choose_mechanism(with(0), password) == mechanism::none);
    password.wanted = mechanism_named("cram-md5");
    CHECK(choose_mechanism(with(31), password) == mechanism::cram_md5);
    CHECK(choose_mechanism(with(offers_plain), password) == mechanism::none);
}

TEST_CASE("a token that does not fit a line waits to be asked") {
    credentials with;
    with.username = "u";
    with.token = std::string(10'000, 't');
    sasl_exchange long_one(mechanism::xoauth2, with);
    CHECK(long_one.first_line() == "AUTH XOAUTH2\r\n");
    std::string out;
    CHECK(long_one.challenged("", out) == sasl_exchange::answer::line);
    CHECK(out.size() > 13'000);
    with.token.resize(3'000);
    CHECK(sasl_exchange(mechanism::xoauth2, with).first_line().size() > 4'000);
}

TEST_CASE("base64 goes there and back, and garbage does not") {
    for (const std::string& text : {std::string(), std::string("a"), std::string("ab"),
                                    std::string("abc"), std::string("\0\xFF\x80", 3)})
        CHECK(from_base64(base64(text)) == text);
    for (const char* bad : {"a", "ab=c", "a===", "====", "ab!=", "YQ==YQ=="})
        CHECK_FALSE(from_base64(bad));
}
