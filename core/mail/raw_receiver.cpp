// Mail that comes in as RFC 5322, in pieces cut anywhere. Lines are normalised before anything else
// looks at them, so header and body are split where every reader would split them. The body streams
// into a content; the header block is held back, checked as a whole and cleaned.
#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "mail/complete_block.hpp"
#include "mail/decode.hpp"
#include "mail/header_fields.hpp"
#include "mail/lines.hpp"
#include "mail/mime.hpp"

namespace gatepost::mail {
namespace {

bool is_dropped(std::string_view name) {
    for (const std::string_view other : {"bcc", "resent-bcc", "return-path"}) {
        if (text::equal_ignoring_case(name, other)) return true;
    }
    return false;
}

bool is_sealed(std::string_view type) {
    for (const std::string_view other : {"multipart/signed", "multipart/encrypted",
                                         "application/pkcs7-mime", "application/x-pkcs7-mime"}) {
        if (type == other) return true;
    }
    return false;
}

bool has_8bit(std::string_view bytes) {
    return !text::is_ascii(bytes);
}

error nul_found() {
    return {error_kind::invalid,
            "The message holds a NUL character (U+0000); encode binary content as base64."};
}

}  // namespace

class raw_receiver::state {
  public:
    explicit state(content_factory contents) : contents_(std::move(contents)) {}

    void use(std::shared_ptr<const address_book> book) { book_ = std::move(book); }

    status feed(std::string_view piece) {
        if (piece.find('\0') != std::string_view::npos) return nul_found();
        total_ += piece.size();
        if (total_ > limits::message_bytes) {
            return error{error_kind::too_large, "The message is larger than 50 MiB."};
        }
        std::string lines;
        lines.reserve(piece.size() + piece.size() / 32 + 2);
        normaliser_.feed(piece, lines);
        return take(lines);
    }

    result<received> finish(mail_id id, wall_time now, std::string_view host) {
        std::string rest;
        normaliser_.finish(rest);
        if (auto taken = take(rest); !taken) return std::move(taken).error();
        if (!writer_) {
            // No empty line: all of it was headers.
            if (!block_.empty() && !block_.ends_with("\r\n")) block_ += "\r\n";
            writer_ = contents_();
        } else {
            block_.resize(block_.size() - 2);
        }
        auto body = writer_->finish();
        if (!body) return std::move(body).error();
        received made;
        raw_mail raw{{}, std::move(*body), false, eight_bit_};
        if (auto read = read_block(made.headers, raw); !read) return std::move(read).error();
        fill(made, std::move(raw), id, now, host);
        return made;
    }

  private:
    // Normalised bytes.
    status take(std::string_view lines) {
        if (!writer_ && !lines.empty()) {
            const size_t before = block_.size();
            block_ += lines;
            const size_t end = find_end(before);
            if (std::min(end, block_.size()) > limits::header_block_bytes) {
                return error{error_kind::too_large,
                             "The message's headers are larger than 256 KiB."};
            }
            if (end == std::string::npos) return success{};
            lines = lines.substr(end - before);
            block_.resize(end);
            writer_ = contents_();
        }
        if (lines.empty()) return success{};
        eight_bit_ = eight_bit_ || has_8bit(lines);
        return writer_->write(lines);
    }

    // Behind the empty line; `from` is where new bytes begin.
    [[nodiscard]] size_t find_end(size_t from) const {
        if (block_.starts_with("\r\n")) return 2;
        const size_t found = block_.find("\r\n\r\n", from < 3 ? 0 : from - 3);
        return found == std::string::npos ? found : found + 4;
    }

    // Checks the block and copies what stays of it into `raw`.
    status read_block(raw_headers& headers, raw_mail& raw) {
        if (block_.empty()) {
            return error{error_kind::invalid,
                         "The message has no headers; it must begin with lines like From: and "
                         "Subject:, then an empty line."};
        }
        if (book_) {
            auto whole = complete_block(block_, *book_);
            if (!whole) return std::move(whole).error();
            block_ = std::move(*whole);
        }
        auto fields = split_header_block(block_);
        if (!fields) return std::move(fields).error();
        auto read = read_headers(block_);
        if (!read) return std::move(read).error();
        headers = std::move(*read);
        for (const header_field& field : *fields) {
            if (!is_dropped(field.name)) raw.header_block += field.whole;
        }
        return success{};
    }

    static void fill(received& made, raw_mail raw, mail_id id, wall_time now,
                     std::string_view host) {
        message& mail = made.mail;
        const raw_headers& said = made.headers;
        const auto fields = split_part_headers(raw.header_block);
        mail.id = id;
        mail.from = said.from;
        mail.sender = said.sender;
        mail.reply_to = said.reply_to;
        mail.subject = said.subject;
        mail.date = said.date.value_or(now);
        mail.message_id =
            said.message_id.empty() ? make_message_id(id, said.from, host) : said.message_id;
        for (const header& other : said.others) {
            if (!is_reserved_header(other.name) &&
                !text::equal_ignoring_case(other.name, "x-received"))
                mail.headers.push_back(other);
        }
        // A Date that nobody can read stays as it is; only a missing one is added.
        if (find_field(fields, "date") == nullptr) {
            raw.header_block += "Date: " + format_rfc5322(now) + "\r\n";
        }
        if (said.message_id.empty()) {
            raw.header_block += "Message-ID: <" + mail.message_id + ">\r\n";
        }
        raw.header_block += "\r\n";
        raw.raw_only = is_sealed(said.content_type);
        mail.raw = std::move(raw);
    }

    content_factory contents_;
    std::shared_ptr<const address_book> book_;
    line_normaliser normaliser_;
    std::string block_;                       // headers, and the empty line once it came
    std::unique_ptr<content_writer> writer_;  // made when the body begins
    uint64_t total_ = 0;
    bool eight_bit_ = false;
};

raw_receiver::raw_receiver(content_factory contents)
    : state_(std::make_unique<state>(std::move(contents))) {}
raw_receiver::~raw_receiver() = default;

void raw_receiver::use(std::shared_ptr<const address_book> book) {
    state_->use(std::move(book));
}

status raw_receiver::feed(std::string_view piece) {
    return state_->feed(piece);
}

result<raw_receiver::received> raw_receiver::finish(mail_id id, wall_time now,
                                                    std::string_view host) {
    return state_->finish(id, now, host);
}

}  // namespace gatepost::mail
