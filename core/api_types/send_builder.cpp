// See send_builder.hpp. Order of the parts: text, html, attachments as they were given.
#include "api_types/send_builder.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gatepost::api_types {
namespace {

using namespace std::string_literals;

complaint cap(size_t have, size_t most, const char* what) {
    if (have < most) return {};
    return "is one more than " + std::to_string(most) + " " + what;
}

complaint set_line(std::string& into, std::string_view text, size_t max_bytes) {
    if (auto wrong = check_line(text, max_bytes)) return wrong;
    into = text;
    return {};
}

complaint set_content_id(std::string& into, std::string_view text) {
    if (text.size() > 2 && text.front() == '<' && text.back() == '>') {
        text = text.substr(1, text.size() - 2);
    }
    const bool plain = std::ranges::all_of(
        text, [](char c) { return c > 0x20 && c < 0x7F && c != '<' && c != '>'; });
    if (text.empty() || !plain || text.size() > limits::tag_bytes) {
        into = "refused";  // so that it does not count as missing
        return "must be printable ASCII without spaces or angle brackets"s;
    }
    into = text;
    return {};
}

complaint set_disposition(std::string& into, std::string_view text) {
    if (text != "attachment" && text != "inline") return "must be attachment or inline"s;
    into = text;
    return {};
}

mail::part make_part(mail::part_role kind, std::string type, mail::content body) {
    mail::part out;
    out.kind = kind;
    out.type = std::move(type);
    out.body = std::move(body);
    return out;
}

// Whether one of these members was already complained about: then it is not missing.
bool mentions(const std::vector<field_error>& problems,
              std::initializer_list<std::string_view> members) {
    return std::ranges::any_of(problems, [&](const field_error& problem) {
        return std::ranges::any_of(members, [&](std::string_view member) {
            const std::string_view pointer = problem.pointer;
            return pointer.starts_with(member) &&
                   (pointer.size() == member.size() || pointer[member.size()] == '/');
        });
    });
}

}  // namespace

complaint send_builder::take_string(slot where, std::string_view text) {
    switch (where) {
        case slot::from:
        case slot::sender:
        case slot::reply_to: return take_sender(where, addresses_->sender(text));
        case slot::to:
        case slot::cc:
        case slot::bcc: return take_recipients(where, addresses_->recipients(text));
        case slot::box_email:
            has_box_email_ = true;
            box_email_ = text;
            return {};  // judged together with the name
        case slot::box_name: return set_line(box_name_, text, limits::display_name_bytes);
        case slot::subject: return set_line(mail_.subject, text, limits::subject_bytes);
        case slot::filename:
            open_.has_filename = true;
            open_.part.filename = text;
            return check_filename(text);
        case slot::content_type: open_.part.type = text; return check_media_type(text);
        case slot::disposition: return set_disposition(open_.disposition, text);
        case slot::content_id: return set_content_id(open_.part.content_id, text);
        case slot::tag: return add_tag(mail_, text);
        case slot::organization: return set_label(mail_.organization, text);
        case slot::connection: return set_label(mail_.connection, text);
        case slot::priority: return set_priority(mail_, text);
        case slot::on_unknown: return set_on_unknown(mail_, text);
        case slot::notify_word: return add_dsn_notify(notify_, text);
        case slot::ret: return set_dsn_ret(mail_, text);
        case slot::envid: return set_dsn_envid(mail_, text);
        case slot::send_at: return set_time(mail_.send_at, text);
        case slot::expires_at: return set_time(mail_.expires_at, text);
        default: return {};
    }
}

complaint send_builder::take_header(std::string_view name, std::string_view value) {
    if (auto wrong = cap(mail_.headers.size(), limits::custom_headers, "headers")) return wrong;
    if (auto wrong = check_header(name)) return wrong;
    if (auto wrong = check_line(value, limits::header_value_bytes)) return wrong;
    mail_.headers.push_back({std::string(name), std::string(value)});
    return {};
}

complaint send_builder::take_metadata(std::string_view name, std::string_view value) {
    if (auto wrong = cap(mail_.metadata.size(), limits::metadata_pairs, "pairs")) return wrong;
    if (name.empty() || check_line(name, limits::tag_bytes)) {
        return "has a name that is empty, too long, or holds a control character"s;
    }
    if (auto wrong = check_line(value, limits::metadata_bytes)) return wrong;
    mail_.metadata.emplace_back(name, value);
    return {};
}

complaint send_builder::take_options(std::string_view plugin, std::string json) {
    if (plugin.empty() || check_line(plugin, limits::tag_bytes)) return "is no provider's id"s;
    options_bytes_ += json.size();
    if (options_bytes_ > limits::provider_options_bytes) {
        return "makes provider_options larger than " +
               std::to_string(limits::provider_options_bytes) + " bytes";
    }
    mail_.provider_options.emplace(std::string(plugin), std::move(json));
    return {};
}

void send_builder::take_content(slot where, mail::content body, std::string digest) {
    if (where == slot::text) {
        text_ = std::move(body);
        text_digest_ = std::move(digest);
    } else if (where == slot::html) {
        html_ = std::move(body);
        html_digest_ = std::move(digest);
    } else {
        open_.part.body = std::move(body);
        open_.digest = std::move(digest);
        open_.has_content = true;
    }
}

complaint send_builder::take_mailbox(slot where, std::string_view name, std::string_view address) {
    const bool recipient = where == slot::to || where == slot::cc || where == slot::bcc;
    if (recipient) return take_recipients(where, addresses_->recipients(name, address));
    return take_sender(where, addresses_->sender(name, address));
}

complaint send_builder::take_sender(slot where, result<mail::mailbox> box) {
    if (!box) return box.error().detail;
    if (where == slot::from) {
        mail_.from = *std::move(box);
    } else if (where == slot::sender) {
        mail_.sender = *std::move(box);
    } else {
        if (auto wrong = cap(mail_.reply_to.size(), limits::recipients, "addresses")) return wrong;
        mail_.reply_to.push_back(*std::move(box));
    }
    return {};
}

// One address, or those of its alias.
complaint send_builder::take_recipients(slot where, result<std::vector<mail::mailbox>> boxes) {
    if (!boxes) return boxes.error().detail;
    auto& list = where == slot::to ? to_ : where == slot::cc ? cc_ : bcc_;
    const auto kind = where == slot::to   ? mail::role::to
                      : where == slot::cc ? mail::role::cc
                                          : mail::role::bcc;
    for (mail::mailbox& box : *boxes) {
        const size_t have = to_.size() + cc_.size() + bcc_.size();
        if (auto wrong = cap(have, limits::recipients, "recipients")) return wrong;
        list.push_back({std::move(box), kind, 0, {}});
    }
    return {};
}

void send_builder::begin_object(slot where) {
    if (where == slot::attachment) {
        open_ = {};
        return;
    }
    box_email_.clear();
    box_name_.clear();
    has_box_email_ = false;
}

std::vector<field_error> send_builder::end_object(slot where) {
    switch (where) {
        case slot::attachment:
            if (auto wrong = close_attachment()) return {*std::move(wrong)};
            return {};
        case slot::from:
        case slot::sender:
        case slot::to:
        case slot::cc:
        case slot::bcc:
        case slot::reply_to: break;
        default: return {};
    }
    if (!has_box_email_) return {{"/email", "is missing"}};
    if (auto wrong = take_mailbox(where, box_name_, box_email_)) {
        return {{"/email", *std::move(wrong)}};
    }
    return {};
}

std::optional<field_error> send_builder::close_attachment() {
    if (!open_.has_content) return field_error{"/content", "is missing"};
    const bool cid = !open_.part.content_id.empty();
    const bool inside = open_.disposition.empty() ? cid : open_.disposition == "inline";
    if (inside && !cid) return field_error{"/content_id", "is missing: an inline part needs one"};
    if (!inside && !open_.has_filename) return field_error{"/filename", "is missing"};
    open_.part.kind = inside ? mail::part_role::inline_ : mail::part_role::attachment;
    if (open_.part.type.empty()) open_.part.type = "application/octet-stream";
    attachments_.push_back(std::move(open_));
    return {};
}

bool send_builder::attachments_full() const {
    return attachments_.size() + 2 >= limits::parts;
}

send_request send_builder::finish(std::vector<field_error>& problems) {
    if (to_.empty() && cc_.empty() && bcc_.empty() && !mentions(problems, {"/to", "/cc", "/bcc"})) {
        problems.push_back({"/to", "is missing: name a recipient in to, cc or bcc"});
    }
    // A provider's own template may bring all of it; what that one needs is for its check to say.
    if (!text_ && !html_ && attachments_.empty() && mail_.subject.empty() &&
        mail_.provider_options.empty() &&
        !mentions(problems, {"/text", "/html", "/attachments", "/subject", "/template"})) {
        problems.push_back({"", "has neither a subject nor a text, html or attachment"});
    }
    check_rules(mail_, notify_, "", problems);
    send_request out;
    std::vector<std::string> digests;
    order_recipients();
    order_parts(digests);
    if (mail_.sender) {
        mail_.envelope_from = mail_.sender->addr;
    } else if (mail_.from) {
        mail_.envelope_from = mail_.from->addr;
    }
    for (const auto& part : mail_.parts)
        out.bytes += part.body.size();
    if (fingerprint_) out.fingerprint = fingerprint_of(mail_, digests);
    out.mail = std::move(mail_);
    return out;
}

void send_builder::order_recipients() {
    recipient_list once;
    for (auto* list : {&to_, &cc_, &bcc_}) {
        for (auto& recipient : *list) {
            recipient.dsn_notify = notify_;
            once.add(mail_.recipients, std::move(recipient));
        }
    }
}

void send_builder::order_parts(std::vector<std::string>& digests) {
    const bool drop_text = text_ && text_->size() == 0 && html_ && html_->size() > 0;
    const bool drop_html = html_ && html_->size() == 0 && (text_ || !attachments_.empty());
    if (!text_ && !html_ && attachments_.empty()) text_ = mail::content::from_string({});
    if (text_ && !drop_text) {
        mail_.parts.push_back(
            make_part(mail::part_role::text, "text/plain; charset=utf-8", *std::move(text_)));
        digests.push_back(std::move(text_digest_));
    }
    if (html_ && !drop_html) {
        mail_.parts.push_back(
            make_part(mail::part_role::html, "text/html; charset=utf-8", *std::move(html_)));
        digests.push_back(std::move(html_digest_));
    }
    for (auto& attachment : attachments_) {  // as given: "/attachments/1" is the second
        digests.push_back(std::move(attachment.digest));
        mail_.parts.push_back(std::move(attachment.part));
    }
}

}  // namespace gatepost::api_types
