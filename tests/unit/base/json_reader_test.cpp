// The JSON reader against documents that are right, wrong and hostile, in every cut; and against
// nlohmann::json::accept on random documents, with which it must agree but for its own refusals.
#include "base/json_reader.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "support/catch.hpp"

using namespace gatepost;

namespace {

// Writes down what it hears, strings joined; counts pieces and checks that each is whole UTF-8.
class recorder final : public json_events {
  public:
    status on_null() override { return say("null"); }
    status on_boolean(bool value) override { return say(value ? "true" : "false"); }
    status on_integer(int64_t value) override { return say("i" + std::to_string(value)); }
    status on_number(double value, std::string_view text) override {
        return say("n" + std::string(text) + "=" + std::to_string(value));
    }
    status on_string(std::string_view piece, bool last) override {
        if (!text::is_utf8(piece)) broken_piece = true;
        if (piece.empty() && !last) broken_piece = true;
        string += piece;
        if (!last) return success{};
        const status said = say("\"" + string + "\"");
        string.clear();
        return said;
    }
    status on_key(std::string_view key) override { return say("k" + std::string(key)); }
    status on_object_begin() override { return say("{"); }
    status on_object_end() override { return say("}"); }
    status on_array_begin() override { return say("["); }
    status on_array_end() override { return say("]"); }

    status say(const std::string& what) {
        heard += what + "\n";
        if (reader != nullptr) places += what + " at " + reader->pointer() + "\n";
        if (what == refuse) return error{error_kind::too_large, "refused by the listener"};
        return success{};
    }

    json_reader* reader = nullptr;
    std::string heard, places, string, refuse;
    bool broken_piece = false;
};

struct outcome {
    std::string heard;
    std::string error;  // empty: accepted
    bool broken_piece = false;
};

outcome read(const std::vector<std::string_view>& pieces) {
    recorder events;
    json_reader reader(events);
    for (const std::string_view piece : pieces)
        if (const status fed = reader.feed(piece); !fed)
            return {events.heard, fed.error().detail, events.broken_piece};
    const status end = reader.finish();
    return {events.heard, end ? std::string() : end.error().detail, events.broken_piece};
}

outcome read(std::string_view document) {
    return read(std::vector{document});
}

outcome read_byte_by_byte(std::string_view document) {
    std::vector<std::string_view> pieces;
    for (size_t i = 0; i < document.size(); ++i)
        pieces.push_back(document.substr(i, 1));
    return read(pieces);
}

void check_every_cut(std::string_view document) {
    const outcome whole = read(document);
    INFO(document);
    CHECK(!whole.broken_piece);
    for (size_t cut = 0; cut <= document.size(); ++cut) {
        const outcome parts = read({document.substr(0, cut), document.substr(cut)});
        CHECK(parts.heard == whole.heard);
        CHECK(parts.error == whole.error);
        CHECK(!parts.broken_piece);
    }
    const outcome bytes = read_byte_by_byte(document);
    CHECK(bytes.heard == whole.heard);
    CHECK(bytes.error == whole.error);
    CHECK(!bytes.broken_piece);
}

std::string repeat(std::string_view text, size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

const std::string rich =
    "{\"from\":\"Acme <a@b.example>\", \"to\" : [\"x\", {\"email\":\"y\",\"name\":\"Zo\xc3\xab "
    "\\u20ac "
    "\\ud83d\\ude00 \xf0\x9f\x98\x80\"}],\r\n\t\"n\":[0,-0,-12,3.5,1e3,-2.5E-3,9223372036854775807,"
    "9223372036854775808],\"t\":true,\"f\":false,\"z\":null,\"e\":{},\"a\":[],\"\":\"\","
    "\"esc\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"} \n";

}  // namespace

TEST_CASE("the reader says every event of a document in order") {
    const outcome said = read(R"({"a":[1,-2,1.5,"x"],"b":{"c":null,"d":true}})");
    CHECK(said.error == "");
    CHECK(said.heard ==
          "{\nka\n[\ni1\ni-2\nn1.5=1.500000\n\"x\"\n]\nkb\n{\nkc\nnull\nkd\ntrue\n}\n}\n");
}

TEST_CASE("a document may be cut anywhere") {
    check_every_cut(rich);
    for (const char* document : {"12",
                                 "-1.5e+7 ",
                                 "\"\"",
                                 "true",
                                 " null ",
                                 "[]",
                                 "{}",
                                 "[[],[{}]]",
                                 "{\"a\":1,\"a\":2}",
                                 "[1,]",
                                 "{\"a\" 1}",
                                 "\"\\ud800x\"",
                                 "\"\\ud800\\n\"",
                                 "[tru]",
                                 "\"\xe2\x82\"",
                                 "\"\xe2\x82\xac\xf4\x90\x80\x80\"",
                                 "[1 2]",
                                 "01",
                                 "[-]",
                                 "1e400",
                                 "{\"a\\u0000\":1}"})
        check_every_cut(document);
}

TEST_CASE("strings are decoded") {
    CHECK(read(R"("\u0041\u00e9\u20ac\ud83d\ude00\/\n")").heard ==
          "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\n\"\n");
    CHECK(read("\"a\\u0000b\"").heard == std::string("\"a\0b\"\n", 6));
}

TEST_CASE("numbers are integers where they can be") {
    CHECK(read("[0,-0,9223372036854775807,-9223372036854775808]").heard ==
          "[\ni0\ni0\ni9223372036854775807\ni-9223372036854775808\n]\n");
    CHECK(read("9223372036854775808").heard == "n9223372036854775808=9223372036854775808.000000\n");
    CHECK(read("1.0").heard == "n1.0=1.000000\n");
    CHECK(read("1e-999").heard == "n1e-999=0.000000\n");
    CHECK(read("0.0e999").heard == "n0.0e999=0.000000\n");
    CHECK(read("1" + repeat("0", 100) + "e-100").heard.find("=1.000000") != std::string::npos);
    CHECK(read("1e999").error == "byte 0: a number is too large");
    CHECK(read("-1e99999999999999999999").error == "byte 0: a number is too large");
    CHECK(read("1e-99999999999999999999").error == "");
    CHECK(read(repeat("1", 1'000'000)).error == "byte 0: a number is longer than 128 characters");
}

TEST_CASE("what is not RFC 8259 is refused with its place") {
    struct {
        std::string document, expected;
    } const cases[] = {
        {"", "byte 0: the document is empty"},
        {"  ", "byte 2: the document ends too early"},
        {"{", "byte 1: the document ends too early"},
        {"[1", "byte 2, at /0: the document ends too early"},
        {"\"abc", "byte 4: the document ends too early"},
        {"tru", "byte 3: the document ends too early"},
        {"1 1", "byte 2: something follows the end of the document"},
        {"{}{}", "byte 2: something follows the end of the document"},
        {"[1,]", "byte 3, at /1: a value is expected"},
        {"[,1]", "byte 1, at /0: a value is expected"},
        {"{,}", "byte 1: a key in double quotes is expected"},
        {"{\"a\":1,}", "byte 7: a key in double quotes is expected"},
        {"{a:1}", "byte 1: a key in double quotes is expected"},
        {"{'a':1}", "byte 1: a key in double quotes is expected"},
        {"{\"a\"1}", "byte 4, at /a: a colon is expected after a key"},
        {"{\"a\":}", "byte 5, at /a: a value is expected"},
        {"[1 2]", "byte 3, at /0: a comma or ] is expected"},
        {"{\"a\":1]", "byte 6, at /a: a comma or } is expected"},
        {"[1}", "byte 2, at /0: a comma or ] is expected"},
        {"01", "byte 0: this is not a number as JSON writes them"},
        {"-", "byte 0: this is not a number as JSON writes them"},
        {"1.", "byte 0: this is not a number as JSON writes them"},
        {".5", "byte 0: a value is expected"},
        {"+1", "byte 0: a value is expected"},
        {"1e", "byte 0: this is not a number as JSON writes them"},
        {"1-2", "byte 0: this is not a number as JSON writes them"},
        {"NaN", "byte 0: a value is expected"},
        {"-Infinity", "byte 0: this is not a number as JSON writes them"},
        {"nul!", "byte 3: a value is expected"},
        {"// x\n1", "byte 0: a value is expected"},
        {"\xef\xbb\xbf{}", "byte 0: a byte order mark is not allowed before JSON"},
        {"[\xef\xbb\xbf]", "byte 1, at /0: a value is expected"},
        {"\"\\x\"", "byte 2: an unknown escape in a string"},
        {"\"\\u12g4\"", "byte 5: \\u is to be followed by four hexadecimal digits"},
        {"\"a\nb\"", "byte 2: a control character in a string"},
        {std::string("\"a\0b\"", 5), "byte 2: a control character in a string"},
        {"{\"attachments\":[{\"content\":\"ab\x01\"}]}",
         "byte 30, at /attachments/0/content: a control character in a string"},
        {"\"\\ud800\"", "byte 7: half of a surrogate pair"},
        {"\"\\udc00\"", "byte 6: half of a surrogate pair"},
        {"\"\\ud800\\ud800\"", "byte 12: half of a surrogate pair"},
        {"\"\\ud800\\n\"", "byte 8: half of a surrogate pair"},
        {"{\"a\\u0000\":1}", "byte 8: a NUL in a key"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "byte 13: the key \"a\" stands twice in one object"},
        {"{\"a\":{\"x\":1},\"b\":{\"x\":1,\"\\u0078\":2}}",
         "byte 24, at /b: the key \"x\" stands twice in one object"},
    };
    for (const auto& each : cases) {
        INFO(each.document);
        CHECK(read(each.document).error == each.expected);
        CHECK(read_byte_by_byte(each.document).error == each.expected);
    }
}

TEST_CASE("only well-formed UTF-8 is let in") {
    for (const char* bad : {"\x80",
                            "\xbf",
                            "\xc0\x80",
                            "\xc1\xbf",
                            "\xe0\x80\x80",
                            "\xe0\x9f\xbf",
                            "\xed\xa0\x80",
                            "\xed\xbf\xbf",
                            "\xf0\x80\x80\x80",
                            "\xf0\x8f\xbf\xbf",
                            "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80",
                            "\xff",
                            "\xfe",
                            "\xc3",
                            "\xe2\x82",
                            "\xf0\x9f\x98",
                            "\xc3(",
                            "\xe2\x82\"",
                            "\xf0\x9f\x98\\"}) {
        const std::string document = "\"0123456789" + std::string(bad) + "0123456789\"";
        INFO(document);
        CHECK(read(document).error.find("not UTF-8") != std::string::npos);
        check_every_cut(document);
        const std::string key = "{\"0123456789" + std::string(bad) + "\":1}";
        CHECK(read(key).error.find("not UTF-8") != std::string::npos);
    }
    for (const char* good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        check_every_cut("[\"x" + std::string(good) + "\",\"" + repeat(good, 9) + "\"]");
    CHECK(read("\"\xf4\x8f\xbf\xbf\"").error == "");
}

TEST_CASE("depth, keys, values and a key's length are capped") {
    CHECK(read(repeat("[", limits::json_depth) + repeat("]", limits::json_depth)).error == "");
    const outcome deep = read(repeat("[", 100'000));
    CHECK(deep.error.find("byte 32, at /0/0/0") == 0);
    CHECK(deep.error.find("nested deeper than 32 levels") != std::string::npos);
    CHECK(read(repeat("{\"a\":", 100'000)).error.find("deeper than 32") != std::string::npos);

    const auto keys = [](size_t count) {
        std::string out = "{";
        for (size_t i = 0; i < count; ++i)
            out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
        return out + "}";
    };
    CHECK(read(keys(limits::json_keys)).error == "");
    CHECK(read(keys(1'000'000)).error.find("more than 4096 keys") != std::string::npos);
    std::string twice = keys(limits::json_keys - 1);
    twice.insert(twice.size() - 1, ",\"17\":2");
    CHECK(read(twice).error.find("the key \"17\" stands twice") != std::string::npos);

    const std::string many = "[0" + repeat(",0", limits::json_values - 1);
    CHECK(read(many + "]").error == "");
    CHECK(read(many + ",0]").error.find("more than 100000 values") != std::string::npos);

    CHECK(read("{\"" + repeat("k", limits::json_key_bytes) + "\":1}").error == "");
    CHECK(read("{\"" + repeat("k", 1 << 20) + "\":1}").error ==
          "byte 1: a key is longer than 1024 bytes");
}

TEST_CASE("the same key may stand in different objects") {
    CHECK(read(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})").error == "");
}

TEST_CASE("the pointer names the value being read, in RFC 6901") {
    recorder events;
    json_reader reader(events);
    events.reader = &reader;
    REQUIRE(reader.feed(R"({"a/b":[{"m~n":1},2],"":{}})").ok());
    REQUIRE(reader.finish().ok());
    CHECK(events.places ==
          "{ at \nka/b at /a~1b\n[ at /a~1b\n{ at /a~1b/0\nkm~n at /a~1b/0/m~0n\n"
          "i1 at /a~1b/0/m~0n\n} at /a~1b/0\ni2 at /a~1b/1\n] at /a~1b\nk at /\n"
          "{ at /\n} at /\n} at \n");
}

TEST_CASE("a failure is final and is repeated") {
    recorder events;
    json_reader reader(events);
    CHECK_FALSE(reader.feed("[1,]").ok());
    const status again = reader.feed("2]");
    REQUIRE_FALSE(again.ok());
    CHECK(again.error().detail == "byte 3, at /1: a value is expected");
    CHECK(again.error().kind == error_kind::malformed);
    CHECK(reader.finish().error().detail == "byte 3, at /1: a value is expected");
}

TEST_CASE("an error of the listener ends the reading with it") {
    for (const char* what :
         {"null", "true", "i1", "n1.5=1.500000", "\"s\"", "kk", "{", "}", "[", "]"}) {
        recorder events;
        events.refuse = what;
        json_reader reader(events);
        const status said = reader.feed(R"([null,true,1,1.5,"s",{"k":1}] )");
        INFO(what);
        REQUIRE_FALSE(said.ok());
        CHECK(said.error().kind == error_kind::too_large);
        CHECK(said.error().detail == "refused by the listener");
    }
}

TEST_CASE("a long string is handed on in views without being gathered") {
    struct counter final : json_events {
        status on_null() override { return success{}; }
        status on_boolean(bool) override { return success{}; }
        status on_integer(int64_t) override { return success{}; }
        status on_number(double, std::string_view) override { return success{}; }
        status on_string(std::string_view piece, bool) override {
            inside &= piece.empty() || (piece.data() >= from && piece.data() < to);
            bytes += piece.size();
            return success{};
        }
        status on_key(std::string_view) override { return success{}; }
        status on_object_begin() override { return success{}; }
        status on_object_end() override { return success{}; }
        status on_array_begin() override { return success{}; }
        status on_array_end() override { return success{}; }
        const char *from = nullptr, *to = nullptr;
        bool inside = true;
        size_t bytes = 0;
    } events;
    json_reader reader(events);
    const std::string window = repeat("QUJD", 16 * 1024);
    events.from = window.data();
    events.to = window.data() + window.size();
    REQUIRE(reader.feed("{\"content\":\"").ok());
    for (int i = 0; i < 100; ++i)
        REQUIRE(reader.feed(window).ok());
    REQUIRE(reader.feed("\"}").ok());
    REQUIRE(reader.finish().ok());
    CHECK(events.inside);
    CHECK(events.bytes == 100 * window.size());
}

namespace {

class generator {
  public:
    explicit generator(unsigned seed) : random_(seed) {}

    size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }

    std::string value(int depth) {
        static const std::vector<std::string> scalars = {"0",
                                                         "-1",
                                                         "1.5",
                                                         "1e5",
                                                         "-0",
                                                         "1E+2",
                                                         "123456789012345678901234567890",
                                                         "true",
                                                         "false",
                                                         "null",
                                                         "\"\"",
                                                         "\"a\"",
                                                         "\"\xc3\xa9\"",
                                                         "\"\\u00e9\\n\"",
                                                         "\"\\ud83d\\ude00\"",
                                                         "1e308"};
        const size_t kind = depth > 4 ? 0 : below(4);
        if (kind < 2) return scalars[below(scalars.size())];
        std::string out = kind == 2 ? "[" : "{";
        const size_t count = below(4);
        for (size_t i = 0; i < count; ++i) {
            if (i > 0) out += space() + "," + space();
            if (kind == 3) out += "\"k" + std::to_string(below(6)) + "\"" + space() + ":" + space();
            out += value(depth + 1);
        }
        return out + space() + (kind == 2 ? "]" : "}");
    }

    std::string mutate(std::string document) {
        static constexpr std::string_view bytes = "{}[],:\"\\ut0e1.-+ \n\x01\x80\xc3\xed\xa0\xf0nf";
        for (size_t i = below(3); i > 0 && !document.empty(); --i) {
            const size_t at = below(document.size());
            switch (below(3)) {
                case 0: document[at] = bytes[below(bytes.size())]; break;
                case 1: document.erase(at, 1); break;
                default: document.insert(at, 1, bytes[below(bytes.size())]); break;
            }
        }
        return document;
    }

  private:
    std::string space() { return below(6) == 0 ? " " : ""; }
    std::mt19937 random_;
};

}  // namespace

TEST_CASE("on random documents the reader and nlohmann agree but for our own refusals") {
    generator random(20260801);
    size_t accepted = 0, refused = 0, ours = 0;
    for (int i = 0; i < 60'000; ++i) {
        const std::string document = random.mutate(random.value(0));
        const outcome here = read(document);
        const bool there = nlohmann::json::accept(document);
        INFO(document);
        INFO(here.error);
        if (here.error.empty()) {
            REQUIRE(there);
            ++accepted;
        } else if (there) {
            REQUIRE((here.error.find("stands twice") != std::string::npos ||
                     here.error.find("a NUL in a key") != std::string::npos));
            ++ours;
        } else {
            ++refused;
        }
    }
    CHECK(accepted > 5'000);
    CHECK(refused > 5'000);
    CHECK(ours > 100);
}

TEST_CASE("a body of five kilobytes is read in microseconds", "[.speed]") {
    std::string html;
    while (html.size() < 4096)
        html += "<p class=\\\"x\\\">Hello, this is a paragraph of mail.</p>\\n";
    const std::string document =
        R"({"from":"Acme <a@b.example>","to":["first@example.net",{"email":"s@example.net","name":"Second"}],)"
        R"("subject":"Hello","text":"short","headers":{"X-Campaign":"7"},"tags":["a","b"],"html":")" +
        html + "\"}";
    recorder events;
    const auto start = std::chrono::steady_clock::now();
    constexpr int rounds = 20'000;
    for (int i = 0; i < rounds; ++i) {
        events.heard.clear();
        json_reader reader(events);
        REQUIRE(reader.feed(document).ok());
        REQUIRE(reader.finish().ok());
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    WARN(document.size() << " bytes in " << took.count() / rounds << " us");
}
