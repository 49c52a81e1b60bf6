// The connection's settings as a value, with what does not fit together said at the setting it
// stands in. Pure.
#pragma once

#include <gatepost/http_endpoint.hpp>

#include <cstdint>
#include <string>

#include "sign.hpp"

namespace ses {

enum class key_source : uint8_t { settings, container, instance };

struct options {
    std::string region;
    gatepost::sdk::http_endpoint endpoint;
    std::string authority;  // host and, if it is not the scheme's, port: what Host will say
    std::string prefix;     // the endpoint's own path; usually empty

    key_source source = key_source::settings;
    credentials keys;            // of the settings
    std::string role_endpoint;   // where a role's keys are asked for
    std::string container_path;  // the container's own path there

    bool simple = false;  // Content.Simple instead of Content.Raw
    bool metadata_as_tags = true;
    std::string configuration_set, tenant, from_arn;
};

options read_options(const gatepost::sdk::settings& given, gatepost::sdk::diagnostics& said);

}  // namespace ses
