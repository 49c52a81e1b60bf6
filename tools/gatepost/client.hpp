// What every command shares: where the daemon is, how its errors become sentences and exit codes,
// how JSON is printed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gatepost/http_client.hpp"
#include "gatepost/terminal.hpp"

namespace gatepost::cli {

struct context {
    std::string socket;
    bool json = false;  // for scripts: the daemon's own JSON, nothing else
    terminal out;
};

// --socket, else GATEPOST_SOCKET, else where a daemon of this user listens by default.
std::string default_socket();

// The body of a 2xx answer as JSON; anything else as the problem it is.
result<nlohmann::json> get(const context& with, const std::string& target);
result<nlohmann::json> post(const context& with, const std::string& target,
                            const std::string& body);

// Prints the sentence, the field errors and, where there is one, the advice; gives the exit code.
int fail(const context& with, const error& failure);
// The same error in the words of the command line: --to in place of /to/0.
error in_options(error failure);
// --json: the document on one line, and true. Else false.
bool printed_as_json(const context& with, const nlohmann::json& document);

// `there is no connection "relya"; did you mean "relay"? There are: outbox, relay`
error no_such(const std::string& what, const std::string& name,
              const std::vector<std::string>& names);

// A member as text: strings as they are, null and missing as "".
std::string text_of(const nlohmann::json& object, const char* key);

}  // namespace gatepost::cli
