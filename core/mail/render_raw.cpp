// Raw mail leaves as it came, but for fields an attempt has to write anew. A field that says what
// the message says stays byte for byte, so that a signature over it stays valid.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "mail/header_writer.hpp"
#include "mail/headers.hpp"
#include "mail/render.hpp"

namespace gatepost::mail {
namespace {

bool same(const mailbox& a, const mailbox& b) {
    return a.name == b.name && a.addr.text() == b.addr.text();
}

// Writes the fields of one name; `wanted` is what the message says of them.
class rewriter {
  public:
    rewriter(const raw_mail& raw, render_options options)
        : raw_(raw), writer_(options.utf8_headers) {}

    // `only_first`: what stands behind the first mailbox of the field is none of the message's.
    status hold(std::string_view name, const std::vector<mailbox>& wanted, bool only_first) {
        const header_field* const field = find_field(fields_, name);
        if (field == nullptr && wanted.empty()) return success{};
        if (field != nullptr) {
            auto found = read_mailboxes(*field);
            if (!found) return std::move(found).error();
            if (only_first && !found->empty()) found->erase(found->begin() + 1, found->end());
            if (std::ranges::equal(*found, wanted, same)) return success{};
            dropped_.push_back(field->whole);
        }
        return wanted.empty() ? status(success{}) : writer_.boxes(name, wanted);
    }

    result<std::string> run(const message& mail) {
        auto fields = split_header_block(raw_.header_block);
        if (!fields) return std::move(fields).error();
        fields_ = std::move(*fields);
        const auto listed = [](const std::optional<mailbox>& one) {
            return one ? std::vector<mailbox>{*one} : std::vector<mailbox>{};
        };
        // No From in the message: the block's own stays.
        if (mail.from) {
            if (auto done = hold("From", listed(mail.from), true); !done) {
                return std::move(done).error();
            }
        }
        if (auto done = hold("Sender", listed(mail.sender), true); !done) {
            return std::move(done).error();
        }
        if (auto done = hold("Reply-To", mail.reply_to, false); !done) {
            return std::move(done).error();
        }
        return assemble();
    }

  private:
    std::string assemble() {
        std::string out = writer_.take();
        if (out.empty() && dropped_.empty()) return raw_.header_block;
        for (const header_field& field : fields_) {
            const bool gone = std::ranges::any_of(dropped_, [&](std::string_view whole) {
                return whole.data() == field.whole.data();
            });
            if (!gone) out += field.whole;
        }
        return out + "\r\n";
    }

    const raw_mail& raw_;
    header_writer writer_;
    std::vector<header_field> fields_;
    std::vector<std::string_view> dropped_;
};

}  // namespace

result<source_ptr> render_raw(const message& mail, render_options options) {
    const raw_mail& raw = *mail.raw;
    auto block = rewriter(raw, options).run(mail);
    if (!block) return std::move(block).error();
    if (options.seven_bit && (raw.has_8bit || !text::is_ascii(*block))) {
        return error{error_kind::invalid,
                     "The message was handed in as RFC 5322 with bytes above 127, and this server "
                     "takes 7-bit mail only; hand it in as JSON, or encode its parts."};
    }
    auto plan = std::make_unique<plan_source>();
    plan->add(*block);
    plan->add(content_source(raw.body));
    return source_ptr(std::move(plan));
}

}  // namespace gatepost::mail
