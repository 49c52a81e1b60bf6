# For authors: include this file, then call gatepost_add_provider. Works inside the gateway's tree and in a folder of
# your own (template/cpp/CMakeLists.txt shows how); needs nothing but the SDK's headers.
#
#   gatepost_add_provider(<id> <sources>... [MANIFEST <file>] [LINKS <targets>...])
#
# makes the target plugin_<id> and the file <id>.so in GATEPOST_PLUGIN_FOLDER (default: lib/gatepost/plugins of the build
# folder). The manifest (default: manifest.json beside the CMakeLists.txt) is checked and carried in the binary; sources
# include it as "gatepost_manifest.h". Only gatepost_plugin_v1 leaves the file: every other symbol stays hidden, and two
# plugins never share one.
cmake_minimum_required(VERSION 3.25)

if(NOT TARGET gatepost_sdk)
  add_library(gatepost_sdk INTERFACE)
  target_include_directories(gatepost_sdk INTERFACE ${CMAKE_CURRENT_LIST_DIR}/include)
endif()

# Writes gatepost_manifest.h for a manifest into `folder`: the text as an array of char (a string literal could be too
# long for C), and the id and version as literals.
function(gatepost_embed_manifest id manifest folder)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(READ ${manifest} text)
  foreach(key id name version)
    string(JSON ${key}_value ERROR_VARIABLE wrong GET "${text}" ${key})
    if(wrong)
      message(FATAL_ERROR "${manifest}: ${key}: ${wrong}")
    endif()
  endforeach()
  string(JSON kind ERROR_VARIABLE wrong TYPE "${text}" settings)
  if(NOT kind STREQUAL "OBJECT")
    message(FATAL_ERROR "${manifest}: settings must be a JSON Schema")
  endif()
  if(NOT id_value STREQUAL id)
    message(FATAL_ERROR "${manifest}: the id is \"${id_value}\", the provider is called ${id}")
  endif()
  file(READ ${manifest} bytes HEX)
  string(REGEX REPLACE "(............................)" "\\1\n    " bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  file(CONFIGURE OUTPUT ${folder}/gatepost_manifest.h @ONLY CONTENT
"/* Made from the manifest of @id@ by the build. */
#ifndef GATEPOST_MANIFEST_ID
#define GATEPOST_MANIFEST_ID \"@id_value@\"
#define GATEPOST_MANIFEST_VERSION \"@version_value@\"
static const char gatepost_manifest[] = {
    @bytes@0};
#endif
")
endfunction()

# True if the build is sanitized: then symbols of the sanitizer are resolved by the program that loads the plugin.
function(gatepost_is_sanitized result)
  set(flags "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${GATEPOST_SANITIZE}")
  if(GATEPOST_SANITIZE OR flags MATCHES "-fsanitize")
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Compile settings of a provider, for the plugin itself and for tests that compile its sources.
function(gatepost_provider_options target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  # A "unique" symbol would be shared by every plugin of the process, whatever its visibility elsewhere.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_libraries(${target} PRIVATE gatepost_sdk)
endfunction()

function(gatepost_add_provider id)
  cmake_parse_arguments(plugin "" "MANIFEST" "LINKS" ${ARGN})
  if(NOT id MATCHES "^[a-z][a-z0-9-]*$")
    message(FATAL_ERROR "\"${id}\" is no provider id: small letters, digits and '-', a letter first")
  endif()
  if(NOT plugin_MANIFEST)
    set(plugin_MANIFEST manifest.json)
  endif()
  cmake_path(ABSOLUTE_PATH plugin_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${id}_generated)
  gatepost_embed_manifest(${id} ${plugin_MANIFEST} ${generated})

  set(folder ${GATEPOST_PLUGIN_FOLDER})
  if(NOT folder)
    set(folder ${CMAKE_BINARY_DIR}/lib/gatepost/plugins)
  endif()
  set(target plugin_${id})
  add_library(${target} MODULE ${plugin_UNPARSED_ARGUMENTS})
  gatepost_provider_options(${target})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${id} SUFFIX .so LIBRARY_OUTPUT_DIRECTORY ${folder}
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_include_directories(${target} PRIVATE ${generated})
  target_link_libraries(${target} PRIVATE ${plugin_LINKS})
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map -Wl,--exclude-libs,ALL -Wl,-z,relro -Wl,-z,now
    -Wl,-z,noexecstack)
  gatepost_is_sanitized(sanitized)
  if(NOT sanitized)
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
