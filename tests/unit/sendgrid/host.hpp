// The plugin on the fake host (support/http_provider_host.hpp), with a script in SendGrid's place.
#pragma once

#include "support/http_provider_host.hpp"

namespace sendgrid_test {

using namespace http_provider;

inline json capture(const std::string& name) {
    return capture_of(SENDGRID_CAPTURES, "sendgrid-" + name);
}

inline const std::string usual = R"({"api_key":"SG.fake-key-for-tests"})";

// What a mail of nothing but the necessary looks like.
inline check::message plain_mail() {
    check::message mail = check::simple_message();
    mail.from = {"donotreply@example.com", ""};
    return mail;
}

struct running : hosted {
    explicit running(check::http_script script, const std::string& settings = usual)
        : hosted(settings, std::move(script), plain_mail()) {}
};

// The pointers that gatepost.check/1 objects to.
inline std::vector<std::string> objections(const check::message& mail) {
    return running(always({})).refused(mail);
}

}  // namespace sendgrid_test
