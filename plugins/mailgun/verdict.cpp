// See verdict.hpp.
#include "verdict.hpp"

#include <gatepost/json.hpp>
#include <gatepost/letters.hpp>
#include <gatepost/mail_text.hpp>
#include <gatepost/no_answer.hpp>
#include <gatepost/retry.hpp>

#include <algorithm>
#include <string>

#include "verdict_table.hpp"

namespace mailgun {
namespace {

using namespace gatepost::sdk;

constexpr std::size_t text_bytes = 600;

std::string cut(std::string_view text) {
    return std::string(cut_text(text, text_bytes));
}

// Mostly {"message": "..."}; on 401 plain text; from the edge HTML, which says nothing to people.
std::string reason_of(const http_reply& answer) {
    const json_document document = read_json(answer.data);
    for (const char* name : {"message", "Message", "error"}) {
        const std::string_view said = document.root[name].text();
        if (!said.empty()) return cut(said);
    }
    const std::string_view line =
        std::string_view(answer.data).substr(0, answer.data.find_first_of("\r\n"));
    const bool page = line.find('<') != line.npos;
    return document.ok() || page || !is_ascii(line) ? std::string() : cut(line);
}

bool fits(const row& one, int status, std::string_view reason) {
    if (one.status != status && one.status != status / 100) return false;
    return has_letters(reason, one.words);
}

// "try again after Mon, 20 Dec 2021 20:33:21 UTC", "try again after 120 seconds"
std::optional<std::chrono::seconds> wait_in_words(std::string_view reason, const http_reply& answer,
                                                  int64_t wall_now) {
    constexpr std::string_view before = "try again after ";
    const std::size_t at = find_letters(reason, before);
    if (at == reason.npos) return std::nullopt;
    const std::string_view when = reason.substr(at + before.size());
    if (const auto date = mail_date(when)) return wait_until(*date, answer, wall_now);
    return wait_from(when.substr(0, when.find(' ')), answer, wall_now);
}

std::optional<std::chrono::seconds> said_wait(std::string_view reason, const http_reply& answer,
                                              int64_t wall_now) {
    const int status = answer.http_status;
    const bool too_fast = status == 429 || status == 420;
    if (!too_fast && status != 503) return std::nullopt;
    const auto header = wait_from(answer.header("retry-after"), answer, wall_now);
    if (header || !too_fast) return header;
    const auto words = wait_in_words(reason, answer, wall_now);
    return words ? words : retry_after(answer, wall_now);
}

outcome by_table(const http_reply& answer, int64_t wall_now) {
    const std::string reason = reason_of(answer);
    outcome made;
    made.verdict = verdict::unknown;  // a status that no row knows
    made.blame = blame::provider;
    made.code = answer.http_status;
    made.text = "Mailgun answered " + std::to_string(answer.http_status) +
                (reason.empty() ? " and gave no reason" : ": " + reason);
    for (const row& one : table::rows) {
        if (!fits(one, answer.http_status, reason)) continue;
        made.verdict = one.verdict;
        made.blame = one.blame;
        made.advice = one.advice;
        made.retry_after = std::chrono::seconds(one.retry_seconds);
        break;
    }
    if (const auto wait = said_wait(reason, answer, wall_now)) made.retry_after = *wait;
    return made;
}

// Events and the API name it without brackets.
std::string id_of(const http_reply& answer) {
    std::string id(read_json(answer.data).root["id"].text());
    if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
    return id;
}

// Both are an account's key that the domain stops.
outcome stopped(const json_value& domain) {
    const std::string_view state = domain["state"].text();
    if (domain["is_disabled"].boolean()) {
        std::string text = "Mailgun has disabled the domain";
        const std::string_view reason = domain["disabled"]["reason"].text();
        if (!reason.empty()) text += ": " + cut(reason);
        return outcome::failed(blame::config, std::move(text), std::string(table::activate));
    }
    return outcome::failed(blame::config, "the domain is " + cut(state) + " at Mailgun",
                           std::string(table::verify));
}

}  // namespace

outcome judge(const http_reply& answer, const asked_for& by, int64_t wall_now) {
    if (!is_answered(answer)) return no_answer(answer, "Mailgun");
    std::string id = answer.http_status == 200 ? id_of(answer) : std::string();
    const bool broke_off = answer.status == service_status::uncertain;
    if (id.empty() && broke_off && answer.http_status == 200) return no_answer(answer, "Mailgun");
    if (id.empty()) {
        outcome made = by_table(answer, wall_now);
        if (by.own_ip && made.advice == table::address_pool) {
            made.verdict = verdict::rejected;  // the connection's other mail does not use it
            made.blame = blame::message;
        }
        return made;
    }
    outcome made =
        by.test_mode
            ? outcome::captured("Mailgun processed it and delivers it to nobody (test mode)")
            : outcome::accepted("Mailgun has queued it");
    made.provider_message_id = std::move(id);
    made.code = answer.http_status;
    return made;
}

domain_ruling judge_domain(const http_reply& answer, int64_t wall_now) {
    if (!is_answered(answer)) return {domain_state::bad, no_answer(answer, "Mailgun").as_failure()};
    if (answer.http_status == 401 || answer.http_status == 403)
        return {domain_state::maybe_sending_key, {}};
    if (answer.http_status != 200)
        return {domain_state::bad, by_table(answer, wall_now).as_failure()};
    if (!answer.ok()) return {domain_state::bad, no_answer(answer, "Mailgun").as_failure()};
    const json_document document = read_json(answer.data);
    const json_value& domain = document.root["domain"];
    if (!domain.is_object()) {
        outcome why = outcome::failed(blame::config, "what answered is not Mailgun's API",
                                      std::string(table::endpoint));
        return {domain_state::bad, std::move(why)};
    }
    const bool good = domain["state"].text() == "active" && !domain["is_disabled"].boolean();
    if (good) return {domain_state::active, {}};
    return {domain_state::stopped, stopped(domain)};
}

outcome judge_empty_post(const http_reply& answer, int64_t wall_now) {
    if (!is_answered(answer)) return no_answer(answer, "Mailgun").as_failure();
    const outcome said = by_table(answer, wall_now);
    // Rejected: Mailgun knew the key and read on to what is missing.
    if (answer.http_status == 400 && said.verdict == verdict::rejected)
        return outcome::passed("Mailgun knows the sending key of the domain");
    return said.as_failure();
}

}  // namespace mailgun
