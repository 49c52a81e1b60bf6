// A whole provider in C++: every mail becomes one JSON file in a folder. Copy it and change what
// `send` does.
//
// Promises: a mail is in the folder, durably, before it is called accepted; a second attempt
// replaces the file of the first. Fails with a verdict and a sentence for people; what is thrown
// here becomes a verdict with blame `plugin`.
#include <gatepost/json.hpp>
#include <gatepost/provider.hpp>

#include "gatepost_manifest.h"

namespace {

using namespace gatepost::sdk;

class example {
  public:
    explicit example(const settings& given) : folder_(given.text("folder")) {
        if (!folder_.starts_with('/')) throw settings_error("folder", "must be an absolute path");
    }

    task<outcome> send(context& context, message mail) {
        const auto made = co_await context.file.make_folder(folder_);
        if (!made.ok()) co_return outcome::after(made, "the folder could not be made");

        json_writer json;
        json.begin_object();
        json.member("subject", mail.subject());
        json.member("from", mail.from().address);
        for (const part& one : mail.parts()) {
            if (one.role != part_role::text) continue;
            // The text is opened, not read: the host escapes it and puts it into the file.
            const auto opened = co_await context.body.open_part(one.id, body_form::json);
            if (!opened.ok()) co_return outcome::after(opened, "the text could not be opened");
            json.member_body("text", opened.handle);
            break;
        }
        json.end_object();

        file_write file;
        file.path = folder_ + "/" + std::string(mail.id()) + ".json";
        file.content = json.finish();
        file.replace = true;  // a retry files the same mail again
        file.commits = true;  // from here on the mail may be taken over
        const auto written = co_await context.file.write(file);
        if (!written.ok()) co_return outcome::after(written, "the file could not be written");
        co_return outcome::captured("filed as " + file.path);
    }

    task<outcome> test(context& context, message mail) {
        context.report.started("folder", "Folder");
        const auto made = co_await context.file.make_folder(folder_);
        if (!made.ok()) {
            context.report.failed("folder", made.reason(),
                                  "Choose a folder the gateway may write to.");
            co_return outcome::failed(blame::config, made.reason());
        }
        context.report.passed("folder", folder_);
        if (!mail) co_return outcome::passed("the folder is there");
        outcome sent = co_await send(context, mail);
        co_return sent;
    }

  private:
    std::string folder_;
};

}  // namespace

GATEPOST_PROVIDER(example, gatepost_manifest);
