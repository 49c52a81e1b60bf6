// See objections.hpp. One function a rule; each names the field that has to change.
#include "objections.hpp"

#include <gatepost/json_writer.hpp>
#include <gatepost/letters.hpp>
#include <gatepost/mail_text.hpp>

#include <algorithm>
#include <set>

namespace sendgrid {
namespace {

using namespace gatepost::sdk;

class examiner {
  public:
    examiner(const message& mail, const options& wanted) : mail_(mail), wanted_(wanted) {}

    std::vector<objection> examine() {
        sender();
        recipients();
        reply_to();
        content();
        headers();
        lists();
        schedule();
        size();
        return std::move(found_);
    }

  private:
    void object(std::string pointer, std::string text, std::string advice = {}) {
        if (mail_.raw() && !pointer.starts_with("/provider_options")) pointer.clear();
        found_.push_back({std::move(pointer), std::move(text), std::move(advice)});
    }

    void sender() {
        if (mail_.raw_only())
            object("", "SendGrid takes no signed or encrypted mail as it is",
                   "Send it through a connection that takes whole messages, such as smtp.");
        if (mail_.from() && mail_.from().ascii_address.empty())
            object("/from", "SendGrid takes no sender with letters outside ASCII before the @");
    }

    void recipients() {
        recipient_pointers at_field;
        bool any_to = false;
        std::set<std::string> seen;
        for (const recipient& one : mail_.recipients()) {
            const std::string pointer = at_field.next(one.role);
            any_to = any_to || pointer.starts_with("/to/");
            if (one.ascii_address.empty())
                object(pointer,
                       "SendGrid takes no address with letters outside ASCII before "
                       "the @");
            const std::string folded = lower(wire_address(one));
            if (!seen.insert(folded).second)
                object(pointer, "stands twice among to, cc and bcc, which SendGrid refuses",
                       "Name each address once.");
        }
        if (!any_to)
            object("/to", "SendGrid needs an address in to; cc and bcc alone are refused",
                   "Move one address to to.");
        if (mail_.recipients().size() > most_recipients)
            object("/to", "SendGrid takes at most 1000 recipients in one message");
    }

    void reply_to() {
        std::vector<std::string_view> seen;
        std::size_t number = 0;
        for (const mailbox& one : mail_.reply_to()) {
            const std::string pointer = "/reply_to/" + std::to_string(number++);
            const bool twice = std::any_of(
                seen.begin(), seen.end(),
                [&one](std::string_view before) { return same_letters(before, one.address); });
            if (twice) object(pointer, "stands twice in reply_to, which SendGrid refuses");
            if (one.ascii_address.empty())
                object(pointer,
                       "SendGrid takes no address with letters outside ASCII before "
                       "the @");
            seen.push_back(one.address);
        }
        if (number > most_recipients) object("/reply_to", "SendGrid takes at most 1000 of them");
    }

    void content() {
        std::size_t attachment = 0;
        bool words = false;
        for (const part& one : mail_.parts()) {
            if (one.is_text()) {
                words = words || one.content_size != 0;
                continue;
            }
            const std::string pointer = "/attachments/" + std::to_string(attachment++);
            if (one.content_size == 0)
                object(pointer, "the file \"" + std::string(one.filename) +
                                    "\" is empty, which SendGrid refuses");
        }
        if (has_template(wanted_)) return;
        if (!words)
            object("/text", "SendGrid needs a text or html that is not empty",
                   "Give text or html, or a template_id in provider_options.");
        if (mail_.subject().empty())
            object("/subject", "SendGrid needs a subject", "A template_id may bring one.");
    }

    void headers() {
        std::vector<pair> seen;
        for (const pair& one : mail_.headers()) {
            if (mail_.raw() && is_trace_header(one.name)) continue;
            const std::string pointer = "/headers/" + pointer_step(one.name);
            if (is_reserved_header(one.name))
                object(pointer, "SendGrid writes " + std::string(one.name) + " itself");
            const auto before = std::find_if(seen.begin(), seen.end(), [&one](const pair& other) {
                return same_letters(other.name, one.name);
            });
            if (before != seen.end() && before->value != one.value)
                object(pointer, "SendGrid carries a header once; " + std::string(one.name) +
                                    " has several values");
            seen.push_back(one);
        }
    }

    void lists() {
        const auto categories = categories_of(mail_, wanted_);
        const auto too_long = std::any_of(categories.begin(), categories.end(),
                                          [](const auto& one) { return one.size() > 255; });
        if (categories.size() > 10)
            object("/tags", "SendGrid takes at most 10 categories: tags and categories together");
        if (too_long) object("/tags", "a category of SendGrid has at most 255 bytes");
        std::size_t bytes = 2;
        for (const auto& [name, value] : custom_args_of(mail_, wanted_))
            bytes += json_escaped(name).size() + json_escaped(value).size() + 6;
        if (bytes > most_custom_bytes)
            object("/metadata", "SendGrid takes at most 10000 bytes of metadata and custom_args");
        json_writer substitutions;
        substitutions.value(wanted_["substitutions"]);
        if (substitutions.finish().bytes().size() > most_custom_bytes)
            object("/provider_options/sendgrid/substitutions",
                   "SendGrid takes at most 10000 bytes of substitutions");
    }

    // Held against the time of acceptance, so that the answer is the same at every attempt.
    void schedule() {
        if (wanted_["send_at"].is_null()) return;
        const int64_t ahead = wanted_["send_at"].integer() - mail_.accepted_at() / 1000;
        if (ahead > longest_schedule)
            object("/provider_options/sendgrid/send_at",
                   "lies more than 72 hours ahead, which SendGrid refuses",
                   "The gateway's own send_at has no such limit.");
    }

    void size() {
        uint64_t bytes = 4096 + mail_.subject().size() + mail_.options_json().size();
        for (const part& one : mail_.parts()) {
            const bool file = form_of(one) == body_form::base64;
            bytes += file ? (one.content_size + 2) / 3 * 4 : one.content_size;
        }
        if (bytes > most_bytes)
            object("", "SendGrid takes at most 30 MB, attachments counted in base64; this is " +
                           std::to_string(bytes / 1024 / 1024) + " MB");
    }

    const message& mail_;
    const options& wanted_;
    std::vector<objection> found_;
};

}  // namespace

std::vector<objection> objections_to(const message& mail, const options& wanted) {
    return examiner(mail, wanted).examine();
}

}  // namespace sendgrid
