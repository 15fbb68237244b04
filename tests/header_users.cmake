# Which headers of heed/ serve tests alone, for check_includes.cmake and check_install.cmake.

# Sources that are tests, and headers that help them.
set(test_pattern "_test\\.cc$|^tests/|/(test|sample)_[^/]*\\.h$")

# Sets `used` to the headers (heed/…) that any other source includes, and `misused` to the helpers of
# tests among them, each with who includes it. heed/heed.h, which includes all that is public, uses none.
function(find_used_headers source_dir used misused)
  file(GLOB_RECURSE files RELATIVE ${source_dir} ${source_dir}/heed/*.h ${source_dir}/heed/*.cc
    ${source_dir}/apps/*.h ${source_dir}/apps/*.cc ${source_dir}/bench/*.h ${source_dir}/bench/*.cc
    ${source_dir}/examples/*.cc)
  list(FILTER files EXCLUDE REGEX "${test_pattern}|^heed/heed\\.h$")
  set(found)
  set(wrong)
  foreach(file ${files})
    file(STRINGS ${source_dir}/${file} lines REGEX "^ *# *include *\"heed/")
    foreach(line ${lines})
      string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*" "\\1" include "${line}")
      list(APPEND found ${include})
      if(include MATCHES "${test_pattern}")
        list(APPEND wrong "${file} > ${include}")
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${used} ${found} PARENT_SCOPE)
  set(${misused} ${wrong} PARENT_SCOPE)
endfunction()
