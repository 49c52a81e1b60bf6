// mail::raw_receiver does the reading; this file adds the envelope, the size and the fingerprint.
#include "api_types/rfc822_reader.hpp"

#include <algorithm>
#include <map>

#include "api_types/fingerprint.hpp"
#include "api_types/query.hpp"
#include "api_types/send_fields.hpp"
#include "base/limits.hpp"
#include "mail/mime.hpp"

namespace gatepost::api_types {
namespace {

const std::vector<std::string> known{"from",     "to",    "connection", "organization",
                                     "priority", "tag",   "notify",     "on_unknown",
                                     "ret",      "envid", "send_at",    "expires_at"};

// What the query says, before the mail is there.
struct envelope {
    bool from_given = false;
    std::optional<mail::address> from;
    std::vector<mail::mailbox> to;
    uint8_t notify = 0;
    mail::message rules;  // connection, tags, times ...
};

complaint take_from(envelope& into, const std::string& value, const mail::address_book& book) {
    into.from_given = true;
    if (value.empty() || value == "<>") return {};
    auto box = book.sender("", value);
    if (!box) return box.error().detail;
    into.from = std::move(box->addr);
    return {};
}

complaint take_to(envelope& into, const std::string& value, const mail::address_book& book) {
    auto boxes = book.recipients(value);
    if (!boxes) return boxes.error().detail;
    if (into.to.size() + boxes->size() > limits::recipients) {
        return "is one more than " + std::to_string(limits::recipients) + " recipients";
    }
    std::ranges::move(*boxes, std::back_inserter(into.to));
    return {};
}

complaint take(envelope& into, const std::string& name, const std::string& value,
               const mail::address_book& book) {
    if (name == "from") return take_from(into, value, book);
    if (name == "to") return take_to(into, value, book);
    if (name == "connection") return set_label(into.rules.connection, value);
    if (name == "organization") return set_label(into.rules.organization, value);
    if (name == "priority") return set_priority(into.rules, value);
    if (name == "on_unknown") return set_on_unknown(into.rules, value);
    if (name == "tag") return add_tag(into.rules, value);
    if (name == "notify") return add_dsn_notify(into.notify, value);
    if (name == "ret") return set_dsn_ret(into.rules, value);
    if (name == "envid") return set_dsn_envid(into.rules, value);
    if (name == "send_at") return set_time(into.rules.send_at, value);
    if (name == "expires_at") return set_time(into.rules.expires_at, value);
    return unknown_name("parameter", name, known);
}

result<envelope> read_envelope(std::string_view query, const mail::address_book& book) {
    auto list = parse_query(query);
    if (!list) return list.error();
    envelope out;
    std::vector<field_error> problems;
    for (const auto& [name, value] : *list) {
        if (auto wrong = take(out, name, value, book); wrong && problems.size() < 50) {
            problems.push_back({"/query/" + name, *std::move(wrong)});
        }
    }
    check_rules(out.rules, out.notify, "/query", problems);
    if (!problems.empty()) return invalid_request(std::move(problems));
    return out;
}

bool names(const std::vector<mail::mailbox>& list, const mail::address& who) {
    for (const auto& box : list) {
        if (box.addr == who) return true;
    }
    return false;
}

mail::role role_of(const mail::raw_headers& headers, const mail::address& who) {
    if (names(headers.to, who)) return mail::role::to;
    return names(headers.cc, who) ? mail::role::cc : mail::role::bcc;
}

// What is behind the aliases among the addresses that the mail names.
status expand(mail::raw_headers& headers, const mail::address_book& book) {
    size_t sum = 0;
    for (auto* list : {&headers.to, &headers.cc, &headers.bcc}) {
        std::vector<mail::mailbox> whole;
        for (const auto& box : *list) {
            std::ranges::move(book.expand(box), std::back_inserter(whole));
            if (sum + whole.size() > 10 * limits::recipients) {
                return error{error_kind::invalid, "the mail names too many addresses"};
            }
        }
        sum += whole.size();
        *list = std::move(whole);
    }
    return success{};
}

// Everyone the mail itself names.
std::vector<mail::recipient> named_recipients(const mail::raw_headers& headers, uint8_t notify) {
    std::vector<mail::recipient> out;
    recipient_list once;
    for (const auto& box : headers.to)
        once.add(out, {box, mail::role::to, notify, {}});
    for (const auto& box : headers.cc)
        once.add(out, {box, mail::role::cc, notify, {}});
    for (const auto& box : headers.bcc)
        once.add(out, {box, mail::role::bcc, notify, {}});
    return out;
}

std::vector<mail::recipient> given_recipients(const envelope& given,
                                              const mail::raw_headers& headers) {
    std::vector<mail::recipient> out;
    recipient_list once;
    for (const auto& box : given.to)
        once.add(out, {box, role_of(headers, box.addr), given.notify, {}});
    return out;
}

status put_envelope(const envelope& given, const mail::raw_headers& headers, mail::message& mail) {
    mail.recipients = given.to.empty() ? named_recipients(headers, given.notify)
                                       : given_recipients(given, headers);
    if (mail.recipients.empty()) {
        return invalid_request(
            {{"/query/to", "is missing, and the mail names nobody in To, Cc or Bcc"}});
    }
    if (mail.recipients.size() > limits::recipients) {
        return invalid_request(
            {{"/query/to", "is missing, and the mail names more than " +
                               std::to_string(limits::recipients) + " recipients"}});
    }
    if (given.from_given) {
        mail.envelope_from = given.from;
    } else if (mail.sender) {
        mail.envelope_from = mail.sender->addr;
    } else if (mail.from) {
        mail.envelope_from = mail.from->addr;
    }
    const mail::message& rules = given.rules;
    mail.connection = rules.connection;
    mail.organization = rules.organization;
    mail.urgency = rules.urgency;
    mail.on_unknown = rules.on_unknown;
    mail.tags = rules.tags;
    mail.ret = rules.ret;
    mail.dsn_envid = rules.dsn_envid;
    mail.send_at = rules.send_at;
    mail.expires_at = rules.expires_at;
    return success{};
}

}  // namespace

class rfc822_reader::state {
  public:
    state(envelope given, send_options how)
        : given_(std::move(given)), how_(std::move(how)), receiver_(how_.contents) {
        receiver_.use(how_.addresses);
        if (how_.fingerprint) hash_.emplace();
    }

    status feed(std::string_view bytes) {
        taken_ += bytes.size();
        if (taken_ > how_.max_bytes) {
            return error{error_kind::too_large,
                         "the mail is larger than " + std::to_string(how_.max_bytes) + " bytes"};
        }
        if (hash_) hash_->add(bytes);
        return receiver_.feed(bytes);
    }

    result<send_request> finish(mail_id id, wall_time now, std::string_view host_name) {
        if (taken_ == 0) return error{error_kind::malformed, "the body is empty"};
        auto got = receiver_.finish(id, now, host_name);
        if (!got) return got.error();
        if (auto done = expand(got->headers, *how_.addresses); !done) return done.error();
        send_request out;
        out.bytes = taken_;
        out.mail = std::move(got->mail);
        if (auto put = put_envelope(given_, got->headers, out.mail); !put) return put.error();
        if (hash_) {
            mail::message as_sent = envelope_only(out.mail);
            out.fingerprint = fingerprint_of(as_sent, {hash_->finish()});
        }
        return out;
    }

  private:
    // What the gateway adds to the mail would make every send another one: the bytes stand for it.
    static mail::message envelope_only(const mail::message& mail) {
        mail::message out;
        out.raw.emplace();
        out.envelope_from = mail.envelope_from;
        out.recipients = mail.recipients;
        out.connection = mail.connection;
        out.organization = mail.organization;
        out.urgency = mail.urgency;
        out.on_unknown = mail.on_unknown;
        out.tags = mail.tags;
        out.ret = mail.ret;
        out.dsn_envid = mail.dsn_envid;
        out.send_at = mail.send_at;
        out.expires_at = mail.expires_at;
        return out;
    }

    envelope given_;
    send_options how_;
    mail::raw_receiver receiver_;
    std::optional<sha256> hash_;
    uint64_t taken_ = 0;
};

rfc822_reader::rfc822_reader(std::unique_ptr<state> made) : state_(std::move(made)) {}
rfc822_reader::rfc822_reader(rfc822_reader&&) noexcept = default;
rfc822_reader::~rfc822_reader() = default;

result<rfc822_reader> rfc822_reader::begin(std::string_view query, send_options how) {
    auto given = read_envelope(query, *how.addresses);
    if (!given) return given.error();
    return rfc822_reader(std::make_unique<state>(*std::move(given), std::move(how)));
}

status rfc822_reader::feed(std::string_view bytes) {
    return state_->feed(bytes);
}

result<send_request> rfc822_reader::finish(mail_id id, wall_time now, std::string_view host_name) {
    return state_->finish(id, now, host_name);
}

}  // namespace gatepost::api_types
