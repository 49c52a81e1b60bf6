// All forms of all secrets are sorted, so that those of one first byte stand together: a text costs
// one look at a table for every byte, however many secrets there are.
#include "plugin/scrubber.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "plugin/strings.hpp"

namespace gatepost::plugin {
namespace {

constexpr size_t least_hidden = 3;      // one of less stands everywhere
constexpr size_t least_anywhere = 8;    // one of less is part of other words
constexpr size_t least_base64 = 4;      // a shorter piece stands everywhere
constexpr size_t least_line = 16;       // of a secret of several lines
constexpr size_t least_beginning = 12;  // of a secret that was cut before its end
constexpr size_t least_end = 4;         // the same at the end of the text
constexpr size_t least_cut = 128;       // a shorter text was hardly cut at its end
constexpr std::string_view instead = "(secret)";

bool is_letter(char each) {
    return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') ||
           (each >= 'A' && each <= 'Z');
}

// The characters of base64 that depend on `secret` alone when it begins at byte `offset` of a group
// of three.
std::string inside_base64(const std::string& secret, size_t offset) {
    const std::string whole = text::base64_encode(std::string(offset, '\0') + secret);
    const size_t first = (offset * 8 + 5) / 6;
    const size_t end = (offset + secret.size()) * 8 / 6;
    return end > first ? whole.substr(first, end - first) : std::string();
}

std::string in_json(std::string_view secret, bool slashes) {
    std::string out;
    for (const char each : secret) {
        if (each == '"' || each == '\\' || (slashes && each == '/')) out += '\\';
        each == '\n' ? out += "\\n" : each == '\r' ? out += "\\r" : out += each;
    }
    return out;
}

void add_forms(const std::string& secret, std::vector<std::string>& into) {
    into.push_back(secret);
    into.push_back(text::base64_encode(secret));
    for (size_t offset = 0; offset < 3; ++offset) {
        std::string inside = inside_base64(secret, offset);
        if (inside.size() >= least_base64) into.push_back(std::move(inside));
    }
    into.push_back(in_json(secret, false));
    into.push_back(in_json(secret, true));
    into.push_back(text::percent_encode(secret));
    into.push_back(text::sanitize(secret, secret.size() * 3));
}

// A key in PEM form, of which somebody shows one line.
void add_lines(std::string_view secret, std::vector<std::string>& into) {
    if (secret.find('\n') == secret.npos) return;
    while (!secret.empty()) {
        const std::string_view line = secret.substr(0, secret.find('\n'));
        secret.remove_prefix(std::min(line.size() + 1, secret.size()));
        const std::string_view plain = text::trim(line);
        if (plain.size() >= least_line) into.emplace_back(plain);
    }
}

// "socks5://user:password@host": the password, and what a login makes of both.
void add_login(std::string_view secret, std::vector<std::string>& into) {
    const size_t scheme = secret.find("://");
    if (scheme == secret.npos) return;
    std::string_view login = secret.substr(scheme + 3);
    login = login.substr(0, login.find_first_of("/?#"));
    const size_t host = login.rfind('@'), colon = login.find(':');
    if (host == login.npos || colon >= host) return;
    const std::string_view password = login.substr(colon + 1, host - colon - 1);
    const std::string plain = text::percent_decode(password).value_or(std::string(password));
    if (plain.size() >= least_hidden) add_forms(plain, into);
}

size_t agreement(std::string_view a, std::string_view b) {
    const size_t most = std::min(a.size(), b.size());
    size_t same = 0;
    while (same < most && a[same] == b[same])
        ++same;
    return same;
}

// `same` bytes of the form stand there: are they a secret?
bool counts(const std::string& form, size_t same, std::string_view text, size_t at) {
    const size_t end = at + same;
    const bool ends_word = end == text.size() || !is_letter(text[end]);
    if (same == form.size() && same >= least_anywhere) return true;
    if (same == form.size()) return ends_word && (at == 0 || !is_letter(text[at - 1]));
    if (form.size() < least_anywhere) return false;
    if (end == text.size() && text.size() >= least_cut && same >= least_end) return true;
    return ends_word && same >= least_beginning;
}

}  // namespace

scrubber::scrubber(const std::vector<std::string>& secrets) {
    for (const std::string& each : secrets) {
        if (each.size() < least_hidden) continue;
        add_forms(each, forms_);
        add_lines(each, forms_);
        add_login(each, forms_);
    }
    std::ranges::sort(forms_, [](const std::string& a, const std::string& b) {
        return std::string_view(a) < std::string_view(b);
    });
    const auto [first, last] = std::ranges::unique(forms_);
    forms_.erase(first, last);
    for (const std::string& each : forms_)
        ++first_byte_[size_t{static_cast<unsigned char>(each.front())} + 1];
    for (size_t i = 1; i < first_byte_.size(); ++i)
        first_byte_[i] += first_byte_[i - 1];
}

size_t scrubber::hidden_at(std::string_view text, size_t at) const {
    const size_t byte = static_cast<unsigned char>(text[at]);
    size_t longest = 0;
    for (uint32_t i = first_byte_[byte]; i < first_byte_[byte + 1]; ++i) {
        const size_t same = agreement(forms_[i], text.substr(at));
        if (same > longest && counts(forms_[i], same, text, at)) longest = same;
    }
    return longest;
}

size_t scrubber::find(std::string_view text, size_t from) const {
    if (forms_.empty()) return text.npos;
    for (size_t at = from; at < text.size(); ++at) {
        if (hidden_at(text, at) > 0) return at;
    }
    return text.npos;
}

std::string scrubber::clean(std::string_view text) const {
    std::string out;
    size_t done = 0;
    for (size_t at = find(text); at != text.npos; at = find(text, done)) {
        out.append(text.substr(done, at - done)).append(instead);
        done = at + hidden_at(text, at);
    }
    return out.append(text.substr(done));
}

std::string words_for_people(const scrubber* hide, std::string_view said, size_t max_bytes) {
    said = said.substr(0, max_bytes * 2);
    if (hide == nullptr || hide->find(said) == said.npos) return text::sanitize(said, max_bytes);
    return text::sanitize(hide->clean(said), max_bytes);
}

std::string words_for_people(const scrubber* hide, gatepost_string said, size_t max_bytes) {
    return words_for_people(hide, view_of(said), max_bytes);
}

}  // namespace gatepost::plugin
