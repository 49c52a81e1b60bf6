// The spool as its users see it: checks, then jobs for the writer. Everything here runs on the
// caller's thread and only prepares.
#include "spool/spool.hpp"

#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "spool/accept_job.hpp"
#include "spool/content_files.hpp"
#include "spool/folder.hpp"
#include "spool/jobs.hpp"
#include "spool/writer.hpp"

namespace gatepost::spool {
namespace {

class durable_spool final : public spool {
  public:
    durable_spool(options how, folder_lock lock, std::unique_ptr<content_files> files,
                  std::unique_ptr<disk> opened)
        : clock_(how.clock),
          lifetime_(how.lifetime),
          lock_(std::move(lock)),
          files_(std::move(files)),
          writer_(std::move(how), std::move(opened), *files_) {}
    ~durable_spool() override { close(); }

    status begin(uint64_t refused_batches, uint64_t orphans, mail_id newest) {
        auto unknown = writer_.recover_at_start();
        if (!unknown) return unknown.error();
        report_.messages_waiting = writer_.health_now().waiting;
        report_.recipients_unknown = *unknown;
        report_.orphans_removed = orphans;
        report_.refused_batches_removed = refused_batches;
        report_.newest = newest;
        writer_.run();
        return success{};
    }

    const recovery_report& recovery() const override { return report_; }
    mail::content_factory contents() override { return files_->factory(); }

    void accept(accept_request request, callback<accept_answer> done) override;

    void start(start_request request, callback<start_answer> done) override {
        submit(job::kind::change, std::move(done),
               [request = std::move(request)](work& on) { return start_attempt(on, request); });
    }
    void record(record_request request, callback<success> done) override {
        submit(job::kind::record, std::move(done),
               [request = std::move(request)](work& on) { return record_attempt(on, request); });
    }
    void cancel(mail_id id, std::optional<uint32_t> owner_uid,
                callback<message_row> done) override {
        submit(job::kind::change, std::move(done),
               [=](work& on) { return cancel_message(on, id, owner_uid); });
    }
    void retry_now(mail_id id, std::optional<uint32_t> owner_uid,
                   callback<message_row> done) override {
        submit(job::kind::change, std::move(done),
               [=, life = lifetime()](work& on) { return retry_message(on, id, owner_uid, life); });
    }
    void expire(wall_time now, callback<uint64_t> done) override {
        writer_.submit(make_job<uint64_t>(job::kind::change, expire_slices(now), std::move(done)));
    }
    void sweep(wall_time now, callback<uint64_t> done) override {
        writer_.submit(
            make_job<uint64_t>(job::kind::change, sweep_slices(now, *files_), std::move(done)));
    }
    void put_token(std::string connection, std::string sealed, callback<success> done) override {
        submit(job::kind::change, std::move(done),
               [connection = std::move(connection), sealed = std::move(sealed)](work& on) {
                   on.rows.put_token(connection, sealed);
                   return result<success>(success{});
               });
    }
    void tokens(callback<std::map<std::string, std::string>> done) override {
        submit(job::kind::read, std::move(done), [](work& on) {
            return result<std::map<std::string, std::string>>(on.rows.tokens());
        });
    }
    void load(mail_id id, callback<loaded_message> done) override {
        submit(job::kind::read, std::move(done), [=](work& on) { return load_message(on, id); });
    }
    void show(mail_id id, std::optional<uint32_t> owner_uid, callback<message_row> done) override {
        submit(job::kind::read, std::move(done),
               [=](work& on) { return show_message(on, id, owner_uid); });
    }
    void find_key(idempotency key, callback<std::optional<mail_id>> done) override {
        submit(job::kind::read, std::move(done),
               [key = std::move(key)](work& on) { return find_used_key(on, key); });
    }
    void list(list_query query, callback<std::vector<message_row>> done) override {
        writer_.submit(make_job<std::vector<message_row>>(
            job::kind::read, list_slices(std::move(query)), std::move(done)));
    }
    void waiting(std::string connection, wall_time due_before, size_t limit,
                 callback<std::vector<due_message>> done) override {
        submit(job::kind::read, std::move(done), [=, connection = std::move(connection)](work& on) {
            return result<std::vector<due_message>>(
                waiting_messages(on.index, connection, due_before, limit));
        });
    }
    void lookup(record_request request, callback<success> done) override {
        submit(job::kind::change, std::move(done),
               [request = std::move(request)](work& on) { return record_lookup(on, request); });
    }
    void lookups(std::string connection, wall_time due_before, size_t limit,
                 callback<std::vector<due_message>> done) override {
        submit(job::kind::read, std::move(done), [=, connection = std::move(connection)](work& on) {
            return result<std::vector<due_message>>(
                waiting_messages(on.lookups, connection, due_before, limit));
        });
    }

    void on_due(std::function<void(due_message)> handler) override {
        writer_.listen(&writer::listeners::due, std::move(handler));
    }
    void on_event(std::function<void(const event&)> handler) override {
        writer_.listen(&writer::listeners::event, std::move(handler));
    }
    void on_health(std::function<void(const health&)> handler) override {
        writer_.listen(&writer::listeners::health, std::move(handler));
    }
    health health_now() const override { return writer_.health_now(); }

    void close() override {
        files_->stop();  // accepts with content files reach the writer before it ends
        writer_.close();
    }

  private:
    std::chrono::milliseconds lifetime() const {
        return lifetime_ ? lifetime_() : limits::message_lifetime;
    }

    // `Work` answers at once, in one batch.
    template <class T, class Work>
    void submit(job::kind what, callback<T> done, Work work_once) {
        const auto once = [act = std::move(work_once)](work& on) mutable {
            return std::optional<result<T>>(act(on));
        };
        writer_.submit(make_job<T>(what, once, std::move(done)));
    }

    const gatepost::clock* clock_;
    const std::function<std::chrono::milliseconds()> lifetime_;
    folder_lock lock_;
    std::unique_ptr<content_files> files_;
    recovery_report report_;
    memory_budget memory_used_ = std::make_shared<std::atomic<uint64_t>>(0);
    writer writer_;
};

void durable_spool::accept(accept_request request, callback<accept_answer> done) {
    if (auto no = writer_.refusal(job::kind::accept)) return done(*std::move(no));
    const uint64_t id = request.mail ? request.mail->id.value : 0;
    if (id == 0 || id >> 63 != 0 || request.mail->recipients.empty())
        return done(error{error_kind::internal, "a message without id or recipients"});
    const auto queue = [this](accept_request ready, placed_contents placed,
                              callback<accept_answer> then) {
        writer_.submit(std::make_unique<accept_job>(std::move(ready), std::move(placed),
                                                    clock_->wall_now(), lifetime(), *files_,
                                                    memory_used_, std::move(then)));
    };
    if (!content_files::needs_files(*request.mail))
        return queue(std::move(request), {}, std::move(done));
    auto mail = request.mail;
    files_->place(std::move(mail), [queue, request = std::move(request),
                                    done = std::move(done)](result<placed_contents> placed) {
        if (!placed) return done(std::move(placed).error());
        queue(request, *std::move(placed), done);
    });
}

void tell_what_was_found(const recovery_report& report) {
    log::info("spool.open", "the spool is open",
              {{"waiting", report.messages_waiting},
               {"unknown", report.recipients_unknown},
               {"orphans", report.orphans_removed},
               {"refused_batches", report.refused_batches_removed}});
}

}  // namespace

result<std::unique_ptr<spool>> spool::open(options how) {
    if (how.clock == nullptr) how.clock = &machine_clock();
    auto lock = folder_lock::take(how.folder);
    if (!lock) return lock.error();
    const auto contents = how.folder / "contents";
    auto opened = disk::open({how.folder, contents, how.vfs});
    if (!opened) return opened.error();
    auto files = content_files::open(contents);
    if (!files) return files.error();
    const auto named = (*opened)->rows().all_files();
    const mail_id newest = (*opened)->rows().newest();
    const uint64_t cut = (*opened)->refused_batches();
    if ((*opened)->db().failed())
        return error{error_kind::io,
                     "the spool cannot be read: " + (*opened)->db().what_failed().text};
    const uint64_t orphans = (*files)->remove_orphans(named);
    auto made = std::make_unique<durable_spool>(std::move(how), *std::move(lock), *std::move(files),
                                                *std::move(opened));
    if (auto begun = made->begin(cut, orphans, newest); !begun) return begun.error();
    tell_what_was_found(made->recovery());
    return std::unique_ptr<spool>(std::move(made));
}

}  // namespace gatepost::spool
