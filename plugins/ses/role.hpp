// What the credential services of containers (ECS) and instances (EC2, IMDSv2) answer, and what a
// set of keys looks like in the gateway's cache. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sign.hpp"

namespace ses {

struct role_keys {
    credentials keys;
    int64_t expires = 0;  // milliseconds since 1970; 0: they do not say
};
// Nothing, if it is not the JSON of these services or says that there are no keys.
std::optional<role_keys> read_role_keys(std::string_view json);

inline constexpr std::string_view instance_token_path = "/latest/api/token";
inline constexpr std::string_view instance_roles_path =
    "/latest/meta-data/iam/security-credentials/";
// The first line of the list of roles, if it can be part of a path; else empty.
std::string first_role(std::string_view list);

std::string cached(const credentials& keys);
std::optional<credentials> from_cache(std::string_view text);

// How long keys may be kept: until five minutes before their end, and an hour where they do not
// say. At least a minute, so that a wrong clock does not ask at every mail, and at most a day.
int64_t keep_for(const role_keys& keys, int64_t now) noexcept;  // milliseconds

}  // namespace ses
