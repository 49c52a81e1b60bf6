// Reads all open messages into the index, and settles what an attempt left behind that nobody
// carries any more: recipients in `sending` become unknown or held, in one commit. At start, and
// after the spool was sick.
#pragma once

#include <map>
#include <vector>

#include "spool/disk.hpp"
#include "spool/due_index.hpp"

namespace gatepost::spool {

// Attempts of this process that still run: their recipients are left alone.
using running_attempts = std::multimap<mail_id, uint32_t>;

struct indexes {  // filled anew
    due_index& waiting;
    due_index& lookups;
};

// `io` if it could not be committed.
result<uint64_t> recover(disk& disk, const indexes& filled, const options& how, wall_time now,
                         const running_attempts& running);

}  // namespace gatepost::spool
