// A host small enough to hold in the hand: it notes every request as a line, answers it later from
// a queue as the test scripted, and keeps every completion. One thread, no clock, no disk.
//
// Promises the async rules of abi.h: `done` runs exactly once per accepted request and never
// inline.
#pragma once

#include <gatepost/abi.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fake {

struct answer {
    gatepost_status status = GATEPOST_OK;
    std::string text;
    std::string data;
    gatepost_handle handle = 7;
    bool refused = false;  // `status` at once, no callback
    bool held = false;     // answered when it is cancelled or released
};

struct completion {
    gatepost_call call = 0;
    uint32_t kind = 0, flags = 0, verdict = 0, blame = 0;
    int32_t code = 0;
    std::string text, advice, state;
    std::vector<gatepost_recipient_result> recipients;  // their strings are dead
};

class host {
  public:
    explicit host(std::set<std::string> missing = {});
    host(const host&) = delete;
    host& operator=(const host&) = delete;

    // What the next requests that begin with `what` are answered ("file.write"); the longest wins.
    std::map<std::string, answer> script;
    std::set<std::string> missing;  // services not offered: "file"

    std::vector<std::string> requests;  // "file.write /a/b commits replace", in order
    std::string content;                // of the last write, digest or post; bodies as "<body 7>"
    std::vector<completion> completions;
    std::vector<std::string> diagnostics;  // "3 /path text"
    std::vector<std::string> stages;       // "folder 2 text"
    std::vector<std::string> log;

    // An instance of the plugin with these string settings; null if create failed.
    void* create(const gatepost_plugin* plugin,
                 const std::map<std::string, std::string>& settings = {});
    gatepost_call start(const gatepost_plugin* plugin, void* instance, uint32_t kind,
                        const gatepost_message* message);
    // Answers what is due, and what follows from it, until nothing is.
    void run();
    // Lets held requests go with the answer they were scripted.
    void release();

    const gatepost_host* table() const { return &table_; }
    size_t pending() const { return due_.size() + held_.size(); }

    // For the service tables.
    gatepost_status begin(gatepost_call call, const std::string& what, gatepost_done done,
                          void* user, gatepost_operation* number);
    void cancel(gatepost_operation number);

  private:
    struct waiting {
        gatepost_operation number;
        gatepost_done done;
        void* user;
        answer with;
    };
    answer scripted(const std::string& what) const;

    gatepost_host table_{};
    std::deque<waiting> due_;
    std::vector<waiting> held_;
    gatepost_operation operations_ = 0;
    gatepost_call calls_ = 100;
};

std::string text(const gatepost_string& from);
gatepost_string abi(const std::string& from);
std::string flat(const gatepost_array& segments);

// A message to `recipients`, all carried; its strings live with it.
struct mail {
    explicit mail(const std::vector<std::string>& addresses);
    mail(const mail&) = delete;
    mail& operator=(const mail&) = delete;
    void carry_only(std::vector<uint32_t> indexes);

    gatepost_message view{};
    std::vector<std::string> addresses;
    std::vector<gatepost_recipient> recipients;
    std::vector<uint32_t> carry;
    std::string id = "0abc";
    std::string from = "sender@example.com";
};

}  // namespace fake
