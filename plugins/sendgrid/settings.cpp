// See settings.hpp.
#include "settings.hpp"

#include <gatepost/letters.hpp>

namespace sendgrid {
config read_config(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said) {
    config made;
    const bool eu = given.text("region", "global") == "eu";
    made.endpoint = gatepost::sdk::read_endpoint(
        given, eu ? "https://api.eu.sendgrid.com" : "https://api.sendgrid.com", said);
    made.api_key = given.text("api_key");
    made.on_behalf_of = given.text("on_behalf_of", "");
    made.ip_pool_name = given.text("ip_pool_name", "");
    made.sandbox = given.boolean("sandbox", false);
    made.no_tracking = given.text("tracking", "account") == "off";
    if (!gatepost::sdk::is_plain_word(made.api_key))
        said.error("/api_key", "is no API key: it holds a space or a letter outside ASCII",
                   "Copy it again from Settings, API Keys; it begins with SG.");
    if (!made.api_key.starts_with("SG."))
        said.warning("/api_key", "does not begin with SG. as SendGrid's keys do",
                     "A password, or the secret of another service, does not work here.");
    if (!made.on_behalf_of.empty() && !gatepost::sdk::is_plain_word(made.on_behalf_of))
        said.error("/on_behalf_of", "is no name of a subuser");
    return made;
}

}  // namespace sendgrid
