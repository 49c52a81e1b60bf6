// Reads a pattern into a small tree, then writes the tree out as states back to front, so that
// every state knows its successor; counted repeats are written as often as they count (Thompson
// 1968).
#include "schema/pattern.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/limits.hpp"
#include "schema/code_point.hpp"

namespace gatepost::schema {

namespace {

using code_point_set = pattern::code_point_set;
using ranges = std::vector<std::pair<uint32_t, uint32_t>>;

enum class kind { take, sequence, either, repeat, at_begin, at_end };

struct piece {
    kind what = kind::sequence;
    uint32_t set = 0;
    std::vector<std::unique_ptr<piece>> parts = {};
    uint32_t least = 0;
    std::optional<uint32_t> most = {};
};
using piece_ptr = std::unique_ptr<piece>;

const ranges digits = {{'0', '9'}};
const ranges word = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const ranges space = {{9, 13},          {32, 32},         {0xa0, 0xa0},     {0x1680, 0x1680},
                      {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f},
                      {0x3000, 0x3000}, {0xfeff, 0xfeff}};
const ranges line_ends = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
constexpr uint32_t last_code_point = 0x10ffff;

ranges opposite(const ranges& of) {
    ranges out;
    uint32_t from = 0;
    for (const auto& [low, high] : of) {
        if (low > from) out.emplace_back(from, low - 1);
        from = high + 1;
    }
    out.emplace_back(from, last_code_point);
    return out;
}

std::optional<ranges> named_set(uint32_t letter) {
    switch (letter) {
        case 'd': return digits;
        case 'D': return opposite(digits);
        case 'w': return word;
        case 'W': return opposite(word);
        case 's': return space;
        case 'S': return opposite(space);
        default: return std::nullopt;
    }
}

class pattern_reader {
  public:
    pattern_reader(std::string_view text, std::vector<code_point_set>& sets)
        : text_(text), sets_(sets) {}

    piece_ptr read() {
        piece_ptr all = either(0);
        if (all && at_ < text_.size()) return refuse("a ) without its (");
        return all;
    }
    std::string problem;

  private:
    piece_ptr refuse(std::string_view why) {
        if (problem.empty()) problem = std::string(why) + " at byte " + std::to_string(at_);
        return nullptr;
    }
    bool more() const { return at_ < text_.size(); }
    bool sees(char c) const { return more() && text_[at_] == c; }
    bool takes(char c) {
        if (!sees(c)) return false;
        ++at_;
        return true;
    }
    piece_ptr take(code_point_set set) {
        auto out = std::make_unique<piece>();
        out->what = kind::take;
        out->set = static_cast<uint32_t>(sets_.size());
        sets_.push_back(std::move(set));
        return out;
    }

    piece_ptr either(int depth);
    piece_ptr sequence(int depth);
    piece_ptr atom(int depth);
    piece_ptr group(int depth);
    piece_ptr repeated(piece_ptr what);
    bool counts(uint32_t& least, std::optional<uint32_t>& most);
    bool count(uint32_t& out);
    piece_ptr set_in_brackets();
    bool member(ranges& out, bool& is_set);
    bool escaped(ranges& out, bool& is_set);
    bool hex(int length, uint32_t& out);

    std::string_view text_;
    size_t at_ = 0;
    std::vector<code_point_set>& sets_;
};

piece_ptr pattern_reader::either(int depth) {
    if (depth > static_cast<int>(limits::schema_depth)) return refuse("groups nested too deep");
    auto out = std::make_unique<piece>();
    out->what = kind::either;
    do {
        piece_ptr way = sequence(depth);
        if (!way) return nullptr;
        out->parts.push_back(std::move(way));
    } while (takes('|'));
    return out;
}

piece_ptr pattern_reader::sequence(int depth) {
    auto out = std::make_unique<piece>();
    while (more() && !sees('|') && !sees(')')) {
        piece_ptr next = atom(depth);
        if (next) next = repeated(std::move(next));
        if (!next) return nullptr;
        out->parts.push_back(std::move(next));
    }
    return out;
}

piece_ptr pattern_reader::atom(int depth) {
    auto out = std::make_unique<piece>();
    switch (text_[at_]) {
        case '^': out->what = kind::at_begin; break;
        case '$': out->what = kind::at_end; break;
        case '.': ++at_; return take({line_ends, true});
        case '(': return group(depth);
        case '[': return set_in_brackets();
        case '*':
        case '+':
        case '?': return refuse("nothing to repeat");
        case '{':
        case '}':
        case ']': return refuse("a bracket that must be escaped");
        default: {
            ranges set;
            bool is_set = false;
            if (!member(set, is_set)) return nullptr;
            return take({std::move(set), false});
        }
    }
    ++at_;
    return out;
}

piece_ptr pattern_reader::group(int depth) {
    ++at_;
    if (takes('?') && !takes(':'))
        return refuse("look-around or a named group, which are not offered,");
    piece_ptr inside = either(depth + 1);
    if (inside && !takes(')')) return refuse("a ( without its )");
    return inside;
}

piece_ptr pattern_reader::repeated(piece_ptr what) {
    uint32_t least = 0;
    std::optional<uint32_t> most;
    if (takes('+')) {
        least = 1;
    } else if (takes('?')) {
        most = 1;
    } else if (sees('{')) {
        if (!counts(least, most)) return refuse("a {n,m} that is not well formed or too large");
    } else if (!takes('*')) {
        return what;
    }
    takes('?');  // lazy: the same texts match
    if (what->what == kind::at_begin || what->what == kind::at_end)
        return refuse("an anchor cannot be repeated");
    if (sees('*') || sees('+') || sees('?') || sees('{')) return refuse("a repeat of a repeat");
    auto out = std::make_unique<piece>();
    out->what = kind::repeat;
    out->least = least;
    out->most = most;
    out->parts.push_back(std::move(what));
    return out;
}

bool pattern_reader::counts(uint32_t& least, std::optional<uint32_t>& most) {
    takes('{');
    if (!count(least)) return false;
    most = least;
    if (takes(',')) {
        uint32_t upper = 0;
        most = std::nullopt;
        if (!sees('}')) {
            if (!count(upper) || upper < least) return false;
            most = upper;
        }
    }
    return takes('}');
}

bool pattern_reader::count(uint32_t& out) {
    const size_t start = at_;
    for (; more() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        out = out * 10 + static_cast<uint32_t>(text_[at_] - '0');
        if (out > limits::pattern_states) return false;
    }
    return at_ > start;
}

piece_ptr pattern_reader::set_in_brackets() {
    ++at_;
    code_point_set set;
    set.negated = takes('^');
    while (more() && !sees(']')) {
        ranges low, high;
        bool low_is_set = false, high_is_set = false;
        if (!member(low, low_is_set)) return nullptr;
        if (sees('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
            ++at_;
            if (!member(high, high_is_set)) return nullptr;
            if (low_is_set || high_is_set || high[0].first < low[0].first)
                return refuse("a range that is none");
            low[0].second = high[0].first;
        }
        set.ranges.insert(set.ranges.end(), low.begin(), low.end());
    }
    if (!takes(']')) return refuse("a [ without its ]");
    return take(std::move(set));
}

bool pattern_reader::member(ranges& out, bool& is_set) {
    if (takes('\\')) return escaped(out, is_set);
    const std::optional<uint32_t> found = next_code_point(text_, at_);
    if (!found) {
        refuse("bytes that are not UTF-8");
        return false;
    }
    out = {{*found, *found}};
    return true;
}

bool pattern_reader::escaped(ranges& out, bool& is_set) {
    static constexpr std::string_view themselves = "^$\\.*+?()[]{}|/-";
    static constexpr std::string_view controls = "tnvfr";
    static constexpr std::string_view meanings = "\t\n\v\f\r";
    const char c = more() ? text_[at_] : '\0';
    if (more()) ++at_;
    uint32_t single = static_cast<unsigned char>(c);
    if (auto set = named_set(single)) {
        out = std::move(*set);
        is_set = true;
        return true;
    }
    const size_t control = controls.find(c);
    if (control != controls.npos) {
        single = static_cast<unsigned char>(meanings[control]);
    } else if (c == 'x' || c == 'u') {
        if (!hex(c == 'x' ? 2 : 4, single)) return false;
    } else if (c == '\0' || themselves.find(c) == themselves.npos) {
        refuse(c >= '1' && c <= '9' ? "a back-reference, which is not offered,"
                                    : "an escape that is not offered,");
        return false;
    }
    out = {{single, single}};
    return true;
}

bool pattern_reader::hex(int length, uint32_t& out) {
    static constexpr std::string_view digits_in_hex = "0123456789abcdef";
    out = 0;
    for (int i = 0; i < length; ++i, ++at_) {
        char c = more() ? text_[at_] : '\0';
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        const size_t digit = digits_in_hex.find(c);
        if (digit == digits_in_hex.npos) {
            refuse("a \\x or \\u without its digits");
            return false;
        }
        out = out * 16 + static_cast<uint32_t>(digit);
    }
    return true;
}

class state_writer {
  public:
    explicit state_writer(std::vector<pattern::state>& states) : states_(states) {}

    // The state that begins `what` and goes on to `next`. Beyond the cap nothing is written.
    uint32_t write(const piece& what, uint32_t next) {
        switch (what.what) {
            case kind::take: return add({pattern::operation::take, next, what.set});
            case kind::at_begin: return add({pattern::operation::at_begin, next, 0});
            case kind::at_end: return add({pattern::operation::at_end, next, 0});
            case kind::sequence: return sequence(what, next);
            case kind::either: return either(what, next);
            case kind::repeat: return repeat(what, next);
        }
        return next;
    }
    uint32_t add(pattern::state state) {
        if (full()) return 0;
        states_.push_back(state);
        return static_cast<uint32_t>(states_.size() - 1);
    }
    bool full() const { return states_.size() > limits::pattern_states; }

  private:
    uint32_t sequence(const piece& what, uint32_t next) {
        for (size_t i = what.parts.size(); i > 0; --i)
            next = write(*what.parts[i - 1], next);
        return next;
    }
    uint32_t either(const piece& what, uint32_t next) {
        uint32_t out = write(*what.parts.back(), next);
        for (size_t i = what.parts.size() - 1; i > 0; --i)
            out = add({pattern::operation::split, write(*what.parts[i - 1], next), out});
        return out;
    }
    uint32_t repeat(const piece& what, uint32_t next) {
        const piece& inside = *what.parts[0];
        if (what.most) {
            uint32_t out = next;
            for (uint32_t i = what.least; i < *what.most && !full(); ++i)
                out = add({pattern::operation::split, write(inside, out), next});
            return must(inside, what.least, out);
        }
        const uint32_t loop = add({pattern::operation::split, 0, next});
        const uint32_t body = write(inside, loop);
        if (!full()) states_[loop].next = body;
        return must(inside, what.least, loop);
    }
    uint32_t must(const piece& inside, uint32_t times, uint32_t next) {
        for (uint32_t i = 0; i < times && !full(); ++i) {
            const uint32_t before = next;
            next = write(inside, next);
            if (next == before) break;  // it takes nothing, however often
        }
        return next;
    }

    std::vector<pattern::state>& states_;
};

}  // namespace

result<pattern> pattern::parse(std::string_view text) {
    if (text.size() > limits::pattern_bytes)
        return error{error_kind::config, "the pattern is longer than " +
                                             std::to_string(limits::pattern_bytes) + " bytes"};
    pattern out;
    out.source_ = text;
    pattern_reader reader(text, out.sets_);
    const piece_ptr tree = reader.read();
    if (!tree) return error{error_kind::config, "the pattern holds " + reader.problem};
    state_writer writer(out.states_);
    out.start_ = writer.write(*tree, writer.add({operation::match}));
    if (writer.full())
        return error{error_kind::config, "the pattern needs more than " +
                                             std::to_string(limits::pattern_states) + " states"};
    return out;
}

}  // namespace gatepost::schema
