// Counts brackets and dots outside strings and comments. It need not know TOML better than that: on
// text that is not TOML it may count wrongly, but never too little.
#include "config/toml_scan.hpp"

#include "base/limits.hpp"

namespace gatepost::config {

namespace {

class scanner {
  public:
    explicit scanner(std::string_view text) : text_(text) {}

    std::optional<toml_problem> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') {
                skip_comment();
                continue;
            }
            if (!count(c)) return toml_problem{where_, too_deep()};
            advance();
        }
        return std::nullopt;
    }

  private:
    static std::string too_deep() {
        return "nested deeper than " + std::to_string(limits::config_depth) + " levels";
    }

    void advance() {
        if (text_[at_] == '\n') {
            ++where_.line;
            where_.column = 1;
        } else if ((text_[at_] & 0xc0) != 0x80) {
            ++where_.column;
        }
        ++at_;
    }
    void advance(size_t bytes) {
        while (bytes-- > 0 && at_ < text_.size())
            advance();
    }

    bool count(char c) {
        if (c == '.') return ++dots_ < limits::config_depth;
        const bool delimiter =
            c == '=' || c == ',' || c == '\n' || c == '[' || c == ']' || c == '{' || c == '}';
        if (delimiter) dots_ = 0;
        if (c == '[' || c == '{') return ++depth_ <= limits::config_depth;
        if ((c == ']' || c == '}') && depth_ > 0) --depth_;
        return true;
    }

    void skip_comment() {
        while (at_ < text_.size() && text_[at_] != '\n')
            advance();
    }

    void skip_string(char quote) {
        const std::string three(3, quote);
        const bool many_lines = text_.substr(at_, 3) == three;
        const std::string closing = many_lines ? three : three.substr(0, 1);
        advance(closing.size());
        while (at_ < text_.size() && text_.substr(at_, closing.size()) != closing) {
            if (!many_lines && text_[at_] == '\n') return;  // not TOML; the parser will say so
            advance(quote == '"' && text_[at_] == '\\' ? 2 : 1);
        }
        advance(closing.size());
    }

    std::string_view text_;
    size_t at_ = 0;
    position where_;
    size_t depth_ = 0;
    size_t dots_ = 0;
};

}  // namespace

std::optional<toml_problem> scan_toml(std::string_view text) {
    return scanner(text).run();
}

}  // namespace gatepost::config
