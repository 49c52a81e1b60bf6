// The commands. Each prints and gives the process's exit code after sysexits(3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gatepost/client.hpp"

namespace gatepost::cli {

struct send_options {
    std::string from, subject, text, html, text_file, html_file, raw_file, connection, key,
        priority, send_at, expires_at;
    std::vector<std::string> to, cc, bcc, reply_to, headers, attachments, tags;
    int wait = 0;  // seconds; 0: do not wait
};
// 0 accepted though unfinished, 69 a recipient failed while we waited, the error's own code before
// acceptance; never 75 after acceptance.
int send(const context& with, const send_options& options);
// The JSON document of a send; reads the files it names. For tests.
result<std::string> send_document(const send_options& options);
// Where a finished message (--raw) is posted to: the envelope and the rules stand in the query.
std::string raw_target(const send_options& options);

struct list_options {
    std::string status, recipient, tag, cursor;
    unsigned limit = 20;
};
int list_messages(const context& with, const list_options& options);
int show_message(const context& with, const std::string& id);
int show_content(const context& with, const std::string& id);
int change_message(const context& with, const std::string& id,
                   const std::string& verb);  // cancel, retry
// The lines of one message, also used by send --wait.
std::string describe_message(const context& with, const nlohmann::json& message);

int list_providers(const context& with);
int show_provider(const context& with, const std::string& name);
// Its name, its description and a table of its settings.
std::string describe_provider(const terminal& out, const nlohmann::json& provider);
int list_connections(const context& with);
int show_connection(const context& with, const std::string& name);
struct test_options {
    std::string name, to;
    bool trace = false;
};
int test_connection(const context& with, const test_options& options);
// The lines of a test: `stage`, `trace` and `end` take what the daemon says of them.
class test_report {
  public:
    // `live`: a stage that runs is shown, on a line that is written over.
    test_report(const terminal& out, bool live) : out_(out), live_(live) {}
    std::string stage(const nlohmann::json& stage);
    std::string trace(const nlohmann::json& line);
    std::string end(const nlohmann::json& result);

  private:
    std::string title_of(const nlohmann::json& stage);
    std::string wipe();

    const terminal& out_;
    bool live_, waiting_ = false;
    // A stage says its title when it starts, and need not say it again.
    std::map<std::string, std::string> titles_;
    std::set<std::string> said_;
};
// As `fail`; for a name that is not known, with the ones that are.
int fail_of_connection(const context& with, const error& failure, const std::string& name);
int show_status(const context& with);
// The consent for a connection that logs in by OAuth. `any`: by device code where the provider
// allows it, else by a browser here if there is one, else by pasting.
enum class login_way { any, device, browser, paste };
struct login_options {
    std::string name;
    login_way way = login_way::any;
};
int oauth_login(const context& with, const login_options& options);
// Runs gatepostd --check, which alone knows plugins and files.
int config_check(const context& with, const std::string& config,
                 const std::vector<std::string>& plugins);

}  // namespace gatepost::cli
