// The plugin on the fake host (support/http_provider_host.hpp), with a script in the place of
// Azure.
#pragma once

#include "support/http_provider_host.hpp"

namespace azure_test {

using namespace http_provider;

inline json usual_settings() {
    return {{"connection_string",
             "endpoint=https://my-resource.communication.azure.com/;accesskey="
             "ZmFrZS1hY2Nlc3Mta2V5LWZvci10ZXN0cy1vbmx5LTA="}};
}

// Without a key: the token is the host's.
inline json entra_settings() {
    return {{"endpoint", "https://my-resource.communication.azure.com"}};
}

inline check::http_answer operation(uint32_t status, const std::string& state,
                                    const std::string& code = {}, int retry_after = 0) {
    json body{{"id", "an-id"}, {"status", state}, {"error", nullptr}};
    if (!code.empty()) body["error"] = {{"code", code}, {"message", "words"}};
    check::http_answer made{status, body.dump(), {}, GATEPOST_OK};
    if (retry_after != 0) made.headers.emplace_back("retry-after", std::to_string(retry_after));
    return made;
}
inline check::http_answer taken() {
    return operation(202, "Running", {}, 30);
}

inline check::message plain_mail() {
    check::message mail = check::simple_message();
    mail.from.name = "";
    return mail;
}

struct running : hosted {
    explicit running(const json& settings = usual_settings(), check::host_options options = {})
        : hosted(settings.dump(), always(taken()), plain_mail(), std::move(options)) {}
};

inline check::http_answer refusal(uint32_t status, const std::string& code = {},
                                  const std::string& words = {}) {
    const json error{{"code", code}, {"message", words}, {"target", nullptr}};
    return {status, json{{"error", error}}.dump(), {{"x-ms-error-code", code}}, GATEPOST_OK};
}

}  // namespace azure_test
