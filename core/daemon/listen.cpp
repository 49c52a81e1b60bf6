#include "daemon/listen.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.hpp"

namespace gatepost::daemon {
namespace {

constexpr int first_inherited = 3;  // SD_LISTEN_FDS_START

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string_view take_name(std::string_view& names) {
    const size_t colon = names.find(':');
    const std::string_view first = names.substr(0, colon);
    names = colon == std::string_view::npos ? std::string_view() : names.substr(colon + 1);
    return first;
}

}  // namespace

std::vector<config::listener> listeners(const options& how, const config::settings& config) {
    std::vector<config::listener> all = config.listen;
    const bool inherited = text::parse_unsigned(variable("LISTEN_FDS")).value_or(0) > 0;
    if (!how.socket.empty()) {
        all.push_back({how.socket, 0600, {}, config::role::admin});
    } else if (all.empty() && !inherited) {
        all.push_back({find_default_paths().socket, 0660, {}, config::role::admin});
    }
    return all;
}

status check_listeners(const options& how, const config::settings& config) {
    const std::vector<config::listener> all = listeners(how, config);
    for (size_t i = 0; i < all.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const auto path = all[i].path.lexically_normal();
            if (path != all[j].path.lexically_normal()) continue;
            const bool by_option = i >= config.listen.size();
            return error{error_kind::config,
                         path.string() + (by_option ? " stands in [[listen]] of gatepost.toml and "
                                                      "in --socket: give one of them another path, "
                                                      "or leave --socket out"
                                                    : " stands in two [[listen]] of gatepost.toml: "
                                                      "give one of them another path")};
        }
    }
    return success{};
}

std::vector<api::server_options::inherited> inherited_sockets() {
    std::vector<api::server_options::inherited> all;
    if (variable("LISTEN_PID") != std::to_string(::getpid())) return all;
    const auto count = static_cast<int>(text::parse_unsigned(variable("LISTEN_FDS")).value_or(0));
    std::string_view names = variable("LISTEN_FDNAMES");
    for (int fd = first_inherited; fd < first_inherited + count; ++fd) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        const config::role rights =
            take_name(names) == "admin" ? config::role::admin : config::role::send;
        all.push_back({unique_fd(fd), rights});
    }
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    ::unsetenv("LISTEN_FDNAMES");
    return all;
}

}  // namespace gatepost::daemon
