// The two test calls: of a configured connection, and of settings nobody saved yet. Administrators
// only. A test runs on the dispatcher, is never spooled and never retried, and ends when the client
// leaves. Answered whole, or stage by stage as NDJSON while it happens.
#include <nlohmann/json.hpp>

#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api_types/send_fields.hpp"
#include "base/text.hpp"
#include "schema/json.hpp"

namespace gatepost::api {
namespace {

using json = nlohmann::json;

struct asked {
    std::string provider, settings, from, to;
    bool trace = false;
};

// Reads the members that may stand there; the others are refused by name.
result<asked> read_body(const std::string& body, bool unsaved) {
    asked out;
    const bool empty = text::trim(body).empty();
    auto document = empty ? result<json>(json::object()) : schema::parse_json(body);
    if (!document) return document.error();
    if (!document->is_object()) return api_types::invalid_request({{"", "must be an object"}});
    std::vector<std::string> known{"to", "from", "trace"};
    if (unsaved) known.insert(known.end(), {"provider", "settings"});
    std::vector<field_error> problems;
    const auto text_member = [&](const std::string& name, const json& value, std::string& into) {
        if (value.is_string()) into = value.get<std::string>();
        if (!value.is_string()) problems.push_back({"/" + name, "must be a string"});
    };
    for (const auto& [name, value] : document->items()) {
        if (name == "to") {
            text_member(name, value, out.to);
        } else if (name == "from") {
            text_member(name, value, out.from);
        } else if (name == "trace") {
            if (!value.is_boolean()) problems.push_back({"/trace", "must be true or false"});
            out.trace = value.is_boolean() && value.get<bool>();
        } else if (unsaved && name == "provider") {
            text_member(name, value, out.provider);
        } else if (unsaved && name == "settings" && value.is_object()) {
            out.settings = value.dump();
        } else if (unsaved && name == "settings") {
            problems.push_back({"/settings", "must be an object"});
        } else {
            problems.push_back({"/" + name, api_types::unknown_name("member", name, known)});
        }
    }
    if (unsaved && out.provider.empty()) problems.push_back({"/provider", "is missing"});
    if (!problems.empty()) return api_types::invalid_request(std::move(problems));
    return out;
}

result<std::shared_ptr<const mail::message>> test_mail(service& with, const asked& body,
                                                       std::optional<mail::mailbox> from) {
    if (body.to.empty()) return std::shared_ptr<const mail::message>();
    const auto book = with.addresses();
    auto to = book->recipients(body.to);
    if (!to) return api_types::invalid_request({{"/to", to.error().detail}});
    if (!body.from.empty()) {
        auto given = book->sender(body.from);
        if (!given) return api_types::invalid_request({{"/from", given.error().detail}});
        from = *std::move(given);
    }
    if (!from) {
        return api_types::invalid_request(
            {{"/from", "is missing: the connection has no sender of its own"}});
    }
    auto out = std::make_shared<mail::message>();
    const wall_time now = with.options.clock->wall_now();
    out->id = with.options.ids->next(now);
    out->date = now;
    out->message_id = mail::make_message_id(out->id, from, with.options.host_name);
    out->envelope_from = from->addr;
    out->from = std::move(from);
    for (mail::mailbox& each : *to)
        out->recipients.push_back({std::move(each), mail::role::to, 0, {}});
    out->subject = "A test mail from Gatepost";
    mail::part text;
    text.type = "text/plain; charset=utf-8";
    text.body = mail::content::from_string(
        "This mail was sent to test a connection of the mail gateway.\r\n"
        "If you can read it, the connection works.\r\n");
    out->parts.push_back(std::move(text));
    return std::shared_ptr<const mail::message>(std::move(out));
}

std::optional<mail::mailbox> sender_of(const config::connection& which) {
    if (which.from_email.empty()) return std::nullopt;
    auto box = mail::make_mailbox(which.from_name, which.from_email);
    return box ? std::optional(*std::move(box)) : std::nullopt;
}

result<delivery::test_request> of_connection(service& with, const std::string& name,
                                             const std::string& text) {
    auto body = read_body(text, false);
    if (!body) return body.error();
    const auto config = with.options.config();
    const auto found = config->connections.find(name);
    if (found == config->connections.end()) {
        return error{error_kind::not_found, "there is no connection " + text::sanitize(name, 100)};
    }
    auto mail = test_mail(with, *body, sender_of(found->second));
    if (!mail) return mail.error();
    delivery::test_request out;
    out.connection = name;
    out.message = *std::move(mail);
    out.trace = body->trace;
    return out;
}

result<delivery::test_request> of_settings(service& with, const std::string& text) {
    auto body = read_body(text, true);
    if (!body) return body.error();
    const auto plugin = with.options.plugins->find(body->provider);
    if (!plugin) {
        return api_types::invalid_request(
            {{"/provider", "is no provider here; GET /v1/providers lists them"}});
    }
    const auto config = with.options.config();
    auto settings =
        config::check_json_settings(config->folder, body->settings.empty() ? "{}" : body->settings,
                                    {plugin->facts.settings_schema});
    if (!settings) return settings.error();
    auto mail = test_mail(with, *body, std::nullopt);
    if (!mail) return mail.error();
    delivery::test_request out;
    out.provider = body->provider;
    out.settings_json = std::move(settings->settings_json);
    out.message = *std::move(mail);
    out.trace = body->trace;
    return out;
}

bool wants_stages(const request& what) {
    return what.accept.find("application/x-ndjson") != std::string::npos;
}

void run(service& with, const exchange_ptr& to, result<delivery::test_request> what, bool stages) {
    if (!what) {
        to->answer(problem(what.error()));
        return;
    }
    what->deadline = limits::test_deadline;
    if (stages) {
        to->begin_stream("application/x-ndjson");
        what->on_stage = [&with, to](const plugin::stage_report& stage) {
            with.loop.post([to, line = write_stage(stage)] { to->write_stream(line); });
        };
        what->on_trace = [&with, to](const plugin::trace_line& said) {
            with.loop.post([to, line = write_trace(said)] { to->write_stream(line); });
        };
    }
    const bool trace = what->trace && !stages;
    auto cancel = with.options.dispatcher->test(
        *std::move(what), [&with, to, stages, trace](const delivery::test_result& outcome) {
            with.loop.post([to, stages, text = write_test_result(outcome, trace)] {
                if (!stages) {
                    to->answer(ok(text));
                    return;
                }
                to->write_stream("{\"result\":" + text + "}\n");
                to->end_stream();
            });
        });
    to->on_gone(std::move(cancel));
}

using make_request = std::function<result<delivery::test_request>(const std::string& body)>;

handling begin(service& with, const request& what, const exchange_ptr& to, make_request make) {
    if (!what.caller.admin) {
        to->answer(problem({error_kind::forbidden,
                            "only root and the gateway's own user, on an admin socket, may test"}));
        return {};
    }
    return {std::make_unique<body_collector>([&with, to, stages = wants_stages(what),
                                              make = std::move(make)](const std::string& body) {
                run(with, to, make(body), stages);
            }),
            limits::small_request_bytes};
}

}  // namespace

handling test_connection(service& with, const request& what, const std::string& name,
                         exchange_ptr to) {
    return begin(with, what, to, [&with, name](const std::string& body) {
        return of_connection(with, name, body);
    });
}

handling test_settings(service& with, const request& what, const std::string&, exchange_ptr to) {
    return begin(with, what, to,
                 [&with](const std::string& body) { return of_settings(with, body); });
}

}  // namespace gatepost::api
