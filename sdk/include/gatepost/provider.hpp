// The C++20 layer of the Gatepost SDK: include this one file. Header only, nothing but the standard
// library. sdk/README.md leads through a first provider.
//
//     class hello {
//       public:
//         explicit hello(const gatepost::sdk::settings& settings);
//         task<outcome> send(context& context, message mail);  // a coroutine
//         task<outcome> test(context& context, message mail);  // mail is false without a recipient
//         task<outcome> lookup(context& context, message mail);                // optional
//         static void check(const settings&, message, diagnostics& said);      // optional
//     };
//     GATEPOST_PROVIDER(hello, gatepost_manifest)
#pragma once

#include <gatepost/abi.h>
#include <gatepost/context.hpp>
#include <gatepost/entry.hpp>
#include <gatepost/message.hpp>
#include <gatepost/outcome.hpp>
#include <gatepost/segments.hpp>
#include <gatepost/settings.hpp>
#include <gatepost/task.hpp>

// Exports the plugin. `manifest` is a string literal, an array of char or a std::string_view that
// lives as long as the program; `id` and `version` are taken from it.
#define GATEPOST_PROVIDER(provider, manifest)                                                 \
    extern "C" GATEPOST_EXPORT const gatepost_plugin* gatepost_plugin_v1(                     \
        const gatepost_host_info* host) {                                                     \
        static const gatepost_plugin table = ::gatepost::sdk::detail::entry<provider>::table( \
            ::gatepost::sdk::detail::manifest_view(manifest));                                \
        const bool fits = host != nullptr && host->abi_major == GATEPOST_ABI_MAJOR;           \
        return fits ? &table : nullptr;                                                       \
    }                                                                                         \
    static_assert(true, "so that a semicolon may follow")
