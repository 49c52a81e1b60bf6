// gatepost messages: list, one message with every recipient and attempt, its content, cancel,
// retry.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "api_types/problem.hpp"
#include "base/text.hpp"
#include "gatepost/commands.hpp"

namespace gatepost::cli {
namespace {

using nlohmann::json;

std::string recipients_of(const json& message) {
    const json recipients = message.value("recipients", json::array());
    if (recipients.empty()) return {};
    std::string text = text_of(recipients[0], "address");
    if (recipients.size() > 1) text += " +" + std::to_string(recipients.size() - 1);
    return text;
}

// The short form of a time: seconds are enough.
std::string time_of(const json& object, const char* key) {
    return text_of(object, key).substr(0, 19);
}

std::vector<std::string> recipient_row(const context& with, const json& recipient) {
    std::string said = text_of(recipient, "text");
    // SMTP's texts begin with the code.
    if (recipient.value("code", 0) != 0 && !said.starts_with(text_of(recipient, "code")))
        said = text_of(recipient, "code") + " " + said;
    std::string remark;
    if (recipient.value("possible_duplicate", false)) remark = "possible duplicate; ";
    if (recipient.value("captured", false)) remark += "captured, delivered to nobody; ";
    return {"  " + clean(text_of(recipient, "address"), 60), text_of(recipient, "role"),
            with.out.status(text_of(recipient, "status")), clean(remark + said, 400)};
}

}  // namespace

std::string describe_message(const context& with, const json& message) {
    std::string out = with.out.paint(text_of(message, "id"), colour::bold) + "  " +
                      with.out.status(text_of(message, "status")) + "\n";
    for (const char* key :
         {"from", "subject", "connection", "message_id", "created", "next_attempt", "send_at"}) {
        const std::string value = text_of(message, key);
        if (!value.empty()) out += "  " + std::string(key) + ": " + clean(value, 150) + "\n";
    }
    std::vector<std::vector<std::string>> rows;
    for (const json& recipient : message.value("recipients", json::array()))
        rows.push_back(recipient_row(with, recipient));
    out += with.out.table({"  RECIPIENT", "ROLE", "STATUS", "WHAT WAS SAID"}, rows);
    rows.clear();
    for (const json& attempt : message.value("attempts", json::array())) {
        const std::string ended = time_of(attempt, "ended");
        rows.push_back({"  " + text_of(attempt, "number"), text_of(attempt, "connection"),
                        time_of(attempt, "started"), ended.empty() ? "no end known" : ended});
    }
    return out + with.out.table({"  ATTEMPT", "CONNECTION", "STARTED", "ENDED"}, rows);
}

int list_messages(const context& with, const list_options& options) {
    std::string target = "/v1/messages?limit=" + std::to_string(options.limit);
    const auto add = [&](const char* key, const std::string& value) {
        if (!value.empty()) target += "&" + std::string(key) + "=" + text::percent_encode(value);
    };
    add("status", options.status);
    add("recipient", options.recipient);
    add("tag", options.tag);
    add("cursor", options.cursor);
    auto page = get(with, target);
    if (!page) return fail(with, page.error());
    if (printed_as_json(with, *page)) return 0;
    std::vector<std::vector<std::string>> rows;
    for (const json& message : page->value("messages", json::array())) {
        rows.push_back({text_of(message, "id"), with.out.status(text_of(message, "status")),
                        time_of(message, "created"), clean(recipients_of(message), 40),
                        clean(text_of(message, "subject"), 60)});
    }
    std::fputs(rows.empty()
                   ? "no messages\n"
                   : with.out.table({"ID", "STATUS", "CREATED", "TO", "SUBJECT"}, rows).c_str(),
               stdout);
    const std::string next = text_of(*page, "next");
    if (!next.empty()) std::printf("more: gatepost messages --cursor %s\n", clean(next).c_str());
    return 0;
}

int show_message(const context& with, const std::string& id) {
    auto message = get(with, "/v1/messages/" + text::percent_encode(id));
    if (!message) return fail(with, message.error());
    if (!printed_as_json(with, *message))
        std::fputs(describe_message(with, *message).c_str(), stdout);
    return 0;
}

int show_content(const context& with, const std::string& id) {
    const http_request request{
        "GET", "/v1/messages/" + text::percent_encode(id) + "/content", {}, {}, {}};
    const auto print = [](std::string_view piece) {
        std::fwrite(piece.data(), 1, piece.size(), stdout);
    };
    auto answer = ask(with.socket, request, print);
    if (!answer) return fail(with, answer.error());
    if (answer->status / 100 != 2)
        return fail(with, api_types::read_problem(answer->body, answer->status));
    return 0;
}

int change_message(const context& with, const std::string& id, const std::string& verb) {
    auto message = post(with, "/v1/messages/" + text::percent_encode(id) + "/" + verb, "");
    if (!message) return fail(with, message.error());
    if (!printed_as_json(with, *message))
        std::fputs(describe_message(with, *message).c_str(), stdout);
    return 0;
}

}  // namespace gatepost::cli
