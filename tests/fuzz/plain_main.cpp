// The targets without libFuzzer: runs every file of the corpus, then inputs that are mutated from
// it by a generator with a fixed seed. The same every time; an input that breaks something is
// written to the current folder as broken-input before it is run.
//
//     fuzz_<name> CORPUS [ROUNDS]
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.hpp"

namespace {

constexpr int usual_rounds = 20'000;
constexpr size_t longest = 4096;

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string current;  // what runs now

// Leaves the input behind that aborted.
void keep_input(int) {
    if (std::FILE* out = std::fopen("broken-input", "wb")) {
        std::fwrite(current.data(), 1, current.size(), out);
        std::fclose(out);
    }
    std::_Exit(1);
}

void run(std::string input) {
    current = std::move(input);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current.data()), current.size());
}

std::string mutated(const std::vector<std::string>& corpus, std::mt19937& random) {
    std::string out = corpus.empty() ? "" : corpus[random() % corpus.size()];
    for (uint32_t changes = 1 + random() % 8; changes > 0; --changes) {
        const char letter = static_cast<char>(static_cast<unsigned char>(random()));
        const size_t at = out.empty() ? 0 : random() % out.size();
        switch (random() % 5) {
            case 0: out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), letter); break;
            case 1:
                if (!out.empty()) out[at] = letter;
                break;
            case 2: out.erase(at, 1 + random() % 4); break;
            case 3: out.insert(at, out.substr(out.size() / 2, random() % 32)); break;
            default: {
                static constexpr char pieces[] = {'\r', '\n', '.', '\0', ' ',
                                                  '-',  '@',  '<', '2',  '5'};
                out.insert(out.begin() + static_cast<std::ptrdiff_t>(at),
                           pieces[random() % std::size(pieces)]);
            }
        }
    }
    if (out.size() > longest) out.resize(longest);
    return out;
}

}  // namespace

int main(int count, char** words) {
    std::signal(SIGABRT, keep_input);
    std::vector<std::string> corpus;
    if (count > 1) {
        std::vector<std::filesystem::path> files;
        for (const auto& one : std::filesystem::directory_iterator(words[1]))
            files.push_back(one.path());
        std::sort(files.begin(), files.end());
        for (const auto& one : files)
            corpus.push_back(read_file(one));
    }
    for (const std::string& one : corpus)
        run(one);
    const int rounds = count > 2 ? std::atoi(words[2]) : usual_rounds;
    std::mt19937 random(1);
    for (int i = 0; i < rounds; ++i)
        run(mutated(corpus, random));
    std::printf("%zu of the corpus, %d random inputs\n", corpus.size(), rounds);
    return 0;
}
