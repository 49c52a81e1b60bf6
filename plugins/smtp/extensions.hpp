// What a server offers, read from its answer to EHLO or LHLO, and kept in a few words beside a
// parked stream so that the next mail needs no EHLO. Unknown keywords are passed over; letter case
// does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smtp {

enum mechanism_bit : uint32_t {
    offers_plain = 1u,
    offers_login = 2u,
    offers_cram_md5 = 4u,
    offers_xoauth2 = 8u,
    offers_oauthbearer = 16u
};

struct offered {
    bool starttls = false, pipelining = false, chunking = false, eight_bit = false;
    bool smtputf8 = false, dsn = false, enhanced = false, size = false, auth = false;
    uint64_t size_limit = 0;         // 0: none stated
    uint32_t mechanisms = 0;         // mechanism_bit
    uint32_t mails = 0;              // RFC 9422 MAILMAX: transactions of this session; 0: no limit
    uint32_t recipients = 0;         // RCPTMAX: of one transaction
    uint32_t recipient_domains = 0;  // RCPTDOMAINMAX
    bool operator==(const offered&) const = default;
};

// `text` of the reply: the greeting line, then one keyword a line.
offered read_offer(std::string_view text);
// "PIPELINING, SIZE 35882577, AUTH PLAIN LOGIN"; for people.
std::string in_words(const offered& what);

// A parked stream's notes: what was offered, and the transactions done so far.
struct parked_notes {
    offered what;
    uint32_t mails_done = 0;
};
std::string write_notes(const parked_notes& notes);
// Nothing if they were not written by this version.
std::optional<parked_notes> read_notes(std::string_view text);

}  // namespace smtp
