// What a test reads of the account and of the sender's identity, in sentences. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ses {

struct account {
    bool readable = false;
    bool sending = false, production = false;
    std::string enforcement;  // HEALTHY, PROBATION, SHUTDOWN
    // Recipients, 0 to 1e15; per_day -1: unlimited.
    double per_day = 0, per_second = 0, sent = 0;
};
account read_account(std::string_view json);

struct finding {
    bool good = false;
    std::string text, advice;
};
// "200 recipients a day, 1 a second; sandbox: only to verified recipients"
finding describe(const account& of, std::string_view region);

struct identity {
    bool readable = false, verified = false;
};
identity read_identity(std::string_view json);

}  // namespace ses
