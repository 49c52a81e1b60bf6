// The connection's settings as a value: presets filled in, defaults by port and protocol, and
// everything that does not fit together said at the setting it stands in. Pure.
#pragma once

#include <gatepost/settings.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sasl.hpp"

namespace smtp {

enum class security : uint8_t { starttls, tls, opportunistic, none };

struct options {
    std::string host;  // or "unix:/path", for LMTP
    uint16_t port = 587;
    smtp::security security = security::starttls;
    bool lmtp = false;
    credentials login;
    bool plaintext_auth = false;
    std::string hello_name;

    std::string ca_file, certificate_file, key_file;
    uint32_t minimum_tls = 0x0303;
    bool verify = true;
    bool wants_newest_tls() const noexcept { return minimum_tls > 0x0303; }
    std::string bind_address, proxy;

    bool pipelining = true, chunking = true, dsn = true;
    uint32_t max_mails = 100;     // of one session
    uint32_t max_recipients = 0;  // of one transaction; 0: what the server takes
    std::chrono::seconds idle{30};
    std::chrono::seconds connect_timeout{30}, greeting_timeout{300}, command_timeout{300},
        data_timeout{120}, final_timeout{600};
};

// `machine`: this computer's name, where ehlo_name is not set. What is wrong goes into `said`.
options read_options(const gatepost::sdk::settings& given, std::string_view machine,
                     gatepost::sdk::diagnostics& said);

// What a preset fills in where the settings say nothing.
struct preset {
    std::string_view id, host;
    uint16_t port;
    smtp::security security;
    uint32_t max_recipients;
    uint32_t max_mails = 100;
    std::chrono::seconds idle{30};
};
// Null: no such preset.
const preset* find_preset(std::string_view id) noexcept;

}  // namespace smtp
