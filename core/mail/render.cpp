// The shape of the tree: alternative(text, related(html, inline...)), and round it, if there are
// attachments, mixed(..., attachments). A level that would hold one thing is left out.
//
// Boundaries come from the message's id. They begin with "=_", which neither quoted-printable nor
// base64 can give; text that travels as it is and holds such a boundary is sent quoted-printable
// instead. Small text stands in the plan, encoded; everything else is read when it is sent.
#include "mail/render.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/header_writer.hpp"
#include "mail/lines.hpp"
#include "mail/media_type.hpp"
#include "mail/text_encoding.hpp"

namespace gatepost::mail {
namespace {

constexpr size_t base64_columns = 76;

// A node of the tree: a part, or a multipart.
struct node {
    const part* leaf = nullptr;
    std::string subtype;  // of a multipart: "mixed"
    parameters with;      // of a multipart, besides its boundary
    std::vector<node> children;
};

node leaf_of(const part& which) {
    return {&which, {}, {}, {}};
}

node wrap(std::string subtype, std::vector<node> children, parameters with = {}) {
    return {nullptr, std::move(subtype), std::move(with), std::move(children)};
}

const part* first_of(const std::vector<part>& parts, part_role kind) {
    const auto found = std::ranges::find(parts, kind, &part::kind);
    return found == parts.end() ? nullptr : &*found;
}

// Without a part at all: an empty text.
const part& empty_text() {
    static const part none{part_role::text, "text/plain", {}, {}, {}};
    return none;
}

node build_tree(const std::vector<part>& parts) {
    const part* const text = first_of(parts, part_role::text);
    const part* const html = first_of(parts, part_role::html);
    std::vector<node> bodies, inside, beside;
    for (const part& each : parts) {
        if (&each == text || &each == html) continue;
        (each.kind == part_role::inline_ && html != nullptr ? inside : beside)
            .push_back(leaf_of(each));
    }
    if (text != nullptr) bodies.push_back(leaf_of(*text));
    if (html != nullptr && inside.empty()) bodies.push_back(leaf_of(*html));
    if (html != nullptr && !inside.empty()) {
        inside.insert(inside.begin(), leaf_of(*html));
        bodies.push_back(wrap("related", std::move(inside), {{"type", "text/html"}}));
    }
    if (bodies.size() == 2) {
        node both = wrap("alternative", std::move(bodies));
        bodies.clear();
        bodies.push_back(std::move(both));
    }
    if (bodies.empty() && beside.empty()) return leaf_of(empty_text());
    if (beside.empty()) return std::move(bodies.front());
    std::ranges::move(beside, std::back_inserter(bodies));
    return wrap("mixed", std::move(bodies));
}

class renderer {
  public:
    renderer(const message& mail, render_options options)
        : mail_(mail),
          options_(options),
          headers_(options.utf8_headers),
          marker_("=_gatepost_" + mail.id.to_string()) {}

    result<source_ptr> run() {
        if (auto done = write_headers(); !done) return std::move(done).error();
        const node tree = build_tree(mail_.parts);
        top_ = true;
        if (auto done = write_node(tree); !done) return std::move(done).error();
        return source_ptr(std::move(plan_));
    }

  private:
    status write_headers();
    status write_recipients();
    status write_custom();
    status write_node(const node& which);
    status write_multipart(const node& which);
    status write_leaf(const part& which);
    status write_text(const part& which, media_type type);
    status write_rfc822(const part& which, bool& fits);
    status write_binary(const part& which, const media_type& type);
    status part_headers(const part& which, const media_type& type, std::string_view encoding);
    void end_of_body(bool has_line_end);

    const message& mail_;
    render_options options_;
    header_writer headers_;
    std::string marker_;
    std::unique_ptr<plan_source> plan_ = std::make_unique<plan_source>();
    size_t boundaries_ = 0;
    bool top_ = false;
};

status renderer::write_headers() {
    if (!mail_.from) {
        return error{error_kind::invalid,
                     "The message has no From, and its connection gave it none (from_email)."};
    }
    if (auto done = headers_.structured("Date", format_rfc5322(mail_.date)); !done) return done;
    if (auto done = headers_.box("From", *mail_.from); !done) return done;
    if (mail_.sender) {
        if (auto done = headers_.box("Sender", *mail_.sender); !done) return done;
    }
    if (!mail_.reply_to.empty()) {
        if (auto done = headers_.boxes("Reply-To", mail_.reply_to); !done) return done;
    }
    if (auto done = write_recipients(); !done) return done;
    if (auto done = headers_.text("Subject", mail_.subject); !done) return done;
    const std::string id = "<" + mail_.message_id + ">";
    if (auto done = headers_.structured("Message-ID", id); !done) return done;
    if (auto done = write_custom(); !done) return done;
    return headers_.structured("MIME-Version", "1.0");
}

// Bcc is in neither list.
status renderer::write_recipients() {
    std::vector<mailbox> to, cc;
    for (const recipient& each : mail_.recipients) {
        if (each.kind == role::to) to.push_back(each.who);
        if (each.kind == role::cc) cc.push_back(each.who);
    }
    if (!to.empty()) {
        if (auto done = headers_.boxes("To", to); !done) return done;
    }
    if (!cc.empty()) return headers_.boxes("Cc", cc);
    if (to.empty()) return headers_.structured("To", "undisclosed-recipients:;");
    return success{};
}

// Admission has checked the names; this is the second line of defence.
status renderer::write_custom() {
    for (const header& each : mail_.headers) {
        if (!is_header_name(each.name) || is_reserved_header(each.name)) {
            return error{error_kind::internal, "The header " + text::escape_for_log(each.name) +
                                                   " is not the caller's to set and was not "
                                                   "written; it should have been refused."};
        }
        if (auto done = headers_.text(each.name, each.value); !done) return done;
    }
    return success{};
}

status renderer::write_node(const node& which) {
    return which.leaf != nullptr ? write_leaf(*which.leaf) : write_multipart(which);
}

status renderer::write_multipart(const node& which) {
    const bool top = std::exchange(top_, false);
    const std::string boundary = marker_ + "_" + std::to_string(++boundaries_);
    parameters with = which.with;
    with.emplace_back("boundary", boundary);
    if (auto done = headers_.structured("Content-Type", "multipart/" + which.subtype, with);
        !done) {
        return done;
    }
    plan_->add(headers_.take());
    for (const node& child : which.children) {
        plan_->add("\r\n--" + boundary + "\r\n");
        if (auto done = write_node(child); !done) return done;
    }
    plan_->add("\r\n--" + boundary + "--");
    if (top) plan_->add("\r\n");
    return success{};
}

status renderer::write_leaf(const part& which) {
    const bool body = which.kind == part_role::text || which.kind == part_role::html;
    auto type = parse_media_type(which.type);
    if (body) {
        if (!type || !type->name.starts_with("text/")) {
            type = media_type{which.kind == part_role::html ? "text/html" : "text/plain", {}};
        }
        return write_text(which, std::move(*type));
    }
    if (!type || type->name.starts_with("multipart/")) type = media_type{};
    if (type->name == "message/rfc822") {
        bool fits = false;
        if (auto done = write_rfc822(which, fits); !done || fits) return done;
        type = media_type{};
    }
    // RFC 2046 5.2: these may not be base64, and we write nothing else here.
    if (type->name == "message/partial" || type->name == "message/external-body") type->name = {};
    if (type->name.empty()) type = media_type{"application/octet-stream", {}};
    return write_binary(which, *type);
}

status renderer::part_headers(const part& which, const media_type& type,
                              std::string_view encoding) {
    if (auto done = headers_.structured("Content-Type", type.name, type.with); !done) return done;
    if (auto done = headers_.structured("Content-Transfer-Encoding", encoding); !done) return done;
    const bool body = which.kind == part_role::text || which.kind == part_role::html;
    if (!body || !which.filename.empty()) {
        parameters name;
        if (!which.filename.empty()) name.emplace_back("filename", which.filename);
        const auto* const disposition =
            which.kind == part_role::attachment ? "attachment" : "inline";
        if (auto done = headers_.structured("Content-Disposition", disposition, name); !done) {
            return done;
        }
    }
    if (!which.content_id.empty()) {
        const bool clean = std::ranges::all_of(
            which.content_id, [](char c) { return c > ' ' && c < 0x7F && c != '<' && c != '>'; });
        if (!clean || which.content_id.size() > 900) {
            return error{error_kind::internal,
                         "A Content-ID holds what no header may hold and was not written."};
        }
        const std::string id = "<" + which.content_id + ">";
        if (auto done = headers_.structured("Content-ID", id); !done) return done;
    }
    headers_.literal("\r\n");
    plan_->add(headers_.take());
    return success{};
}

// A whole message ends with a line end; inside a multipart the boundary brings its own.
void renderer::end_of_body(bool has_line_end) {
    if (std::exchange(top_, false) && !has_line_end) plan_->add("\r\n");
}

status renderer::write_text(const part& which, media_type type) {
    std::erase_if(type.with, [](const auto& each) { return each.first == "charset"; });
    type.with.insert(type.with.begin(), {"charset", "utf-8"});
    if (which.body.size() > limits::inline_content_bytes) {
        auto lines = normalised_source(content_source(which.body));
        if (!lines) return std::move(lines).error();
        if (auto done = part_headers(which, type, "base64"); !done) return done;
        plan_->add(base64_source(std::move(*lines), base64_columns));
        end_of_body(false);
        return success{};
    }
    auto bytes = which.body.read_all();
    if (!bytes) return std::move(bytes).error();
    const std::string text = normalise_lines(*bytes);
    text_facts facts(marker_);
    facts.feed(text);
    if (facts.fits_7bit() || (facts.fits_8bit() && !options_.seven_bit)) {
        if (auto done = part_headers(which, type, facts.fits_7bit() ? "7bit" : "8bit"); !done) {
            return done;
        }
        plan_->add(text);
        end_of_body(text.ends_with('\n'));
    } else if (facts.prefers_base64()) {
        if (auto done = part_headers(which, type, "base64"); !done) return done;
        plan_->add(base64_source(string_source(text), base64_columns));
        end_of_body(false);
    } else {
        if (auto done = part_headers(which, type, "quoted-printable"); !done) return done;
        plan_->add(quoted_printable(text));
        end_of_body(text.ends_with('\n'));
    }
    return success{};
}

// A mail inside a mail may not be encoded (RFC 2046 5.2.1): it goes as it is, if it can.
status renderer::write_rfc822(const part& which, bool& fits) {
    auto lines = normalised_source(content_source(which.body));
    if (!lines) return std::move(lines).error();
    text_facts facts(marker_);
    auto scanned = for_each_piece(**lines, [&](std::string_view piece) {
        facts.feed(piece);
        return status(success{});
    });
    if (!scanned) return scanned;
    fits = facts.fits_7bit() || (facts.fits_8bit() && !options_.seven_bit);
    if (!fits) return success{};
    const auto* const encoding = facts.fits_7bit() ? "7bit" : "8bit";
    if (auto done = part_headers(which, {"message/rfc822", {}}, encoding); !done) return done;
    plan_->add(std::move(*lines));
    end_of_body(false);
    return success{};
}

status renderer::write_binary(const part& which, const media_type& type) {
    if (auto done = part_headers(which, type, "base64"); !done) return done;
    plan_->add(base64_source(content_source(which.body), base64_columns));
    end_of_body(false);
    return success{};
}

}  // namespace

result<source_ptr> render_parts(const message& mail, render_options options) {
    return renderer(mail, options).run();
}

}  // namespace gatepost::mail
