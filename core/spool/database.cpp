// Opening, settings, transactions. The checks of the file come before SQLite may write a byte.
#include "spool/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

#include "base/file.hpp"
#include "spool/write_gatherer.hpp"

namespace gatepost::spool {
namespace {

constexpr const char* tables = R"(
CREATE TABLE open(id INTEGER PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE done(id INTEGER PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE mail(id INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE attempt(id INTEGER NOT NULL, number INTEGER NOT NULL, entry BLOB NOT NULL,
                     PRIMARY KEY(id, number)) WITHOUT ROWID;
CREATE TABLE file(id INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY(id, name)) WITHOUT ROWID;
CREATE TABLE idempotency(key BLOB PRIMARY KEY, id INTEGER NOT NULL, expires INTEGER NOT NULL,
                         fingerprint BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE probe(one INTEGER PRIMARY KEY, counter INTEGER NOT NULL);
INSERT INTO probe VALUES(1, 0);
)";

// Came later, without a new number: a version that does not know it is not harmed by it.
constexpr const char* later_tables =
    "CREATE TABLE IF NOT EXISTS token(name BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID";

error config_error(const std::filesystem::path& file, const std::string& sentence) {
    return {error_kind::config, file.string() + " " + sentence};
}

// A regular file of ours with one name, made 0600 if it is missing (SQLite would follow the umask).
status prepare_file(const std::filesystem::path& file) {
    auto fd = open_file(file, O_RDWR | O_CREAT | O_NONBLOCK, 0600);
    if (!fd) return fd.error();
    struct stat facts{};
    if (::fstat(fd->get(), &facts) != 0) return error_from_errno(errno, "cannot look at the spool");
    if (!S_ISREG(facts.st_mode)) return config_error(file, "is not a regular file");
    if (facts.st_uid != ::geteuid()) return config_error(file, "belongs to another user");
    if (facts.st_nlink != 1) return config_error(file, "has a second name (hard link)");
    if ((facts.st_mode & 077) != 0)
        return config_error(file, "may be read by others: chmod 600 it");
    if (facts.st_size == 0) return success{};
    char magic[16] = {};
    if (::pread(fd->get(), magic, sizeof magic, 0) != sizeof magic ||
        std::string_view(magic, 15) != "SQLite format 3")
        return config_error(file, "is not a spool: it is no SQLite file");
    return success{};
}

void set_up_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        // Counting every allocation under a lock helps nobody here. No effect if it is too late.
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        sqlite3_initialize();
    });
}

}  // namespace

result<std::unique_ptr<database>> database::open(const std::filesystem::path& file,
                                                 const std::string& vfs) {
    set_up_library();
    if (auto ready = prepare_file(file); !ready) return ready.error();
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(file.c_str(), &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                            SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW,
                        gathering_vfs(vfs).c_str());
    std::unique_ptr<database> opened(new database(handle));
    if (code != SQLITE_OK) {
        opened->note(code);
        return error{error_kind::io, "cannot open " + file.string() + ": " + opened->failure_.text};
    }
    // Closing must not checkpoint: after a failed commit the log is not to be trusted.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    opened->execute("PRAGMA locking_mode=EXCLUSIVE");
    if (auto ours = opened->check_version(); !ours) return config_error(file, ours.error().detail);
    if (auto set = opened->prepare_file_settings(); !set)
        return error{set.error().kind, file.string() + ": " + set.error().detail};
    opened->begin_ = std::make_unique<statement>(*opened, "BEGIN");
    opened->commit_ = std::make_unique<statement>(*opened, "COMMIT");
    opened->rollback_ = std::make_unique<statement>(*opened, "ROLLBACK");
    return opened;
}

database::~database() {
    begin_.reset();
    commit_.reset();
    rollback_.reset();
    sqlite3_close(handle_);
}

status database::check_version() {
    uint64_t application = 0, version = 0, anything = 0;
    {
        statement ask(*this,
                      "SELECT (SELECT application_id FROM pragma_application_id), "
                      "(SELECT user_version FROM pragma_user_version), "
                      "(SELECT count(*) FROM sqlite_schema)");
        if (ask.step()) {
            application = ask.number(0);
            version = ask.number(1);
            anything = ask.number(2);
        }
    }
    if (failed()) return error{error_kind::config, "cannot be read: " + failure_.text};
    if (anything == 0 && application == 0) return success{};
    if (application != static_cast<uint64_t>(application_id))
        return error{error_kind::config, "is not a spool: it belongs to another application"};
    if (version > static_cast<uint64_t>(schema_version)) {
        return error{error_kind::config, "was written by a newer version of gatepost (format " +
                                             std::to_string(version) + ", this one knows " +
                                             std::to_string(schema_version) +
                                             "); nothing was changed"};
    }
    return success{};
}

status database::prepare_file_settings() {
    execute(("PRAGMA page_size=" + std::to_string(page_bytes)).c_str());
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA wal_autocheckpoint=0");  // the writer does it, after the callbacks
    execute("PRAGMA temp_store=MEMORY");
    execute("PRAGMA mmap_size=0");
    execute("PRAGMA cache_size=-2048");
    int persist = 1;
    sqlite3_file_control(handle_, nullptr, SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_wal_hook(
        handle_,
        [](void* self, sqlite3* db, const char* name, int frames) {
            return on_commit_frames(self, db, name, frames);
        },
        this);
    bool empty = false;
    {
        statement ask(*this, "SELECT count(*) FROM sqlite_schema");
        empty = ask.step() && ask.number(0) == 0;
    }
    if (empty) {
        const std::string identity = "PRAGMA application_id=" + std::to_string(application_id) +
                                     "; PRAGMA user_version=" + std::to_string(schema_version) +
                                     ";";
        execute(("BEGIN;" + identity + tables + "COMMIT;").c_str());
    }
    execute(later_tables);
    if (failed()) return error{error_kind::io, "cannot be opened: " + failure_.text};
    if (auto done = checkpoint(); !done.ok)
        return error{error_kind::io, "cannot be written: " + done.why.text};
    return success{};
}

namespace {

// Older SQLite (3.40) forgets it where a commit's write or sync of the log failed; the log's file
// knows.
int errno_of(sqlite3* handle) {
    int number = sqlite3_system_errno(handle);
    sqlite3_file* log = nullptr;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (number == 0 && log != nullptr && log->pMethods != nullptr)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

}  // namespace

void database::note(int code) {
    if (failed()) return;
    failure_.code = code;
    failure_.full = (code & 0xff) == SQLITE_FULL;
    failure_.text = sqlite3_errmsg(handle_);
    if (const int number = (code & 0xff) == SQLITE_IOERR ? errno_of(handle_) : 0; number != 0)
        failure_.text += " (" + error_from_errno(number, "the system says").detail + ", SQLite " +
                         std::to_string(code) + ")";
}

void database::execute(const char* sql) {
    if (failed()) return;
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) note(code);
}

void database::begin() {
    begin_->run();
}

void database::commit() {
    commit_->run();
}

void database::rollback() {
    const bool clean = !failed() || failure_.full;
    failure const kept = std::exchange(failure_, {});
    if (sqlite3_get_autocommit(handle_) == 0) rollback_->run();
    if (failed()) return;  // the rollback's own
    if (!clean) failure_ = kept;
}

bool database::writes_pending() const {
    return sqlite3_txn_state(handle_, nullptr) == SQLITE_TXN_WRITE;
}

int database::on_commit_frames(void* self, sqlite3*, const char*, int frames) {
    static_cast<database*>(self)->frames_ = static_cast<uint32_t>(frames);
    return SQLITE_OK;
}

database::checkpoint_result database::checkpoint() {
    int frames = 0, copied = 0;
    const int code =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_FULL, &frames, &copied);
    checkpoint_result out;
    out.ok = code == SQLITE_OK;
    out.complete = out.ok && frames == copied;
    if (!out.ok) {
        failure const kept = std::exchange(failure_, {});
        note(code);
        out.why = std::exchange(failure_, kept);
    }
    if (out.complete) frames_ = 0;
    return out;
}

void database::release_memory() {
    sqlite3_db_release_memory(handle_);
}

int database::changes() const {
    return sqlite3_changes(handle_);
}

uint64_t database::free_pages() {
    statement ask(*this, "PRAGMA freelist_count");
    const uint64_t pages = ask.step() ? ask.number(0) : 0;
    return pages;
}

}  // namespace gatepost::spool
