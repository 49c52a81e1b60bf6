// What a server gets follows from what it offers: 8 bits, and wishes for delivery reports. And what
// the settings say about the way to it stands in the request to the host.
#include "host.hpp"

using namespace smtp_test;

namespace {

plan offering(std::vector<std::string> words) {
    plan how;
    how.offers = std::move(words);
    return how;
}

check::message greetings() {
    check::message mail = check::simple_message();
    mail.parts[0].content = "Grüße aus Köln\r\n";
    return mail;
}

// The settings of the case beside those that every case has.
asked_stream asked_for(const std::string& security, const std::string& more) {
    plan how = offering({"STARTTLS", "PIPELINING"});
    running run(how, R"({"host":"mx.example.org","security":")" + security + R"(",)" + more + "}");
    REQUIRE(run.status == GATEPOST_OK);
    CHECK(run.send().verdict == GATEPOST_ACCEPTED);
    // Of STARTTLS the second request is the one that secures.
    REQUIRE(run.log->streams.size() == (security == "starttls" ? 2 : 1));
    CHECK_FALSE(run.log->streams.front().starttls);
    CHECK(run.log->streams.front().host == "mx.example.org");
    CHECK(run.log->streams.back().starttls == (security == "starttls"));
    return run.log->streams.back();
}

}  // namespace

TEST_CASE("a server without 8BITMIME is sent 7 bits, and hears nothing of 8") {
    for (const bool bdat : {false, true}) {
        std::vector<std::string> words{"PIPELINING"};
        if (bdat) words.emplace_back("CHUNKING");
        running seven(offering(words));
        for (int mail = 0; mail < 2; ++mail)  // the second over the session that was kept
            CHECK(seven.send(greetings()).verdict == GATEPOST_ACCEPTED);
        CHECK(seven.saw->connections == 1);
        CHECK(seven.log->body_flags == std::vector<uint32_t>(2, GATEPOST_BODY_7BIT));
        CHECK(seven.saw->count("MAIL") == 2);
        CHECK(seven.saw->lines[1] == "MAIL FROM:<sender@example.org>");
        CHECK(seven.saw->count("BDAT") == (bdat ? 2 : 0));

        words.emplace_back("8BITMIME");
        running eight(offering(words));
        for (int mail = 0; mail < 2; ++mail)
            CHECK(eight.send(greetings()).verdict == GATEPOST_ACCEPTED);
        CHECK(eight.log->body_flags == std::vector<uint32_t>(2, 0));
        CHECK(eight.saw->count("MAIL FROM:<sender@example.org> BODY=8BITMIME") == 2);
        CHECK(eight.saw->lines[1] == "MAIL FROM:<sender@example.org> BODY=8BITMIME");
        REQUIRE(eight.saw->messages.size() == 2);
        CHECK(eight.saw->messages[0] == check::whole_of(greetings()));
    }
}

TEST_CASE("HELO alone offers nothing: 7 bits") {
    plan how;
    how.answer = [](const std::string& line, bool&) -> std::string {
        return line.starts_with("EHLO") ? "502 5.5.1 what\r\n" : "";
    };
    running run(how);
    CHECK(run.send(greetings()).verdict == GATEPOST_ACCEPTED);
    CHECK(run.log->body_flags == std::vector<uint32_t>{GATEPOST_BODY_7BIT});
    CHECK(run.saw->lines[2] == "MAIL FROM:<sender@example.org>");
}

TEST_CASE("a server without DSN is asked for no reports") {
    check::message mail = check::rich_message();
    mail.recipients.erase(mail.recipients.begin() + 1);
    mail.flags = 0;
    running run(offering({"PIPELINING", "8BITMIME"}));
    CHECK(run.send(mail).verdict == GATEPOST_ACCEPTED);
    REQUIRE(run.saw->lines.size() == 6);  // EHLO MAIL RCPT RCPT RCPT DATA
    CHECK(run.saw->lines[1] == "MAIL FROM:<sender@example.org> BODY=8BITMIME");
    CHECK(run.saw->lines[2] == "RCPT TO:<first@example.net>");
    CHECK(run.saw->lines[3] == "RCPT TO:<copy@example.net>");
    CHECK(run.saw->lines[4] == "RCPT TO:<blind@example.net>");
}

// ---- settings that the host has to know -------------------------------------------------------

TEST_CASE("a proxy of the settings is the proxy of the connect") {
    const std::string proxy = R"("proxy":"socks5://user:pass@proxy.example.net:1080")";
    for (const char* security : {"none", "tls"})
        CHECK(asked_for(security, proxy).proxy == "socks5://user:pass@proxy.example.net:1080");
    CHECK(asked_for("none", R"("dsn":true)").proxy.empty());
}

TEST_CASE("a bind address of the settings is that of the connect") {
    for (const char* security : {"none", "tls"})
        CHECK(asked_for(security, R"("bind_address":"192.0.2.7")").bind_address == "192.0.2.7");
    CHECK(asked_for("none", R"("bind_address":"2001:db8::7")").bind_address == "2001:db8::7");
    CHECK(asked_for("none", R"("dsn":true)").bind_address.empty());
}

TEST_CASE("a client certificate is shown by TLS at once, and by STARTTLS") {
    const std::string files =
        R"("certificate_file":"/etc/gate/c.pem","key_file":"/etc/gate/k.pem")";
    for (const char* security : {"tls", "starttls"}) {
        const asked_stream asked = asked_for(security, files);
        CHECK(asked.certificate_file == "/etc/gate/c.pem");
        CHECK(asked.ca_file.empty());
    }
    CHECK(asked_for("tls", R"("dsn":true)").certificate_file.empty());
}

TEST_CASE("the key of a client certificate goes with it") {
    const std::string files =
        R"("certificate_file":"/etc/gate/c.pem","key_file":"/etc/gate/k.pem")";
    for (const char* security : {"tls", "starttls"})
        CHECK(asked_for(security, files).key_file == "/etc/gate/k.pem");
    CHECK(asked_for("starttls", R"("dsn":true)").key_file.empty());
}

TEST_CASE("authority, oldest TLS and verification are those of the settings") {
    for (const char* security : {"tls", "starttls"}) {
        const asked_stream usual = asked_for(security, R"("dsn":true)");
        CHECK(usual.ca_file.empty());
        CHECK(usual.minimum_tls == 0x0303);
        CHECK(usual.verify == 1);
        const asked_stream own = asked_for(
            security, R"("ca_file":"/etc/gate/ca.pem","minimum_tls":"1.3","tls_verify":"never")");
        CHECK(own.ca_file == "/etc/gate/ca.pem");
        CHECK(own.minimum_tls == 0x0304);
        CHECK(own.verify == 0);
    }
}
