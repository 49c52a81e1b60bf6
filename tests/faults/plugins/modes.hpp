// The plugin `fault` misbehaves as its setting "fault" says. What each mode does, and what a host
// should make of it:
//
// clang-format off
//   mode                     in a send                                   a host should
//   none                     writes PATH/<id>.txt, says accepted         say sent
//   throw-create             create throws std::runtime_error            refuse the settings
//   throw-send               start throws                                catch; not taken over
//   throw-done               the callback of a timer throws              catch; not taken over
//   throw-cancel             waits; cancel throws                        catch; give up
//   throw-destroy            works; destroy throws                       catch
//   complete-twice           says deferred, then rejected                keep the first
//   complete-null            complete(call, NULL)                        blame the plugin
//   never                    nothing, not even after cancel              give up; the ledger
//   late                     completes delay_ms after cancel, or in a    ignore it, blame it
//                            later call, once the host has given up
//   inside-start             deferred, before start returns              defer
//   verdict-77               verdict 77                                  the ledger
//   recipient-verdict-77     the same for each recipient                 the same
//   blame-99                 deferred, blame 99                          defer
//   stranger                 a result for recipient 4 000 000 000        ignore it
//   recipients-flood         4 294 967 295 results with stride 0         not loop
//   gigabyte                 text of 1 GiB of zero bytes                 cut it unseen
//   gigabyte-diagnostic      create fails with such a text               cut it unseen
//   bad-utf8                 texts of bad UTF-8 and controls             clean them
//   large-state              state of 1 MiB, lookup wanted               drop the state
//   flood                    100 000 timers at once                      refuse above its cap
//   log-flood                100 000 log lines                           cap them
//   foreign                  completes calls it never had, then its own  ignore those
//   dead-call                completes, then asks for that call again    refuse
//   accepted-without-commit  accepted, though nothing carried commits    believe it, blame it
//   deferred-after-commit    writes with commits, hears that it is       believe it: the request was
//                            done, then says deferred                    answered
//   rejected-after-commit    the same, rejected                          the same
//   unsupported              a send is "not supported"                   blame the plugin
//   outside                  asks for folders that it was not lent       refuse those
//   stall-test               a test call is never completed              the test's deadline
// clang-format on
//
// Settings: path (folder), fault (mode), delay_ms (100). A test call works, but with never, late,
// throw-send, throw-done, throw-cancel and complete-twice, which do the same there, so that hanging
// up shows in seconds what a send shows at its deadline; and with stall-test.
#pragma once

#include <gatepost/abi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fault {

struct instance {
    const gatepost_host* host = nullptr;
    const gatepost_timer* timer = nullptr;
    const gatepost_file* file = nullptr;
    std::string mode, path;
    uint64_t delay = 100'000'000;
    std::vector<gatepost_call> stale;  // mode late: calls the host has given up
};

gatepost_string borrow(const std::string& text);
void complete(const instance& self, gatepost_call call, uint32_t verdict, const char* text);
// Writes PATH/<id>.txt with commits, then completes with `verdict`.
void write_and_say(instance& self, gatepost_call call, const gatepost_request& request,
                   uint32_t verdict);
void run_mode(instance& self, gatepost_call call, const gatepost_request& request);
void cancel_mode(instance& self, gatepost_call call);
// 1 GiB that costs nothing: reading it maps the zero page.
gatepost_string gigabyte();

}  // namespace fault
