// Transactions: MAIL, RCPT and the content, in as few writes as the server allows, and every reply
// given to the command it answers.
//
// With PIPELINING, MAIL, RCPT and DATA (or BDAT and the message, where CHUNKING is offered too) go
// in one write; without it, one command at a time. Recipients go in batches, so that answers never
// pile up on both sides. A large message waits for the recipients' answers, so that megabytes are
// not sent for nobody, and goes in two writes: a server has time to speak while it is on its way,
// and only its end (the dot, or the last octet that BDAT counts) hands it over.
#include <gatepost/abi.h>

#include <algorithm>

#include "session.hpp"

namespace smtp {
namespace {

using gatepost::sdk::blame;
using gatepost::sdk::verdict;

constexpr std::size_t batch_recipients = 100;
constexpr uint64_t one_piece = uint64_t{64} * 1024;  // that the host hands over at once

ruling rejected(blame who, std::string text, std::string_view advice = {}) {
    ruling out;
    out.verdict = verdict::rejected;
    out.blame = who;
    out.text = std::move(text);
    out.advice = advice;
    return out;
}

ruling taken(const reply& said) {
    ruling out;
    out.verdict = verdict::accepted;
    out.blame = blame::none;
    out.code = said.code;
    out.text = in_words(said);
    return out;
}

std::string_view domain_of(std::string_view address) {
    return address.substr(std::min(address.rfind('@'), address.size()));
}

}  // namespace

// ---- who, and with what ---------------------------------------------------------------------

void session::begin_transaction() {
    accepted_.clear();
    too_many_.clear();
    said_ = answered_ = lmtp_answers_ = 0;
    mail_ok_ = started_ = handed_over_ = delivered_ = false;
    refusal_.reset();
    refused_too_many_.reset();
    utf8_ = offer_.smtputf8 && mail_->needs_utf8;
    chunked_ = offer_.chunking && how_.chunking && !how_.lmtp;
    const bool nameless = !mail_->from.empty() && !utf8_ && mail_->from_ascii.empty();
    if (nameless)
        results_.decide_open(rejected(blame::sender,
                                      "the sender's address needs SMTPUTF8, which the server does "
                                      "not offer"));
    const bool unsafe =
        !mail_->from.empty() && !is_safe_address(utf8_ ? mail_->from : mail_->from_ascii);
    if (unsafe) results_.decide_open(rejected(blame::sender, "the sender's address is unusable"));
    pick();
    if (picked_.empty()) return end(true);
    const body_form wanted = chunked_ ? body_form::plain : body_form::stuffed;
    if (form_ == wanted) return send_group();
    open_body(wanted, state::opening);
}

// RFC 9422's limits count per transaction; whoever does not fit waits for the next.
void session::pick() {
    picked_.clear();
    uint64_t most = mail_->to.size();
    for (const uint32_t limit : {offer_.recipients, how_.max_recipients}) {
        if (limit != 0) most = std::min<uint64_t>(most, limit);
    }
    std::vector<std::string_view> domains;
    for (std::size_t at = 0; at < mail_->to.size() && picked_.size() < most; ++at) {
        if (!results_.decided(at) && pick_one(at, domains))
            picked_.push_back(static_cast<uint32_t>(at));
    }
}

bool session::pick_one(std::size_t position, std::vector<std::string_view>& domains) {
    const envelope_recipient& to = mail_->to[position];
    if (!utf8_ && to.ascii.empty()) {
        results_.decide(position, rejected(blame::recipient,
                                           "the address needs SMTPUTF8, which the server does not "
                                           "offer"));
        return false;
    }
    if (!is_safe_address(to.address) || (!utf8_ && !is_safe_address(to.ascii))) {
        results_.decide(position, rejected(blame::recipient, "the address is unusable"));
        return false;
    }
    if (offer_.recipient_domains == 0) return true;
    const std::string_view domain = domain_of(to.address);
    if (std::find(domains.begin(), domains.end(), domain) != domains.end()) return true;
    if (domains.size() >= offer_.recipient_domains) return false;
    domains.push_back(domain);
    return true;
}

void session::open_body(body_form form, state then) {
    state_ = then;
    wish_ = action();
    wish_.what = need::open_body;
    wish_.body = form;
    if (!offer_.eight_bit) wish_.body_flags |= GATEPOST_BODY_7BIT;
    if (utf8_) wish_.body_flags |= GATEPOST_BODY_UTF8;
}

void session::opened(uint64_t length) {
    if (state_ == state::measuring) {
        if (!too_large(length)) send_group();
        return;
    }
    if (state_ != state::opening) return;
    form_ = chunked_ ? body_form::plain : body_form::stuffed;
    length_ = length;
    const bool over = offer_.size_limit != 0 && length > offer_.size_limit;
    // Stuffed dots do not count (RFC 1870 6.1): on the border the exact length decides.
    if (over && !chunked_) return open_body(body_form::plain, state::measuring);
    if (!over || !too_large(length)) send_group();
}

bool session::too_large(uint64_t length) {
    if (offer_.size_limit == 0 || length <= offer_.size_limit) return false;
    ruling why = rejected(blame::message,
                          "the message has " + std::to_string(length) +
                              " bytes, the server takes " + std::to_string(offer_.size_limit),
                          "Send less, or send through a connection that takes more.");
    note_failed(phase::message, why);
    results_.decide_open(why);
    end(true);
    return true;
}

void session::not_opened(bool permanent, std::string_view why) {
    if (state_ != state::opening && state_ != state::measuring) return;
    std::string text = "the message cannot be opened: " + std::string(why);
    if (!offer_.eight_bit) text += " (the server does not offer 8BITMIME)";
    if (mail_->needs_utf8 && !utf8_) text += " (the server does not offer SMTPUTF8)";
    ruling said = rejected(blame::message, std::move(text));
    if (!permanent) said.verdict = verdict::deferred;
    note_failed(phase::message, said);
    results_.decide_open(said);
    end(true);
}

// ---- commands -------------------------------------------------------------------------------

// Commands from said_ on, as many as may go together.
void session::send_group() {
    const bool together = offer_.pipelining && how_.pipelining;
    parameters with;
    with.utf8 = utf8_;
    with.eight_bit = offer_.eight_bit;
    with.dsn = offer_.dsn && how_.dsn;
    with.with_size = offer_.size;
    with.size = length_;
    action write;
    std::size_t at = said_;
    write.bytes.reserve(128 + 64 * std::min(picked_.size(), batch_recipients));
    do {
        if (at == content_at()) {
            const bool in_two = chunked_ && length_ > one_piece;
            if (in_two && at == said_) return send_chunk();
            if (in_two) break;
            add_content(write);
        } else if (at == 0) {
            note_started(phase::sender, "Sender");
            add_mail(write.bytes, *mail_, with);
        } else {
            add_recipient(write.bytes, mail_->to[picked_[at - 1]], with);
        }
        ++at;
    } while (together && at <= content_at() && at - said_ < batch_recipients + 2);
    if (write.commits)
        say_in_silence(std::move(write), state::group);
    else
        say(std::move(write.bytes), state::group);
    if (state_ != state::over) said_ = at;
}

void session::add_content(action& to) const {
    if (!chunked_) {
        to.bytes += "DATA\r\n";
        return;
    }
    add_bdat(to.bytes, length_);
    to.body = body_form::plain;
    to.commits = true;
}

// ---- answers --------------------------------------------------------------------------------

void session::take_group(const reply& said) {
    if (said.closing()) return closed_by(said);
    const std::size_t command = answered_++;
    if (command == 0) {
        mail_ok_ = said.positive();
        if (mail_ok_) {
            note_passed(phase::sender, said);
            note_started(phase::recipient, "Recipient");
        } else {
            refusal_ = judge(phase::sender, said);
            note_failed(phase::sender, *refusal_);
        }
    } else if (command < content_at()) {
        take_recipient(picked_[command - 1], said);
    } else {
        take_content(said);
    }
    if (state_ == state::group && answered_ == said_) group_done();
}

void session::take_recipient(std::size_t position, const reply& said) {
    if (!mail_ok_) return;  // RCPT without MAIL: the answer to MAIL is what counts
    if (said.positive()) {
        if (accepted_.empty()) note_passed(phase::recipient, said);
        accepted_.push_back(static_cast<uint32_t>(position));
        return;
    }
    if (is_too_many_recipients(said)) {
        too_many_.push_back(static_cast<uint32_t>(position));
        if (!refused_too_many_) refused_too_many_ = judge(phase::recipient, said);
        return;
    }
    ruling why = judge(phase::recipient, said);
    note_failed(phase::recipient, why);
    results_.decide(position, std::move(why));
}

// Of DATA: 354 and the message may follow. Of BDAT: the last word.
void session::take_content(const reply& said) {
    if (chunked_) return take_message(said);
    started_ = said.code == 354;
    if (!started_ && !refusal_ && !accepted_.empty()) {
        refusal_ = judge(phase::data, said);
        note_failed(phase::data, *refusal_);
    }
}

void session::group_done() {
    const bool content_said = said_ > content_at();
    if (content_said && chunked_) return conclude();
    if (content_said && started_) return send_message();
    if (content_said || refusal_) return conclude();
    if (said_ == content_at() && accepted_.empty()) return conclude();
    send_group();
}

void session::send_message() {
    if (refusal_ || accepted_.empty()) return say(".\r\n", state::lone_dot);
    note_started(phase::message, "Message");
    action whole;
    whole.body = body_form::stuffed;
    action dot;
    dot.after = ".\r\n";
    if (length_ > one_piece) return send_before_the_end(std::move(whole), std::move(dot));
    whole.after = dot.after;
    say_in_silence(std::move(whole), state::message);
}

// BDAT with a message that is too large to go with the commands before it.
void session::send_chunk() {
    ++said_;
    action most, last;
    add_bdat(most.bytes, length_);
    most.body = last.body = body_form::plain;
    most.body_bytes = last.body_from = length_ - 1;
    last.body_bytes = 1;
    send_before_the_end(std::move(most), std::move(last));
}

void session::send_before_the_end(action all_but_the_end, action the_end) {
    held_ = std::move(the_end);
    held_then_ = state::message;
    say(std::move(all_but_the_end), state::content);
}

// Said before the write that commits, and so without knowing what it is about: a refusal counts,
// and nobody is told the end of the message.
void session::take_early(const reply& said) {
    if (said.closing()) return closed_by(said);
    if (said.code < 400 || facing() == state::group)
        return interrupted(blame::provider, "the server spoke before it was asked");
    refusal_ = judge(phase::message, said);
    note_failed(phase::message, *refusal_);
    results_.decide_open(*refusal_);
    end(false);
}

void session::take_message(const reply& said) {
    if (!handed_over_ && said.code < 400)
        return interrupted(blame::provider, "the server took a message that was not sent whole");
    // Neither yes nor no. Taken for a no, the mail would go again although the yes may follow.
    if (said.code / 100 == 3)
        return interrupted(blame::provider, "the server answered " + std::to_string(said.code) +
                                                " to a message, which says nothing");
    if (how_.lmtp) {
        // One answer for each accepted recipient, in their order; 421 answers only its own.
        const uint32_t position = accepted_[lmtp_answers_++];
        results_.decide(position, said.positive() ? taken(said) : judge(phase::recipient, said));
        if (said.closing() && lmtp_answers_ < accepted_.size())
            return interrupted(blame::provider, "the server closed between its answers");
        delivered_ = lmtp_answers_ == accepted_.size();
        if (delivered_ && watcher_ != nullptr) note_passed(phase::message, said);
        if (delivered_) conclude();
        return;
    }
    if (said.closing()) return closed_by(said);
    if (chunked_ && !accepted_.empty()) note_started(phase::message, "Message");
    delivered_ = said.positive();
    if (delivered_) {
        note_passed(phase::message, said);
        const ruling good = taken(said);
        for (const uint32_t position : accepted_)
            results_.decide(position, good);
    } else if (!refusal_ && !accepted_.empty()) {
        refusal_ = judge(phase::message, said);
        note_failed(phase::message, *refusal_);
    }
    if (state_ == state::message) conclude();
}

// What is known when the answer to a message that was handed over is missing.
void session::rule_missing(const ruling& unheard) {
    if (refusal_) return results_.decide_open(*refusal_);
    for (const uint32_t position : accepted_)
        results_.decide(position, unheard);
    if (!chunked_) return;
    for (std::size_t at = std::max<std::size_t>(answered_, 1); at < content_at(); ++at)
        results_.decide(picked_[at - 1], unheard);
}

// ---- the end of a transaction ---------------------------------------------------------------

void session::conclude() {
    // What is said about the sender or the message holds for those too who were not asked yet.
    if (refusal_) results_.decide_open(*refusal_);
    if (accepted_.empty() && refused_too_many_) {
        for (const uint32_t position : too_many_)
            results_.decide(position, *refused_too_many_);
    } else if (!too_many_.empty()) {
        offer_.recipients = static_cast<uint32_t>(accepted_.size());
    }
    if (mail_ok_) ++mails_done_;
    handed_over_ = false;
    if (mail_ok_ && !delivered_) return say("RSET\r\n", state::reset);
    after_transaction();
}

void session::after_transaction() {
    if (results_.open() == 0 || used_up()) return end(true);
    begin_transaction();
}

}  // namespace smtp
