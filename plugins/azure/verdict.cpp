// See verdict.hpp.
#include "verdict.hpp"

#include <gatepost/json.hpp>
#include <gatepost/letters.hpp>
#include <gatepost/retry.hpp>

#include <algorithm>

#include "verdict_table.hpp"

namespace azure {
namespace {

using namespace gatepost::sdk;

constexpr int64_t least_clock_error = 2 * 60 * 1000;

bool fits(const table::row& row, const answer& said) {
    const bool in_range =
        row.lowest == 0 || (said.status >= row.lowest && said.status <= row.highest);
    return in_range && (row.code.empty() || row.code == said.code) &&
           has_letters(said.message, row.words);
}

std::string words_of(const answer& said) {
    std::string text = "HTTP " + std::to_string(said.status);
    if (!said.code.empty()) text += " " + said.code;
    if (!said.message.empty()) text += ": " + said.message;
    return text;
}

}  // namespace

answer read_answer(const http_reply& from, int64_t wall_now) {
    answer made;
    made.status = from.http_status;
    made.retry_after = retry_after(from, wall_now).value_or(std::chrono::seconds(0));
    if (const auto date = mail_date(from.header("date"))) made.date = *date * 1000;
    const json_document document = read_json(from.data);
    const json_value& body = document.root;
    made.code = body["error"]["code"].text(from.header("x-ms-error-code"));
    made.message = body["error"]["message"].text();
    made.id = body["id"].text();
    made.state = body["status"].text();
    return made;
}

outcome judge(const answer& said) {
    outcome made = outcome::unknown(blame::provider, {});  // where no row fits
    made.code = said.status;
    if (said.status == 202) {
        made.verdict = verdict::accepted;
        made.blame = blame::none;
        return made;
    }
    for (const table::row& row : table::answers) {
        if (!fits(row, said)) continue;
        made.verdict = row.verdict;
        made.blame = row.blame;
        made.advice = row.advice;
        made.retry_after = std::chrono::seconds(row.retry_after);
        break;
    }
    if (said.by_token && made.blame == blame::credential) made.advice = table::check_token;
    if (said.retry_after.count() > 0) made.retry_after = said.retry_after;
    made.text = words_of(said);
    return made;
}

outcome judge_operation(const answer& said) {
    outcome made;
    made.code = said.status;
    made.verdict = verdict::accepted;
    made.blame = blame::none;
    for (const table::ending& one : table::endings) {
        if (one.state != said.state || (!one.code.empty() && one.code != said.code)) continue;
        made.verdict = one.verdict;
        made.blame = one.blame;
        made.advice = one.advice;
        made.text = "Azure says " + said.state;
        if (!said.code.empty()) made.text += ": " + said.code;
        if (!said.message.empty()) made.text += ": " + said.message;
        break;
    }
    return made;
}

sighting sighted(const answer& said) noexcept {
    if (said.status == 404 && said.code != "DomainNotLinked") return sighting::absent;
    if (said.status != 200 || said.state.empty()) return sighting::unclear;
    if (said.state == "Succeeded") return sighting::done;
    if (said.state == "Failed" || said.state == "Canceled") return sighting::failed;
    return sighting::running;
}

bool is_unclear(const answer& said) noexcept {
    return judge(said).verdict == verdict::unknown;
}

std::optional<int64_t> clock_error(const answer& said, int64_t our_time) noexcept {
    if (said.status != 401 || !said.date) return std::nullopt;
    const int64_t error = *said.date - our_time;
    if (error < least_clock_error && error > -least_clock_error) return std::nullopt;
    return error;
}

std::string write_notes(const notes& from) {
    json_writer json;
    json.begin_object();
    json.member("operation", from.operation);
    json.member("asked", from.asked);
    json.member("unclear", from.unclear);
    json.end_object();
    return std::string(json.finish().bytes());
}

std::optional<notes> read_notes(std::string_view text) {
    const json_document document = read_json(text);
    notes made;
    made.operation = document.root["operation"].text();
    made.asked = static_cast<int>(std::clamp<int64_t>(document.root["asked"].integer(), 0, 1000));
    made.unclear = document.root["unclear"].boolean();
    const bool plain =
        !made.operation.empty() && made.operation.size() <= 64 &&
        made.operation.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
    if (!plain) return std::nullopt;
    return made;
}

}  // namespace azure
