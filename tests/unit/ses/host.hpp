// The plugin on the fake host (support/http_provider_host.hpp), with a script in the place of SES.
#pragma once

#include "support/http_provider_host.hpp"

namespace ses_test {

using namespace http_provider;

inline json usual_settings() {
    return {{"region", "eu-west-1"},
            {"access_key_id", "AKIDEXAMPLE"},
            {"secret_access_key", "fakeSecretKey/ForTests+Only"}};
}

inline check::http_answer taken() {
    return {200, R"({"MessageId":"0100-1"})", {}, GATEPOST_OK};
}

struct running : hosted {
    explicit running(const json& settings = usual_settings())
        : hosted(settings.dump(), always(taken()), check::simple_message()) {}
};

inline check::http_answer refusal(uint32_t status, const std::string& type,
                                  const std::string& words = {}) {
    return {status,
            json{{"message", words}}.dump(),
            {{"x-amzn-errortype", type + ":http://internal.amazon.com/coral/"}},
            GATEPOST_OK};
}

}  // namespace ses_test
