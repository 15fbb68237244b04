# Installs the build into a folder of its own, then uses it as a user does: through find_package,
# through pkg-config, and through the command with its manual and completions. cmake -P, with
# -DBUILD_DIR, -DSOURCE_DIR, -DWORK_DIR, -DCXX and -DFLAGS (those the library was built with).
cmake_minimum_required(VERSION 3.25)
include(${SOURCE_DIR}/cmake/HeedHeaders.cmake)
include(${SOURCE_DIR}/tests/header_users.cmake)

function(run)
  cmake_parse_arguments(ARG "" "OUTPUT;EXPECT" "COMMAND" ${ARGN})
  execute_process(COMMAND ${ARG_COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  list(JOIN ARG_COMMAND " " line)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${line}\nended with ${status}:\n${output}")
  endif()
  if(ARG_EXPECT AND NOT output MATCHES "${ARG_EXPECT}")
    message(FATAL_ERROR "${line}\nprinted no '${ARG_EXPECT}' but:\n${output}")
  endif()
  if(ARG_OUTPUT)
    set(${ARG_OUTPUT} "${output}" PARENT_SCOPE)
  endif()
endfunction()

function(expect_file path)
  file(GLOB found ${path})
  if(NOT found)
    message(FATAL_ERROR "${path} was not installed")
  endif()
endfunction()

set(prefix ${WORK_DIR}/prefix)
file(REMOVE_RECURSE ${WORK_DIR})
run(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/first)
# Moved elsewhere, it still works: nothing installed names the place it was made for.
file(RENAME ${WORK_DIR}/first ${prefix})

# The command.
run(COMMAND ${prefix}/bin/heed --version EXPECT "^heed [0-9]+\\.[0-9]+\\.[0-9]+\n$")
expect_file(${prefix}/share/man/man1/heed.1)
expect_file(${prefix}/share/man/man1/heed-completion.1)
expect_file(${prefix}/share/zsh/site-functions/_heed)
expect_file(${prefix}/share/fish/vendor_completions.d/heed.fish)
expect_file(${prefix}/share/doc/*/LICENSE)
run(COMMAND bash ${SOURCE_DIR}/tests/install/complete.sh
  ${prefix}/share/bash-completion/completions/heed EXPECT "^completion\n--help\nconsumer.cc\nconsumer.cc\n\nfloat32 bf16 int8\nbf16\nalibi\nmodel.d_model=\n\n$")

# The headers are those that are public, all of them and no others; none serves tests alone.
set(include ${prefix}/include)
file(GLOB_RECURSE headers RELATIVE ${include} ${include}/*)
list(TRANSFORM HEED_PUBLIC_HEADERS PREPEND heed/ OUTPUT_VARIABLE public)
foreach(header ${public})
  if(NOT header IN_LIST headers)
    message(FATAL_ERROR "${header} is public (cmake/HeedHeaders.cmake), but was not installed")
  endif()
endforeach()
find_used_headers(${SOURCE_DIR} used misused)
foreach(header ${headers})
  if(NOT header IN_LIST public)
    message(FATAL_ERROR "${header} is not public (cmake/HeedHeaders.cmake), but was installed")
  endif()
  if(header MATCHES "${test_pattern}" OR NOT header IN_LIST used AND NOT header STREQUAL "heed/heed.h")
    message(FATAL_ERROR "${header} serves tests alone, but was installed")
  endif()
endforeach()

# Each header compiles by itself, with nothing but the standard library: heed/heed.h includes them all,
# and those that no source of the library includes first, which would show it, are compiled here. A
# compiler that is told of several takes one after the other, and names those that fail.
set(alone)
foreach(header ${headers})
  string(REGEX REPLACE "\\.h$" ".cc" source "${SOURCE_DIR}/${header}")
  set(first)
  if(EXISTS ${source})
    file(STRINGS ${source} first REGEX "^#include" LIMIT_COUNT 1)
  endif()
  if(NOT first STREQUAL "#include \"${header}\"")
    list(APPEND alone ${include}/${header})
  endif()
endforeach()
if(NOT ${include}/heed/heed.h IN_LIST alone)
  message(FATAL_ERROR "heed/heed.h was not installed")
endif()
run(COMMAND ${CXX} -std=c++20 -fsyntax-only -w -I${include} -x c++ ${alone})

# Through find_package: both libraries, then the shared one without packages for the archive.
run(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -B ${WORK_DIR}/build -G Ninja
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(COMMAND ${WORK_DIR}/build/consumer EXPECT "heed is installed")
run(COMMAND ${WORK_DIR}/build/consumer_shared EXPECT "heed is installed")
run(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -B ${WORK_DIR}/build_shared -G Ninja
  -DHEED_COMPONENTS=shared -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DCMAKE_DISABLE_FIND_PACKAGE_ICU=ON
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})

# Through pkg-config, shared and static.
file(GLOB_RECURSE package_file ${prefix}/heed.pc)
get_filename_component(package_directory ${package_file} DIRECTORY)
get_filename_component(library_directory ${package_directory} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${package_directory})
function(package_flags out)
  run(COMMAND pkg-config ${ARGN} heed OUTPUT flags)
  string(STRIP "${flags}" flags)
  separate_arguments(flags UNIX_COMMAND "${FLAGS} ${flags}")
  set(${out} ${flags} PARENT_SCOPE)
endfunction()
package_flags(flags --cflags)
run(COMMAND ${CXX} -std=c++20 ${flags} -c ${SOURCE_DIR}/tests/install/consumer.cc
  -o ${WORK_DIR}/consumer.o)
package_flags(flags --libs)
run(COMMAND ${CXX} ${WORK_DIR}/consumer.o ${flags} -Wl,-rpath,${library_directory}
  -o ${WORK_DIR}/consumer_shared)
run(COMMAND ${WORK_DIR}/consumer_shared EXPECT "heed is installed")
package_flags(flags --static --libs)
list(TRANSFORM flags REPLACE "^-lheed$" "-l:libheed.a")
run(COMMAND ${CXX} ${WORK_DIR}/consumer.o ${flags} -o ${WORK_DIR}/consumer)
run(COMMAND ${WORK_DIR}/consumer EXPECT "heed is installed")

# oneDNN brings an OpenMP runtime along. A second one beside it would bring threads of its own, and
# would not hear when oneDNN is told to use one.
run(COMMAND ldd ${library_directory}/libheed.so OUTPUT needed)
string(REGEX MATCHALL "[^\n]*lib(g|i)?omp[0-9]*\\.so[^\n]*" runtimes "${needed}")
list(LENGTH runtimes count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "libheed.so needs ${count} OpenMP runtimes, not 1:\n${needed}")
endif()

# The examples, as their readers build them.
run(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/examples -B ${WORK_DIR}/examples -G Ninja
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/examples)
run(COMMAND ${WORK_DIR}/examples/example_train_your_own ${WORK_DIR}/sorter.safetensors
  EXPECT "letters of 1000 new words in place")
