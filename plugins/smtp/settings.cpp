// See settings.hpp. The schema has checked types, ranges and choices; here is what it cannot say.
#include "settings.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "payload.hpp"

namespace smtp {
namespace {

using gatepost::sdk::diagnostics;
using gatepost::sdk::settings;

// The hosts stand among the manifest's destinations too, because settings need not name them.
constexpr std::array<preset, 9> presets{
    {{"gmail", "smtp.gmail.com", 465, security::tls, 100},
     {"google-relay", "smtp-relay.gmail.com", 465, security::tls, 100},
     {"outlook", "smtp-mail.outlook.com", 587, security::starttls, 500},
     {"office365", "smtp.office365.com", 587, security::starttls, 500},
     {"azure", "smtp.azurecomm.net", 587, security::starttls, 50},
     {"sendgrid", "smtp.sendgrid.net", 465, security::tls, 1000, 1000},
     {"mailgun", "smtp.mailgun.org", 465, security::tls, 1000},
     {"ses", "", 465, security::tls, 50, 50, std::chrono::seconds(8)},
     {"custom", "", 0, security::starttls, 0}}};

security security_named(std::string_view name) {
    if (name == "tls") return security::tls;
    if (name == "opportunistic") return security::opportunistic;
    return name == "none" ? security::none : security::starttls;
}

uint16_t usual_port(const options& made) {
    if (made.lmtp) return 24;
    switch (made.security) {
        case security::tls: return 465;
        case security::starttls: return 587;
        default: return 25;
    }
}

std::chrono::seconds seconds(const settings& given, std::string_view name,
                             std::chrono::seconds fallback) {
    return std::chrono::seconds(given.integer(name, fallback.count()));
}

// A Unix socket needs no encryption: nobody stands between.
security usual_security(const options& made, const preset* chosen) {
    if (chosen != nullptr) return chosen->security;
    return made.lmtp ? security::none : security::starttls;
}

void read_where(const settings& given, const preset* chosen, options& made) {
    made.lmtp = given.text("protocol", "smtp") == "lmtp";
    made.host = given.text("host", chosen != nullptr ? chosen->host : std::string_view());
    made.security = given.has("security") ? security_named(given.text("security"))
                                          : usual_security(made, chosen);
    const bool moved = given.has("security") || chosen == nullptr || chosen->port == 0;
    const uint16_t port = moved ? usual_port(made) : chosen->port;
    made.port = static_cast<uint16_t>(given.integer("port", port));
    // 465 and 587 say themselves what belongs to them.
    if (!given.has("security") && given.has("port") && !made.lmtp) {
        if (made.port == 465) made.security = security::tls;
        if (made.port == 587) made.security = security::starttls;
    }
}

void read_login(const settings& given, options& made) {
    made.login.username = given.text("username", "");
    made.login.password = given.text("password", "");
    made.login.token = given.text("token", "");
    made.login.wanted = mechanism_named(given.text("auth_method", "auto"));
    // Whether the connection has an [oauth] table is known to the host alone, which says so when it
    // is asked: a name without a secret of its own asks.
    const bool no_secret = made.login.password.empty() && made.login.wanted == mechanism::none;
    made.login.lent = made.login.given() && made.login.token.empty() &&
                      (no_secret || takes_token(made.login.wanted));
    made.login.host = made.host;
    made.login.port = made.port;
    made.plaintext_auth = given.boolean("allow_plaintext_auth", false);
}

void read_tls(const settings& given, options& made) {
    made.ca_file = given.text("ca_file", "");
    made.certificate_file = given.text("certificate_file", "");
    made.key_file = given.text("key_file", "");
    made.minimum_tls = given.text("minimum_tls", "1.2") == "1.3" ? 0x0304 : 0x0303;
    made.verify = given.text("tls_verify", "always") != "never";
    made.bind_address = given.text("bind_address", "");
    made.proxy = given.text("proxy", "");
}

void read_habits(const settings& given, const preset* chosen, options& made) {
    if (chosen != nullptr) {
        made.max_recipients = chosen->max_recipients;
        made.max_mails = chosen->max_mails;
        made.idle = chosen->idle;
    }
    made.pipelining = given.boolean("pipelining", true);
    made.chunking = given.boolean("chunking", true);
    made.dsn = given.boolean("dsn", true);
    made.max_mails =
        static_cast<uint32_t>(given.integer("max_messages_per_connection", made.max_mails));
    made.max_recipients =
        static_cast<uint32_t>(given.integer("max_recipients", made.max_recipients));
    made.idle = seconds(given, "idle_seconds", made.idle);
    made.connect_timeout = seconds(given, "connect_timeout", made.connect_timeout);
    made.greeting_timeout = seconds(given, "greeting_timeout", made.greeting_timeout);
    made.command_timeout = seconds(given, "command_timeout", made.command_timeout);
    made.data_timeout = seconds(given, "data_timeout", made.data_timeout);
    made.final_timeout = seconds(given, "final_timeout", made.final_timeout);
}

std::string domain_of(std::string_view address) {
    const std::size_t sign = address.rfind('@');
    return std::string(sign == address.npos ? std::string_view() : address.substr(sign + 1));
}

// Ours if it is a full name; else the domain we log in with, which a relay of ours knows; else the
// literal that says no name is known.
std::string usual_hello(const options& made, std::string_view machine) {
    if (machine.find('.') != machine.npos && is_safe_name(machine)) return std::string(machine);
    const std::string domain = domain_of(made.login.username);
    return is_safe_name(domain) ? domain : "[127.0.0.1]";
}

// No URL and no port behind it. A colon is right in an IPv6 address, with or without brackets.
bool is_bare_host(std::string_view host) {
    if (host.find('/') != host.npos) return false;
    if (host.find(':') == host.npos) return true;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::string address(host.substr(0, host.find('%')));  // a zone may follow
    in6_addr read{};
    return inet_pton(AF_INET6, address.c_str(), &read) == 1;
}

void check_where(const options& made, std::string_view preset_id, diagnostics& said) {
    const bool local = made.host.starts_with("unix:");
    if (made.host.empty()) {
        const bool ses = preset_id == "ses";
        said.error("/host", "is missing",
                   ses ? "email-smtp.REGION.amazonaws.com, for example "
                         "email-smtp.eu-west-1.amazonaws.com"
                       : "The name of the server, for example smtp.example.com");
    }
    if (!local && !is_bare_host(made.host))
        said.error("/host", "must be a name or an address only; the port stands in port",
                   "For example host = \"smtp.example.com\" and port = 587");
    if (local && !made.lmtp)
        said.error("/host", "a Unix socket is for protocol = \"lmtp\"",
                   "Set protocol = \"lmtp\", or name a host.");
    if (local && made.security != security::none)
        said.error("/security", "a Unix socket needs no encryption", "Set security = \"none\".");
    const bool broken = std::any_of(made.host.begin(), made.host.end(), [](char letter) {
        return static_cast<unsigned char>(letter) <= 0x20 || letter == 0x7F;
    });
    if (broken) said.error("/host", "must not hold spaces or controls");
}

void check_port(const options& made, diagnostics& said) {
    if (made.lmtp) return;
    if (made.port == 465 && made.security != security::tls)
        said.error("/port", "port 465 begins with TLS at once",
                   "Set security = \"tls\", or port = 587 with security = \"starttls\".");
    if ((made.port == 587 || made.port == 25) && made.security == security::tls)
        said.error("/port",
                   "port " + std::to_string(made.port) +
                       " begins in clear and asks for STARTTLS, not with TLS",
                   "Set security = \"starttls\", or port = 465 with security = \"tls\".");
}

void check_secrets(const options& made, diagnostics& said) {
    const credentials& login = made.login;
    const bool secret = !login.password.empty() || !login.token.empty();
    if (!login.given()) {
        if (secret) said.error("/username", "is missing: a password or token was given");
        return;
    }
    if (login.wanted != mechanism::none && !takes_token(login.wanted) && login.password.empty())
        said.error("/password", "is missing: auth_method asks for a password");
    const auto holds_control = [](const std::string& text) {
        return std::any_of(text.begin(), text.end(),
                           [](char letter) { return static_cast<unsigned char>(letter) < 0x20; });
    };
    for (const auto& [name, text] : {std::pair{"/username", &login.username},
                                     {"/password", &login.password},
                                     {"/token", &login.token}}) {
        if (holds_control(*text)) said.error(name, "must not hold line ends or other controls");
    }
}

void check_login(const options& made, diagnostics& said) {
    check_secrets(made, said);
    if (!made.login.given()) return;
    if (made.security == security::opportunistic)
        said.error("/security", "\"opportunistic\" protects no password",
                   "Set security = \"starttls\" or \"tls\".");
    if (made.security == security::none && !made.plaintext_auth)
        said.error(
            "/allow_plaintext_auth", "the password would be sent in clear, and nothing allows that",
            "Set security = \"starttls\" or \"tls\"; allow_plaintext_auth = true only inside "
            "a network that you trust.");
}

}  // namespace

const preset* find_preset(std::string_view id) noexcept {
    for (const preset& one : presets) {
        if (one.id == id) return &one;
    }
    return nullptr;
}

options read_options(const settings& given, std::string_view machine, diagnostics& said) {
    options made;
    const std::string_view preset_id = given.text("preset", "custom");
    const preset* chosen = preset_id == "custom" ? nullptr : find_preset(preset_id);
    read_where(given, chosen, made);
    read_login(given, made);
    read_tls(given, made);
    read_habits(given, chosen, made);
    made.hello_name = given.text("ehlo_name", "");
    if (made.hello_name.empty()) made.hello_name = usual_hello(made, machine);
    if (!is_safe_name(made.hello_name))
        said.error("/ehlo_name", "must be a domain or an address literal",
                   "For example mail.example.com or [192.0.2.1]");
    if (made.certificate_file.empty() != made.key_file.empty())
        said.error(made.key_file.empty() ? "/key_file" : "/certificate_file",
                   "is missing: certificate_file and key_file belong together");
    check_where(made, preset_id, said);
    check_port(made, said);
    check_login(made, said);
    return made;
}

}  // namespace smtp
