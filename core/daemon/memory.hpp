// What an idle daemon does not need goes back to the system: free pages of the heap, and the
// mappings of code and constants that only start-up, or the last burst of mail, has touched (three
// quarters of what a daemon that has just started holds). Whoever needs them again finds them in
// the page cache, or on the disk. Thread: main's.
#pragma once

#include <chrono>

namespace gatepost::daemon {

// Never fails: what cannot be given back stays.
void give_memory_back();

class idle_watch {
  public:
    static constexpr std::chrono::seconds interval{10};

    // Gives memory back.
    idle_watch();
    // To be called once per interval: gives memory back when hardly anything was done in it, if
    // there was work since the last time.
    void look();

  private:
    // Processor time: at the last look, and when memory was given back last.
    std::chrono::microseconds used_, given_;
};

}  // namespace gatepost::daemon
