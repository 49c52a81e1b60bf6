// From a message to a file in a Maildir: its folder, its name, and the lines that stand before it.
// Pure: no clock, no disk, no coroutine.
//
// The name is made of the message's date and id and of the recipients carried, and of nothing that
// differs between attempts: a retry after an unknown outcome replaces the file and makes no second
// one. It never holds '/', ':' or a leading dot, whatever the id is.
#pragma once

#include <gatepost/message.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace outbox {

// Why `path` cannot be a Maildir; empty if it can.
std::string_view objection_to(std::string_view path);
// Without slashes at its end and doubled ones.
std::string tidy(std::string_view path);

// The three folders of a Maildir at `path`, in the order they are made.
std::array<std::string, 3> folders_of(const std::string& path);

// The name of the file, without a folder.
std::string name_of(const gatepost::sdk::message& mail,
                    const std::vector<gatepost::sdk::recipient>& carried);

// Return-Path and one X-Original-To for every carried recipient: the envelope, Bcc included.
std::string envelope_lines(const gatepost::sdk::message& mail,
                           const std::vector<gatepost::sdk::recipient>& carried);

}  // namespace outbox
