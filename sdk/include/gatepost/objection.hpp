// What a provider cannot carry: said before a mail is accepted (`check`), so that it is refused by
// name, and looked at once more before it is sent. Pure.
//
//     static void check(const settings&, message mail, diagnostics& said) {
//         say(said, objections_to(mail));  // a function of the provider's own
//     }
#pragma once

#include <gatepost/message.hpp>
#include <gatepost/namespace.hpp>
#include <gatepost/outcome.hpp>
#include <gatepost/settings.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct objection {
    std::string pointer;  // RFC 6901, into the send request; empty: the mail as a whole
    std::string text, advice;

    // The message is to blame, also where one address stands in the way of all: whoever wrote it
    // has to change it.
    outcome as_outcome() const {
        outcome made = outcome::rejected(blame::message, text);
        made.advice = advice;
        return made;
    }
};

inline void say(diagnostics& said, const std::vector<objection>& found) {
    for (const objection& one : found)
        said.error(one.pointer, one.text, one.advice);
}

// A name as a step of a pointer: "a/b" is "a~1b".
inline std::string pointer_step(std::string_view name) {
    std::string out;
    for (const char letter : name) {
        if (letter == '~' || letter == '/') {
            out += letter == '~' ? "~0" : "~1";
        } else {
            out += letter;
        }
    }
    return out;
}

// Where each recipient stands in the send request: "/cc/0" is the first of cc. To be asked for all
// recipients in their order; one of the envelope alone counts as one of to.
class recipient_pointers {
  public:
    std::string next(recipient_role role) {
        const std::size_t field = role == recipient_role::cc    ? 1
                                  : role == recipient_role::bcc ? 2
                                                                : 0;
        static constexpr std::array<std::string_view, 3> names = {"/to/", "/cc/", "/bcc/"};
        return std::string(names[field]) + std::to_string(count_[field]++);
    }

  private:
    std::array<std::size_t, 3> count_{};
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
