// A stack of slots (send_slots.hpp) follows the document; a value is checked against its slot and
// handed to the builder. Whatever is wrong is noted with its pointer and read past, so that all
// problems come at once; only what makes reading on pointless ends it (size, storage, 50 problems).
#include "api_types/send_reader.hpp"

#include <algorithm>
#include <utility>

#include "api_types/content_intake.hpp"
#include "api_types/json_writer.hpp"
#include "api_types/send_builder.hpp"
#include "api_types/send_slots.hpp"
#include "base/json_reader.hpp"
#include "base/limits.hpp"

namespace gatepost::api_types {
namespace {

constexpr size_t problems_max = 50;
// The longest value that is gathered before it is checked; each has a lower cap of its own.
constexpr size_t gathered_max = limits::header_value_bytes;

bool is_long(slot where) {
    return where == slot::text || where == slot::html || where == slot::content;
}

}  // namespace

class send_reader::state final : public json_events {
  public:
    explicit state(send_options how)
        : how_(std::move(how)), builder_(how_.fingerprint, how_.addresses), reader_(*this) {}

    status feed(std::string_view bytes) { return reader_.feed(bytes); }
    result<send_request> finish();

    status on_null() override;
    status on_boolean(bool value) override;
    status on_integer(int64_t value) override;
    status on_number(double value, std::string_view text) override;
    status on_string(std::string_view piece, bool last) override;
    status on_key(std::string_view key) override;
    status on_object_begin() override { return begin(takes_object); }
    status on_object_end() override { return end(true); }
    status on_array_begin() override { return begin(takes_array); }
    status on_array_end() override { return end(false); }

  private:
    struct frame {
        slot where;
        bool array;
    };

    slot value_slot() const;
    bool passing() const { return skipped_ > 0; }
    bool capturing() const { return captured_ > 0; }
    status complain(std::string detail, std::string_view below = {});
    status note(complaint wrong) { return wrong ? complain(*std::move(wrong)) : success{}; }
    status wrong_type();
    status kept(json_writer& after);
    status begin(uint8_t kind);
    status enter(slot where, uint8_t kind);
    status end(bool object);
    status long_piece(slot where, std::string_view piece, bool last);
    status long_end(slot where);
    status short_value(slot where, std::string_view text);

    send_options how_;
    send_builder builder_;
    std::vector<frame> frames_;
    slot member_ = slot::document;  // of the object on top
    std::string name_;              // of a free member
    unsigned skipped_ = 0;          // open containers of a value that is read past
    unsigned captured_ = 0;         // open containers of a provider's options
    std::string options_;
    std::optional<json_writer> writer_;
    std::string gathered_;  // a short value that came in pieces
    bool in_pieces_ = false;
    std::optional<content_intake> intake_;
    bool bad_intake_ = false;
    uint64_t taken_ = 0;  // bytes of finished contents
    std::vector<field_error> problems_;
    json_reader reader_;
};

slot send_reader::state::value_slot() const {
    if (frames_.empty()) return slot::document;
    return frames_.back().array ? facts_of(frames_.back().where).element : member_;
}

status send_reader::state::complain(std::string detail, std::string_view below) {
    problems_.push_back({reader_.pointer() + std::string(below), std::move(detail)});
    if (problems_.size() < problems_max) return success{};
    return invalid_request(std::move(problems_));
}

status send_reader::state::wrong_type() {
    const slot where = value_slot();
    if (where == slot::ignored) return success{};
    if (where == slot::template_) return complain("is not offered by this version");
    return complain(std::string(facts_of(where).must_be));
}

// Once a provider's options are larger than they may be, the rest is read past.
status send_reader::state::kept(json_writer&) {
    if (options_.size() <= limits::provider_options_bytes) return success{};
    skipped_ = std::exchange(captured_, 0U);
    options_.clear();
    return complain("makes provider_options larger than " +
                    std::to_string(limits::provider_options_bytes) + " bytes");
}

status send_reader::state::on_null() {
    if (passing()) return success{};
    if (capturing()) return kept(writer_->null());
    return wrong_type();
}

status send_reader::state::on_boolean(bool value) {
    if (passing()) return success{};
    if (capturing()) return kept(writer_->value(value));
    return wrong_type();
}

status send_reader::state::on_integer(int64_t value) {
    if (passing()) return success{};
    if (capturing()) return kept(writer_->value(value));
    return wrong_type();
}

status send_reader::state::on_number(double, std::string_view text) {
    if (passing()) return success{};
    if (capturing()) return kept(writer_->raw(text));
    return wrong_type();
}

status send_reader::state::on_string(std::string_view piece, bool last) {
    if (passing()) return success{};
    const slot where = capturing() ? slot::options_of : value_slot();
    if (!capturing() && (facts_of(where).takes & takes_string) == 0) {
        return last ? wrong_type() : success{};
    }
    if (is_long(where)) return long_piece(where, piece, last);
    if (last && !in_pieces_) return short_value(where, piece);
    in_pieces_ = true;
    const size_t most = capturing() ? limits::provider_options_bytes : gathered_max;
    // One byte over the cap is enough to be refused.
    gathered_ += piece.substr(0, most + 1 - std::min(most + 1, gathered_.size()));
    if (!last) return success{};
    in_pieces_ = false;
    auto done = short_value(where, gathered_);
    gathered_.clear();
    return done;
}

status send_reader::state::short_value(slot where, std::string_view text) {
    if (capturing()) return kept(writer_->value(text));
    switch (where) {
        case slot::ignored: return success{};
        case slot::template_: return complain("is not offered by this version");
        case slot::header_value: return note(builder_.take_header(name_, text));
        case slot::metadata_value: return note(builder_.take_metadata(name_, text));
        default: return note(builder_.take_string(where, text));
    }
}

status send_reader::state::long_piece(slot where, std::string_view piece, bool last) {
    if (!intake_) {
        using coding = content_intake::coding;
        intake_.emplace(how_.contents, where == slot::content ? coding::base64 : coding::plain,
                        how_.fingerprint);
        bad_intake_ = false;
    }
    if (!bad_intake_) {
        if (auto done = intake_->feed(piece); !done) {
            if (done.error().kind != error_kind::invalid) return done;
            bad_intake_ = true;
            if (auto noted = complain(done.error().detail); !noted) return noted;
        }
        if (taken_ + intake_->size() > how_.max_bytes) {
            return error{error_kind::too_large, "the message's content is larger than " +
                                                    std::to_string(how_.max_bytes) + " bytes"};
        }
    }
    return last ? long_end(where) : success{};
}

status send_reader::state::long_end(slot where) {
    if (bad_intake_) {
        builder_.take_content(where, {}, {});
        intake_.reset();
        return success{};
    }
    auto body = intake_->finish();
    if (!body && body.error().kind != error_kind::invalid) return body.error();
    if (!body) {
        builder_.take_content(where, {}, {});
        intake_.reset();
        return complain(body.error().detail);
    }
    taken_ += intake_->size();
    builder_.take_content(where, *std::move(body), intake_->digest());
    intake_.reset();
    return success{};
}

status send_reader::state::on_key(std::string_view key) {
    if (passing()) return success{};
    if (capturing()) return kept(writer_->key(key));
    const slot object = frames_.back().where;
    member_ = member_of(object, key);
    if (has_free_members(object)) name_ = key;
    if (member_ != slot::ignored) return success{};
    return complain(unknown_name("member", key, members_of(object)));
}

status send_reader::state::begin(uint8_t kind) {
    if (passing()) {
        ++skipped_;
        return success{};
    }
    if (capturing()) {
        ++captured_;
        return kept(kind == takes_object ? writer_->begin_object() : writer_->begin_array());
    }
    const slot where = value_slot();
    const bool list_in_list = kind == takes_array && !frames_.empty() && frames_.back().array;
    if (where == slot::ignored || where == slot::template_ || list_in_list ||
        (facts_of(where).takes & kind) == 0) {
        auto noted = wrong_type();
        ++skipped_;
        return noted;
    }
    return enter(where, kind);
}

status send_reader::state::enter(slot where, uint8_t kind) {
    if (where == slot::options_of) {
        captured_ = 1;
        options_.clear();
        return kept(writer_.emplace(options_).begin_object());
    }
    if (where == slot::attachment && builder_.attachments_full()) {
        ++skipped_;
        return complain("is one part more than a message may have");
    }
    frames_.push_back({where, kind == takes_array});
    if (kind == takes_object) builder_.begin_object(where);
    return success{};
}

status send_reader::state::end(bool object) {
    if (passing()) {
        --skipped_;
        return success{};
    }
    if (capturing()) {
        object ? writer_->end_object() : writer_->end_array();
        if (--captured_ > 0) return success{};
        return note(builder_.take_options(name_, std::move(options_)));
    }
    const slot where = frames_.back().where;
    frames_.pop_back();
    if (!object) return success{};
    for (auto& lacking : builder_.end_object(where)) {
        if (auto noted = complain(std::move(lacking.detail), lacking.pointer); !noted) return noted;
    }
    return success{};
}

result<send_request> send_reader::state::finish() {
    if (auto done = reader_.finish(); !done) return done.error();
    auto request = builder_.finish(problems_);
    if (!problems_.empty()) return invalid_request(std::move(problems_));
    return request;
}

send_reader::send_reader(send_options how) : state_(std::make_unique<state>(std::move(how))) {}
send_reader::send_reader(send_reader&&) noexcept = default;
send_reader::~send_reader() = default;

status send_reader::feed(std::string_view bytes) {
    return state_->feed(bytes);
}
result<send_request> send_reader::finish() {
    return state_->finish();
}

}  // namespace gatepost::api_types
