// See settings.hpp.
#include "settings.hpp"

#include <gatepost/letters.hpp>
#include <gatepost/mail_text.hpp>

#include <algorithm>

namespace mailgun {
namespace {

// A slash in the domain would make Mailgun answer 200 to a request that it does not carry out.
bool is_domain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '.' || letter == '_';
    });
}

}  // namespace

std::string config::path(std::string_view version, std::string_view behind) const {
    return std::string(version) + domain + std::string(behind);
}

config read_config(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said) {
    config made;
    const bool eu = given.text("region", "us") == "eu";
    made.endpoint = gatepost::sdk::read_endpoint(
        given, eu ? "https://api.eu.mailgun.net" : "https://api.mailgun.net", said);
    made.domain = given.text("domain");
    const std::string key(given.text("api_key"));
    made.authorization = "Basic " + gatepost::sdk::base64("api:" + key);
    made.on_behalf_of = given.text("on_behalf_of", "");
    if (given.text("mode", "mime") == "form") made.mode = mail_mode::form;
    made.testmode = given.boolean("testmode", false);
    made.no_tracking = given.text("tracking", "domain") == "off";
    made.require_tls = given.boolean("require_tls", false);
    if (!is_domain(made.domain))
        said.error("/domain", "is no domain", "The name as Mailgun lists it: mg.example.com");
    if (!gatepost::sdk::is_plain_word(key))
        said.error("/api_key", "is no key: it holds a space or a letter outside ASCII",
                   "Copy it again from the domain's settings, Sending keys.");
    if (!made.on_behalf_of.empty() && !gatepost::sdk::is_plain_word(made.on_behalf_of))
        said.error("/on_behalf_of", "is no id of a subaccount");
    return made;
}

}  // namespace mailgun
