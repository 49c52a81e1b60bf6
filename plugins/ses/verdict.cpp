// See verdict.hpp.
#include "verdict.hpp"

#include <gatepost/json.hpp>
#include <gatepost/letters.hpp>
#include <gatepost/no_answer.hpp>
#include <gatepost/retry.hpp>

#include <algorithm>

#include "text.hpp"
#include "verdict_table.hpp"

namespace ses {
namespace {

using namespace gatepost::sdk;

constexpr int64_t least_clock_error = 5 * 60 * 1000;  // AWS allows 15 minutes

// "MessageRejected" of "MessageRejected:http://internal.amazon.com/...", of
// "com.amazonaws.ses#MessageRejected".
std::string type_of(std::string_view text) {
    text = text.substr(0, text.find(':'));
    if (const std::size_t hash = text.rfind('#'); hash != text.npos) text.remove_prefix(hash + 1);
    return std::string(text);
}

bool fits(const table::row& row, const answer& said) {
    const bool in_range =
        row.lowest == 0 || (said.status >= row.lowest && said.status <= row.highest);
    return in_range && std::string_view(said.type).starts_with(row.type) &&
           has_letters(said.message, row.words);
}

std::string words_of(const answer& said) {
    std::string text = said.type.empty() ? "HTTP " + std::to_string(said.status) : said.type;
    if (!said.message.empty()) text += ": " + said.message;
    return text;
}

// As a whole: "a@b.example" does not stand in "aa@b.example".
bool names_address(std::string_view text, std::string_view address) {
    const std::string in = lower(text), what = lower(address);
    const auto goes_on = [&](std::size_t at) {
        return at < in.size() && in.find_first_of(" ,;:<>()'\"", at) != at;
    };
    for (std::size_t at = in.find(what); at != in.npos; at = in.find(what, at + 1)) {
        if (!(at > 0 && goes_on(at - 1)) && !goes_on(at + what.size())) return true;
    }
    return false;
}

// The words name the identities that failed; if none of them is the sender, it is a recipient of a
// sandbox.
void tell_sandbox(outcome& made, const answer& said, std::string_view sender) {
    const std::size_t colon = said.message.rfind(':');
    if (made.blame != blame::sender || colon == std::string::npos || sender.empty()) return;
    const std::string_view names = std::string_view(said.message).substr(colon);
    if (names.find('@') == names.npos && !has_letters(names, domain_of(sender))) return;
    if (names_address(names, sender)) return;
    if (names.find('@') == names.npos) return;
    made.verdict = verdict::rejected;
    made.blame = blame::recipient;
    made.advice = table::leave_sandbox;
}

// A message that names what is not there is wrong itself, and all others are not. Where the words
// name nothing that the request asked for, it counts only if nothing else can be meant.
bool is_wish_of_message(const answer& said, const std::vector<named_thing>& things) {
    std::string text = lower(said.type + said.message);
    std::erase(text, ' ');
    bool others = false, named = false, own = false;
    for (const named_thing& one : things) {
        const bool here = text.find(one.word) != text.npos;
        if (here && one.by_message) return true;
        named = named || here;
        own = own || one.by_message;
        others = others || one.by_settings;
    }
    return own && !others && !named;
}

void tell_whose_wish(outcome& made, const answer& said, const asked_for& by) {
    if (!is_wish_of_message(said, by.things)) return;
    made.verdict = verdict::rejected;
    made.blame = blame::message;
}

}  // namespace

answer read_answer(const http_reply& from, int64_t wall_now) {
    answer made;
    made.status = from.http_status;
    made.type = type_of(from.header("x-amzn-errortype"));
    if (const auto date = mail_date(from.header("date"))) made.date = *date * 1000;
    made.retry_after = retry_after(from, wall_now).value_or(std::chrono::seconds(0));
    const json_document document = read_json(from.data);
    const json_value& body = document.root;
    if (made.type.empty()) made.type = type_of(body["__type"].text(body["code"].text()));
    made.message = body["message"].text(body["Message"].text());
    made.message_id = body["MessageId"].text();
    return made;
}

outcome judge(const answer& said, const asked_for& by) {
    outcome made = outcome::unknown(blame::provider, {});  // where no row fits
    made.code = said.status;
    if (said.status == 200 && !said.message_id.empty()) {
        made.verdict = verdict::accepted;
        made.blame = blame::none;
        return made;
    }
    for (const table::row& row : table::rows) {
        if (said.status >= 200 && said.status < 300 && row.lowest == 0 && !row.type.empty())
            continue;
        if (!fits(row, said)) continue;
        made.verdict = row.verdict;
        made.blame = row.blame;
        made.retry_after = std::max(said.retry_after, std::chrono::seconds(row.retry_after));
        made.advice = row.advice;
        if (row.advice == table::missing_thing) tell_whose_wish(made, said, by);
        break;
    }
    made.text = words_of(said);
    tell_sandbox(made, said, by.sender);
    return made;
}

bool is_lost(const http_reply& from, const answer& said) noexcept {
    const bool success = said.status >= 200 && said.status < 300;
    const bool broke_off = from.status == service_status::uncertain;
    return !is_answered(from) || (success && broke_off && said.message_id.empty());
}

std::optional<int64_t> clock_error(const answer& said, int64_t our_time) noexcept {
    const std::string_view type = said.type;
    const bool clock =
        type.starts_with("RequestExpired") || type.starts_with("IncompleteSignature") ||
        type.starts_with("InvalidSignature") || type.starts_with("SignatureDoesNotMatch") ||
        type.starts_with("RequestTimeTooSkewed");
    if (!clock || !said.date) return std::nullopt;
    const int64_t error = *said.date - our_time;
    if (error < least_clock_error && error > -least_clock_error) return std::nullopt;
    return error;
}

bool is_expired_token(const answer& said) noexcept {
    return std::string_view(said.type).starts_with("ExpiredToken");
}

}  // namespace ses
