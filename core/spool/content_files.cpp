// The registry of files that no row names yet, the writer that fills them, and the placing of a
// message's contents.
#include "spool/content_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "base/limits.hpp"
#include "spool/growing_file.hpp"
#include "spool/sync_pool.hpp"

namespace gatepost::spool {
namespace {

constexpr size_t write_bytes = size_t{64} << 10;
constexpr auto unclaimed_time = 4 * limits::request_body_time;

enum class sync_state : uint8_t { syncing, synced, failed };

struct entry {
    sync_state sync = sync_state::syncing;
    bool claimed = false;   // by an accept that is under way
    bool dropped = false;   // nobody holds its content any more
    bool doubtful = false;  // a row may name it after all
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    std::optional<error> why;
};

}  // namespace

class content_files::shared : public std::enable_shared_from_this<shared> {
  public:
    explicit shared(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& folder() const { return folder_; }
    sync_pool& pool() { return pool_; }

    // Takes over a finished file; the sync runs on the pool. False: the spool is closed.
    bool adopt(growing_file file) {
        const std::string name = file.name();
        {
            const std::lock_guard lock(mutex_);
            entries_[name];
        }
        auto held = std::make_shared<growing_file>(std::move(file));
        const auto task = [self = shared_from_this(), held] {
            self->synced(held->name(), held->sync());
        };
        if (pool_.post(task)) return true;
        remove({name});
        return false;
    }

    // Waits for the sync of one of our files and takes it. Nothing: it is not free to take.
    std::optional<status> claim(const std::string& name) {
        std::unique_lock lock(mutex_);
        const auto at = entries_.find(name);
        if (at == entries_.end() || at->second.claimed) return std::nullopt;
        at->second.claimed = true;
        changed_.wait(lock, [&] { return at->second.sync != sync_state::syncing; });
        if (at->second.why) return status(*at->second.why);
        return status(success{});
    }

    // A file that was written and synced for one accept.
    void add_claimed(const std::string& name) {
        const std::lock_guard lock(mutex_);
        auto& made = entries_[name];
        made.sync = sync_state::synced;
        made.claimed = true;
    }

    void keep(const std::vector<std::string>& files) {
        const std::lock_guard lock(mutex_);
        for (const auto& name : files)
            entries_.erase(name);
    }

    void release(const std::vector<std::string>& files, bool certain) {
        std::vector<std::string> over;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& name : files) {
                const auto at = entries_.find(name);
                if (at == entries_.end()) continue;
                at->second.claimed = false;
                at->second.since = std::chrono::steady_clock::now();
                if (!certain)
                    at->second.doubtful = true;
                else if (at->second.dropped)
                    over.push_back(name);
            }
        }
        remove_later(std::move(over));
    }

    // The last copy of a file's content is gone. What an accept holds is decided with it.
    void drop(const std::string& name) {
        {
            const std::lock_guard lock(mutex_);
            const auto at = entries_.find(name);
            if (at == entries_.end()) return;
            at->second.dropped = true;
            if (at->second.claimed || at->second.doubtful) return;
        }
        remove_later({name});
    }

    // Ends with the last copy of the content that holds it.
    std::shared_ptr<const void> owner_of(std::string name) {
        return {this, [self = weak_from_this(), name = std::move(name)](const void*) {
                    if (const auto alive = self.lock()) alive->drop(name);
                }};
    }

    void remove(const std::vector<std::string>& files) {
        keep(files);
        for (const auto& name : files)
            ::unlink((folder_ / name).c_str());
    }

    void sweep() {
        std::vector<std::string> over;
        {
            const std::lock_guard lock(mutex_);
            const auto now = std::chrono::steady_clock::now();
            for (const auto& [name, each] : entries_) {
                if (!each.claimed && each.sync != sync_state::syncing &&
                    now - each.since > unclaimed_time)
                    over.push_back(name);
            }
            for (const auto& name : over)
                entries_.erase(name);
        }
        remove(over);
    }

  private:
    // Not on the thread that happened to be the last: a disk may take its time.
    void remove_later(std::vector<std::string> files) {
        if (files.empty()) return;
        const auto task = [self = shared_from_this(), files] { self->remove(files); };
        if (!pool_.post(task)) remove(files);
    }

    void synced(const std::string& name, const status& outcome) {
        {
            const std::lock_guard lock(mutex_);
            const auto at = entries_.find(name);
            if (at == entries_.end()) return;
            at->second.sync = outcome ? sync_state::synced : sync_state::failed;
            if (!outcome) at->second.why = outcome.error();
        }
        changed_.notify_all();
    }

    std::filesystem::path folder_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, entry> entries_;
    sync_pool pool_;
};

namespace {

// Memory first, a file above the limit.
template <class Shared>
class spilling_writer final : public mail::content_writer {
  public:
    explicit spilling_writer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    ~spilling_writer() override {
        if (file_) file_->unlink();
    }

    status write(std::string_view bytes) override {
        size_ += bytes.size();
        if (!file_ && buffer_.size() + bytes.size() > limits::inline_content_bytes) {
            auto made = growing_file::make(shared_->folder());
            if (!made) return made.error();
            file_.emplace(std::move(*made));
            if (auto flushed = flush(); !flushed) return flushed;
            std::string().swap(buffer_);
        }
        if (file_ && bytes.size() >= write_bytes) {
            if (auto flushed = flush(); !flushed) return flushed;
            return file_->append(bytes);
        }
        buffer_.append(bytes);
        return file_ && buffer_.size() >= write_bytes ? flush() : status(success{});
    }

    result<mail::content> finish() override {
        if (!file_) return mail::content::from_string(std::move(buffer_));
        if (auto flushed = flush(); !flushed) return flushed.error();
        const auto path = shared_->folder() / file_->name();
        auto owner = shared_->owner_of(file_->name());
        growing_file file = *std::move(file_);
        file_.reset();
        if (!shared_->adopt(std::move(file)))
            return error{error_kind::busy, "the spool is closing"};
        return mail::content::from_file(path, 0, size_, std::move(owner));
    }

    uint64_t size() const override { return size_; }

  private:
    status flush() {
        auto put = file_->append(buffer_);
        buffer_.clear();
        return put;
    }

    std::shared_ptr<Shared> shared_;
    std::string buffer_;
    std::optional<growing_file> file_;
    uint64_t size_ = 0;
};

uint64_t memory_bytes_of(const std::vector<const mail::content*>& contents) {
    uint64_t bytes = 0;
    for (const auto* each : contents)
        bytes += each->in_memory() ? each->size() : 0;
    return bytes;
}

status append_content(growing_file& file, const mail::content& from) {
    if (from.in_memory()) return file.append(from.view());
    std::string window(write_bytes, '\0');
    for (uint64_t at = 0; at < from.size();) {
        auto got = from.read(at, window);
        if (!got) return got.error();
        if (*got == 0) return error{error_kind::storage, "a content is shorter than it was"};
        if (auto put = file.append({window.data(), *got}); !put) return put;
        at += *got;
    }
    return success{};
}

// Places the contents of one message, on a sync thread; may block.
template <class Shared>
class placing {
  public:
    placing(Shared& shared, const mail::message& mail)
        : shared_(shared), contents_(contents_of(mail)) {}

    result<placed_contents> run() {
        spill_memory_ = memory_bytes_of(contents_) > limits::inline_content_bytes;
        out_.places.resize(contents_.size());
        status done = place_all();
        if (done && copies_) {
            done = copies_->sync();
            if (done) {
                shared_.add_claimed(copies_->name());
                out_.files.push_back(copies_->name());
            }
        }
        if (done) return std::move(out_);
        if (copies_) copies_->unlink();
        shared_.release(out_.files, true);
        return done.error();
    }

  private:
    status place_all() {
        for (size_t i = 0; i < contents_.size(); ++i) {
            if (contents_[i]->in_memory() && !spill_memory_) continue;
            auto placed = place(*contents_[i], out_.places[i]);
            if (!placed) return placed;
        }
        return success{};
    }

    status place(const mail::content& content, content_place& where) {
        if (!content.in_memory() && content.path().parent_path() == shared_.folder()) {
            const std::string name = content.path().filename();
            const bool mine =
                std::find(out_.files.begin(), out_.files.end(), name) != out_.files.end();
            const std::optional<status> claimed = mine ? status(success{}) : shared_.claim(name);
            if (claimed && !*claimed) {
                shared_.release({name}, true);
                return claimed->error();
            }
            if (claimed) {
                if (!mine) out_.files.push_back(name);
                where = {name, content.offset()};
                return success{};
            }
        }
        return copy(content, where);
    }

    status copy(const mail::content& content, content_place& where) {
        if (!copies_) {
            auto made = growing_file::make(shared_.folder());
            if (!made) return made.error();
            copies_.emplace(std::move(*made));
        }
        where = {copies_->name(), copies_->size()};
        return append_content(*copies_, content);
    }

    Shared& shared_;
    std::vector<const mail::content*> contents_;
    std::optional<growing_file> copies_;
    placed_contents out_;
    bool spill_memory_ = false;
};

}  // namespace

content_files::content_files(std::shared_ptr<shared> state) : shared_(std::move(state)) {}
content_files::~content_files() {
    stop();
}

result<std::unique_ptr<content_files>> content_files::open(std::filesystem::path folder) {
    if (auto made = make_folders(folder, 0700); !made) return made.error();
    return std::unique_ptr<content_files>(
        new content_files(std::make_shared<shared>(std::move(folder))));
}

const std::filesystem::path& content_files::folder() const {
    return shared_->folder();
}

mail::content_factory content_files::factory() {
    return [state = shared_] { return std::make_unique<spilling_writer<shared>>(state); };
}

bool content_files::needs_files(const mail::message& mail) {
    uint64_t memory = 0;
    const auto look = [&memory](const mail::content& each) {
        if (!each.in_memory()) return true;
        memory += each.size();
        return memory > limits::inline_content_bytes;
    };
    const bool parts = std::any_of(mail.parts.begin(), mail.parts.end(),
                                   [&](const auto& part) { return look(part.body); });
    return parts || (mail.raw && look(mail.raw->body));
}

void content_files::place(std::shared_ptr<const mail::message> mail,
                          std::function<void(result<placed_contents>)> done) {
    const auto task = [state = shared_, mail = std::move(mail), done] {
        done(placing<shared>(*state, *mail).run());
    };
    if (!shared_->pool().post(task)) done(error{error_kind::busy, "the spool is closing"});
}

void content_files::keep(const std::vector<std::string>& files) {
    shared_->keep(files);
}
void content_files::release(const std::vector<std::string>& files, bool certain) {
    shared_->release(files, certain);
}
void content_files::remove(const std::vector<std::string>& files) {
    shared_->remove(files);
}
void content_files::sweep() {
    shared_->sweep();
}
void content_files::stop() {
    shared_->pool().stop();
}

uint64_t content_files::remove_orphans(const std::unordered_set<std::string>& named) {
    uint64_t removed = 0;
    std::error_code failed;
    for (std::filesystem::directory_iterator at(folder(), failed), end; !failed && at != end;
         at.increment(failed)) {
        if (named.contains(at->path().filename())) continue;
        removed += ::unlink(at->path().c_str()) == 0 ? 1 : 0;
    }
    return removed;
}

}  // namespace gatepost::spool
