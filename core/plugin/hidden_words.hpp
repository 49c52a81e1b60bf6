// What must not be shown of an instance: the secrets of its settings, and what became one while it
// runs (a token it was given, the keys of a role that it keeps in cache/1). Any thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "plugin/scrubber.hpp"

namespace gatepost::plugin {

class hidden_words {
  public:
    explicit hidden_words(std::vector<std::string> always = {});
    // The newest 64 are hidden; older ones are over.
    void add(std::string_view word);
    // Made anew only when a word came. Never null.
    std::shared_ptr<const scrubber> scrub() const;

  private:
    mutable std::mutex mutex_;
    const std::vector<std::string> always_;
    std::deque<secret> came_;
    mutable std::shared_ptr<const scrubber> made_;
};

}  // namespace gatepost::plugin
