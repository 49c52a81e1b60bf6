// The field order below is the format; a change needs a new version number and a reader for both.
#include "spool/record.hpp"

#include "spool/codec.hpp"

namespace gatepost::spool {
namespace {

constexpr uint8_t record_version = 1;

// --- writing

void put(byte_writer& out, const mail::mailbox& box) {
    out.text(box.name);
    out.text(box.addr.text());
}

void put(byte_writer& out, const std::optional<mail::mailbox>& box) {
    out.flag(box.has_value());
    if (box) put(out, *box);
}

void put_people(byte_writer& out, const mail::message& mail) {
    out.flag(mail.envelope_from.has_value());
    if (mail.envelope_from) out.text(mail.envelope_from->text());
    put(out, mail.from);
    put(out, mail.sender);
    out.number(mail.reply_to.size());
    for (const auto& box : mail.reply_to)
        put(out, box);
    out.number(mail.recipients.size());
    for (const auto& each : mail.recipients) {
        put(out, each.who);
        out.u8(static_cast<uint8_t>(each.kind));
        out.u8(each.dsn_notify);
        out.text(each.dsn_orcpt);
    }
}

template <class Pairs>
void put_pairs(byte_writer& out, const Pairs& pairs) {
    out.number(pairs.size());
    for (const auto& [first, second] : pairs) {
        out.text(first);
        out.text(second);
    }
}

void put_labels(byte_writer& out, const mail::message& mail) {
    out.text(mail.subject);
    put_pairs(out, mail.headers);
    out.number(mail.tags.size());
    for (const auto& tag : mail.tags)
        out.text(tag);
    put_pairs(out, mail.metadata);
    put_pairs(out, mail.provider_options);
    out.u8(static_cast<uint8_t>(mail.ret));
    out.text(mail.dsn_envid);
    out.u8(static_cast<uint8_t>(mail.urgency));
    out.text(mail.connection);
    out.text(mail.organization);
    out.u8(mail.on_unknown ? static_cast<uint8_t>(*mail.on_unknown) : 0);
    out.time(mail.send_at);
    out.time(mail.expires_at);
}

void put_parts(byte_writer& out, const mail::message& mail) {
    out.number(mail.parts.size());
    for (const auto& part : mail.parts) {
        out.u8(static_cast<uint8_t>(part.kind));
        out.text(part.type);
        out.text(part.filename);
        out.text(part.content_id);
    }
    out.flag(mail.raw.has_value());
    if (!mail.raw) return;
    out.text(mail.raw->header_block);
    out.flag(mail.raw->raw_only);
    out.flag(mail.raw->has_8bit);
}

std::string encode_head(const mail::message& mail, std::span<const mail::content* const> contents,
                        std::span<const content_place> places) {
    std::string head;
    byte_writer out(head);
    out.number(mail.id.value);
    out.text(mail.message_id);
    out.time(mail.date);
    put_people(out, mail);
    put_labels(out, mail);
    put_parts(out, mail);
    for (size_t i = 0; i < contents.size(); ++i) {
        out.number(contents[i]->size());
        out.text(places[i].file);
        if (!places[i].file.empty()) out.number(places[i].offset);
    }
    return head;
}

// --- reading

std::optional<mail::address> get_address(byte_reader& in) {
    auto parsed = mail::address::parse(in.text());
    if (parsed) return *std::move(parsed);
    in.fail();
    return std::nullopt;
}

std::optional<mail::mailbox> get_mailbox(byte_reader& in) {
    std::string name(in.text());
    auto addr = get_address(in);
    if (!addr) return std::nullopt;
    return mail::mailbox{std::move(name), *std::move(addr)};
}

std::optional<mail::mailbox> get_optional_mailbox(byte_reader& in) {
    return in.flag() ? get_mailbox(in) : std::nullopt;
}

void get_people(byte_reader& in, mail::message& mail) {
    if (in.flag()) mail.envelope_from = get_address(in);
    mail.from = get_optional_mailbox(in);
    mail.sender = get_optional_mailbox(in);
    for (size_t left = in.count(2); left > 0 && !in.failed(); --left) {
        if (auto box = get_mailbox(in)) mail.reply_to.push_back(*std::move(box));
    }
    for (size_t left = in.count(5); left > 0 && !in.failed(); --left) {
        auto box = get_mailbox(in);
        const auto kind = static_cast<mail::role>(in.u8_within(1, 3));
        const uint8_t notify = in.u8_within(0, 15);
        std::string orcpt(in.text());
        if (box) mail.recipients.push_back({*std::move(box), kind, notify, std::move(orcpt)});
    }
}

template <class Add>
void get_pairs(byte_reader& in, Add add) {
    for (size_t left = in.count(2); left > 0 && !in.failed(); --left) {
        std::string first(in.text());
        add(std::move(first), std::string(in.text()));
    }
}

void get_labels(byte_reader& in, mail::message& mail) {
    mail.subject = in.text();
    get_pairs(in, [&](std::string name, std::string value) {
        mail.headers.push_back({std::move(name), std::move(value)});
    });
    for (size_t left = in.count(); left > 0 && !in.failed(); --left)
        mail.tags.emplace_back(in.text());
    get_pairs(in, [&](std::string name, std::string value) {
        mail.metadata.emplace_back(std::move(name), std::move(value));
    });
    get_pairs(in, [&](std::string name, std::string value) {
        mail.provider_options.emplace(std::move(name), std::move(value));
    });
    mail.ret = static_cast<mail::dsn_ret>(in.u8_within(0, 2));
    mail.dsn_envid = in.text();
    mail.urgency = static_cast<mail::priority>(in.u8_within(1, 3));
    mail.connection = in.text();
    mail.organization = in.text();
    if (const uint8_t rule = in.u8_within(0, 3); rule != 0)
        mail.on_unknown = static_cast<mail::unknown_rule>(rule);
    mail.send_at = in.optional_time();
    mail.expires_at = in.optional_time();
}

void get_parts(byte_reader& in, mail::message& mail) {
    for (size_t left = in.count(4); left > 0 && !in.failed(); --left) {
        mail::part part;
        part.kind = static_cast<mail::part_role>(in.u8_within(1, 4));
        part.type = in.text();
        part.filename = in.text();
        part.content_id = in.text();
        mail.parts.push_back(std::move(part));
    }
    if (!in.flag()) return;
    mail.raw.emplace();
    mail.raw->header_block = in.text();
    mail.raw->raw_only = in.flag();
    mail.raw->has_8bit = in.flag();
}

std::vector<mail::content*> mutable_contents(mail::message& mail) {
    std::vector<mail::content*> all;
    for (auto& part : mail.parts)
        all.push_back(&part.body);
    if (mail.raw) all.push_back(&mail.raw->body);
    return all;
}

// A bare name only: a record must not lead out of its folder.
bool is_bare_name(std::string_view name) {
    return name.find('/') == std::string_view::npos && name.front() != '.' &&
           name.find('\0') == std::string_view::npos;
}

void get_contents(byte_reader& head, byte_reader& body, mail::message& mail,
                  const std::filesystem::path* folder) {
    for (auto* content : mutable_contents(mail)) {
        const uint64_t size = head.number();
        const std::string_view file = head.text();
        const uint64_t offset = file.empty() ? 0 : head.number();
        if (!file.empty() && (!is_bare_name(file) || offset + size < offset)) head.fail();
        if (head.failed()) return;
        if (folder == nullptr) continue;
        if (file.empty()) {
            *content = mail::content::from_string(std::string(body.take(size)));
        } else {
            *content = mail::content::from_file(*folder / file, offset, size);
        }
    }
}

error damaged(std::string_view what) {
    return {error_kind::io, "the stored message is damaged: " + std::string(what)};
}

result<mail::message> decode(std::string_view bytes, const std::filesystem::path* folder) {
    byte_reader in(bytes);
    if (const uint8_t version = in.u8(); version != record_version) {
        return damaged("its format has the number " + std::to_string(version));
    }
    const std::string_view head_bytes = in.text();
    const uint64_t head_sum = in.fixed64();
    if (in.failed() || checksum(head_bytes) != head_sum) return damaged("its head was changed");
    const uint64_t body_size = in.number();
    const uint64_t body_sum = in.fixed64();
    byte_reader body("");
    if (folder != nullptr) {
        const std::string_view body_bytes = in.take(body_size);
        if (in.failed() || !in.at_end() || checksum(body_bytes) != body_sum)
            return damaged("its content was changed");
        body = byte_reader(body_bytes);
    }
    byte_reader head(head_bytes);
    mail::message mail;
    mail.id = {head.number()};
    mail.message_id = head.text();
    mail.date = head.time();
    get_people(head, mail);
    get_labels(head, mail);
    get_parts(head, mail);
    get_contents(head, body, mail, folder);
    if (head.failed() || !head.at_end() || body.failed() || !body.at_end())
        return damaged("a field cannot be read");
    return mail;
}

}  // namespace

std::vector<const mail::content*> contents_of(const mail::message& mail) {
    std::vector<const mail::content*> all;
    all.reserve(mail.parts.size() + 1);
    for (const auto& part : mail.parts)
        all.push_back(&part.body);
    if (mail.raw) all.push_back(&mail.raw->body);
    return all;
}

uint64_t content_bytes_of(const mail::message& mail) {
    uint64_t bytes = 0;
    for (const auto* content : contents_of(mail))
        bytes += content->size();
    return bytes;
}

std::string encode_record(const mail::message& mail, std::span<const content_place> places) {
    const auto contents = contents_of(mail);
    const std::string head = encode_head(mail, contents, places);
    uint64_t body_size = 0;
    for (size_t i = 0; i < contents.size(); ++i)
        body_size += places[i].file.empty() ? contents[i]->view().size() : 0;
    std::string record;
    record.reserve(head.size() + body_size + 40);
    byte_writer out(record);
    out.u8(record_version);
    out.text(head);
    out.fixed64(checksum(head));
    out.number(body_size);
    const size_t sum_at = record.size();
    out.fixed64(0);
    for (size_t i = 0; i < contents.size(); ++i) {
        if (places[i].file.empty()) record.append(contents[i]->view());
    }
    std::string sum;
    byte_writer(sum).fixed64(checksum(std::string_view(record).substr(sum_at + 8)));
    record.replace(sum_at, sum.size(), sum);
    return record;
}

result<mail::message> decode_record(std::string_view bytes,
                                    const std::filesystem::path& contents_folder) {
    return decode(bytes, &contents_folder);
}

result<mail::message> decode_record_head(std::string_view bytes) {
    return decode(bytes, nullptr);
}

}  // namespace gatepost::spool
