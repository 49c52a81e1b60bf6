// SQLite writes its log as pairs of 24 bytes and a page, and the main file page by page: some eight
// system calls a message. This VFS stands over another and joins writes that follow one another
// into one; whatever could tell the difference (a sync, a read of those bytes, a question for the
// size) writes them out first. It changes no order and no promise: a commit still returns after the
// sync of everything it wrote.
//
// A write that fails is told where it is carried out, at the latest by the sync; what was gathered
// is then dropped, as SQLite undoes the transaction and writes those places anew.
#pragma once

#include <string>

namespace gatepost::spool {

// The name of the gathering VFS over `under` (empty: SQLite's default), registered for good. Empty
// if there is no such VFS. Any thread.
std::string gathering_vfs(const std::string& under);

}  // namespace gatepost::spool
