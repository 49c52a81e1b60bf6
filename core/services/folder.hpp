// Paths that a plugin names, held below the folders that its manifest names from settings.
//
// Two fences. A path is first compared as text: absolute, no "..", below a folder. Then it is
// walked from a descriptor of that folder and may meet no symlink on the way (openat2, or step by
// step where the kernel or a container refuses it): whoever may write into the folder cannot lead
// the gateway out of it. The folder itself is the owner's word, and may be a symlink.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace gatepost::services {

struct place {
    std::string root;    // one of the instance's folders
    std::string folder;  // below root, without a slash at either end; empty: root itself
    std::string name;    // the last step; empty only for a folder that is the root itself

    std::string path() const;
    std::string folder_path() const;
};

// plugin_fault (INVALID): not absolute, "..", NUL, too long; forbidden (DENIED): outside.
// Repeated slashes and single dots are dropped, so that "folder/" + "/name" works.
result<place> locate(std::string_view path, const std::vector<std::string>& folders);

// The folder of that place, open for reading, so that it can be synced and serve *at calls.
result<unique_fd> open_folder(const place& where);
// What open_folder does where there is no openat2; the rules are the same.
result<unique_fd> open_folder_by_steps(const place& where);

// Makes the place as a folder, with what is missing above it; each new name is synced.
status make_place(const place& where);

// errno as services see it: ENOENT is not_found, EEXIST conflict, ELOOP forbidden.
error file_error(int number, std::string_view what);

}  // namespace gatepost::services
