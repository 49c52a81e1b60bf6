// The message as the host shows it: views, valid until the call is completed. Nothing here copies
// content; open it through context.body.
//
// Arrays are stepped by the host's stride, so that a newer host with larger items is read
// correctly; a field an older host did not fill reads as empty. An empty `message` (a test without
// a recipient) is false and reads as empty throughout.
#pragma once

#include <gatepost/namespace.hpp>

#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace gatepost::sdk {
inline namespace GATEPOST_SDK_NAMESPACE {

struct mailbox {
    std::string_view address;        // local@domain, UTF-8
    std::string_view ascii_address;  // empty if the local part needs SMTPUTF8
    std::string_view name;

    explicit operator bool() const noexcept { return !address.empty(); }

    using abi_type = gatepost_mailbox;
    static mailbox read(const gatepost_mailbox& from) noexcept {
        return {view_of(from.address), view_of(from.ascii_address), view_of(from.name)};
    }
};

struct pair {
    std::string_view name;
    std::string_view value;

    using abi_type = gatepost_pair;
    static pair read(const gatepost_pair& from) noexcept {
        return {view_of(from.name), view_of(from.value)};
    }
};

enum class recipient_role : uint32_t { to = GATEPOST_TO, cc = GATEPOST_CC, bcc = GATEPOST_BCC };

struct recipient : mailbox {
    recipient_role role = recipient_role::to;
    uint32_t index = 0;       // what a recipient_result names
    uint32_t dsn_notify = 0;  // GATEPOST_NOTIFY_*
    std::string_view dsn_orcpt;

    using abi_type = gatepost_recipient;
    static recipient read(const gatepost_recipient& from) noexcept {
        recipient made;
        static_cast<mailbox&>(made) = mailbox::read(from.mailbox);
        made.role = static_cast<recipient_role>(from.role);
        made.index = from.index;
        made.dsn_notify = from.dsn_notify;
        made.dsn_orcpt = view_of(from.dsn_orcpt);
        return made;
    }
};

enum class part_role : uint32_t {
    text = GATEPOST_PART_TEXT,
    html = GATEPOST_PART_HTML,
    attachment = GATEPOST_PART_ATTACHMENT,
    inline_image = GATEPOST_PART_INLINE
};

struct part {
    uint32_t id = 0;  // for context.body.open_part
    part_role role = part_role::text;
    std::string_view type;
    std::string_view filename;  // a label, never a path
    std::string_view content_id;
    uint64_t content_size = 0;

    bool is_text() const noexcept { return role == part_role::text || role == part_role::html; }
    bool is_file() const noexcept {
        return role == part_role::attachment || role == part_role::inline_image;
    }

    using abi_type = gatepost_part;
    static part read(const gatepost_part& from) noexcept {
        return {from.id,
                static_cast<part_role>(from.role),
                view_of(from.type),
                view_of(from.filename),
                view_of(from.content_id),
                from.content_size};
    }
};

struct tag : std::string_view {
    using std::string_view::string_view;
    using abi_type = gatepost_string;
    static tag read(const gatepost_string& from) noexcept {
        const std::string_view text = view_of(from);
        return {text.data(), text.size()};
    }
};

struct number {
    uint32_t value = 0;
    using abi_type = uint32_t;
    static number read(uint32_t from) noexcept { return {from}; }
};

// An array of the ABI as a range of views.
template <class View>
class list {
  public:
    class iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = View;
        using difference_type = std::ptrdiff_t;
        using pointer = const View*;
        using reference = View;

        iterator() = default;
        iterator(const char* at, uint32_t stride) noexcept : at_(at), stride_(stride) {}
        View operator*() const noexcept {
            return View::read(*reinterpret_cast<const typename View::abi_type*>(at_));
        }
        iterator& operator++() noexcept {
            at_ += stride_;
            return *this;
        }
        iterator operator++(int) noexcept {
            iterator before = *this;
            at_ += stride_;
            return before;
        }
        bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

      private:
        const char* at_ = nullptr;
        uint32_t stride_ = 0;
    };

    list() = default;
    // Items smaller than this header knows them cannot be read safely: the list is empty then.
    explicit list(const gatepost_array& from) noexcept {
        if (from.items != nullptr && from.stride >= sizeof(typename View::abi_type)) from_ = from;
    }

    std::size_t size() const noexcept { return from_.count; }
    bool empty() const noexcept { return from_.count == 0; }
    View operator[](std::size_t at) const noexcept { return *iterator(item(at), from_.stride); }
    iterator begin() const noexcept { return {item(0), from_.stride}; }
    iterator end() const noexcept { return {item(from_.count), from_.stride}; }

  private:
    const char* item(std::size_t at) const noexcept {
        return static_cast<const char*>(from_.items) + at * from_.stride;
    }
    gatepost_array from_{};
};

class message {
  public:
    message() noexcept = default;
    // `from` is complete as this header knows it: see copy_of().
    explicit message(const gatepost_message* from) noexcept : from_(from) {}

    explicit operator bool() const noexcept { return from_ != nullptr; }

    std::string_view id() const noexcept { return view_of(abi().id); }
    std::string_view message_id() const noexcept { return view_of(abi().message_id); }
    int64_t date() const noexcept { return abi().date; }  // milliseconds since 1970, UTC
    // When the gateway took it, in the same unit; not the Date header's affair.
    int64_t accepted_at() const noexcept {
        return GATEPOST_HAS(gatepost_message, &abi(), accepted_at) ? abi().accepted_at : date();
    }
    mailbox envelope_from() const noexcept { return mailbox::read(abi().envelope_from); }
    mailbox from() const noexcept { return mailbox::read(abi().from); }
    mailbox sender() const noexcept { return mailbox::read(abi().sender); }
    list<mailbox> reply_to() const noexcept { return list<mailbox>(abi().reply_to); }
    list<recipient> recipients() const noexcept { return list<recipient>(abi().recipients); }
    std::string_view subject() const noexcept { return view_of(abi().subject); }
    list<pair> headers() const noexcept { return list<pair>(abi().headers); }
    list<tag> tags() const noexcept { return list<tag>(abi().tags); }
    list<pair> metadata() const noexcept { return list<pair>(abi().metadata); }
    std::string_view options_json() const noexcept { return view_of(abi().options_json); }
    list<part> parts() const noexcept { return list<part>(abi().parts); }
    uint32_t priority() const noexcept { return abi().priority; }
    uint32_t dsn_ret() const noexcept { return abi().dsn_ret; }
    std::string_view dsn_envid() const noexcept { return view_of(abi().dsn_envid); }

    bool raw() const noexcept { return has(GATEPOST_MESSAGE_RAW); }
    bool raw_only() const noexcept { return has(GATEPOST_MESSAGE_RAW_ONLY); }
    bool smtputf8() const noexcept { return has(GATEPOST_MESSAGE_SMTPUTF8); }
    bool is_test() const noexcept { return has(GATEPOST_MESSAGE_TEST); }

    // The recipients this attempt is for, in the order of the message's carry list.
    std::vector<recipient> carried() const {
        const list<recipient> all = recipients();
        const list<number> wanted(abi().carry);
        std::vector<recipient> found;
        found.reserve(wanted.size());
        for (const number index : wanted) {
            if (index.value < all.size() && all[index.value].index == index.value) {
                found.push_back(all[index.value]);
                continue;
            }
            for (const recipient& one : all) {
                if (one.index == index.value) found.push_back(one);
            }
        }
        return found;
    }

    const gatepost_message& abi() const noexcept {
        static constexpr gatepost_message nothing{};
        return from_ != nullptr ? *from_ : nothing;
    }

  private:
    bool has(uint32_t flag) const noexcept { return (abi().flags & flag) != 0; }
    const gatepost_message* from_ = nullptr;
};

}  // namespace GATEPOST_SDK_NAMESPACE
}  // namespace gatepost::sdk
