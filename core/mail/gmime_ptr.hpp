// Owners for what GMime and GLib give away; only .cpp files of this room include this.
//
// GMime is initialised once, by whoever needs it first. Its objects are used by one thread each;
// what they share (charset tables) has GMime's own locks, and iconv is opened anew for every use.
#pragma once

#include <gmime/gmime.h>

#include <memory>
#include <string>

namespace gatepost::mail {

struct gmime_unref {
    void operator()(void* object) const { g_object_unref(object); }
};
struct glib_free {
    void operator()(void* memory) const { g_free(memory); }
};
struct date_time_unref {
    void operator()(GDateTime* date) const { g_date_time_unref(date); }
};

template <class Object>
using gmime_ptr = std::unique_ptr<Object, gmime_unref>;
using glib_text = std::unique_ptr<char, glib_free>;
using date_time_ptr = std::unique_ptr<GDateTime, date_time_unref>;

// Call before any other use of GMime; any thread.
void need_gmime();

}  // namespace gatepost::mail
