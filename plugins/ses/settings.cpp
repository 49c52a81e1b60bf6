// See settings.hpp. The schema has checked types, ranges and choices; here is what it cannot say.
#include "settings.hpp"

#include <algorithm>

#include "gatepost_manifest.h"

namespace ses {
namespace {

using gatepost::sdk::diagnostics;
using gatepost::sdk::http_endpoint;
using gatepost::sdk::settings;

constexpr std::string_view container_host = "http://169.254.170.2";
constexpr std::string_view instance_host = "http://169.254.169.254";

// "email.eu-west-1.amazonaws.com" and "" of the endpoint's URL.
void split_endpoint(options& made) {
    std::string_view rest = made.endpoint.url;
    const bool clear = rest.starts_with("http://");
    rest.remove_prefix(std::min(rest.find("//") + 2, rest.size()));
    const std::size_t slash = rest.find('/');
    made.prefix = slash == rest.npos ? std::string_view() : rest.substr(slash);
    std::string_view host = rest.substr(0, slash);
    const std::string_view usual_port = clear ? ":80" : ":443";
    if (host.ends_with(usual_port)) host.remove_suffix(usual_port.size());
    made.authority = host;
}

void read_keys(const settings& given, options& made, diagnostics& said) {
    const std::string_view source = given.text("credentials", "keys");
    if (source == "container") made.source = key_source::container;
    if (source == "instance") made.source = key_source::instance;
    made.keys = {std::string(given.text("access_key_id", "")),
                 std::string(given.text("secret_access_key", "")),
                 std::string(given.text("session_token", ""))};
    made.container_path = given.text("container_path", "");
    made.role_endpoint = given.text("role_endpoint", "");
    while (made.role_endpoint.ends_with('/'))
        made.role_endpoint.pop_back();
    const bool container = made.source == key_source::container;
    if (made.role_endpoint.empty()) made.role_endpoint = container ? container_host : instance_host;
    if (made.source == key_source::settings) {
        if (made.keys.key_id.empty())
            said.error(
                "/access_key_id", "is missing",
                "Set the keys of an IAM user, or credentials = \"container\" or \"instance\".");
        if (made.keys.secret.empty()) said.error("/secret_access_key", "is missing");
    }
    if (container && !made.container_path.starts_with('/'))
        said.error("/container_path", "is missing",
                   "container_path = { env = \"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI\" }");
}

bool breaks_headers(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char letter) {
        return static_cast<unsigned char>(letter) <= 32 || letter == 127;
    });
}

// Every partition of AWS has its own domain.
std::string_view suffix_of(std::string_view region) {
    if (region.starts_with("eusc-")) return ".amazonaws.eu";
    if (region.starts_with("cn-")) return ".amazonaws.com.cn";
    return ".amazonaws.com";
}

// The gateway lets the plugin out to the hosts of its manifest and to an endpoint that is set.
bool is_destination(const std::string& host) {
    const std::string entry = '"' + host + ":443\"";
    return std::string_view(gatepost_manifest).find(entry) != std::string_view::npos;
}

http_endpoint read_region(const settings& given, options& made, diagnostics& said) {
    made.region = given.text("region", "");
    if (made.region.empty())
        said.error("/region", "is missing", "The region where the sender is verified: eu-west-1");
    const std::string host = "email." + made.region + std::string(suffix_of(made.region));
    if (!made.region.empty() && !given.has("endpoint") && !is_destination(host))
        said.error("/region", "is no region where SES is known to be",
                   "Check its letters: eu-west-1. If AWS has it, set endpoint = \"https://" + host +
                       "\" too.");
    return gatepost::sdk::read_endpoint(given, "https://" + host, said);
}

}  // namespace

options read_options(const settings& given, diagnostics& said) {
    options made;
    made.endpoint = read_region(given, made, said);
    split_endpoint(made);
    read_keys(given, made, said);
    for (const auto& [name, text] : {std::pair{"/access_key_id", &made.keys.key_id},
                                     {"/secret_access_key", &made.keys.secret},
                                     {"/session_token", &made.keys.session_token},
                                     {"/container_path", &made.container_path}}) {
        if (breaks_headers(*text)) said.error(name, "must not hold spaces or line ends");
    }
    made.simple = given.text("mode", "raw") == "simple";
    made.metadata_as_tags = given.boolean("metadata_as_tags", true);
    made.configuration_set = given.text("configuration_set", "");
    made.tenant = given.text("tenant", "");
    made.from_arn = given.text("from_identity_arn", "");
    return made;
}

}  // namespace ses
