// Messages as JSON. Times are RFC 3339 in UTC; what there is not is left out.
#include "api/answers.hpp"
#include "api_types/json_writer.hpp"

namespace gatepost::api {
namespace {

using api_types::json_writer;

std::string_view role_name(mail::role role) {
    switch (role) {
        case mail::role::to: return "to";
        case mail::role::cc: return "cc";
        case mail::role::bcc: return "bcc";
    }
    return "to";
}

void write_result(json_writer& json, const mail::recipient_result& result) {
    json.member("verdict", mail::to_string(result.verdict));
    if (result.blame != mail::blame::none) json.member("blame", mail::to_string(result.blame));
    if (result.code != 0) json.member("code", result.code);
    json.member_if("text", result.text);
    json.member_if("provider_message_id", result.provider_message_id);
    if (result.captured) json.member("captured", true);
}

void write_recipients(json_writer& json, const spool::message_row& row) {
    json.key("recipients").begin_array();
    for (const auto& recipient : row.recipients) {
        json.begin_object()
            .member("address", recipient.address)
            .member("role", role_name(recipient.role))
            .member("status", spool::to_string(recipient.state));
        if (recipient.last) write_result(json, *recipient.last);
        if (recipient.possible_duplicate) json.member("possible_duplicate", true);
        json.end_object();
    }
    json.end_array();
}

std::string_view address_of(const spool::message_row& row, uint32_t index) {
    for (const auto& recipient : row.recipients) {
        if (recipient.index == index) return recipient.address;
    }
    return {};
}

void write_attempts(json_writer& json, const spool::message_row& row) {
    json.key("attempts").begin_array();
    for (const auto& attempt : row.attempts) {
        json.begin_object()
            .member("number", attempt.number)
            .member("connection", attempt.connection)
            .member("started", attempt.started)
            .member("ended", attempt.ended);
        json.key("results").begin_array();
        for (const auto& result : attempt.results) {
            json.begin_object().member_if("address", address_of(row, result.index));
            write_result(json, result);
            json.end_object();
        }
        json.end_array().end_object();
    }
    json.end_array();
}

void write_row(json_writer& json, const spool::message_row& row, bool with_attempts) {
    json.begin_object()
        .member("id", row.id.to_string())
        .member("status", spool::to_string(row.status))
        .member("created", row.created)
        .member("updated", row.updated)
        .member_if("from", row.from)
        .member("subject", row.subject)
        .member("message_id", row.message_id)
        .member("connection", row.connection)
        .member("bytes", row.bytes)
        .member("send_at", row.send_at)
        .member("expires_at", row.expires_at)
        .member("next_attempt", row.next_attempt);
    json.key("tags").begin_array();
    for (const auto& tag : row.tags)
        json.value(tag);
    json.end_array();
    write_recipients(json, row);
    if (with_attempts) write_attempts(json, row);
    json.end_object();
}

}  // namespace

response ok(std::string json) {
    response out;
    out.body = std::move(json);
    return out;
}

response accepted(mail_id id, spool::message_status status) {
    const std::string name = id.to_string();
    response out;
    out.status = 202;
    out.headers = "Location: /v1/messages/" + name + "\r\n";
    out.body = "{\"id\":\"" + name + "\",\"status\":\"";
    out.body += spool::to_string(status);
    out.body += "\"}";
    return out;
}

std::string write_message(const spool::message_row& row) {
    std::string out;
    json_writer json(out);
    write_row(json, row, true);
    return out;
}

std::string write_message_page(const std::vector<spool::message_row>& rows, bool full) {
    std::string out;
    json_writer json(out);
    json.begin_object().key("messages").begin_array();
    for (const auto& row : rows)
        write_row(json, row, false);
    json.end_array().key("next");
    full && !rows.empty() ? json.value(rows.back().id.to_string()) : json.null();
    json.end_object();
    return out;
}

}  // namespace gatepost::api
