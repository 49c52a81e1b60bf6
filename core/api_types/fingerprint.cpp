// Fields are hashed in a fixed order, each with its length; what JSON leaves unordered is sorted.
#include "api_types/fingerprint.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gatepost::api_types {
namespace {

EVP_MD_CTX* as_context(void* pointer) {
    return static_cast<EVP_MD_CTX*>(pointer);
}

void add_number(sha256& hash, int64_t number) {
    hash.add_field(std::to_string(number));
}

void add_time(sha256& hash, const std::optional<wall_time>& time) {
    hash.add_field(time ? format_rfc3339(*time) : std::string());
}

void add_mailbox(sha256& hash, const mail::mailbox& box) {
    hash.add_field(box.name);
    hash.add_field(box.addr.text());
}

void add_mailbox(sha256& hash, const std::optional<mail::mailbox>& box) {
    add_number(hash, box ? 1 : 0);
    if (box) add_mailbox(hash, *box);
}

void add_people(sha256& hash, const mail::message& mail) {
    add_number(hash, mail.envelope_from ? 1 : 0);
    if (mail.envelope_from) hash.add_field(mail.envelope_from->text());
    add_mailbox(hash, mail.from);
    add_mailbox(hash, mail.sender);
    add_number(hash, static_cast<int64_t>(mail.reply_to.size()));
    for (const auto& box : mail.reply_to)
        add_mailbox(hash, box);
    add_number(hash, static_cast<int64_t>(mail.recipients.size()));
    for (const auto& recipient : mail.recipients) {
        add_mailbox(hash, recipient.who);
        add_number(hash, static_cast<int64_t>(recipient.kind));
        add_number(hash, recipient.dsn_notify);
        hash.add_field(recipient.dsn_orcpt);
    }
}

using pairs = std::vector<std::pair<std::string, std::string>>;

void add_sorted(sha256& hash, pairs list) {
    std::ranges::sort(list);
    add_number(hash, static_cast<int64_t>(list.size()));
    for (const auto& [name, value] : list) {
        hash.add_field(name);
        hash.add_field(value);
    }
}

// The same options with their keys in another order are the same options.
std::string canonical(const std::string& json) {
    const auto tree = nlohmann::json::parse(json, nullptr, false);
    return tree.is_discarded()
               ? json
               : tree.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void add_labels(sha256& hash, const mail::message& mail) {
    hash.add_field(mail.subject);
    pairs headers;
    for (const auto& header : mail.headers)
        headers.emplace_back(header.name, header.value);
    add_sorted(hash, std::move(headers));
    add_sorted(hash, mail.metadata);
    pairs options;
    for (const auto& [plugin, json] : mail.provider_options)
        options.emplace_back(plugin, canonical(json));
    add_sorted(hash, std::move(options));
    add_number(hash, static_cast<int64_t>(mail.tags.size()));
    for (const auto& tag : mail.tags)
        hash.add_field(tag);
}

void add_rules(sha256& hash, const mail::message& mail) {
    add_number(hash, static_cast<int64_t>(mail.ret));
    hash.add_field(mail.dsn_envid);
    add_number(hash, static_cast<int64_t>(mail.urgency));
    hash.add_field(mail.connection);
    hash.add_field(mail.organization);
    add_number(hash, mail.on_unknown ? static_cast<int64_t>(*mail.on_unknown) : 0);
    add_time(hash, mail.send_at);
    add_time(hash, mail.expires_at);
}

void add_parts(sha256& hash, const mail::message& mail, const std::vector<std::string>& digests) {
    add_number(hash, static_cast<int64_t>(mail.parts.size()));
    for (const auto& part : mail.parts) {
        add_number(hash, static_cast<int64_t>(part.kind));
        hash.add_field(part.type);
        hash.add_field(part.filename);
        hash.add_field(part.content_id);
    }
    for (const auto& digest : digests)
        hash.add_field(digest);
}

}  // namespace

void sha256::context_deleter::operator()(void* context) const {
    EVP_MD_CTX_free(as_context(context));
}

sha256::sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(as_context(context_.get()), EVP_sha256(), nullptr);
}

void sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(as_context(context_.get()), bytes.data(), bytes.size());
}

void sha256::add_field(std::string_view bytes) {
    char length[8];
    for (size_t i = 0; i < sizeof length; ++i)
        length[i] = static_cast<char>(bytes.size() >> (8 * i) & 0xFF);
    add({length, sizeof length});
    add(bytes);
}

std::string sha256::finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(as_context(context_.get()), digest, &size);
    return {reinterpret_cast<const char*>(digest), size};
}

std::string fingerprint_of(const mail::message& mail,
                           const std::vector<std::string>& content_digests) {
    sha256 hash;
    hash.add_field(mail.raw ? "raw/1" : "json/1");
    add_people(hash, mail);
    add_labels(hash, mail);
    add_rules(hash, mail);
    add_parts(hash, mail, content_digests);
    return hash.finish();
}

}  // namespace gatepost::api_types
