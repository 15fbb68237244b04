# Compiles text files into a library, so that an installed program needs no data files.
#
#   heed_embed_text(TARGET heed_inspect NAMESPACE heed::page_assets
#                   HEADER heed/inspect/page_assets.h FILES inspect/report.css)
#
# adds a generated source that defines `std::string_view report_css()` in the namespace; the header
# declares it. The same file, run as a script (cmake -P), writes that source at build time.

function(heed_embed_text)
  cmake_parse_arguments(ARG "" "TARGET;NAMESPACE;HEADER" "FILES" ${ARGN})
  foreach(file IN LISTS ARG_FILES)
    get_filename_component(input ${file} ABSOLUTE)
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} symbol)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${ARG_TARGET}_${symbol}.cc)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DSYMBOL=${symbol}
              -DNAMESPACE=${ARG_NAMESPACE} -DHEADER=${ARG_HEADER}
              -P ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
      DEPENDS ${input} ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
      COMMENT "Embedding ${name}" VERBATIM)
    target_sources(${ARG_TARGET} PRIVATE ${output})
  endforeach()
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE OR NOT DEFINED INPUT)
  return()
endif()

# Compilers limit the length of one literal: adjacent ones, each ending at a line, are one text.
set(chunk_size 8000)
file(READ ${INPUT} text)
set(literals "")
string(LENGTH "${text}" remaining)
while(remaining GREATER 0)
  string(SUBSTRING "${text}" 0 ${chunk_size} chunk)
  if(remaining GREATER ${chunk_size})
    string(FIND "${chunk}" "\n" last_newline REVERSE)
    if(last_newline GREATER_EQUAL 0)
      math(EXPR length "${last_newline} + 1")
      string(SUBSTRING "${chunk}" 0 ${length} chunk)
    endif()
  endif()
  string(LENGTH "${chunk}" length)
  string(APPEND literals "\n    R\"~text~(${chunk})~text~\"")
  string(SUBSTRING "${text}" ${length} -1 text)
  math(EXPR remaining "${remaining} - ${length}")
endwhile()
file(WRITE ${OUTPUT} "// Generated; edit the file that it holds instead.
#include \"${HEADER}\"

namespace ${NAMESPACE} {
namespace {
constexpr char ${SYMBOL}_text[] =${literals};
}  // namespace
std::string_view ${SYMBOL}() { return {${SYMBOL}_text, sizeof(${SYMBOL}_text) - 1}; }
}  // namespace ${NAMESPACE}
")
