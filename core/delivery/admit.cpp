#include "delivery/admit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "delivery/route.hpp"
#include "delivery/sender.hpp"
#include "plugin/instance.hpp"
#include "schema/json.hpp"
#include "schema/schema.hpp"

namespace gatepost::delivery {
namespace {

using problems = std::vector<field_error>;

std::string provider_cannot(const plugin::manifest& facts, std::string_view what) {
    return "the provider \"" + facts.id + "\" cannot carry " + std::string(what);
}

status fill_sender(mail::message& message, const config::connection& connection) {
    if (!message.from) {
        if (connection.from_email.empty()) {
            return error{
                error_kind::invalid,
                "the message has no sender, and the connection \"" + connection.name +
                    "\" has none either",
                {{"/from", "is missing; or set from_email in " + connection.file.string()}}};
        }
        auto box = mail::make_mailbox(connection.from_name, connection.from_email);
        if (!box) return box.error();
        message.from = *box;
    }
    // Raw mail may have come with an envelope sender of its own, or with the null one on purpose.
    if (!message.envelope_from && !message.raw) message.envelope_from = message.from->addr;
    return success{};
}

uint64_t content_bytes(const mail::message& message) {
    uint64_t sum = message.raw ? message.raw->header_block.size() + message.raw->body.size() : 0;
    for (const mail::part& part : message.parts)
        sum += part.body.size();
    return sum;
}

bool needs_smtputf8(const mail::message& message) {
    if (message.envelope_from && message.envelope_from->needs_smtputf8()) return true;
    for (const mail::recipient& recipient : message.recipients) {
        if (recipient.who.addr.needs_smtputf8()) return true;
    }
    return message.from && message.from->addr.needs_smtputf8();
}

void check_sizes(const mail::message& message, const plugin::manifest& facts, uint64_t max_bytes,
                 problems& found) {
    const uint64_t bytes = content_bytes(message);
    const uint64_t cap =
        facts.can.max_bytes != 0 ? std::min(facts.can.max_bytes, max_bytes) : max_bytes;
    if (cap != 0 && bytes > cap) {
        found.push_back({"", "the message has " + std::to_string(bytes) + " bytes; at most " +
                                 std::to_string(cap) + " can go through this connection"});
    }
    if (facts.can.max_recipients != 0 && message.recipients.size() > facts.can.max_recipients) {
        found.push_back(
            {"/to", provider_cannot(facts, "more than " + std::to_string(facts.can.max_recipients) +
                                               " recipients in one message")});
    }
}

void check_parts(const mail::message& message, const plugin::manifest& facts, problems& found) {
    size_t number = 0;
    for (const mail::part& part : message.parts) {
        const bool attached =
            part.kind == mail::part_role::attachment || part.kind == mail::part_role::inline_;
        const std::string pointer = "/attachments/" + std::to_string(number);
        if (part.kind == mail::part_role::attachment && !facts.can.attachments) {
            found.push_back({pointer, provider_cannot(facts, "attachments")});
        }
        if (part.kind == mail::part_role::inline_ && !facts.can.inline_images) {
            found.push_back({pointer, provider_cannot(facts, "inline images")});
        }
        if (attached) ++number;
    }
}

void check_no_dsn(const mail::message& message, const plugin::manifest& facts, problems& found) {
    const auto object = [&](bool wanted, const char* member) {
        if (wanted)
            found.push_back({std::string(message.raw ? "/query/" : "/dsn/") + member,
                             provider_cannot(facts, "delivery status notifications")});
    };
    object(std::ranges::any_of(
               message.recipients,
               [](const auto& r) { return (r.dsn_notify & ~mail::notify_never) != 0; }),
           "notify");
    object(message.ret != mail::dsn_ret::none, "ret");
    object(!message.dsn_envid.empty(), "envid");
}

void check_abilities(const mail::message& message, const plugin::manifest& facts, problems& found) {
    if (message.raw && message.raw->raw_only && !facts.can.raw_mime) {
        found.push_back(
            {"", provider_cannot(facts, "signed or encrypted mail, which must go as it is")});
    }
    if (!message.headers.empty() && !message.raw && !facts.can.headers) {
        found.push_back({"/headers", provider_cannot(facts, "headers of your own")});
    }
    if (needs_smtputf8(message) && !facts.can.smtputf8) {
        found.push_back(
            {"/to", provider_cannot(facts, "an address whose local part is not ASCII (SMTPUTF8)")});
    }
    if (!facts.can.dsn) check_no_dsn(message, facts, found);
    const bool visible = std::ranges::any_of(
        message.recipients, [](const auto& r) { return r.kind != mail::role::bcc; });
    if (!visible && !facts.can.bcc_only) {
        found.push_back({"/to", provider_cannot(facts, "mail that has Bcc recipients only")});
    }
}

void check_options(const mail::message& message, const plugin::manifest& facts, problems& found) {
    const auto options = message.provider_options.find(facts.id);
    if (options == message.provider_options.end()) return;
    const auto& rules = facts.message_options_rules;
    const auto value = schema::parse_json(options->second);
    if (!rules || !value) {
        found.push_back({"/provider_options/" + facts.id, "cannot be read"});
        return;
    }
    for (field_error& problem : rules->validate(*value)) {
        found.push_back(
            {"/provider_options/" + facts.id + problem.pointer, std::move(problem.detail)});
    }
}

void check_times(const mail::message& message, wall_time now, problems& found) {
    if (message.expires_at && *message.expires_at <= now)
        found.push_back({"/expires_at", "lies in the past"});
}

problems objections(const mail::message& message, const config::settings& config,
                    const config::connection& connection,
                    const std::shared_ptr<const plugin::loaded_plugin>& provider,
                    plugin::message_checks& checks, wall_time now) {
    problems found;
    const plugin::manifest& facts = provider->facts;
    check_sizes(message, facts, config.message_bytes, found);
    check_parts(message, facts, found);
    check_abilities(message, facts, found);
    check_options(message, facts, found);
    check_times(message, now, found);
    if (!found.empty()) return found;
    return checks.ask(connection.name, provider, connection.settings_json, message);
}

}  // namespace

result<admission> admit(mail::message& message, const config::settings& config,
                        const plugin::registry& plugins, plugin::message_checks& checks,
                        wall_time now) {
    auto chosen = route(message.connection, config);
    if (!chosen) return chosen.error();
    const config::connection& connection = **chosen;
    const auto provider = plugins.find(connection.provider);
    if (!provider) {
        return error{error_kind::no_connection,
                     "the connection \"" + connection.name + "\" needs the provider \"" +
                         connection.provider + "\", which is not loaded"};
    }
    if (auto filled = fill_sender(message, connection); !filled) return filled.error();
    std::optional<mail::message> forced;  // what the provider will see, where that is another
    if (connection.force_sender) force_sender(forced.emplace(message), connection);
    problems found =
        objections(forced ? *forced : message, config, connection, provider, checks, now);
    if (!found.empty()) {
        return error{error_kind::invalid,
                     "the connection \"" + connection.name + "\" cannot carry this message",
                     std::move(found)};
    }
    return admission{connection.name};
}

}  // namespace gatepost::delivery
