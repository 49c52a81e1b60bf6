// See verdict.hpp.
#include "verdict.hpp"

#include <gatepost/letters.hpp>
#include <gatepost/no_answer.hpp>
#include <gatepost/retry.hpp>

#include <algorithm>
#include <vector>

#include "payload.hpp"
#include "verdict_table.hpp"

namespace sendgrid {
namespace {

using namespace gatepost::sdk;

constexpr std::size_t text_bytes = 600;

struct said_error {
    std::string_view field, text;
};

// The answer's errors; none if it is no JSON of SendGrid's form.
std::vector<said_error> errors_of(const json_value& root) {
    std::vector<said_error> found;
    for (const json_value& one : root["errors"].items()) {
        std::string_view field = one["field"].text();
        if (field == "null") field = {};  // some errors say it as a word
        found.push_back({field, one["message"].text()});
    }
    return found;
}

bool fits_field(std::string_view field, std::string_view wanted) {
    if (wanted.empty()) return true;
    if (!wanted.starts_with('^')) return field.find(wanted) != field.npos;
    return field.starts_with(wanted.substr(1));
}

bool fits(const row& one, int status, const std::vector<said_error>& errors) {
    if (one.status != 0 && one.status != status && one.status != status / 100) return false;
    if (one.field.empty() && one.words.empty()) return true;
    return std::any_of(errors.begin(), errors.end(), [&one](const said_error& error) {
        return fits_field(error.field, one.field) && has_letters(error.text, one.words);
    });
}

std::string in_words(int status, const std::vector<said_error>& errors) {
    std::string out = "SendGrid answered " + std::to_string(status);
    if (errors.empty()) return out + " and gave no reason";
    const char* before = ": ";
    for (const said_error& one : errors) {
        out.append(before).append(one.text);
        if (!one.field.empty()) out.append(" (").append(one.field).append(")");
        before = "; ";
    }
    return std::string(cut_text(out, text_bytes));
}

outcome with(verdict what, blame who, std::string text, int code) {
    outcome made;
    made.verdict = what;
    made.blame = who;
    made.text = std::move(text);
    made.code = code;
    return made;
}

// X-RateLimit-Reset stands in every answer, but only of a 429 it is the reason.
std::optional<std::chrono::seconds> said_wait(const http_reply& answer, int64_t wall_now) {
    if (answer.http_status == 429) return retry_after(answer, wall_now);
    if (answer.http_status != 503) return std::nullopt;
    return wait_from(answer.header("retry-after"), answer, wall_now);
}

outcome by_table(const http_reply& answer, int64_t wall_now) {
    const json_document document = read_json(answer.data);
    const std::vector<said_error> errors = errors_of(document.root);
    for (const row& one : table::rows) {
        if (!fits(one, answer.http_status, errors)) continue;
        outcome made =
            with(one.verdict, one.blame, in_words(answer.http_status, errors), answer.http_status);
        made.advice = one.advice;
        made.retry_after = std::chrono::seconds(one.retry_seconds);
        if (const auto wait = said_wait(answer, wall_now)) made.retry_after = *wait;
        return made;
    }
    // A success nobody documents: it may have been taken over.
    return with(verdict::unknown, blame::provider, in_words(answer.http_status, errors),
                answer.http_status);
}

outcome taken_over(const http_reply& answer, bool sandboxed) {
    if (sandboxed && answer.http_status == 200)
        return outcome::captured(
            "SendGrid checked the message and delivered it to nobody (sandbox mode)");
    outcome made =
        outcome::accepted("SendGrid has queued it", std::string(answer.header("x-message-id")));
    made.code = answer.http_status;
    return made;
}

}  // namespace

outcome judge(const http_reply& answer, bool sandboxed, int64_t wall_now) {
    if (!is_answered(answer)) return no_answer(answer, "SendGrid");
    const bool checked = sandboxed && answer.http_status == 200;
    if (answer.http_status == 202 || checked) return taken_over(answer, sandboxed);
    return by_table(answer, wall_now);
}

key_ruling judge_scopes(const http_reply& answer, int64_t wall_now) {
    if (!is_answered(answer)) return {key_state::bad, no_answer(answer, "SendGrid")};
    if (answer.http_status == 403) {
        outcome why = by_table(answer, wall_now);
        // Only the plain refusal of this one call leaves it open whether the key may send.
        const bool plain = why.advice == table::permission;
        return {plain ? key_state::cannot_tell : key_state::bad, std::move(why)};
    }
    if (answer.http_status != 200) return {key_state::bad, by_table(answer, wall_now)};
    if (!answer.ok()) return {key_state::bad, no_answer(answer, "SendGrid")};
    const json_document document = read_json(answer.data);
    if (!document.root["scopes"].is_array()) {
        outcome why = outcome::failed(blame::config, "what answered is not SendGrid's API",
                                      std::string(table::address));
        return {key_state::bad, std::move(why)};
    }
    for (const json_value& one : document.root["scopes"].items()) {
        if (one.text() == "mail.send") return {key_state::may_send, {}};
    }
    return {key_state::may_not_send,
            outcome::failed(blame::credential, "the API key may not send mail",
                            std::string(table::permission))};
}

}  // namespace sendgrid
