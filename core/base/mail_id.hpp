// The gateway's own id of a message: what a send is answered with. 63 bits, increasing with time
// (milliseconds since 1970 above 20 bits of counter), so that the spool appends at the end of its
// tables; written as 13 characters of Crockford's base 32 in lower case. It is a name, not a
// secret: rights never depend on knowing it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gatepost {

struct mail_id {
    uint64_t value = 0;

    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] wall_time time() const;  // when it was given out
    static std::optional<mail_id> parse(std::string_view text);
    auto operator<=>(const mail_id&) const = default;
};

// Gives ids out; any thread. Never twice the same, also when the wall clock goes back, if `after`
// is the newest id ever stored.
class mail_id_source {
  public:
    explicit mail_id_source(mail_id after) : last_(after.value) {}
    mail_id next(wall_time now);

  private:
    std::atomic<uint64_t> last_;
};

}  // namespace gatepost

template <>
struct std::hash<gatepost::mail_id> {
    size_t operator()(gatepost::mail_id id) const noexcept {
        return std::hash<uint64_t>{}(id.value);
    }
};
