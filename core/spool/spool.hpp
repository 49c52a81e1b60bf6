// The durable queue. One writer thread owns the SQLite store (WAL, synchronous=FULL, exclusive);
// everything asked of it is a job. Jobs that wait at the same moment share one group commit, and a
// job's callback runs on the writer thread after that commit is on disk: never before. Callbacks
// must be short (post elsewhere).
//
// Promises (README.md has the table): accepted means on disk with all its content files; a started
// mark is on disk before the attempt's first byte; nothing acknowledged is lost by kill -9 or power
// cut. Failures: `storage` (full, read-only: nothing was kept), `busy` (backlog), `outcome_unknown`
// (the commit itself failed: the spool is sick, refuses everything until a recovery removed that
// batch and a probe commit passed; `health` tells).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mail/content.hpp"
#include "mail/message.hpp"
#include "mail/verdict.hpp"
#include "spool/types.hpp"

namespace gatepost::spool {

struct idempotency {
    std::string scope;  // "uid:1000"
    std::string key;
    std::string fingerprint;  // of the parsed request, 32 bytes
};

struct accept_request {
    std::shared_ptr<const mail::message> mail;  // its id is set
    uint32_t owner_uid = 0;
    std::string connection;  // chosen by admit
    std::optional<idempotency> key;
};

struct accept_answer {
    mail_id id;  // of the earlier message if the key was used before with the same content
    bool replayed = false;
};

// A recipient that waits, as the dispatcher sees it.
struct due_message {
    mail_id id;
    std::string connection;
    wall_time due{};
    mail::priority urgency = mail::priority::normal;
    std::shared_ptr<const mail::message>
        mail;                 // in memory for its first attempt, or nothing: load it
    uint32_t recipients = 0;  // still to carry; 0: known when it is loaded
};

// A message taken from the spool for an attempt.
struct loaded_message {
    std::shared_ptr<const mail::message> mail;
    uint32_t owner_uid = 0;
    std::string connection;
    wall_time created{};
    uint32_t attempts = 0;          // so far
    uint32_t unknown_attempts = 0;  // of these, without a known outcome
    std::vector<recipient_row> recipients;
    std::string lookup_state;  // of the attempt that asked for a lookup last
    std::optional<wall_time> lookup_at;
    uint32_t lookup_attempt = 0;
};

struct start_request {
    mail_id id;
    std::string connection;
    std::vector<uint32_t> recipients;  // indexes this attempt carries
};

struct start_answer {
    uint32_t attempt = 0;  // its number, from 1
    // Those still open: a cancel may have come between, or the message's time is over.
    std::vector<uint32_t> recipients;
    // When its time is over, now; a retry by hand may have renewed it since it was loaded.
    std::optional<wall_time> expires_at{};
};

// What becomes of each recipient after an attempt; decided by delivery, stored here.
struct recipient_change {
    uint32_t index = 0;
    recipient_state state = recipient_state::queued;
    bool possible_duplicate = false;
    mail::recipient_result result;
};

struct record_request {
    mail_id id;
    uint32_t attempt = 0;
    std::vector<recipient_change> changes;
    std::optional<wall_time> next_attempt;  // of those still open
    std::string lookup_state;               // opaque; kept
    std::optional<wall_time> lookup_at;     // ask the provider then what became of it
};

// After a restart: recipients that carried a started mark are set to unknown (with next_attempt by
// the rule of delivery) in one commit before anything is handed out; `recovered` tells how many.
struct recovery_report {
    uint64_t messages_waiting = 0;
    uint64_t recipients_unknown = 0;
    uint64_t orphans_removed = 0;
    uint64_t refused_batches_removed = 0;
    mail_id newest;
};

struct list_query {
    std::optional<uint32_t> owner_uid;  // only this owner's
    std::optional<message_status> status;
    std::string recipient;  // exact address, or empty
    std::string tag;
    mail_id before{UINT64_MAX};  // newest first, older than this
    size_t limit = 50;
};

struct health {
    bool sick = false;
    std::string cause;  // the first one, for people
    uint64_t waiting = 0;
};

struct event {  // after a commit, on the writer thread
    mail_id id;
    message_status status;
};

struct options {
    std::filesystem::path folder;  // made 0700; network file systems are refused by name
    const gatepost::clock* clock = nullptr;
    std::chrono::milliseconds
        unknown_delay{};  // after a restart: unknown recipients are not tried before
    mail::unknown_rule on_unknown =
        mail::unknown_rule::retry;  // default where neither message nor connection says
    // How long a message without an expires_at of its own is tried, and any after a retry by hand;
    // asked on the caller's thread. Nothing: limits::message_lifetime.
    std::function<std::chrono::milliseconds()> lifetime;
    // Rule of a connection by name, asked at recovery.
    std::function<mail::unknown_rule(const std::string& connection)> unknown_rule_of;
    std::string vfs;  // of SQLite, by name; empty: its default. Tests put a failing disk here
};

template <class T>
using callback = std::function<void(result<T>)>;

class spool {
  public:
    // Fails with `conflict` naming the other daemon's pid if the folder is in use, `config` for a
    // foreign owner, open permissions, a network file system, or a spool of a newer version
    // (nothing is touched).
    static result<std::unique_ptr<spool>> open(options how);
    virtual ~spool() = default;

    virtual const recovery_report& recovery() const = 0;

    // Where arriving content goes: memory up to limits::inline_content_bytes, then a file. Any
    // thread.
    virtual mail::content_factory contents() = 0;

    // Any thread may call these; `busy` and sickness are answered through the callback at once, on
    // the caller's thread.
    virtual void accept(accept_request request, callback<accept_answer> done) = 0;
    virtual void start(start_request request, callback<start_answer> done) = 0;
    // Never refused for the sake of the disk: while the spool is sick it waits, and is written
    // after the recovery.
    virtual void record(record_request request, callback<success> done) = 0;
    virtual void cancel(mail_id id, std::optional<uint32_t> owner_uid,
                        callback<message_row> done) = 0;
    // Renews the message's time, unless its sender's own expires_at still lies ahead.
    virtual void retry_now(mail_id id, std::optional<uint32_t> owner_uid,
                           callback<message_row> done) = 0;
    // Ends open recipients whose time is over: expired, or held where the outcome of an attempt is
    // unknown. Ends lookups that nobody did within lookup_patience, as when their
    // connection was removed. Gives how many messages changed.
    virtual void expire(wall_time now, callback<uint64_t> done) = 0;
    // Removes finished messages older than limits::keep_final with their files, and keys older than
    // their time.
    virtual void sweep(wall_time now, callback<uint64_t> done) = 0;

    // One small blob a connection, such as a sealed refresh token; the spool does not look into it.
    // On disk when `done` says success; empty bytes forget it.
    virtual void put_token(std::string connection, std::string sealed, callback<success> done) = 0;
    virtual void tokens(callback<std::map<std::string, std::string>> done) = 0;

    virtual void load(mail_id id, callback<loaded_message> done) = 0;
    virtual void show(mail_id id, std::optional<uint32_t> owner_uid,
                      callback<message_row> done) = 0;
    // The message that was accepted with that key and content, if any; `idempotency_mismatch` for
    // other content, as accept answers it.
    virtual void find_key(idempotency key, callback<std::optional<mail_id>> done) = 0;
    virtual void list(list_query query, callback<std::vector<message_row>> done) = 0;
    // Waiting messages that are due by `due_before` (that very moment too), in order of their due
    // time; for the dispatcher at start and after its window ran dry. A message with a started
    // mark does not wait.
    virtual void waiting(std::string connection, wall_time due_before, size_t limit,
                         callback<std::vector<due_message>> done) = 0;
    // The same of messages whose last attempt waits for a lookup.
    virtual void lookups(std::string connection, wall_time due_before, size_t limit,
                         callback<std::vector<due_message>> done) = 0;
    // What a lookup learnt of request.attempt: settles what was unknown, and may turn sent into
    // failed. `conflict`: no lookup of it waits any more.
    virtual void lookup(record_request request, callback<success> done) = 0;

    // Any thread, also while jobs run: what is asked for afterwards is told. Run on the writer
    // thread, after the commit.
    virtual void on_due(
        std::function<void(due_message)> handler) = 0;  // accepted, retried, recovered
    virtual void on_event(std::function<void(const event&)> handler) = 0;
    // When it falls sick and when it is well again. After a sickness ask `waiting` anew: what a
    // failed batch held is gone, and what waits is not told through on_due again.
    virtual void on_health(std::function<void(const health&)> handler) = 0;
    virtual health health_now() const = 0;  // any thread

    // Finishes the jobs that wait, then stops the writer.
    virtual void close() = 0;
};

}  // namespace gatepost::spool
