// From leaves to parts: which is the text, which the HTML, what belongs to it, and what is an
// attachment. Contents are decoded window by window into what the caller's factory gives; an
// attachment that was not encoded is a slice of the mail and is not copied at all.
#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/decode.hpp"
#include "mail/media_type.hpp"
#include "mail/mime.hpp"
#include "mail/mime_walk.hpp"
#include "mail/sources.hpp"

namespace gatepost::mail {
namespace {

std::string read_filename(const mime_leaf& leaf) {
    std::string name = leaf.disposition.parameter("filename");
    if (name.empty()) name = leaf.type.parameter("name");
    name = decode_text(name);
    // A label, never a path.
    if (const size_t slash = name.find_last_of("/\\"); slash != std::string::npos) {
        name.erase(0, slash + 1);
    }
    return std::string(text::trim(text::truncate_utf8(name, limits::filename_bytes)));
}

// The type as it can be written again; parameters that another place holds are left out.
std::string write_type(const decoded_field& type) {
    std::string out = type.value;
    for (const auto& [name, value] : type.with) {
        if (name == "boundary" || name == "name" || !text::is_ascii(value)) continue;
        if (value.find_first_of("\"\\") != std::string::npos) continue;
        out += "; " + name + "=\"" + value + "\"";
    }
    if (parse_media_type(out)) return out;
    return parse_media_type(type.value) ? type.value : "application/octet-stream";
}

// Which roles are taken already.
struct bodies {
    bool text = false, html = false;
    unsigned alternative = 0;

    // A second body must be an alternative of the first; else it is one more thing to read.
    [[nodiscard]] bool fits(const mime_leaf& leaf) const {
        return (!text && !html) || (alternative != 0 && leaf.alternative == alternative);
    }
};

part_role choose_role(const mime_leaf& leaf, bool named, bodies& taken) {
    const bool shown = leaf.disposition.value != "attachment" && !named;
    if (shown && leaf.type.value == "text/plain" && !taken.text && taken.fits(leaf)) {
        taken.text = true;
        taken.alternative = leaf.alternative;
        return part_role::text;
    }
    if (shown && leaf.type.value == "text/html" && !taken.html && taken.fits(leaf)) {
        taken.html = true;
        taken.alternative = leaf.alternative;
        return part_role::html;
    }
    const bool inside = leaf.disposition.value == "inline" || leaf.parent == "multipart/related" ||
                        (leaf.disposition.value.empty() && leaf.type.value.starts_with("image/"));
    if (!leaf.content_id.empty() && inside && leaf.disposition.value != "attachment") {
        return part_role::inline_;
    }
    return part_role::attachment;
}

class decoder {
  public:
    decoder(const content& body, const content_factory& contents)
        : body_(body), contents_(contents) {}

    result<content> decode(std::unique_ptr<byte_filter> encoding,
                           std::unique_ptr<byte_filter> charset) {
        if (!encoding && !charset) return body_;
        writer_ = contents_();
        const source_ptr source = content_source(body_);
        auto passed = for_each_piece(*source, [&](std::string_view piece) {
            return pass(encoding.get(), charset.get(), piece, false);
        });
        if (passed) passed = pass(encoding.get(), charset.get(), {}, true);
        if (!passed) return std::move(passed).error();
        return writer_->finish();
    }

  private:
    status pass(byte_filter* encoding, byte_filter* charset, std::string_view piece, bool last) {
        std::string first, second;
        if (encoding != nullptr) {
            last ? encoding->finish(first) : encoding->feed(piece, first);
        } else {
            first = piece;
        }
        if (charset != nullptr) {
            charset->feed(first, second);
            if (last) charset->finish(second);
        }
        const std::string& out = charset != nullptr ? second : first;
        if (writer_->size() + out.size() > limits::message_bytes) {
            return error{error_kind::too_large, "A part of the message is too large once decoded."};
        }
        return out.empty() ? status(success{}) : writer_->write(out);
    }

    content body_;
    const content_factory& contents_;
    std::unique_ptr<content_writer> writer_;
};

result<part> make_part(const mime_leaf& leaf, const content& body, bodies& taken,
                       const content_factory& contents) {
    part made;
    made.filename = read_filename(leaf);
    made.kind = choose_role(leaf, !made.filename.empty(), taken);
    made.content_id = leaf.content_id;
    std::unique_ptr<byte_filter> charset;
    if (made.kind == part_role::text || made.kind == part_role::html) {
        made.type = leaf.type.value + "; charset=utf-8";
        charset = charset_decoder(leaf.type.parameter("charset"));
    } else {
        made.type = write_type(leaf.type);
    }
    auto decoded =
        decoder(body, contents).decode(transfer_decoder(leaf.encoding), std::move(charset));
    if (!decoded) return std::move(decoded).error();
    made.body = std::move(*decoded);
    return made;
}

// Text, HTML, inline, attachments; within a role as they came.
std::vector<part> in_order(std::vector<part> parts) {
    std::vector<part> out;
    out.reserve(parts.size());
    for (const part_role kind :
         {part_role::text, part_role::html, part_role::inline_, part_role::attachment}) {
        for (part& each : parts) {
            if (each.kind == kind) out.push_back(std::move(each));
        }
    }
    return out;
}

}  // namespace

result<std::vector<part>> take_apart(const raw_mail& raw, const content_factory& contents) {
    plan_source whole;
    whole.add(raw.header_block);
    whole.add(content_source(raw.body));
    const auto leaves = find_leaves(whole);
    if (!leaves) return leaves.error();
    const uint64_t header = raw.header_block.size();
    std::vector<part> parts;
    bodies taken;
    for (const mime_leaf& leaf : *leaves) {
        const uint64_t begin = std::max(leaf.begin, header) - header;
        const uint64_t end = std::max(leaf.end, leaf.begin);
        const content body = raw.body.slice(begin, std::max(end, header) - header - begin);
        // Between two boundaries without anything there is no part.
        if (body.size() == 0 && leaf.type.with.empty() && leaf.disposition.value.empty() &&
            !leaf.parent.empty()) {
            continue;
        }
        auto made = make_part(leaf, body, taken, contents);
        if (!made) return std::move(made).error();
        parts.push_back(std::move(*made));
    }
    return in_order(std::move(parts));
}

}  // namespace gatepost::mail
