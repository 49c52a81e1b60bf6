// What a person sees: tables whose columns fit, colour where it helps and only on a terminal
// (NO_COLOR is kept). Untrusted text never reaches a terminal with its control characters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::cli {

enum class colour { plain, good, bad, warn, dim, bold };

class terminal {
  public:
    // Colour is decided from standard output and the environment.
    terminal();
    explicit terminal(bool colours) : colours_(colours) {}

    // Somebody looks on: a line may be written over.
    [[nodiscard]] bool live() const;
    [[nodiscard]] std::string paint(std::string_view text, colour with) const;
    // sent: good, failed: bad, unknown, held, partial: warn.
    [[nodiscard]] std::string status(std::string_view text) const;
    // One line a row, two blanks between columns; the last column is not padded. Without rows
    // nothing.
    [[nodiscard]] std::string table(const std::vector<std::string>& head,
                                    const std::vector<std::vector<std::string>>& rows) const;

  private:
    bool colours_;
};

// Columns a text takes on a terminal: one a code point, none for colour sequences.
size_t width_of(std::string_view text);
// Controls made visible, at most `columns` wide.
std::string clean(std::string_view text, size_t columns = 200);

}  // namespace gatepost::cli
