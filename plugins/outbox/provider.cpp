// outbox: files mail into a Maildir through file/1. One body opened and one file written per
// message; the content never passes through here.
//
// Promises: a mail is durably in `new` before it is called accepted (captured: it goes to nobody).
// A retry replaces the file of the attempt before. Fails deferred, or unknown where the last sync
// failed: blame config where the folder may not be used, provider where the disk is full or sick.
// Nothing is rejected, so no mail ends here unseen.
#include <gatepost/provider.hpp>

#include "gatepost_manifest.h"
#include "payload.hpp"

namespace outbox {
namespace {

using namespace gatepost::sdk;

constexpr std::string_view folder_advice =
    "Choose a folder that the gateway's user may write to, on a local disk with space left.";

// The words of the host, and who is to blame for a file that could not be written.
outcome not_filed(const reply& failure, std::string_view doing) {
    outcome said = outcome::after(failure, doing);
    const bool disk = failure.status == service_status::timeout ||
                      failure.status == service_status::not_found ||
                      failure.status == service_status::uncertain;
    if (disk) said.blame = blame::provider;
    said.advice = folder_advice;
    return said;
}

class provider {
  public:
    provider(const settings& given, diagnostics& said) : path_(tidy(given.text("path"))) {
        const std::string_view objection = objection_to(given.text("path"));
        if (!objection.empty())
            said.error("/path", objection, "For example /var/lib/gatepost/outbox");
    }

    task<outcome> send(context& context, message mail) {
        if (!folders_made_) {
            const auto made = co_await make_folders(context);
            if (!made.ok()) co_return not_filed(made, "the Maildir cannot be made");
        }
        const auto whole = co_await context.body.open_whole();
        if (!whole.ok()) {
            outcome said = outcome::after(whole, "the message cannot be opened");
            said.blame = blame::message;
            co_return said;
        }
        const file_write file = file_of(mail, whole.handle);
        auto written = co_await context.file.write(file);
        if (written.status == service_status::not_found) {
            // Somebody removed the folders while we ran: nothing is filed yet, so make them again.
            const auto made = co_await make_folders(context);
            if (!made.ok()) co_return not_filed(made, "the Maildir cannot be made");
            auto again = co_await context.file.write(file);
            written = std::move(again);
        }
        if (!written.ok()) {
            folders_made_ = false;  // look again next time
            co_return not_filed(written, "the mail cannot be filed");
        }
        co_return outcome::captured("filed as " + file.path);
    }

    task<outcome> test(context& context, message mail) {
        context.report.started("folder", "Maildir");
        const auto made = co_await make_folders(context);
        if (!made.ok()) {
            context.report.failed("folder", made.reason(), folder_advice);
            const outcome why = not_filed(made, "the Maildir cannot be made");
            co_return outcome::failed(why.blame, why.text, why.advice);
        }
        context.report.passed("folder", path_);
        if (!mail) {
            context.report.skipped("message", "no recipient was given");
            co_return outcome::passed("the Maildir " + path_ + " can be used");
        }
        context.report.started("message", "Test mail");
        outcome sent = co_await send(context, mail);
        if (sent.verdict == verdict::accepted) {
            context.report.passed("message", sent.text);
        } else {
            context.report.failed("message", sent.text, sent.advice);
        }
        co_return sent;
    }

  private:
    // Once per instance, unless a write fails. Making what exists is no failure.
    task<reply> make_folders(context& context) {
        const auto folders = folders_of(path_);
        for (const std::string& folder : folders) {
            auto made = co_await context.file.make_folder(folder);
            if (!made.ok()) co_return made;
        }
        folders_made_ = true;
        co_return reply();
    }

    file_write file_of(const message& mail, gatepost_handle whole) const {
        const std::vector<recipient> carried = mail.carried();
        const std::string name = name_of(mail, carried);
        file_write file;
        file.temp = path_ + "/tmp/" + name;
        file.path = path_ + "/new/" + name;
        file.content.add(envelope_lines(mail, carried)).add_body(whole);
        file.commits = true;
        file.replace = true;
        return file;
    }

    std::string path_;
    bool folders_made_ = false;
};

}  // namespace
}  // namespace outbox

GATEPOST_PROVIDER(outbox::provider, gatepost_manifest);
