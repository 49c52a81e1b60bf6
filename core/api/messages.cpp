// What became of mail: one message, a page of them, its bytes, cancel and retry. A caller who is no
// administrator finds its own mail only; the others do not exist for it.
#include <span>

#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api_types/query.hpp"
#include "api_types/send_fields.hpp"
#include "base/text.hpp"
#include "mail/mime.hpp"

namespace gatepost::api {
namespace {

error no_message(const std::string& id) {
    return {error_kind::not_found, "there is no message " + text::sanitize(id, 40)};
}

// Answers for itself if the id is none.
std::optional<mail_id> id_of(const std::string& text, const exchange_ptr& to) {
    const auto id = mail_id::parse(text);
    if (!id) to->answer(problem(no_message(text)));
    return id;
}

response message_response(const spool::message_row& row) {
    return ok(write_message(row));
}

api_types::complaint take(spool::list_query& into, const std::string& name,
                          const std::string& value) {
    static const std::vector<std::string> known{"limit", "cursor", "status", "recipient", "tag"};
    if (name == "limit") {
        const auto number = text::parse_unsigned(value);
        if (!number || *number == 0 || *number > limits::list_max) {
            return "must be a number from 1 to " + std::to_string(limits::list_max);
        }
        into.limit = static_cast<size_t>(*number);
    } else if (name == "cursor") {
        const auto before = mail_id::parse(value);
        if (!before) return "is no cursor; take `next` of the page before";
        into.before = *before;
    } else if (name == "status") {
        into.status = spool::parse_message_status(value);
        if (!into.status) {
            return "must be scheduled, queued, sending, sent, partial, failed, unknown, held, "
                   "expired or cancelled";
        }
    } else if (name == "recipient") {
        into.recipient = value;
    } else if (name == "tag") {
        into.tag = value;
    } else {
        return api_types::unknown_name("parameter", name, known);
    }
    return {};
}

result<spool::list_query> read_list_query(const request& what) {
    auto list = api_types::parse_query(what.query);
    if (!list) return list.error();
    spool::list_query out;
    out.owner_uid = service::owner_filter(what.caller);
    std::vector<field_error> problems;
    for (const auto& [name, value] : *list) {
        if (auto wrong = take(out, name, value); wrong && problems.size() < 50) {
            problems.push_back({"/query/" + name, *std::move(wrong)});
        }
    }
    if (!problems.empty()) return api_types::invalid_request(std::move(problems));
    return out;
}

result<mail::render_options> read_content_query(const request& what) {
    auto list = api_types::parse_query(what.query);
    if (!list) return list.error();
    mail::render_options out;
    for (const auto& [name, value] : *list) {
        std::string wrong;
        if (name != "smtputf8")
            wrong = api_types::unknown_name("parameter", name, {"smtputf8"});
        else if (value != "true" && value != "false")
            wrong = "must be true or false";
        if (!wrong.empty()) return api_types::invalid_request({{"/query/" + name, wrong}});
        out.utf8_headers = value == "true";
    }
    return out;
}

// The source reads on from the loaded message, which it keeps.
response content_response(const spool::loaded_message& loaded, const std::string& id,
                          std::optional<uint32_t> owner, mail::render_options how) {
    if (owner && loaded.owner_uid != *owner) return problem(no_message(id));
    auto source = mail::open_whole(*loaded.mail, mail::form::identity, how);
    if (!source) return problem(source.error());
    response out;
    out.type = "message/rfc822";
    out.source = *std::move(source);
    return out;
}

}  // namespace

handling list_messages(service& with, const request& what, const std::string&, exchange_ptr to) {
    auto query = read_list_query(what);
    if (!query) {
        to->answer(problem(query.error()));
        return {};
    }
    const size_t limit = query->limit;
    with.options.spool->list(
        *std::move(query), with.answering<std::vector<spool::message_row>>(
                               std::move(to), [limit](const std::vector<spool::message_row>& rows) {
                                   return ok(write_message_page(rows, rows.size() >= limit));
                               }));
    return {};
}

handling show_message(service& with, const request& what, const std::string& id, exchange_ptr to) {
    if (const auto which = id_of(id, to)) {
        with.options.spool->show(*which, service::owner_filter(what.caller),
                                 with.answering<spool::message_row>(to, message_response));
    }
    return {};
}

handling message_content(service& with, const request& what, const std::string& id,
                         exchange_ptr to) {
    const auto how = read_content_query(what);
    if (!how) {
        to->answer(problem(how.error()));
        return {};
    }
    if (const auto which = id_of(id, to)) {
        const auto answer = [id, owner = service::owner_filter(what.caller),
                             how = *how](const spool::loaded_message& loaded) {
            return content_response(loaded, id, owner, how);
        };
        with.options.spool->load(*which, with.answering<spool::loaded_message>(to, answer));
    }
    return {};
}

handling cancel_message(service& with, const request& what, const std::string& id,
                        exchange_ptr to) {
    if (const auto which = id_of(id, to)) {
        with.options.spool->cancel(*which, service::owner_filter(what.caller),
                                   with.answering<spool::message_row>(to, message_response));
    }
    return {};
}

handling retry_message(service& with, const request& what, const std::string& id, exchange_ptr to) {
    if (const auto which = id_of(id, to)) {
        // Who runs the gateway may know that what held the connection is over.
        const auto answer = [&with, admin = what.caller.admin](const spool::message_row& row) {
            if (admin) with.options.dispatcher->resume(row.connection);
            return message_response(row);
        };
        with.options.spool->retry_now(*which, service::owner_filter(what.caller),
                                      with.answering<spool::message_row>(to, answer));
    }
    return {};
}

}  // namespace gatepost::api
