// The commands. Each prints and gives the process's exit code after sysexits(3).
#pragma once

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
int list_connections(const context& with);
int show_connection(const context& with, const std::string& name);
struct test_options {
    std::string name, to;
    bool trace = false;
};
int test_connection(const context& with, const test_options& options);
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
