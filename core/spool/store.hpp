// The tables, as the jobs see them. Seven of them, and no index beside their keys:
//
//     open(id, state)          messages with a recipient that is not final; small rows, often
//     written done(id, state)          the others; a row moves here with its last verdict mail(id,
//     record)         the message itself, written once attempt(id, number, ..)  ended attempts that
//     no longer fit into the state file(id, name)           content files of a message
//     idempotency(key, ..)
//     token(name, sealed)      what a connection must not forget, as it was handed in
//
// Errors of SQLite stick in the database (database.hpp): after one, every call here does nothing
// and gives nothing. The writer thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "spool/database.hpp"
#include "spool/state.hpp"

namespace gatepost::spool {

struct stored_state {
    message_state state;
    bool done = false;  // which table
};

struct used_key {
    mail_id id;
    std::string fingerprint;
    wall_time expires{};
};

class store {
  public:
    store(database& db, std::filesystem::path contents_folder);
    ~store();

    database& db() { return db_; }

    // False if the id is taken; nothing was written then.
    bool insert(mail_id id, std::string_view state, std::string_view record,
                const std::vector<std::string>& files);
    // A row that cannot be read comes back as held (state.hpp), so that it is seen and harms
    // nobody.
    std::optional<stored_state> find(mail_id id);
    // Writes the state where it belongs now; `was` is what find gave.
    void put(mail_id id, const stored_state& was, message_state& state);
    void remove(mail_id id, bool done);

    result<mail::message> message(mail_id id);
    result<mail::message> head(mail_id id);  // without contents
    // Rows of their own, oldest first; without those in the state.
    std::vector<attempt_entry> attempts(mail_id id);
    std::vector<std::string> files(mail_id id);
    std::unordered_set<std::string> all_files();

    std::optional<used_key> find_key(std::string_view key);
    void put_key(std::string_view key, const used_key& value);
    // At most `limit` keys from `from` on; gives where to go on, or nothing at the end.
    std::optional<std::string> sweep_keys(const std::string& from, wall_time now, size_t limit);

    // Visits at most `limit` rows; false from the visitor ends it. Gives the last id visited, or
    // nothing if there was none. Writing to the visited table meanwhile is not allowed.
    using visitor = std::function<bool(mail_id, stored_state&)>;
    std::optional<mail_id> scan_open(mail_id after, size_t limit, const visitor& visit);
    std::optional<mail_id> scan_done(mail_id after, size_t limit, const visitor& visit);
    // Both tables, newest first, ids below `before`.
    std::optional<mail_id> scan_newest(mail_id before, size_t limit, const visitor& visit);

    // Empty bytes: forgotten.
    void put_token(std::string_view name, std::string_view sealed);
    std::map<std::string, std::string> tokens();

    mail_id newest();
    void probe();  // a write that changes nothing

  private:
    struct statements;
    std::optional<mail_id> scan(statement& rows, size_t limit, const visitor& visit);
    stored_state decode(mail_id id, std::string_view bytes, bool done);

    database& db_;
    std::filesystem::path contents_folder_;
    std::unique_ptr<statements> sql_;
};

}  // namespace gatepost::spool
