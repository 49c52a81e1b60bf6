#pragma once

namespace gatepost {
inline constexpr const char* version = "0.1.0";
}
