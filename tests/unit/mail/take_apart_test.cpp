// Mail of all sorts taken apart: what is expected of honest mail, and that hostile mail costs
// nothing but an error.
#include <atomic>
#include <thread>

#include "mail_support.hpp"

namespace {

using namespace mail_test;

std::vector<part> parts_of(const std::string& headers, const std::string& body) {
    return reread("From: a@b.example\r\nMIME-Version: 1.0\r\n" + headers + "\r\n\r\n" + body);
}

std::string outline(const std::vector<part>& parts) {
    std::string out;
    for (const part& each : parts) {
        const char* const kinds[] = {"?", "text", "html", "attachment", "inline"};
        out += std::string(kinds[static_cast<int>(each.kind)]) + ":" + each.type + ":" +
               each.filename + ":" + each.content_id + "\n";
    }
    return out;
}

TEST_CASE("A mail without MIME is a text") {
    const auto parts = reread("From: a@b.example\n\nplain\n");
    REQUIRE(parts.size() == 1);
    CHECK(outline(parts) == "text:text/plain; charset=utf-8::\n");
    CHECK(bytes_of(parts[0]) == "plain\r\n");
}

TEST_CASE("Charsets become UTF-8") {
    const auto text_in = [](const std::string& charset, const std::string& bytes) {
        const auto parts = parts_of("Content-Type: text/plain; charset=" + charset, bytes);
        REQUIRE(parts.size() == 1);
        return bytes_of(parts[0]);
    };
    CHECK(text_in("iso-8859-1", "caf\xE9") == "caf\xC3\xA9");
    CHECK(text_in("\"windows-1252\"", "\x80") == "\xE2\x82\xAC");
    CHECK(text_in("koi8-r", "\xF0\xD2") == "\xD0\x9F\xD1\x80");
    CHECK(text_in("iso-2022-jp", "\x1B$B$\"\x1B(B") == "\xE3\x81\x82");
    CHECK(text_in("utf-8", "ok \xFF \xC3") == "ok \xEF\xBF\xBD \xEF\xBF\xBD");
    CHECK(text_in("no-such-charset", "caf\xC3\xA9") == "caf\xC3\xA9");
    CHECK(text_in("utf-8//IGNORE", "x") == "x");
    CHECK(text_in("shift_jis", "\x82") == "\xEF\xBF\xBD");
}

TEST_CASE("Transfer encodings are undone, also broken ones") {
    const auto bytes_in = [](const std::string& encoding, const std::string& body) {
        const auto parts =
            parts_of("Content-Type: application/x\r\nContent-Transfer-Encoding: " + encoding, body);
        REQUIRE(parts.size() == 1);
        return bytes_of(parts[0]);
    };
    CHECK(bytes_in("BASE64", "aGVs\r\nbG8=\r\n") == "hello");
    CHECK(bytes_in("base64", "aGVsbG8") == "hello");
    CHECK(bytes_in("quoted-printable", "a=3Db=\r\nc =41") == "a=bc A");
    CHECK(bytes_in("8bit", "\xFF") == "\xFF");
    CHECK(bytes_in("x-none", "as is") == "as is");
    bytes_in("base64", "!!!!");
    bytes_in("quoted-printable", "=");
    bytes_in("quoted-printable", "=X=");
    bytes_in("x-uuencode", "begin 644 f\r\n#:&5Y\r\n`\r\nend\r\n");
}

const std::string tree =
    "preamble\r\n--M\r\n"
    "Content-Type: multipart/alternative; boundary=A\r\n\r\n"
    "--A\r\n\r\nthe text\r\n"
    "--A\r\nContent-Type: multipart/related; boundary=R\r\n\r\n"
    "--R\r\nContent-Type: text/html\r\n\r\n<p>\r\n"
    "--R\r\nContent-Type: image/png\r\nContent-ID: <i@d>\r\n\r\nPNG\r\n--R--\r\n"
    "--A\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN\r\n--A--\r\nepilogue\r\n"
    "--M\r\nContent-Type: text/plain\r\n\r\nfooter\r\n"
    "--M\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n--inner\r\n"
    "--M\r\nContent-Type: application/pdf; name=\"=?utf-8?Q?=C3=A4.pdf?=\"\r\n\r\nPDF\r\n"
    "--M--\r\nepilogue";

TEST_CASE("A deep honest tree gives text, html, inline and attachments in this order") {
    const auto parts = parts_of("Content-Type: multipart/mixed; boundary=M", tree);
    CHECK(outline(parts) ==
          "text:text/plain; charset=utf-8::\n"
          "html:text/html; charset=utf-8::\n"
          "inline:image/png::i@d\n"
          "attachment:text/calendar; method=\"REQUEST\"::\n"
          "attachment:text/plain::\n"
          "attachment:message/rfc822::\n"
          "attachment:application/pdf:\xC3\xA4.pdf:\n");
    CHECK(bytes_of(parts[0]) == "the text");
    CHECK(bytes_of(parts[2]) == "PNG");
    CHECK(bytes_of(parts[4]) == "footer");
    CHECK(bytes_of(parts[5]) == "Subject: in\r\n\r\n--inner");
}

TEST_CASE("A multipart that is never closed keeps what came") {
    for (size_t cut = 0; cut < tree.size(); ++cut) {
        const auto got =
            receive("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=M\r\n\r\n" +
                    tree.substr(0, cut));
        REQUIRE(got);
        const auto parts = take_apart(*got->mail.raw, memory_content());
        REQUIRE(parts);
        CHECK(parts->size() <= 7);
    }
}

TEST_CASE("An inner multipart left open ends where its parent says") {
    const auto parts = parts_of("Content-Type: multipart/mixed; boundary=O",
                                "--O\r\nContent-Type: multipart/alternative; boundary=I\r\n\r\n"
                                "--I\r\n\r\ntext\r\n--O\r\nContent-Type: a/b\r\n\r\nx\r\n--O--");
    CHECK(outline(parts) == "text:text/plain; charset=utf-8::\nattachment:a/b::\n");
    CHECK(bytes_of(parts[0]) == "text");
}

TEST_CASE("A nesting bomb and a flood of parts are refused, in words and at once") {
    std::string bomb = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b0\n\n";
    for (int i = 0; i < 5000; ++i) {
        const std::string now = "b" + std::to_string(i), next = "b" + std::to_string(i + 1);
        bomb += "--" + now + "\nContent-Type: multipart/mixed; boundary=" + next + "\n\n";
    }
    auto got = receive(bomb);
    REQUIRE(got);
    auto parts = take_apart(*got->mail.raw, memory_content());
    REQUIRE_FALSE(parts);
    CHECK(parts.error().kind == error_kind::invalid);
    CHECK(parts.error().detail.find("deep") != std::string::npos);
    for (const std::string& unit :
         {std::string("--b\n\n"), std::string("--b\n"), std::string("--b\n\nx\n"),
          std::string("--b\nContent-Type: a/b\n\nx\n")}) {
        std::string flood = "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n";
        while (flood.size() < 4'000'000)
            flood += unit;
        got = receive(flood);
        REQUIRE(got);
        parts = take_apart(*got->mail.raw, memory_content());
        REQUIRE_FALSE(parts);
        CHECK(parts.error().detail.find("too many") != std::string::npos);
    }
}

TEST_CASE("Odd and hostile headers of parts do no harm") {
    const std::string long_line(300'000, 'x');
    for (const std::string& headers :
         {std::string("Content-Type: multipart/mixed"),
          std::string("Content-Type: multipart/mixed; boundary="),
          std::string("Content-Type: multipart/mixed; boundary=\"\""),
          std::string("Content-Type: ;;;=\"\\"), std::string("Content-Type: text"),
          std::string("Content-Type: /"), std::string("Content-Type: text/plain; charset=\xFF\xFE"),
          std::string("Content-Type: a/b; n*0*=x''%; n*99999999999=y; n*1*=%zz; =; *=; n*"),
          std::string("Content-Disposition: ; filename*=utf-8''%ff%00%0d; filename=\"a\\"),
          std::string("Content-Disposition: attachment; filename*=none'x'y"),
          std::string("Content-Transfer-Encoding: base64 base64"), std::string("Content-ID: <<>>"),
          std::string("Content-ID: <a b\tc>")}) {
        INFO(headers);
        const auto parts = parts_of(headers, "body\r\n--\r\n--\"\"\r\n");
        CHECK(parts.size() <= 2);
    }
    const auto parts = parts_of("Content-Type: multipart/mixed; boundary=b",
                                "--b\r\nX: " + long_line + "\r\nno colon\r\n\tfold\r\n\r\n" +
                                    long_line + "\r\n--b \t\r\n\r\n" + long_line + "\r\n--b--");
    REQUIRE(parts.size() == 2);
    CHECK(bytes_of(parts[0]) == long_line);
    CHECK(bytes_of(parts[1]) == long_line);
}

TEST_CASE("Random damage to a good mail never does more than change what is read") {
    std::mt19937 engine(11);
    const std::string good =
        "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=M\r\n\r\n" + tree;
    for (int round = 0; round < 3000; ++round) {
        std::string bad = good;
        for (int i = 0; i < 4; ++i) {
            const size_t at = engine() % bad.size();
            switch (engine() % 3) {
                case 0: bad[at] = static_cast<char>(engine() % 255 + 1); break;
                case 1: bad.erase(at, engine() % 20); break;
                default: bad.insert(at, bad.substr(engine() % bad.size(), engine() % 40)); break;
            }
        }
        const auto got = receive(bad);
        if (!got) continue;
        const auto parts = take_apart(*got->mail.raw, memory_content());
        if (parts) CHECK(parts->size() <= limits::parts);
    }
}

TEST_CASE("Several threads may read and render at once") {
    const std::string whole =
        "From: =?iso-8859-15?Q?=A4?= <a@b.example>\r\nContent-Type: multipart/mixed; "
        "boundary=M\r\n\r\n" +
        tree;
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 100; ++round) {
                raw_receiver receiver(memory_content());
                if (!receiver.feed(whole)) return;
                const auto got = receiver.finish(some_id(), some_time(), "h");
                if (!got || got->mail.from->name != "\xE2\x82\xAC") return;
                const auto parts = take_apart(*got->mail.raw, memory_content());
                if (!parts || parts->size() != 7) return;
            }
            ++good;
        });
    }
    for (std::thread& each : threads)
        each.join();
    CHECK(good == 4);
}

}  // namespace
