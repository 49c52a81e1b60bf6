// libcurl's handles as values that end by themselves, and its setters without their macros.
// Internal to the folder.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <type_traits>

namespace gatepost::services {

struct easy_end {
    void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
using easy_handle = std::unique_ptr<CURL, easy_end>;

struct slist_end {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using string_list = std::unique_ptr<curl_slist, slist_end>;

// False: no memory.
inline bool add_line(string_list& list, const std::string& line) {
    curl_slist* const longer = ::curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return false;
    (void)list.release();
    list.reset(longer);
    return true;
}

// An option that this libcurl does not know is a broken promise of ours, so it is never ignored.
class option_setter {
  public:
    explicit option_setter(CURL* handle) : handle_(handle) {}
    template <class Value>
    void operator()(CURLoption option, Value value) {
        if constexpr (std::is_same_v<Value, bool>) return (*this)(option, long{value ? 1L : 0L});
        const CURLcode said = (::curl_easy_setopt)(handle_, option, value);
        if (said != CURLE_OK) failed_ = said;
    }
    CURLcode failed() const { return failed_; }

  private:
    CURL* handle_;
    CURLcode failed_ = CURLE_OK;
};

template <class Value>
Value info_of(CURL* handle, CURLINFO which) {
    Value value{};
    if ((::curl_easy_getinfo)(handle, which, &value) != CURLE_OK) return Value{};
    return value;
}

}  // namespace gatepost::services
