# Installs the build into a folder of its own, then uses it as a user does: through find_package,
# through pkg-config, and through the command with its manual and completions. cmake -P, with
# -DBUILD_DIR, -DSOURCE_DIR, -DWORK_DIR, -DCXX and -DFLAGS (those the library was built with).
cmake_minimum_required(VERSION 3.25)

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
  ${prefix}/share/bash-completion/completions/heed EXPECT "^completion\n--help\nconsumer.cc\nconsumer.cc\n$")

# Through find_package.
run(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -B ${WORK_DIR}/build -G Ninja
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(COMMAND ${WORK_DIR}/build/consumer EXPECT "heed is installed")

# Through pkg-config.
file(GLOB_RECURSE package_file ${prefix}/heed.pc)
get_filename_component(package_directory ${package_file} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${package_directory})
run(COMMAND pkg-config --cflags --libs heed OUTPUT flags)
separate_arguments(flags UNIX_COMMAND "${FLAGS} ${flags}")
run(COMMAND ${CXX} -std=c++20 ${SOURCE_DIR}/tests/install/consumer.cc ${flags}
  -o ${WORK_DIR}/consumer)
run(COMMAND ${WORK_DIR}/consumer EXPECT "heed is installed")

# The examples, as their readers build them.
run(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/examples -B ${WORK_DIR}/examples -G Ninja
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS})
run(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/examples)
run(COMMAND ${WORK_DIR}/examples/example_train_your_own ${WORK_DIR}/sorter.safetensors
  EXPECT "letters of 1000 new words in place")
