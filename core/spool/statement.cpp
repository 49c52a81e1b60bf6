// A prepared statement. Binding is by reference (SQLITE_STATIC): the bytes live until the step.
#include <sqlite3.h>

#include "spool/database.hpp"

namespace gatepost::spool {

statement::statement(database& db, const char* sql) : db_(db) {
    const int code =
        sqlite3_prepare_v3(db.handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) db_.note(code);
}

statement::~statement() {
    sqlite3_finalize(statement_);
}

statement& statement::bind(int at, uint64_t value) {
    if (db_.failed()) return *this;
    const int code = sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(value));
    if (code != SQLITE_OK) db_.note(code);
    return *this;
}

statement& statement::bind(int at, std::string_view blob) {
    if (db_.failed()) return *this;
    // A null pointer would bind NULL instead of an empty blob.
    const int code = sqlite3_bind_blob64(statement_, at, blob.empty() ? "" : blob.data(),
                                         blob.size(), SQLITE_STATIC);
    if (code != SQLITE_OK) db_.note(code);
    return *this;
}

bool statement::step() {
    if (db_.failed()) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) db_.note(code);
    sqlite3_reset(statement_);
    return false;
}

void statement::run() {
    if (step()) reset();
}

void statement::reset() {
    sqlite3_reset(statement_);
}

uint64_t statement::number(int column) const {
    return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
}

std::string_view statement::blob(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (bytes == nullptr || size <= 0) return {};
    return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace gatepost::spool
