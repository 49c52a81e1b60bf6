// The plugin on the fake host (support/http_provider_host.hpp), with a script in Mailgun's place.
#pragma once

#include "support/http_provider_host.hpp"

namespace mailgun_test {

using namespace http_provider;

inline json capture(const std::string& name) {
    return capture_of(MAILGUN_CAPTURES, "mailgun-" + name);
}

inline const std::string usual =
    R"({"api_key":"fake-mailgun-key-for-tests","domain":"mg.example.com"})";

// What a mail of nothing but the necessary looks like.
inline check::message plain_mail() {
    check::message mail = check::simple_message();
    mail.from = {"donotreply@mg.example.com", ""};
    return mail;
}

struct running : hosted {
    explicit running(check::http_script script, const std::string& settings = usual)
        : hosted(settings, std::move(script), plain_mail()) {}
};

// The pointers that gatepost.check/1 objects to.
inline std::vector<std::string> objections(const check::message& mail,
                                           const std::string& settings = usual) {
    return running(always({}), settings).refused(mail);
}

}  // namespace mailgun_test
