// See extensions.hpp. Numbers that do not fit are taken as "no limit stated": a server that means
// a limit says so again when it refuses.
#include "extensions.hpp"

#include <array>
#include <charconv>

namespace smtp {
namespace {

struct flag_keyword {
    std::string_view name;
    bool offered::* flag;
};
constexpr std::array<flag_keyword, 7> flags{{{"STARTTLS", &offered::starttls},
                                             {"PIPELINING", &offered::pipelining},
                                             {"CHUNKING", &offered::chunking},
                                             {"8BITMIME", &offered::eight_bit},
                                             {"SMTPUTF8", &offered::smtputf8},
                                             {"DSN", &offered::dsn},
                                             {"ENHANCEDSTATUSCODES", &offered::enhanced}}};

struct mechanism_name {
    std::string_view name;
    mechanism_bit bit;
};
constexpr std::array<mechanism_name, 5> mechanisms{{{"PLAIN", offers_plain},
                                                    {"LOGIN", offers_login},
                                                    {"CRAM-MD5", offers_cram_md5},
                                                    {"XOAUTH2", offers_xoauth2},
                                                    {"OAUTHBEARER", offers_oauthbearer}}};

struct limit_name {
    std::string_view name;
    uint32_t offered::* limit;
};
constexpr std::array<limit_name, 3> limits{{{"MAILMAX", &offered::mails},
                                            {"RCPTMAX", &offered::recipients},
                                            {"RCPTDOMAINMAX", &offered::recipient_domains}}};

char upper(char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}
bool same(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t at = 0; at < left.size(); ++at) {
        if (upper(left[at]) != upper(right[at])) return false;
    }
    return true;
}

// Up to the next of `ends`, which is taken away too; leading ends are skipped.
std::string_view take_word(std::string_view& from, std::string_view ends = " \t") {
    const std::size_t begin = from.find_first_not_of(ends);
    if (begin == from.npos) {
        from = {};
        return {};
    }
    from.remove_prefix(begin);
    const std::string_view word = from.substr(0, from.find_first_of(ends));
    from.remove_prefix(word.size());
    return word;
}

template <class Number>
Number number_of(std::string_view text) {
    Number value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() && end.ptr == text.data() + text.size() ? value : Number{0};
}

void take_mechanisms(std::string_view names, offered& out) {
    out.auth = true;
    for (auto name = take_word(names); !name.empty(); name = take_word(names)) {
        for (const mechanism_name& known : mechanisms) {
            if (same(name, known.name)) out.mechanisms |= known.bit;
        }
    }
}

void take_limits(std::string_view pairs, offered& out) {
    for (auto pair = take_word(pairs); !pair.empty(); pair = take_word(pairs)) {
        const std::string_view name = take_word(pair, "=");
        for (const limit_name& known : limits) {
            if (same(name, known.name))
                out.*known.limit = number_of<uint32_t>(take_word(pair, "="));
        }
    }
}

void take_keyword(std::string_view line, offered& out) {
    // "AUTH=PLAIN LOGIN" is the form before RFC 4954; both may stand in one answer.
    if (line.size() > 5 && line[4] == '=' && same(line.substr(0, 4), "AUTH"))
        return take_mechanisms(line.substr(5), out);
    const std::string_view name = take_word(line);
    for (const flag_keyword& known : flags) {
        if (same(name, known.name)) out.*known.flag = true;
    }
    if (same(name, "AUTH")) take_mechanisms(line, out);
    if (same(name, "LIMITS")) take_limits(line, out);
    if (same(name, "SIZE")) {
        out.size = true;
        out.size_limit = number_of<uint64_t>(take_word(line));
    }
}

void add(std::string& out, std::string_view word, char between) {
    if (!out.empty() && out.back() != ' ') out += between;
    if (between == ',') out += ' ';
    out += word;
}

}  // namespace

offered read_offer(std::string_view text) {
    offered out;
    take_word(text, "\n");  // the greeting; a name that is a keyword by chance offers nothing
    for (auto line = take_word(text, "\n"); !line.empty(); line = take_word(text, "\n"))
        take_keyword(line, out);
    return out;
}

std::string in_words(const offered& what) {
    std::string out;
    const auto item = [&out](const std::string& word) { out += (out.empty() ? "" : ", ") + word; };
    for (const flag_keyword& known : flags) {
        if (what.*known.flag) item(std::string(known.name));
    }
    if (what.size) item("SIZE" + (what.size_limit ? " " + std::to_string(what.size_limit) : ""));
    if (what.auth) {
        std::string words = "AUTH";
        for (const mechanism_name& known : mechanisms) {
            if ((what.mechanisms & known.bit) != 0) add(words, known.name, ' ');
        }
        item(words);
    }
    for (const limit_name& known : limits) {
        if (what.*known.limit != 0)
            item(std::string(known.name) + "=" + std::to_string(what.*known.limit));
    }
    return out.empty() ? "nothing" : out;
}

std::string write_notes(const parked_notes& notes) {
    const offered& what = notes.what;
    uint32_t bits = (what.size ? 1u : 0u) | (what.auth ? 2u : 0u);
    for (std::size_t at = 0; at < flags.size(); ++at) {
        if (what.*flags[at].flag) bits |= 4u << at;
    }
    std::string out = "1";
    for (const uint64_t number :
         {uint64_t{notes.mails_done}, uint64_t{bits}, what.size_limit, uint64_t{what.mechanisms},
          uint64_t{what.mails}, uint64_t{what.recipients}, uint64_t{what.recipient_domains}})
        out += ' ' + std::to_string(number);
    return out;
}

std::optional<parked_notes> read_notes(std::string_view text) {
    if (take_word(text) != "1") return std::nullopt;
    std::array<uint64_t, 7> numbers{};
    for (uint64_t& number : numbers) {
        const std::string_view word = take_word(text);
        if (word.empty()) return std::nullopt;
        number = number_of<uint64_t>(word);
    }
    parked_notes out;
    out.mails_done = static_cast<uint32_t>(numbers[0]);
    out.what.size = (numbers[1] & 1) != 0;
    out.what.auth = (numbers[1] & 2) != 0;
    for (std::size_t at = 0; at < flags.size(); ++at)
        out.what.*flags[at].flag = (numbers[1] & (uint64_t{4} << at)) != 0;
    out.what.size_limit = numbers[2];
    out.what.mechanisms = static_cast<uint32_t>(numbers[3]);
    out.what.mails = static_cast<uint32_t>(numbers[4]);
    out.what.recipients = static_cast<uint32_t>(numbers[5]);
    out.what.recipient_domains = static_cast<uint32_t>(numbers[6]);
    return out;
}

}  // namespace smtp
