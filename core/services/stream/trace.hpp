// The dialogue of a stream as lines that may be shown: secrets of the settings taken out, control
// characters escaped, long lines cut. Pure.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/scrubber.hpp"

namespace gatepost::services {

using plugin::scrubber;

// Makes lines from pieces, so that a secret cannot hide on both sides of a cut.
class line_tracer {
  public:
    using teller = std::function<void(std::string_view direction, std::string_view text)>;
    explicit line_tracer(std::shared_ptr<const scrubber> with) : scrubber_(std::move(with)) {}

    // From now on: a token may have come since.
    void hide_with(std::shared_ptr<const scrubber> with) { scrubber_ = std::move(with); }
    void feed(std::string_view direction, std::string_view bytes, const teller& tell);
    // What has come without a line end.
    void flush(std::string_view direction, const teller& tell);

  private:
    void say(std::string_view direction, std::string_view line, const teller& tell) const;

    std::shared_ptr<const scrubber> scrubber_;
    std::string to_, from_;
};

// One line, ready to be shown.
std::string shown(const scrubber& with, std::string_view text);

}  // namespace gatepost::services
