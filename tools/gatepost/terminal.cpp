#include "gatepost/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"

namespace gatepost::cli {

terminal::terminal()
    : colours_(::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

bool terminal::live() const {
    return ::isatty(STDOUT_FILENO) == 1;
}

std::string terminal::paint(std::string_view text, colour with) const {
    if (!colours_ || with == colour::plain) return std::string(text);
    static constexpr const char* codes[] = {"", "32", "31", "33", "2", "1"};
    return "\x1b[" + std::string(codes[static_cast<int>(with)]) + "m" + std::string(text) +
           "\x1b[0m";
}

std::string terminal::status(std::string_view text) const {
    if (text == "sent" || text == "passed" || text == "ok") return paint(text, colour::good);
    if (text == "failed" || text == "expired" || text == "sick") return paint(text, colour::bad);
    if (text == "unknown" || text == "held" || text == "partial") return paint(text, colour::warn);
    return std::string(text);
}

std::string terminal::table(const std::vector<std::string>& head,
                            const std::vector<std::vector<std::string>>& rows) const {
    if (rows.empty()) return {};
    std::vector<size_t> widths(head.size());
    for (size_t i = 0; i < head.size(); ++i)
        widths[i] = width_of(head[i]);
    for (const auto& row : rows) {
        for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string out;
    const auto add = [&](const std::vector<std::string>& row, bool heading) {
        for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
            out += heading ? paint(row[i], colour::dim) : row[i];
            if (i + 1 < row.size()) out.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        out += '\n';
    };
    add(head, true);
    for (const auto& row : rows)
        add(row, false);
    return out;
}

size_t width_of(std::string_view text) {
    size_t width = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            while (i < text.size() && text[i] != 'm')
                ++i;
        } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
            ++width;
        }
    }
    return width;
}

std::string clean(std::string_view text, size_t columns) {
    std::string safe = text::sanitize(text, columns * 4);
    if (width_of(safe) <= columns) return safe;
    std::string out;
    size_t width = 0;
    for (const char c : safe) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U && ++width >= columns) break;
        out += c;
    }
    return out + "…";
}

}  // namespace gatepost::cli
