// Every statement of the spool stands in `statements`, prepared once.
#include "spool/store.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "spool/record.hpp"

namespace gatepost::spool {
namespace {

// A state beyond this gives its ended attempts to the table: it is written at every step.
constexpr size_t compact_state_bytes = 2048;

}  // namespace

struct store::statements {
    explicit statements(database& db)
        : insert_open(db, "INSERT INTO open VALUES(?1,?2)"),
          insert_done(db, "INSERT INTO done VALUES(?1,?2)"),
          insert_mail(db, "INSERT OR IGNORE INTO mail VALUES(?1,?2)"),
          insert_file(db, "INSERT INTO file VALUES(?1,?2)"),
          update_open(db, "UPDATE open SET state=?2 WHERE id=?1"),
          update_done(db, "UPDATE done SET state=?2 WHERE id=?1"),
          find_open(db, "SELECT state FROM open WHERE id=?1"),
          find_done(db, "SELECT state FROM done WHERE id=?1"),
          delete_open(db, "DELETE FROM open WHERE id=?1"),
          delete_done(db, "DELETE FROM done WHERE id=?1"),
          delete_mail(db, "DELETE FROM mail WHERE id=?1"),
          delete_attempts(db, "DELETE FROM attempt WHERE id=?1"),
          delete_files(db, "DELETE FROM file WHERE id=?1"),
          find_mail(db, "SELECT record FROM mail WHERE id=?1"),
          put_attempt(db, "INSERT OR REPLACE INTO attempt VALUES(?1,?2,?3)"),
          find_attempts(db, "SELECT entry FROM attempt WHERE id=?1 ORDER BY number"),
          find_files(db, "SELECT name FROM file WHERE id=?1"),
          all_files(db, "SELECT name FROM file"),
          find_key(db, "SELECT id, expires, fingerprint FROM idempotency WHERE key=?1"),
          put_key(db, "INSERT OR REPLACE INTO idempotency VALUES(?1,?2,?3,?4)"),
          some_keys(db, "SELECT key, expires FROM idempotency WHERE key>=?1 ORDER BY key LIMIT ?2"),
          delete_key(db, "DELETE FROM idempotency WHERE key=?1"),
          scan_open(db, "SELECT id, state, 0 FROM open WHERE id>?1 ORDER BY id LIMIT ?2"),
          scan_done(db, "SELECT id, state, 1 FROM done WHERE id>?1 ORDER BY id LIMIT ?2"),
          scan_newest(db,
                      "SELECT id, state, 0 FROM open WHERE id<?1 UNION ALL "
                      "SELECT id, state, 1 FROM done WHERE id<?1 ORDER BY id DESC LIMIT ?2"),
          newest(db,
                 "SELECT max(coalesce((SELECT max(id) FROM open),0),"
                 "coalesce((SELECT max(id) FROM done),0),coalesce((SELECT max(id) FROM mail),0))"),
          put_token(db, "INSERT OR REPLACE INTO token VALUES(?1,?2)"),
          delete_token(db, "DELETE FROM token WHERE name=?1"),
          all_tokens(db, "SELECT name, sealed FROM token"),
          probe(db, "UPDATE probe SET counter=counter+1") {}

    statement insert_open, insert_done, insert_mail, insert_file, update_open, update_done,
        find_open, find_done, delete_open, delete_done, delete_mail, delete_attempts, delete_files,
        find_mail, put_attempt, find_attempts, find_files, all_files, find_key, put_key, some_keys,
        delete_key, scan_open, scan_done, scan_newest, newest, put_token, delete_token, all_tokens,
        probe;
};

store::store(database& db, std::filesystem::path contents_folder)
    : db_(db),
      contents_folder_(std::move(contents_folder)),
      sql_(std::make_unique<statements>(db)) {}

store::~store() = default;

bool store::insert(mail_id id, std::string_view state, std::string_view record,
                   const std::vector<std::string>& files) {
    sql_->insert_mail.bind(1, id.value).bind(2, record).run();
    if (db_.changes() == 0) return false;
    sql_->insert_open.bind(1, id.value).bind(2, state).run();
    for (const auto& name : files)
        sql_->insert_file.bind(1, id.value).bind(2, name).run();
    return true;
}

stored_state store::decode(mail_id id, std::string_view bytes, bool done) {
    if (auto state = decode_state(bytes)) return {*std::move(state), done};
    log::error("spool.damaged", "the state of a message cannot be read; the message is held",
               {{"id", id.to_string()}});
    auto mail = head(id);
    if (mail) return {held_state(*mail), done};
    return {message_state{}, done};
}

std::optional<stored_state> store::find(mail_id id) {
    for (const bool done : {false, true}) {
        auto& find = done ? sql_->find_done : sql_->find_open;
        if (!find.bind(1, id.value).step()) continue;
        auto found = decode(id, find.blob(0), done);
        find.reset();
        return found;
    }
    return std::nullopt;
}

void store::put(mail_id id, const stored_state& was, message_state& state) {
    std::string bytes = encode_state(state);
    if (bytes.size() > compact_state_bytes) {
        const size_t moved = std::erase_if(state.log, [&](const attempt_entry& each) {
            if (!each.row.ended) return false;
            sql_->put_attempt.bind(1, id.value)
                .bind(2, each.row.number)
                .bind(3, encode_attempt(each))
                .run();
            return true;
        });
        if (moved > 0) bytes = encode_state(state);
    }
    const bool done = is_over(state);
    if (done == was.done) {
        (done ? sql_->update_done : sql_->update_open).bind(1, id.value).bind(2, bytes).run();
        return;
    }
    (done ? sql_->delete_open : sql_->delete_done).bind(1, id.value).run();
    (done ? sql_->insert_done : sql_->insert_open).bind(1, id.value).bind(2, bytes).run();
}

void store::remove(mail_id id, bool done) {
    for (auto* each : {done ? &sql_->delete_done : &sql_->delete_open, &sql_->delete_mail,
                       &sql_->delete_attempts, &sql_->delete_files})
        each->bind(1, id.value).run();
}

result<mail::message> store::message(mail_id id) {
    auto& find = sql_->find_mail;
    if (!find.bind(1, id.value).step())
        return error{error_kind::io, "the stored message is missing"};
    auto mail = decode_record(find.blob(0), contents_folder_);
    find.reset();
    if (mail && mail->id != id)
        return error{error_kind::io, "the stored message is damaged: it is another one"};
    return mail;
}

result<mail::message> store::head(mail_id id) {
    auto& find = sql_->find_mail;
    if (!find.bind(1, id.value).step())
        return error{error_kind::io, "the stored message is missing"};
    auto mail = decode_record_head(find.blob(0));
    find.reset();
    return mail;
}

std::vector<attempt_entry> store::attempts(mail_id id) {
    std::vector<attempt_entry> out;
    auto& rows = sql_->find_attempts.bind(1, id.value);
    while (rows.step()) {
        if (auto entry = decode_attempt(rows.blob(0))) out.push_back(*std::move(entry));
    }
    return out;
}

std::vector<std::string> store::files(mail_id id) {
    std::vector<std::string> out;
    auto& rows = sql_->find_files.bind(1, id.value);
    while (rows.step())
        out.emplace_back(rows.blob(0));
    return out;
}

std::unordered_set<std::string> store::all_files() {
    std::unordered_set<std::string> out;
    while (sql_->all_files.step())
        out.emplace(sql_->all_files.blob(0));
    return out;
}

std::optional<used_key> store::find_key(std::string_view key) {
    auto& find = sql_->find_key.bind(1, key);
    if (!find.step()) return std::nullopt;
    used_key found;
    found.id = {find.number(0)};
    found.expires = wall_time{std::chrono::milliseconds{static_cast<int64_t>(find.number(1))}};
    found.fingerprint = find.blob(2);
    find.reset();
    return found;
}

void store::put_key(std::string_view key, const used_key& value) {
    const auto expires = static_cast<uint64_t>(value.expires.time_since_epoch().count());
    sql_->put_key.bind(1, key)
        .bind(2, value.id.value)
        .bind(3, expires)
        .bind(4, value.fingerprint)
        .run();
}

std::optional<std::string> store::sweep_keys(const std::string& from, wall_time now, size_t limit) {
    const auto time = static_cast<uint64_t>(now.time_since_epoch().count());
    std::vector<std::string> over;
    std::string last;
    size_t seen = 0;
    for (auto& rows = sql_->some_keys.bind(1, from).bind(2, limit); rows.step(); ++seen) {
        last = rows.blob(0);
        if (rows.number(1) <= time) over.push_back(last);
    }
    for (const auto& key : over)
        sql_->delete_key.bind(1, key).run();
    if (seen < limit) return std::nullopt;
    return last + '\0';
}

std::optional<mail_id> store::scan(statement& rows, size_t limit, const visitor& visit) {
    std::optional<mail_id> last;
    rows.bind(2, limit);
    while (rows.step()) {
        last = mail_id{rows.number(0)};
        auto found = decode(*last, rows.blob(1), rows.number(2) != 0);
        if (!visit(*last, found)) {
            rows.reset();
            break;
        }
    }
    return last;
}

std::optional<mail_id> store::scan_open(mail_id after, size_t limit, const visitor& visit) {
    return scan(sql_->scan_open.bind(1, after.value), limit, visit);
}

std::optional<mail_id> store::scan_done(mail_id after, size_t limit, const visitor& visit) {
    return scan(sql_->scan_done.bind(1, after.value), limit, visit);
}

std::optional<mail_id> store::scan_newest(mail_id before, size_t limit, const visitor& visit) {
    const uint64_t most = uint64_t{1} << 63;  // SQLite's integers are signed
    return scan(sql_->scan_newest.bind(1, std::min(before.value, most - 1)), limit, visit);
}

mail_id store::newest() {
    const uint64_t id = sql_->newest.step() ? sql_->newest.number(0) : 0;
    sql_->newest.reset();
    return {id};
}

void store::put_token(std::string_view name, std::string_view sealed) {
    if (sealed.empty()) return sql_->delete_token.bind(1, name).run();
    sql_->put_token.bind(1, name).bind(2, sealed).run();
}

std::map<std::string, std::string> store::tokens() {
    std::map<std::string, std::string> out;
    while (sql_->all_tokens.step()) {
        const std::string name(sql_->all_tokens.blob(0));
        out[name] = sql_->all_tokens.blob(1);
    }
    return out;
}

void store::probe() {
    sql_->probe.run();
}

}  // namespace gatepost::spool
