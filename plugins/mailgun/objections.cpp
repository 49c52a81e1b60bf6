// See objections.hpp. One function a rule; each names the field that has to change.
#include "objections.hpp"

#include <gatepost/mail_text.hpp>
#include <gatepost/retry.hpp>

#include <algorithm>
#include <utility>

namespace mailgun {
namespace {

using namespace gatepost::sdk;

// Of 1h30m, 24h or 30m, whose form the manifest holds: at most eight characters.
unsigned minutes_of(std::string_view text) {
    unsigned minutes = 0, number = 0;
    for (const char c : text) {
        if (c >= '0' && c <= '9') {
            number = number * 10 + static_cast<unsigned>(c - '0');
        } else {
            minutes += std::exchange(number, 0) * (c == 'h' ? 60 : 1);
        }
    }
    return minutes;
}

class examiner {
  public:
    examiner(const message& mail, const config& how, const options& wanted)
        : mail_(mail), how_(how), wanted_(wanted), mode_(mode_of(mail, how, wanted)) {}

    std::vector<objection> examine() {
        addresses();
        tags();
        parameters();
        templates();
        if (mode_ == mail_mode::form) form_needs();
        schedule();
        spans();
        size();
        return std::move(found_);
    }

  private:
    void object(std::string pointer, std::string text, std::string advice = {}) {
        if (mail_.raw() && !pointer.starts_with("/provider_options")) pointer.clear();
        found_.push_back({std::move(pointer), std::move(text), std::move(advice)});
    }

    void addresses() {
        if (mail_.from() && mail_.from().ascii_address.empty())
            object("/from", "Mailgun makes an invalid sender of letters outside ASCII before the @",
                   "Such addresses work as recipients only.");
        if (mail_.recipients().size() > most_recipients)
            object("/to", "Mailgun takes at most 1000 recipients in one message");
    }

    void tags() {
        const auto all = tags_of(mail_, wanted_);
        if (all.size() > 10) object("/tags", "Mailgun takes at most 10 tags on a message");
        for (const std::string& one : all) {
            if (one.size() > 128 || !is_ascii(one))
                object("/tags", "a tag of Mailgun has at most 128 letters of ASCII; \"" + one +
                                    "\" is not such a tag");
        }
    }

    void parameters() {
        std::size_t bytes = 0;
        const auto count = [&bytes](const fields& some) {
            for (const auto& [name, value] : some)
                bytes += name.size() + value.size();
        };
        count(parameters_of(mail_, how_, wanted_));
        if (mode_ == mail_mode::form) count(headers_of(mail_));
        if (bytes > most_parameter_bytes)
            object("/metadata", "headers, tags, metadata and options have " +
                                    std::to_string(bytes) + " bytes together; Mailgun takes 16 KB");
    }

    void templates() {
        const bool form_only = has_template(wanted_) || !wanted_["amp_html"].text().empty();
        if (!form_only) return;
        const std::string at = "/provider_options/mailgun/" +
                               std::string(has_template(wanted_) ? "template" : "amp_html");
        if (mail_.raw()) object(at, "cannot go with a mail that is handed in whole");
        if (wanted_["mode"].text() == "mime") object(at, "needs mode = \"form\"");
    }

    void form_needs() {
        bool any_to = false, words = !wanted_["amp_html"].text().empty(), html = false;
        for (const recipient& one : mail_.recipients())
            any_to = any_to || one.role == recipient_role::to;
        for (const part& one : mail_.parts()) {
            words = words || (one.is_text() && one.content_size != 0);
            html = html || (one.role == part_role::html && one.content_size != 0);
        }
        if (!any_to)
            object("/to", "Mailgun needs an address in to",
                   "Move one address to to, or use mode = \"mime\".");
        if (has_template(wanted_)) {
            if (html) object("/html", "Mailgun takes either html or a stored template");
            return;
        }
        if (!words)
            object("/text", "Mailgun needs a text or html that is not empty",
                   "Give text or html, a template in provider_options, or use mode = \"mime\".");
        if (mail_.subject().empty())
            object("/subject", "Mailgun needs a subject", "Or use mode = \"mime\".");
    }

    // Held against the time of acceptance, so that the answer is the same at every attempt.
    void schedule() {
        const std::string_view text = wanted_["deliverytime"].text();
        if (text.empty()) return;
        const std::string at = "/provider_options/mailgun/deliverytime";
        const auto when = mail_date(text);
        if (!when) {
            object(at, "is no date", "For example Fri, 01 Jan 2027 00:00:00 +0000");
        } else if (*when - mail_.accepted_at() / 1000 > longest_schedule) {
            object(at, "lies more than 7 days ahead, which Mailgun refuses",
                   "The gateway's own send_at has no such limit.");
        }
    }

    // The manifest holds how they are written; a number may still be out of range.
    void spans() {
        const auto within = [this](const char* name, unsigned least, unsigned most,
                                   std::string_view range) {
            const std::string_view text = wanted_[name].text();
            if (text.empty()) return;
            const unsigned minutes = minutes_of(text);
            if (minutes >= least && minutes <= most) return;
            object("/provider_options/mailgun/" + std::string(name),
                   "Mailgun takes " + std::string(range) + ", not " + std::string(text));
        };
        within("deliver_within", 5, 24 * 60, "5m to 24h");
        within("deliverytime_optimize_period", 24 * 60, 72 * 60, "24h to 72h");
    }

    // The finished mail is larger than its parts: files travel in base64 with line ends.
    void size() {
        uint64_t bytes = 4096 + mail_.subject().size();
        for (const part& one : mail_.parts()) {
            const bool text = one.type.starts_with("text/");
            bytes += text ? one.content_size : (one.content_size + 56) / 57 * 78;
        }
        if (bytes > most_bytes)
            object("", "Mailgun takes at most 25 MB, attachments counted in base64; this is " +
                           std::to_string(bytes / 1024 / 1024) + " MB");
    }

    const message& mail_;
    const config& how_;
    const options& wanted_;
    mail_mode mode_;
    std::vector<objection> found_;
};

}  // namespace

std::vector<objection> objections_to(const message& mail, const config& how,
                                     const options& wanted) {
    return examiner(mail, how, wanted).examine();
}

}  // namespace mailgun
